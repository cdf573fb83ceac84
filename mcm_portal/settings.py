"""The portal's settings. Every value that differs between machines comes from the environment.

README.md lists each variable with its type, default and choices; ``env.py`` refuses what it
does not understand.
"""

from __future__ import annotations

from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from . import env, logs

BASE_DIR = Path(__file__).resolve().parent.parent
environment = env.Environment()

# --- who we are -----------------------------------------------------------------------------
DEBUG = environment.flag("DEBUG")
DATA_DIR = Path(environment.text("DATA_DIR", str(BASE_DIR / ".data")))
PORT = environment.number("PORT", 8000, least=1, most=65535)
SITE_URL = environment.text("SITE_URL", f"http://localhost:{PORT}" if DEBUG else None).rstrip("/")
_site = environment.url("SITE_URL", SITE_URL, schemes=("http", "https"))
if _site is None or not _site.hostname or _site.path or _site.query:
    raise ImproperlyConfigured("SITE_URL must be a scheme and a host, for example https://mcm.example.fr")
HTTPS = _site.scheme == "https"
if not env.is_local(_site.hostname):
    if DEBUG:  # the local mailbox shows everybody's links
        raise ImproperlyConfigured("DEBUG is for this machine and its neighbours; SITE_URL is public.")
    if not HTTPS:
        raise ImproperlyConfigured("SITE_URL must begin with https:// where strangers can reach it.")
ALLOWED_HOSTS = environment.words(
    "ALLOWED_HOSTS", (_site.hostname, *(("localhost", "127.0.0.1", "[::1]") if DEBUG else ()))
)
PORTAL_BRAND = environment.text("PORTAL_BRAND", "")
ADMIN_CONTACT = environment.text("ADMIN_CONTACT", "" if not DEBUG else "contact@example.org")
ACCESSIBILITY = environment.text("ACCESSIBILITY", "none")
if ACCESSIBILITY not in ("none", "partial", "full"):
    raise ImproperlyConfigured(f"ACCESSIBILITY={ACCESSIBILITY!r} must be one of: none, partial, full.")
TRUSTED_PROXY_COUNT = environment.number("TRUSTED_PROXY_COUNT", 0, most=10)

# --- secrets --------------------------------------------------------------------------------
SECRET_KEY = environment.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = environment.words("SECRET_KEY_FALLBACKS")
# Signs the links in mails. Apart from SECRET_KEY, so that either can be changed alone.
LINK_KEY = environment.text("LINK_KEY")
# Keys the seals of the journal (audit/chain.py): the first one seals, the others are former ones.
AUDIT_PSEUDONYM_KEY = environment.words("AUDIT_PSEUDONYM_KEY")

# --- what is installed: an app imports only from the floors below its own (pyproject.toml) --
INSTALLED_APPS = [
    "dsfr",  # before django.forms, whose templates it replaces
    "widget_tweaks",
    "django.forms",
    "back_office.apps.AdminConfig",  # Django's admin, as the portal has it
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "csp",
    "django_countries",
    "phonenumber_field",
    "django_structlog",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "back_office",
    "throttling",
    "audit",
    "schools",
    "notifications",
    "accounts",
    "support",
    "guardians",
    "virtual_classes",
    "mcm_portal",
]

MIDDLEWARE = [
    # Headers first, so that every answer has them; then what needs neither host nor database.
    "mcm_portal.headers.PolicyMiddleware",
    "mcm_portal.headers.HeadersMiddleware",
    "mcm_portal.health.ProbeMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    # Pages: timed, logged, and a page 503 when PostgreSQL is away.
    "mcm_portal.metrics.RequestMetricsMiddleware",
    "mcm_portal.request_log.RequestLogMiddleware",
    "mcm_portal.outage.OutageMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "mcm_portal.languages.FrenchAdministrationMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "accounts.middleware.PersonMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "accounts.middleware.NoStoreMiddleware",
    "accounts.middleware.SessionLifeMiddleware",
    "accounts.middleware.StepsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "mcm_portal.urls"
WSGI_APPLICATION = "mcm_portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "mcm_portal.context.portal",
            ],
            "builtins": ["django.templatetags.i18n", "django.templatetags.static"],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEFAULT_EXCEPTION_REPORTER_FILTER = "mcm_portal.logs.ExceptionReporterFilter"

