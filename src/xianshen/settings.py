"""Settings: read from the environment, failing loudly; defaults serve the embedded installation.

Variables: ``XIANSHEN_DATA`` (all data and keys, default ``var/``), ``DATABASE_URL`` (default an SQLite file in the
data directory), ``XIANSHEN_DEBUG``, ``XIANSHEN_HOSTS`` (comma-separated host names), ``XIANSHEN_PUBLIC_URL`` (address
printed into QR codes), ``XIANSHEN_POLICIES``, ``XIANSHEN_SIGNING_KEY`` and ``XIANSHEN_SIGNING_CERT`` (PEM files with
which issued forms are signed), ``XIANSHEN_MAIL`` (``smtp+tls://user:password@host``; without it e-mails stay in the
outbox), ``XIANSHEN_MAIL_FROM``, ``XIANSHEN_MAIL_DAYS`` (days after which a message is given up, default 5),
``XIANSHEN_ROBOTS`` (1: group robots are spoken to; otherwise their messages stay in the outbox),
``XIANSHEN_TRUSTED_PROXIES`` (number of reverse proxies in front, default 0), ``XIANSHEN_DNS`` (name servers to ask
where servers stand, default the system's).
"""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import dj_database_url
from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

PACKAGE = Path(__file__).resolve().parent
ROOT = PACKAGE.parent.parent
DATA = Path(os.environ.get("XIANSHEN_DATA") or ROOT / "var").resolve()
KEYS = DATA / "keys"
FILES = DATA / "files"
POLICIES = Path(os.environ.get("XIANSHEN_POLICIES") or ROOT / "policies").resolve()


def _flag(name: str) -> bool:
    value = os.environ.get(name, "").lower()
    if value not in {"", "0", "1", "true", "false"}:
        raise ImproperlyConfigured(f"{name} must be 0 or 1, not {value!r}")
    return value in {"1", "true"}


def _number(name: str) -> int:
    value = os.environ.get(name, "") or "0"
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name} must be a number, not {value!r}")
    return int(value)


def _mail(url: str, sender: str) -> tuple[dict[str, Any] | None, str]:
    """Read where e-mail goes out: ``smtp://``, ``smtp+tls://`` (STARTTLS) or ``smtps://``; nothing: nowhere."""
    if any(ord(sign) <= 32 or sign in ",<>" for sign in sender) or (sender and "@" not in sender):
        raise ImproperlyConfigured("XIANSHEN_MAIL_FROM must be one e-mail address")
    if not url:
        return None, sender or "xianshen@localhost"
    parts = urlsplit(url)
    ports = {"smtp": 25, "smtp+tls": 587, "smtps": 465}
    if parts.scheme not in ports or not parts.hostname or not sender:
        raise ImproperlyConfigured(
            "XIANSHEN_MAIL must be smtp://, smtp+tls:// or smtps://user:password@host:port, with XIANSHEN_MAIL_FROM"
        )
    server = {
        "host": parts.hostname,
        "port": parts.port or ports[parts.scheme],
        "username": unquote(parts.username or ""),
        "password": unquote(parts.password or ""),
        "tls": parts.scheme == "smtp+tls",
        "ssl": parts.scheme == "smtps",
    }
    return server, sender


def _secret(name: str) -> str:
    """Read a secret from the data directory; make one at first start (mode 600)."""
    path = KEYS / name
    if not path.exists():
        KEYS.mkdir(parents=True, exist_ok=True, mode=0o700)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            pass
        else:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


DEBUG = _flag("XIANSHEN_DEBUG")
SECRET_KEY = os.environ.get("XIANSHEN_SECRET_KEY") or _secret("django-secret")
_hosts = [host for host in os.environ.get("XIANSHEN_HOSTS", "").split(",") if host]
ALLOWED_HOSTS = [*_hosts, "127.0.0.1", "localhost", "[::1]"]
PUBLIC_URL = os.environ.get("XIANSHEN_PUBLIC_URL", "").rstrip("/")
SIGNING_KEY = os.environ.get("XIANSHEN_SIGNING_KEY", "")
SIGNING_CERT = os.environ.get("XIANSHEN_SIGNING_CERT", "")
NAME_SERVERS = [server for server in os.environ.get("XIANSHEN_DNS", "").split(",") if server]
MAIL, MAIL_FROM = _mail(os.environ.get("XIANSHEN_MAIL", ""), os.environ.get("XIANSHEN_MAIL_FROM", ""))
if MAIL is not None and not PUBLIC_URL:
    raise ImproperlyConfigured("XIANSHEN_MAIL needs XIANSHEN_PUBLIC_URL, the address to which links in e-mails lead")
