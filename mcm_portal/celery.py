"""The Celery application: tasks carry ids and nothing personal, in JSON (SAFETY G18, T58)."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mcm_portal.settings")

app = Celery("mcm_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