# --- PostgreSQL -----------------------------------------------------------------------------
_database_url = environment.url("DATABASE_URL", None, schemes=("postgres", "postgresql"))
assert _database_url is not None
DATABASES = {
    "default": {
        **env.database(_database_url),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
# Time-outs: a frozen or locked database must end in a sentence, not in a hung page (SAFETY F10, F11).
DATABASE_PATIENCE = {
    "connect_timeout": 3,
    "options": "-c statement_timeout=10000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=15000"
    # A cursor is read to its end here: planned for its first rows alone, a search would walk whole tables.
    " -c cursor_tuple_fraction=1",
}
DATABASES["default"]["OPTIONS"] = {**DATABASE_PATIENCE, **DATABASES["default"]["OPTIONS"]}
SESSION_ENGINE = "accounts.session_store"
# Nothing that matters is cached outside a process: with Redis gone every page still answers.
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}

# --- Celery over the Redis protocol ---------------------------------------------------------
_redis_url = environment.url("REDIS_URL", None, schemes=("redis", "rediss", "unix"))
assert _redis_url is not None
CELERY_BROKER_URL = environment.text("REDIS_URL").replace("unix://", "redis+socket://", 1)
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
# A task ends before the broker takes its worker for dead (visibility_timeout, which must also exceed
# the 180 s after which a task whose worker was lost is tried again), and is tried four times at most:
# rejected alone, one that kills its worker would come back for ever (SAFETY F6 to F8).
CELERY_TASK_TIME_LIMIT = 60
CELERY_TASK_SOFT_TIME_LIMIT = 45
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_RETRY_ON_WORKER_LOST = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1  # a slow task holds no others back
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 20  # lets a batch of mails end when the worker is stopped
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker, however long it is away
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 10,
    "unacked_restore_throttle": 1,
    # A broker that is frozen, or behind a cut cable, is noticed (SAFETY F2).
    "socket_timeout": 3,
    "socket_connect_timeout": 2,
    "health_check_interval": 10,
    # Who cannot publish gives up at once: the sweeper finds the message.
    "max_retries": 0,
    "interval_start": 0,
}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULER = "notifications.beat.Scheduler"
CELERY_BEAT_SCHEDULE = {
    "notifications.sweep": {"task": "notifications.tasks.sweep", "schedule": 15.0},
    "throttling.purge": {"task": "throttling.tasks.purge", "schedule": 3600.0},
    "schools.sweep": {"task": "schools.tasks.sweep_rosters", "schedule": 15.0},
    "schools.purge": {"task": "schools.tasks.purge_rosters", "schedule": 3600.0},
    "schools.sweep_letters": {"task": "schools.tasks.sweep_letters", "schedule": 15.0},
    "schools.purge_letters": {"task": "schools.tasks.purge_letters", "schedule": 300.0},
    "accounts.sweep_school_resets": {"task": "accounts.tasks.sweep_school_resets", "schedule": 15.0},
    "accounts.purge": {"task": "accounts.tasks.purge", "schedule": 3600.0},
    "support.purge": {"task": "support.tasks.purge", "schedule": 3600.0},
    # In the morning: it writes to families. What one call leaves, the next takes up.
    "accounts.follow_ages": {
        "task": "accounts.tasks.follow_ages",
        "schedule": crontab(hour="7-10", minute=20),
    },
    "guardians.share": {
        "task": "guardians.tasks.share_children_accounts",
        "schedule": crontab(hour=6, minute=50),
    },
    "guardians.purge": {"task": "guardians.tasks.purge", "schedule": 300.0},
    "virtual_classes.sweep": {"task": "virtual_classes.tasks.sweep", "schedule": 15.0},
    "virtual_classes.nightly": {
        "task": "virtual_classes.tasks.nightly",
        "schedule": crontab(hour="3-6", minute=10),
    },
    "notifications.purge": {"task": "notifications.tasks.purge", "schedule": 3600.0},
    "audit.seal": {"task": "audit.tasks.seal", "schedule": 60.0},
    "audit.purge": {"task": "audit.tasks.purge", "schedule": 3600.0},
    "audit.verify": {"task": "audit.tasks.verify", "schedule": crontab(hour=3, minute=40)},
}

