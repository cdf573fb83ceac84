"""The Celery application: tasks carry ids and nothing personal, in JSON (SAFETY G18, T58)."""

import os

from celery import Celery
from celery.signals import setup_logging, worker_process_init

from economy import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcm_portal.settings")

app = Celery("mcm_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@setup_logging.connect
def _leave_logging_alone(**kwargs: object) -> None:
    """Keep the portal's own logs (logs.py): a receiver is how Celery is told not to set up others."""


@worker_process_init.connect
def _look_for_garbage_less_often(**kwargs: object) -> None:
    """Leave what a worker's process has loaded out of the collector's walks."""
    garbage.look_less_often()
