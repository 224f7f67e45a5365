"""The log tells what happened and never a secret."""

import json
from dataclasses import replace

import pytest
import structlog

from app import logs
from app.config import Config


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]):
    """Log as production does and return the lines as read back."""
    logs.configure(replace(Config(), environment="production"))
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    structlog.contextvars.clear_contextvars()
    logs.configure(replace(Config(), environment="test", log_level="WARNING"))


@pytest.mark.parametrize("name", ["password", "new_password", "csrf_token", "Cookie", "secret_key", "account_number"])
def test_what_is_named_like_a_secret_is_covered(said, name: str):
    structlog.get_logger().info("event", **{name: "s3cret", "deep": {"list": [{name: "s3cret"}]}, "plain": "seen"})
    [line] = said()
    assert "s3cret" not in json.dumps(line)
    assert line["plain"] == "seen"
    assert line["event"] == "event"


def test_every_line_of_a_request_carries_its_number(said):
    number = logs.begin_request("/dat-hang")
    structlog.get_logger().warning("one")
    structlog.get_logger().warning("two")
    assert [(line["request"], line["path"]) for line in said()] == [(number, "/dat-hang")] * 2
    assert logs.begin_request("/") != number


def test_an_exception_is_logged_with_its_trace(said):
    try:
        int("broken")
    except ValueError as error:
        structlog.get_logger().error("failed", exc_info=error)
    [line] = said()
    assert "ValueError: invalid literal" in line["exception"]
