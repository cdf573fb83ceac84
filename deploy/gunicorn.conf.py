"""The web server's settings, the same in make run and in the container image.

Threads, since a page waits for PostgreSQL and the password hash runs outside Python's lock.
"""

from __future__ import annotations

import os
from typing import Any

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "") or max(2, min(len(os.sched_getaffinity(0)), 16)))
threads = 4
timeout = 30  # seconds without a sign of life before a worker is replaced
graceful_timeout = 10  # seconds a page may take to end when the server stops
keepalive = 5
accesslog = None  # addresses of people belong in no file; requests are logged by the application
logger_class = "mcm_portal.server_logs.ServerLog"  # the portal's own rules for logs, no path, no address
control_socket_disable = True


def post_worker_init(worker: Any) -> None:
    """Leave what a worker has loaded out of the collector's walks."""
    from economy import garbage

    garbage.look_less_often()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that ended (Prometheus, several processes)."""
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        from prometheus_client import multiprocess

        multiprocess.mark_process_dead(worker.pid)
