"""The portal's settings with the addresses of urls.py."""

from mcm_portal.settings import *  # noqa: F403

ROOT_URLCONF = "tests.mcm_portal.outage_site.urls"
WSGI_APPLICATION = None
# No manifest: nobody has collected the static files for a test.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}  # noqa: F405
