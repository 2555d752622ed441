"""Settings of Evenkeel: one file, everything from the environment.

Missing and unsafe values stop the process, all of them named at once, each with what to do. Two settings of the same
code exist:
the demo setting (``EVENKEEL_DEMO=1``: fictional clinic, step-in page, messages written to a folder) and production.
"""

import re
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

import environ
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from practice.logging import logging_config

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()


faults: list[str] = []  # sentences; the end of this file raises them together


def required(name: str, cure: str, *, demo: str = "") -> str:
    """The variable's value, in the demo setting ``demo`` without one; a fault where neither is there."""
    value = env.str(name, default="") or (demo if DEMO else "")
    if not value:
        faults.append(f"{name} is not set. {cure}")
    return value


def whole(name: str, default: int) -> int:
    value = env.str(name, default="") or str(default)
    if not value.isdecimal():
        faults.append(f"{name} is {value}. Give a whole number, or unset it for {default}.")
        return default
    return int(value)


def duration(name: str, default: str) -> str:
    """A length of time as PostgreSQL reads it, such as 500ms, 30s or 2min."""
    value = env.str(name, default="") or default
    if not re.fullmatch(r"\d+(us|ms|s|min|h|d)?", value):
        faults.append(f"{name} is {value}. Give a length of time such as 500ms or 30s, or unset it for {default}.")
        return default
    return value