NOTICES_GIVE_UP_DAYS = _number("XIANSHEN_MAIL_DAYS") or 5
ROBOTS_SEND = _flag("XIANSHEN_ROBOTS")
# Where the services of group robots are reached; an installation behind a gateway names the gateway's.
ROBOT_ADDRESSES = {
    "wecom": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key={key}",
    "dingtalk": "https://oapi.dingtalk.com/robot/send?access_token={token}",
    "feishu": "https://open.feishu.cn/open-apis/bot/v2/hook/{token}",
}
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL] if PUBLIC_URL.startswith("https://") else []
CSRF_FAILURE_VIEW = "xianshen.web.views.errors.csrf_failure"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PUBLIC_URL.startswith("https://")
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if PUBLIC_URL.startswith("https://") else None
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

ROOMS = [
    "web",
    "directory",
    "assessment",
    "registry",
    "approvals",
    "clocks",
    "documents",
    "connectors",
    "notices",
    "organisation",
    "regulation",
    "workflow",
    "ledger",
    "common",
]

INSTALLED_APPS = [
    *(f"xianshen.{room}" for room in ROOMS),
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_htmx",
    "django_tasks",
    "django_tasks_db",
    "ninja",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "xianshen.web.middleware.LanguageChoiceMiddleware",
    "xianshen.web.middleware.PrivatePagesMiddleware",
    "xianshen.organisation.middleware.InstitutionMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "xianshen.organisation.middleware.OwnPasswordMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "xianshen.web.middleware.RefusalMiddleware",
]

ROOT_URLCONF = "xianshen.urls"
WSGI_APPLICATION = "xianshen.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "xianshen.web.context.shell",
            ],
            "builtins": [
                "django.templatetags.i18n",
                "django.templatetags.static",
                "xianshen.common.templatetags.components",
            ],
        },
    }
]

# Embedded default: SQLite in WAL mode. IMMEDIATE makes every atomic block a writer from its first
# statement, so read-then-write cannot fail with "database is locked" half way.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;PRAGMA foreign_keys=ON;PRAGMA cache_size=-16000;"
    ),
}
_database = dj_database_url.parse(
    os.environ.get("DATABASE_URL") or f"sqlite:///{DATA / 'xianshen.sqlite3'}",
    conn_max_age=600,
    conn_health_checks=True,
)
if _database["ENGINE"].endswith("sqlite3"):
    _database |= {"ENGINE": "xianshen.common.sqlite3", "OPTIONS": SQLITE_OPTIONS}
DATABASES = {"default": _database}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.db.DatabaseCache", "LOCATION": "xianshen_cache"},
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"

AUTH_USER_MODEL = "organisation.Person"
AUTHENTICATION_BACKENDS = ["xianshen.organisation.backends.PersonBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_ADAPTER = "xianshen.organisation.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = "username"
ACCOUNT_USER_MODEL_EMAIL_FIELD = "email"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_ON_GET = False
# Wrong passwords are counted and locked by organisation.services.sign_in; "login_failed" is for one-time codes.
# "login" would count every sign-in of an address: a campus has one, and a locked database would be told as haste.
ACCOUNT_RATE_LIMITS = {"login": "", "login_failed": "5/10m/key,60/10m/ip"}
# How many reverse proxies of our own stand in front: whose address counts as the caller's.
ALLAUTH_TRUSTED_PROXY_COUNT = _number("XIANSHEN_TRUSTED_PROXIES")
ACCOUNT_FORMS = {
    "login": "xianshen.organisation.forms.LoginForm",
    "change_password": "xianshen.organisation.forms.ChangePasswordForm",
    "set_password": "xianshen.organisation.forms.SetPasswordForm",
    "reauthenticate": "xianshen.organisation.forms.ReauthenticateForm",
}
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_ADAPTER = "xianshen.organisation.adapters.MFAAdapter"
MFA_FORMS = {
    "authenticate": "xianshen.organisation.forms.CodeForm",
    "reauthenticate": "xianshen.organisation.forms.ReauthenticateCodeForm",
    "activate_totp": "xianshen.organisation.forms.ActivateCodeForm",
}

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("中文")), ("en", _("英文"))]
LOCALE_PATHS = [PACKAGE / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATICFILES_DIRS = [PACKAGE / "static"]
STATIC_ROOT = DATA / "static"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = FILES
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF, NONCE],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": []}}
SILENCED_SYSTEM_CHECKS: list[str] = []

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "filters": {"refusals": {"()": "xianshen.common.logs.RefusalsInOneLine"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["refusals"]},
        "nowhere": {"class": "logging.NullHandler"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    # The library writes addresses of robots into its messages; what went wrong stands in the delivery log.
    "loggers": {"apprise": {"handlers": ["nowhere"], "propagate": False}},
}
