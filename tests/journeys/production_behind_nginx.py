"""The settings of the journeys, with the word of a real proxy in front (TRUSTED_PROXY_COUNT=1)."""

from tests.journeys.production import *  # noqa: F403

SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
