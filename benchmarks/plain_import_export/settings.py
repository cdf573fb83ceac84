"""Nothing but a table of pupils and the library that fills it."""

import os
from urllib.parse import urlsplit

_database = urlsplit(os.environ["DATABASE_URL"])
_host = dict(pair.split("=", 1) for pair in _database.query.split("&") if "=" in pair).get("host")

SECRET_KEY = "benchmarks-only-nothing-is-kept"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "import_export",
    "benchmarks.plain_import_export",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _database.path.lstrip("/"),
        "USER": _database.username,
        "PASSWORD": _database.password or "",
        "HOST": _host or _database.hostname,
        "PORT": _database.port or "",
    }
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