def names_redis_database(url: str) -> bool:
    """Whether port and number of the database can be read; both may be left out, and a socket's path is a path."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018  (reading it is what raises)
    except ValueError:
        return False
    return parts.scheme == "unix" or re.fullmatch(r"/?|/[0-9]{1,4}", parts.path) is not None


# -- Which Evenkeel is this ------------------------------------------------------------------------------------------
DEMO = env.bool("EVENKEEL_DEMO", default=False)
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = required(
    "SECRET_KEY",
    "Put 50 or more random characters there; `python3 dev.py run` makes its own.",
    demo="demo-only-key-of-a-fictional-clinic-never-of-a-real-one-000000",
)
if not DEMO:
    if DEBUG:
        faults.append("DEBUG is on. Unset DEBUG: error pages of a debug server show health records.")
    if SECRET_KEY and (len(SECRET_KEY) < 50 or SECRET_KEY.startswith(("demo-", "django-insecure-"))):
        faults.append("SECRET_KEY is short or a known default. Put 50 or more random characters there.")
# Former keys, newest first: what they signed (sign-ins, private links) stays good until they are taken away.
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]", "testserver"] if DEMO else [])
if not ALLOWED_HOSTS:
    faults.append("ALLOWED_HOSTS is not set. Name the host people type, such as care.example.org.")
PUBLIC_URL = required(
    "PUBLIC_URL",
    "Give the address people type, such as https://care.example.org.",
    demo=f"http://localhost:{whole('PORT', 8000)}",
).rstrip("/")

# -- Apps ------------------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "practice.apps.PracticeConfig",
    "intake.apps.IntakeConfig",
    "education.apps.EducationConfig",
    "sessions.apps.SessionsConfig",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "crispy_forms",
    "csp",
    "django_htmx",
    "pgtrigger",
    "pghistory",
    "phonenumber_field",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "practice.middleware.RequestLogMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "practice.middleware.AccessMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "practice.urls"
WSGI_APPLICATION = "practice.wsgi.application"
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
                "practice.context.shell",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
INSTALLED_APPS.insert(0, "django.forms")
CRISPY_ALLOWED_TEMPLATE_PACKS = ("forms",)
CRISPY_TEMPLATE_PACK = "forms"
CRISPY_FAIL_SILENTLY = False
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# -- Database: two roles; the owner migrates, the app role serves without rights over append-only tables --------------
DATABASE_URL = required(
    "DATABASE_URL", "Name the PostgreSQL database, such as postgres://evenkeel_app@db.internal/evenkeel."
)
DATABASE_APP_ROLE = env.str("DATABASE_APP_ROLE", default="evenkeel_app")
DATABASES = {"default": {}}
if DATABASE_URL and not DATABASE_URL.startswith(("postgres://", "postgresql://")):
    faults.append("DATABASE_URL names no PostgreSQL. Begin it with postgres://")
elif DATABASE_URL:
    try:
        DATABASES["default"] = env.db_url_config(DATABASE_URL)
        place = urlsplit(DATABASE_URL).netloc.rpartition("@")[2]
    except ValueError:  # whose words may hold a part of the password
        faults.append(
            "DATABASE_URL cannot be read. It looks like postgres://role:password@host:5432/name; in the password "
            "write / as %2F, : as %3A, @ as %40."
        )
    else:
        if not DATABASES["default"]["NAME"]:
            faults.append("DATABASE_URL names no database. End it with a slash and the name.")
        if "%2F" in place.upper():  # a socket folder in the host's place; urllib would hand it back in lower case
            DATABASES["default"]["HOST"] = unquote(place.partition(":")[0])
DATABASES["default"] |= {
    "CONN_MAX_AGE": whole("CONN_MAX_AGE", 60),
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": 5,
        "application_name": "evenkeel",
        # A clinic's rows are in memory or on solid state, where a look-up costs hardly more than reading on.
        "options": "-c jit=off -c timezone=UTC -c random_page_cost=1.1",
        "server_side_binding": True,  # so that what is asked often is planned once
        "prepare_threshold": 5,
    },
}
# What PostgreSQL lets a serving process wait for (practice/patience.py): a lock, a statement, a transaction at rest.
SERVING_LIMITS = {
    "lock_timeout": duration("LOCK_TIMEOUT", "10s"),
    "statement_timeout": duration("STATEMENT_TIMEOUT", "30s"),
    "idle_in_transaction_session_timeout": duration("IDLE_IN_TRANSACTION_TIMEOUT", "60s"),
}

# -- Cache and broker: Redis or Valkey; the cache falls back to a database table (practice/cache.py) ------------------
REDIS_URL = required("REDIS_URL", "Name the Redis or Valkey server, such as redis://broker.internal/0.")
if REDIS_URL and not REDIS_URL.startswith(("redis://", "rediss://", "unix://")):
    faults.append("REDIS_URL names no Redis or Valkey. Begin it with redis://, rediss:// or unix://")
elif not names_redis_database(REDIS_URL):
    faults.append("REDIS_URL cannot be read. It looks like redis://host:6379/0.")
CACHES = {"default": {"BACKEND": "practice.cache.FallbackCache", "LOCATION": REDIS_URL}}
SESSION_ENGINE = "practice.browser_session"

# -- Time and language ------------------------------------------------------------------------------------------------
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = True
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]

# -- Static files -----------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = env.path("STATIC_ROOT", default=BASE_DIR / "var" / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = env.bool("WHITENOISE_USE_FINDERS", default=DEBUG)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if env.bool("STATIC_MANIFEST", default=not DEBUG)
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}

# -- Accounts: sign-up is closed; staff use a password and a second factor, patients an e-mailed code or a passkey ----
AUTH_USER_MODEL = "practice.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
]
LOGIN_URL = "account_request_login_code"  # most who sign in are patients; staff have the tab beside it
LOGIN_REDIRECT_URL = "practice:today"
LOGOUT_REDIRECT_URL = "practice:home"
ACCOUNT_ADAPTER = "practice.accounts.Adapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_USER_DISPLAY = "practice.accounts.display_name"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # sign-up is closed; allauth shows a password at sign-in by this
ACCOUNT_EMAIL_VERIFICATION = "none"  # an invitation link or a code has already proved the address
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 600
ACCOUNT_LOGIN_BY_CODE_MAX_ATTEMPTS = 5
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # allauth's mail names a sign-up; practice/views/account.py writes ours instead
ACCOUNT_PASSWORD_RESET_TOKEN_GENERATOR = "django.contrib.auth.tokens.PasswordResetTokenGenerator"  # writes nothing
PASSWORD_RESET_TIMEOUT = 3600
# How many proxies stand in front; throttling counts by the address that the outermost of them saw.
ALLAUTH_TRUSTED_PROXY_COUNT = whole("TRUSTED_PROXIES", 0)
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_DEFAULT_HTTP_PROTOCOL = PUBLIC_URL.partition(":")[0]
MFA_ADAPTER = "practice.accounts.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Evenkeel"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = DEMO
SESSION_COOKIE_AGE = int(timedelta(hours=24).total_seconds())
SESSION_EXPIRE_AT_BROWSER_CLOSE = True

# -- Security ---------------------------------------------------------------------------------------------------------
HTTPS = PUBLIC_URL.startswith("https://")
if PUBLIC_URL and not DEMO and not HTTPS:
    faults.append("PUBLIC_URL is not https. Put a proxy with TLS in front and give its https address.")
SECURE_SSL_REDIRECT = False  # the proxy redirects; healthz must answer plain HTTP behind it
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
CSRF_FAILURE_VIEW = "practice.views.errors.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# -- Messages: an outbox row first; gateways send it ------------------------------------------------------------------
OUTBOX_DIR = env.path("OUTBOX_DIR", default=BASE_DIR / "var" / "outbox")
EMAIL_GATEWAY = env.str("EMAIL_GATEWAY", default="") or ("file" if DEMO else "smtp")  # file | console | smtp
SMS_GATEWAY = env.str("SMS_GATEWAY", default="") or ("file" if DEMO else "none")  # file | console | none
for _name, _gateway, _real, _cure in (
    ("EMAIL_GATEWAY", EMAIL_GATEWAY, "smtp", "Unset it: production sends by EMAIL_URL."),
    ("SMS_GATEWAY", SMS_GATEWAY, "none", "Unset it: without a provider reminders go by e-mail."),
):
    if _gateway not in ("file", "console", _real):
        faults.append(f"{_name} is {_gateway}, which is none that we know. {_cure}")
    elif not DEMO and _gateway != _real:
        faults.append(f"{_name} is {_gateway}, which leaves messages with private links on this machine. {_cure}")
if EMAIL_GATEWAY == "smtp":
    _email_url = required(
        "EMAIL_URL",
        "Name the mail server, such as smtp+ssl://user:secret@mail.internal:465.",
        demo="smtp://localhost:25",
    )
    try:
        vars().update(env.email_url_config(_email_url) if _email_url else {})
    except (ValueError, ImproperlyConfigured):  # whose words may hold a part of the password
        faults.append("EMAIL_URL cannot be read. It looks like smtp+ssl://user:secret@mail.internal:465.")
EMAIL_TIMEOUT = 5
DEFAULT_FROM_EMAIL = required(
    "DEFAULT_FROM_EMAIL", "Give the address messages come from.", demo="no-reply@evenkeel.invalid"
)
# Bodies of messages that cannot be derived again (sign-in codes) and the keys of authenticator apps rest encrypted
# under this key ring, newest first.
MESSAGE_KEYS = env.list("MESSAGE_KEYS", default=[SECRET_KEY] if DEMO else [])
if not DEMO:
    if not MESSAGE_KEYS:
        faults.append("MESSAGE_KEYS is not set. Put 50 or more random characters there, not SECRET_KEY.")
    if any(len(key) < 50 or key.startswith("demo-") for key in MESSAGE_KEYS):
        faults.append("A key in MESSAGE_KEYS is short or known. Give each 50 or more random ones.")
    if {SECRET_KEY, *SECRET_KEY_FALLBACKS} & set(MESSAGE_KEYS):
        faults.append("MESSAGE_KEYS holds SECRET_KEY or a former one. Make keys of their own for it.")
AUDIT_ANCHOR_FILE = env.path("AUDIT_ANCHOR_FILE", default=BASE_DIR / "var" / "audit-anchor.log")

# -- Celery: a clock and a pair of hands, never the memory of what is due ---------------------------------------------
CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# Nobody commands workers from afar; the reply channel can end a worker for good when the broker is lost (kombu 5.7).
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 300,
    "unacked_restore_interval": 5,
    "unacked_restore_throttle": 1,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
}
CELERY_TIMEZONE = "UTC"

# -- Logs: an allow-list of keys, no clinical value by construction ---------------------------------------------------
LOGGING_CONFIG = None
logging_config(json=not DEMO)

# How long a web process may print the practice's name and telephone without reading them again.
PRACTICE_FACTS_SECONDS = whole("PRACTICE_FACTS_SECONDS", 30)

PHONENUMBER_DEFAULT_REGION = env.str("PHONE_REGION", default="") or "US"
if PHONENUMBER_DEFAULT_REGION not in SUPPORTED_REGIONS:
    faults.append(f"PHONE_REGION is {PHONENUMBER_DEFAULT_REGION}. Give two capital letters such as US or CA.")
SILENCED_SYSTEM_CHECKS = [
    "security.W008"
]  # no redirect to https from here: the proxy does that, see SECURE_SSL_REDIRECT

if faults:
    raise ImproperlyConfigured("\n".join(faults))
