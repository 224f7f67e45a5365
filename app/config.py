"""Settings: read once from the environment, checked at the start, and passed on as one frozen object.

This is the only module that reads environment variables. A setting that cannot be used stops the start with one clear
sentence (``ConfigError``); production refuses a default secret, debug mode and demo data.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from app.policy import SalePolicy

PROJECT_ROOT = Path(__file__).resolve().parent.parent
DEVELOPMENT_SECRET = "development-only-secret"  # noqa: S105 -- refused in production by validate().
DEVELOPMENT_DATA_KEY = "ZGV2ZWxvcG1lbnQtb25seS1kYXRhLWtleS0wMTIzNDU="
ENVIRONMENTS = ("development", "test", "production")
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
ROLES = ("all", "web", "realtime", "jobs")


class ConfigError(RuntimeError):
    """A setting is missing or wrong; the message is one sentence for the person who starts the server."""


@dataclass(frozen=True, slots=True)
class Config:
    """Everything the application needs to know from outside."""

    environment: str = "development"
    secret_key: str = DEVELOPMENT_SECRET
    data_keys: tuple[str, ...] = (DEVELOPMENT_DATA_KEY,)
    """Fernet keys for bank accounts at rest, newest first; older ones only decrypt."""
    database_url: str = f"sqlite:///{PROJECT_ROOT / 'var' / 'chophien.db'}"
    redis_url: str | None = None
    media_root: Path = PROJECT_ROOT / "var" / "media"
    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str = "http://127.0.0.1:8000"
    debug: bool = False
    demo: bool = True
    demo_crowd: bool = True
    role: str = "all"
    workers: int = 1
    fanout: str = "fast"
    http_threads: int = 10
    socket_threads: int = 8
    intake_queue: int = 2_000
    mail_from: str = "cho-phien@localhost"
    smtp_url: str | None = None
    sms_url: str | None = None
    sms_token: str | None = None
    trusted_proxies: int = 0
    log_level: str = "INFO"
    policy: SalePolicy = field(default_factory=SalePolicy)

    @property
    def is_sqlite(self) -> bool:
        """True when the database is a SQLite file, which means exactly one process."""
        return self.database_url.startswith("sqlite")

    @property
    def pool_size(self) -> int:
        """Connections needed at once: every HTTP and socket thread, the writer, the sweeper and one to spare."""
        return self.http_threads + self.socket_threads + 3

    @property
    def can_text(self) -> bool:
        """True when text messages reach somebody: through a gateway, or on the console outside production."""
        return self.sms_url is not None or self.environment != "production"

    @property
    def secure_cookies(self) -> bool:
        """True when the public address is HTTPS, so that cookies may only travel there."""
        return self.base_url.startswith("https://")

    def validate(self) -> "Config":
        """Return self, or raise ``ConfigError`` with one sentence naming the setting and the mend."""
        _require(self.environment in ENVIRONMENTS, f"CHOPHIEN_ENV must be one of {', '.join(ENVIRONMENTS)}.")
        _require(self.role in ROLES, f"CHOPHIEN_ROLE must be one of {', '.join(ROLES)}.")
        _require(self.fanout in ("fast", "stock"), "CHOPHIEN_FANOUT must be fast or stock.")
        scheme = urlsplit(self.database_url).scheme.split("+")[0]
        _require(
            scheme in ("sqlite", "postgresql"),
            "CHOPHIEN_DATABASE_URL must begin with sqlite:/// or postgresql://.",
        )
        _require(
            not (self.is_sqlite and (self.workers > 1 or self.role != "all")),
            "SQLite serves exactly one process: set CHOPHIEN_WORKERS=1 and CHOPHIEN_ROLE=all, or use PostgreSQL.",
        )
        _require(
            self.role == "all" or self.redis_url is not None,
            "Split roles need Redis between them: set CHOPHIEN_REDIS_URL.",
        )
        _require(bool(self.data_keys), "CHOPHIEN_DATA_KEYS must hold at least one key.")
        self._validate_forms()
        self._validate_policy()
        if self.environment == "production":
            self._validate_production()
        return self

    def _validate_forms(self) -> None:
        """Refuse at the start what would otherwise fail in the middle of a sale."""
        _require(
            not self.is_sqlite or urlsplit(self.database_url).path.strip("/") not in ("", ":memory:"),
            "CHOPHIEN_DATABASE_URL needs a file for SQLite, such as sqlite:////srv/chophien/chophien.db.",
        )
        _require(
            self.redis_url is None or urlsplit(self.redis_url).scheme in ("redis", "rediss", "unix"),
            "CHOPHIEN_REDIS_URL must begin with redis://, rediss:// or unix://.",
        )
        smtp = urlsplit(self.smtp_url or "smtp://localhost")
        _require(
            smtp.scheme in ("smtp", "smtps", "smtp+plain") and bool(smtp.hostname),
            "CHOPHIEN_SMTP_URL must look like smtp://user:password@mail.example.com:587.",
        )
        _require("@" in self.mail_from, "CHOPHIEN_MAIL_FROM must be an e-mail address.")
        _require(
            all(_is_data_key(key) for key in self.data_keys),
            "CHOPHIEN_DATA_KEYS holds something that is no key; make one with: flask --app wsgi new-data-key.",
        )
        _require(self.log_level.upper() in LOG_LEVELS, f"CHOPHIEN_LOG_LEVEL must be one of {', '.join(LOG_LEVELS)}.")
        _require(0 < self.port < 65_536, "PORT must be between 1 and 65535.")

    def _validate_policy(self) -> None:
        policy = self.policy
        _require(policy.pledge_sale_percent <= 100, "CHOPHIEN_PLEDGE_SALE_PERCENT must be 100 or less.")
        _require(policy.hold_minutes > 0, "CHOPHIEN_HOLD_MINUTES must be at least 1.")
        _require(
            policy.hold_ceiling_minutes >= policy.hold_minutes,
            "CHOPHIEN_HOLD_CEILING_MINUTES must not be less than CHOPHIEN_HOLD_MINUTES.",
        )

    def _validate_production(self) -> None:
        _require(
            self.secret_key != DEVELOPMENT_SECRET and len(self.secret_key) >= 32,
            "Production needs its own CHOPHIEN_SECRET_KEY of at least 32 characters.",
        )
        _require(
            DEVELOPMENT_DATA_KEY not in self.data_keys,
            "Production needs its own CHOPHIEN_DATA_KEYS; make one with: flask --app wsgi new-data-key.",
        )
        _require(not self.debug, "Production refuses CHOPHIEN_DEBUG; leave it unset.")
        _require(not self.demo, "Production refuses demo accounts; set CHOPHIEN_DEMO=0.")
        _require(not self.demo_crowd, "Production refuses the scripted crowd; set CHOPHIEN_DEMO_CROWD=0.")

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Config":
        """Read ``CHOPHIEN_*``, ``HOST`` and ``PORT``; unknown ``CHOPHIEN_*`` names are refused, typing errors with them."""
        environ = os.environ if environ is None else environ
        given = {name: value.strip() for name, value in environ.items() if name.startswith("CHOPHIEN_")}
        given = {name: value for name, value in given.items() if value and not name.startswith("CHOPHIEN_TEST_")}
        environment = given.get("CHOPHIEN_ENV", "development")
        values: dict[str, object] = {"environment": environment}
        if environment == "production":
            values |= {"demo": False, "demo_crowd": False}
        readers = setting_readers()
        for name, value in given.items():
            if name not in readers:
                known = ", ".join(sorted(readers))
                raise ConfigError(f"{name} is not a setting; the settings are {known}.")
            key, read = readers[name]
            values[key] = read(name, value)
        if environ.get("HOST"):
            values["host"] = environ["HOST"]
        if environ.get("PORT"):
            values["port"] = _integer("PORT", environ["PORT"])
        policy = {key.removeprefix("policy."): values.pop(key) for key in list(values) if key.startswith("policy.")}
        defaults = cls()
        host, port = values.get("host", defaults.host), values.get("port", defaults.port)
        values.setdefault("base_url", f"http://{host}:{port}")
        return cls(**values, policy=SalePolicy(**policy)).validate()  # type: ignore[arg-type]


def setting_readers() -> dict[str, tuple[str, Any]]:
    """Return every setting's name with the attribute it fills and how its text is read."""
    readers: dict[str, tuple[str, Any]] = {
        "CHOPHIEN_ENV": ("environment", _text),
        "CHOPHIEN_SECRET_KEY": ("secret_key", _text),
        "CHOPHIEN_DATA_KEYS": ("data_keys", _list),
        "CHOPHIEN_DATABASE_URL": ("database_url", _text),
        "CHOPHIEN_REDIS_URL": ("redis_url", _text),
        "CHOPHIEN_MEDIA_ROOT": ("media_root", _path),
        "CHOPHIEN_BASE_URL": ("base_url", _url),
        "CHOPHIEN_DEBUG": ("debug", _boolean),
        "CHOPHIEN_DEMO": ("demo", _boolean),
        "CHOPHIEN_DEMO_CROWD": ("demo_crowd", _boolean),
        "CHOPHIEN_ROLE": ("role", _text),
        "CHOPHIEN_WORKERS": ("workers", _integer),
        "CHOPHIEN_FANOUT": ("fanout", _text),
        "CHOPHIEN_HTTP_THREADS": ("http_threads", _integer),
        "CHOPHIEN_SOCKET_THREADS": ("socket_threads", _integer),
        "CHOPHIEN_INTAKE_QUEUE": ("intake_queue", _integer),
        "CHOPHIEN_MAIL_FROM": ("mail_from", _text),
        "CHOPHIEN_SMTP_URL": ("smtp_url", _text),
        "CHOPHIEN_SMS_URL": ("sms_url", _url),
        "CHOPHIEN_SMS_TOKEN": ("sms_token", _text),
        "CHOPHIEN_TRUSTED_PROXIES": ("trusted_proxies", _count),
        "CHOPHIEN_LOG_LEVEL": ("log_level", _text),
    }
    for rule in fields(SalePolicy):
        readers[f"CHOPHIEN_{rule.name.upper()}"] = (f"policy.{rule.name}", _count)
    return readers


def _require(holds: bool, sentence: str) -> None:
    if not holds:
        raise ConfigError(sentence)


def _is_data_key(text: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(text)) == 32
    except ValueError:
        return False


def _text(_name: str, value: str) -> str:
    return value


def _list(_name: str, value: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in value.split(",") if part.strip())


def _path(_name: str, value: str) -> Path:
    return Path(value).expanduser().resolve()


def _url(name: str, value: str) -> str:
    parts = urlsplit(value)
    _require(parts.scheme in ("http", "https") and bool(parts.netloc), f"{name} must be an http or https address.")
    return value.rstrip("/")


def _boolean(name: str, value: str) -> bool:
    lowered = value.lower()
    _require(lowered in ("1", "0", "true", "false", "yes", "no"), f"{name} must be 1 or 0.")
    return lowered in ("1", "true", "yes")


def _integer(name: str, value: str) -> int:
    _require(
        value.isascii() and value.isdigit() and 0 < int(value) <= 10**9, f"{name} must be a positive whole number."
    )
    return int(value)


def _count(name: str, value: str) -> int:
    _require(value.isascii() and value.isdigit() and int(value) <= 10**9, f"{name} must be a whole number, 0 or more.")
    return int(value)
