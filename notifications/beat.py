"""The clock that has the outbox swept, with a broker or without (SAFETY F1, F2)."""

from __future__ import annotations

from typing import Any

import structlog
from celery import beat
from django.db import close_old_connections

from .tasks import sweep

logger = structlog.get_logger(__name__)


class Scheduler(beat.Scheduler):
    """Celery's scheduler, which sweeps by itself while the broker is away.

    It keeps no file: every entry of our schedule comes round within a day, and a file half written
    when the process was killed would have to be mended.
    """

    # Celery's own waits here until the broker is back. Without one, each publication takes a
    # connection from the application's pool, and fails by itself.
    producer = None

    def apply_async(self, entry: Any, producer: Any = None, advance: bool = True, **kwargs: Any) -> Any:
        """Publish an entry; where that fails, do what cannot wait."""
        try:
            return super().apply_async(entry, producer=producer, advance=advance, **kwargs)
        except beat.SchedulingError:
            if entry.task != sweep.name:
                raise
            logger.warning("swept_without_broker")
            close_old_connections()
            sweep()
            return None
