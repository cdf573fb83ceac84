"""The Celery application: tasks carry ids and nothing personal, in JSON (SAFETY G18, T58)."""

import os
import sys

from celery import Celery, Task
from celery.signals import setup_logging, task_postrun, task_prerun, worker_process_init
from django.db import close_old_connections

from economy import garbage

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcm_portal.settings")

app = Celery("mcm_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# Left alone, Celery closes the connection to PostgreSQL after each task, and a new one costs more than the
# task: the server starts a process and learns all tables anew.
app.conf["CELERY_DB_REUSE_MAX"] = sys.maxsize


@setup_logging.connect
def _leave_logging_alone(**kwargs: object) -> None:
    """Keep the portal's own logs (logs.py): a receiver is how Celery is told not to set up others."""


@task_prerun.connect
@task_postrun.connect
def _keep_a_connection_that_works(sender: Task, **kwargs: object) -> None:
    """Keep the connection from task to task as from page to page: while it is whole, and a minute at most."""
    if not sender.request.is_eager:
        close_old_connections()


@worker_process_init.connect
def _look_for_garbage_less_often(**kwargs: object) -> None:
    """Leave what a worker's process has loaded out of the collector's walks."""
    garbage.look_less_often()