# --- mail and SMS ---------------------------------------------------------------------------
_email_url = environment.url("EMAIL_URL", "" if DEBUG else None, schemes=("smtp", "smtps", "smtp+tls"))
_sms_url = environment.url("SMS_URL", "", schemes=("https", "http", "smpp"))
_sms_way = "smpp" if _sms_url and _sms_url.scheme == "smpp" else "http_sms"
DEFAULT_FROM_EMAIL = environment.text(
    "DEFAULT_FROM_EMAIL", "Ma classe à la maison <ne-pas-repondre@localhost>" if DEBUG else None
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
EMAIL_TIMEOUT = 10  # seconds
if _email_url is not None:
    globals().update(env.email(_email_url))
# Without a gateway, messages are kept and read on the local mailbox page, which exists only in DEBUG;
# elsewhere they wait, for their text is not to be kept.
MAIL_GATEWAY = f"notifications.gateways.{'smtp' if _email_url else 'local'}.Gateway"
SMS_GATEWAY = f"notifications.gateways.{_sms_way if _sms_url else 'local' if DEBUG else 'closed'}.Gateway"
SMS_URL = _sms_url.geturl() if _sms_url else ""

# --- people ---------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["accounts.backends.DoorBackend"]
LOGIN_URL = "account_login"
BACK_OFFICE_GATE = "accounts.second_factor.verified"  # asked of a session before the administration opens
BACK_OFFICE_PROOF = "accounts.reauthentication.recently_proved"  # asked again before its gravest acts
LOGIN_REDIRECT_URL = "my_space"
LOGOUT_REDIRECT_URL = "home"
PASSWORD_HASHERS = ["accounts.hashers.Argon2idHasher"]
AUTH_PASSWORD_VALIDATORS: list[dict[str, object]] = []  # accounts.passwords says the rules, per account

# FranceConnect: all three or none (guardians/franceconnect). None and DEBUG: a stand-in of our own.
_issuer = environment.url("FRANCECONNECT_ISSUER", "", schemes=("https", "http"))
FRANCECONNECT_ISSUER = _issuer.geturl() if _issuer else ""
FRANCECONNECT_CLIENT_ID = environment.text("FRANCECONNECT_CLIENT_ID", "")
FRANCECONNECT_CLIENT_SECRET = environment.text("FRANCECONNECT_CLIENT_SECRET", "")
env.together(environment, "FRANCECONNECT_ISSUER", "FRANCECONNECT_CLIENT_ID", "FRANCECONNECT_CLIENT_SECRET")
if _issuer and not (_issuer.hostname and not _issuer.query and not _issuer.username):
    raise ImproperlyConfigured("FRANCECONNECT_ISSUER must be an address, such as https://host/api/v2")
if _issuer and _issuer.scheme != "https" and not env.is_local(_issuer.hostname or ""):
    raise ImproperlyConfigured(
        "FRANCECONNECT_ISSUER must begin with https:// unless it is beside the portal."
    )
FRANCECONNECT_STAND_IN = DEBUG and not FRANCECONNECT_ISSUER
if FRANCECONNECT_STAND_IN:
    FRANCECONNECT_ISSUER = f"{SITE_URL}/demonstration/franceconnect"
    FRANCECONNECT_CLIENT_ID = FRANCECONNECT_CLIENT_SECRET = "demonstration"  # noqa: S105

# --- virtual classes ------------------------------------------------------------------------
# Where classes may meet, the first choice first (virtual_classes/providers). What has no settings is not
# offered; more servers of BigBlueButton are rows of the administration.
VIRTUAL_CLASS_PROVIDERS = [
    "virtual_classes.providers.bigbluebutton.BigBlueButton",
    "virtual_classes.providers.jitsi.Jitsi",
    *(["virtual_classes.providers.demonstration_room.DemonstrationRoom"] if DEBUG else []),
    "virtual_classes.providers.link.Link",
]
BBB_URL = env.server(environment.url("BBB_URL", "", schemes=("https", "http")), "BBB_URL")
BBB_SECRET = environment.text("BBB_SECRET", "")
env.together(environment, "BBB_URL", "BBB_SECRET")
JITSI_URL = env.server(environment.url("JITSI_URL", "", schemes=("https", "http")), "JITSI_URL")
JITSI_APP_ID = environment.text("JITSI_APP_ID", "")
JITSI_SECRET = environment.text("JITSI_SECRET", "")
env.together(environment, "JITSI_URL", "JITSI_APP_ID", "JITSI_SECRET")

# allauth: what is switched off here lives in our own code instead (docs/adr).
ACCOUNT_ADAPTER = "accounts.adapter.AccountAdapter"
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_LOGIN_METHODS = {"username", "email"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_RATE_LIMITS = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXY_COUNT
# The second factor is ours (accounts.second_factor, accounts.passkeys); of allauth, the stage of the sign-in,
# the table and how it reads passkeys. Nobody signs up or in by a passkey alone.
MFA_ADAPTER = "accounts.second_factor.Adapter"
MFA_RATE_LIMITS = False
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]

# --- languages ------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", "Français"), ("en", "English")]  # each in its own language
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
USE_TZ = True

# --- static files ---------------------------------------------------------------------------
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = WHITENOISE_AUTOREFRESH = DEBUG
DSFR_USE_INTEGRITY_CHECKSUMS = False  # a manifest storage rewrites the files

# --- what protects ---------------------------------------------------------------------------
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 63_072_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
if TRUSTED_PROXY_COUNT:  # the proxy must overwrite the header (README)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
_prefix = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{_prefix}sid"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True  # the next person at a shared computer
CSRF_COOKIE_NAME = f"{_prefix}csrf"
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_NAME = f"{_prefix}lang"
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LANGUAGE_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [SITE_URL]
CSRF_FAILURE_VIEW = "mcm_portal.views.csrf_failure"
MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
COOKIE_PREFIX = _prefix
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
FILE_UPLOAD_HANDLERS = [
    "mcm_portal.uploads.QuotaHandler",
    "django.core.files.uploadhandler.MemoryFileUploadHandler",
    "django.core.files.uploadhandler.TemporaryFileUploadHandler",
]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "manifest-src": [SELF],
        # Chromium also follows it where a form's answer redirects to: a button leads to FranceConnect.
        "form-action": [SELF, *([f"{_issuer.scheme}://{_issuer.netloc}"] if _issuer else [])],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "object-src": [NONE],
    }
}

# --- logs and metrics -------------------------------------------------------------------------
LOGGING_CONFIG = None
logs.configure(debug=DEBUG)
