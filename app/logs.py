"""Logging: one structured line an event, readable in development, JSON in production; secrets never reach it."""

import logging
import secrets
from typing import Any

import structlog

from app.config import Config

_SECRET_NAMES = ("password", "passcode", "token", "secret", "authorization", "cookie", "account_number", "data_key")


def configure(config: Config) -> None:
    """Set structlog up for this process."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if config.environment == "production"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    # Libraries speak through the standard logging; what they warn of belongs in the same stream.
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    level = logging.getLevelNamesMapping().get(config.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _hide_secrets,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


def begin_request(path: str) -> str:
    """Start a request's log: every line of it carries the number returned, which an error page shows for the help desk."""
    number = secrets.token_hex(4)
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request=number, path=path)
    return number


def _hide_secrets(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return _hidden(event)


def _hidden(value: Any) -> Any:
    """Return the value with whatever is named like a secret covered, however deep it lies."""
    if isinstance(value, dict):
        return {
            name: "•••" if any(secret in str(name).lower() for secret in _SECRET_NAMES) else _hidden(part)
            for name, part in value.items()
        }
    if isinstance(value, list | tuple):
        return [_hidden(part) for part in value]
    return value
