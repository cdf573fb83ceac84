"""Tells the worker that there is something to send, without ever making a page wait.

The nudge carries nothing (SAFETY G18) and may be lost: the sweeper finds what it did not announce.
It is published by a thread of its own, because publishing to a frozen broker takes seconds
(SAFETY F2: no publish inside the request).
"""

from __future__ import annotations

import os
import queue
import threading
import time

import structlog
from celery import current_app

logger = structlog.get_logger(__name__)

# After a nudge, those of the next moments go out as one.
PAUSE = 0.2  # seconds
# A nudge that no worker took in this time is worth nothing more: the sweeper has passed by. Its end is
# written by one node's clock and read by another's, which may be ten minutes ahead (SAFETY F16).
EXPIRES = 20 * 60  # seconds

_lock = threading.Lock()
_pending: queue.Queue[None] = queue.Queue(maxsize=1)
_thread: threading.Thread | None = None


def nudge() -> None:
    """Ask for a delivery soon. Costs the caller a few microseconds, and never raises."""
    global _thread
    try:
        _pending.put_nowait(None)
    except queue.Full:
        return  # one is on its way already: it will do for both
    if _thread is None or not _thread.is_alive():
        with _lock:
            if _thread is None or not _thread.is_alive():
                _thread = threading.Thread(target=_publish_for_ever, name="nudge", daemon=True)
                _thread.start()


def publish() -> None:
    """Publish one nudge; a broker that is down or frozen is no trouble of ours."""
    try:
        current_app.send_task("notifications.tasks.deliver", expires=EXPIRES, retry=False, ignore_result=True)
    except Exception as trouble:
        logger.debug("nudge_lost", trouble=type(trouble).__name__)


def _publish_for_ever() -> None:
    while True:
        _pending.get()
        publish()
        time.sleep(PAUSE)


def _forget_parent() -> None:
    """A forked process has no thread, and may have inherited a lock that is never released."""
    global _lock, _pending, _thread
    _lock, _pending, _thread = threading.Lock(), queue.Queue(maxsize=1), None


os.register_at_fork(after_in_child=_forget_parent)
