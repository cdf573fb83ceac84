"""The settings of production, but for where the files are, who stands in front, and the clock."""

from mcm_portal.settings import *  # noqa: F403
from mcm_portal.settings import CELERY_BEAT_SCHEDULE, DATA_DIR, SITE_URL

STATIC_ROOT = DATA_DIR / "static"
# The proxy in front (proxy.py) passes bytes on and adds no header of its own: whoever asks for the
# site's own host came through it.
SECURE_PROXY_SSL_HEADER = ("HTTP_HOST", SITE_URL.removeprefix("https://"))
# The sweeper comes sooner than every 15 seconds, so that nobody waits for it here.
CELERY_BEAT_SCHEDULE = {
    **CELERY_BEAT_SCHEDULE,
    "notifications.sweep": {"task": "notifications.tasks.sweep", "schedule": 2.0},
}
