"""Logging: one structured line an event, readable in development, JSON in production; secrets never reach it."""

import logging

import structlog

from app.config import Config

_SECRET_NAMES = ("password", "token", "secret", "authorization", "cookie", "account_number")


def configure(config: Config) -> None:
    """Set structlog up for this process."""
    renderer = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if config.environment == "production"
        else structlog.dev.ConsoleRenderer(colors=False)
    )
    level = logging.getLevelNamesMapping().get(config.log_level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _hide_secrets,
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=False,
    )


def _hide_secrets(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name in event:
        if any(secret in name.lower() for secret in _SECRET_NAMES):
            event[name] = "•••"
    return event
