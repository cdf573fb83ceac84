"""The portal as a process of its own, which knows the letters of these tests.

``celery -A tests.notifications.worker worker`` or ``python -m tests.notifications.worker`` (one sweep).
"""

from __future__ import annotations

import django

django.setup()

from mcm_portal.celery import app  # noqa: E402
from notifications import delivery, letters  # noqa: E402
from tests.notifications import hello  # noqa: E402

letters.register(hello.KIND, hello.render)
app.conf.beat_schedule = {"sweep": {"task": "notifications.tasks.sweep", "schedule": 1.0}}

__all__ = ["app"]

if __name__ == "__main__":
    delivery.drain()
