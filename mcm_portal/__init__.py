"""What ties the portal together: settings, addresses, Celery, health, embedded services."""

from .celery import app as celery_app

__all__ = ["celery_app"]
