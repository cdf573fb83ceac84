"""Tells a worker that an import waits, without ever making a page wait (SAFETY F1, F2).

What is published carries an opaque id, and may be lost: the sweeper finds the row.
"""

from __future__ import annotations

import threading
from uuid import UUID

import structlog
from celery import current_app
from django.db import transaction

logger = structlog.get_logger(__name__)

EXPIRES = 600  # seconds


def soon(task: str, public_id: UUID) -> None:
    """Have a worker do ``task`` for an import once the transaction is committed. Never raises."""
    # A thread of its own for each of the few there are: publishing to a frozen broker takes seconds.
    transaction.on_commit(
        lambda: threading.Thread(target=publish, args=(task, str(public_id)), daemon=True).start()
    )


def publish(task: str, public_id: str) -> None:
    """Publish now; a broker that is down or frozen is no trouble of ours."""
    try:
        current_app.send_task(task, [public_id], expires=EXPIRES, retry=False, ignore_result=True)
    except Exception as trouble:
        logger.debug("nudge_lost", trouble=type(trouble).__name__)
