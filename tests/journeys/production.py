"""The settings of production, for a portal that the journeys start: only where its files are, and its clock."""

from mcm_portal.settings import *  # noqa: F403
from mcm_portal.settings import CELERY_BEAT_SCHEDULE, DATA_DIR

STATIC_ROOT = DATA_DIR / "static"
# The sweeper comes sooner than every 15 seconds, so that nobody waits for it here.
CELERY_BEAT_SCHEDULE = {
    **CELERY_BEAT_SCHEDULE,
    "notifications.sweep": {"task": "notifications.tasks.sweep", "schedule": 2.0},
}
