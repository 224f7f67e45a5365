"""Letters and text messages leave here: outbox handlers that talk to a mail server or an SMS gateway.

In development both are shown on the console. A farmers' cooperative rarely has an SMS gateway on the first day: without one
production sends codes by e-mail only, says so, and a text message that is due waits in the outbox until there is one.
"""

import json
import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import Request, urlopen

import structlog
from flask import Flask, current_app

from app.config import Config
from app.errors import Conflict

log = structlog.get_logger(__name__)
TIMEOUT_SECONDS = 20


def register(app: Flask) -> None:
    """Put the handlers of kinds "mail" and "sms" into the outbox."""
    config: Config = app.extensions["chophien"]
    handlers: dict[str, Callable[[dict[str, Any]], None]] = app.extensions.setdefault("chophien_outbox", {})
    handlers["mail"] = smtp_sender(config.smtp_url, config.mail_from) if config.smtp_url else show_on_console
    if config.sms_url:
        handlers["sms"] = gateway_sender(config.sms_url, config.sms_token)
    else:
        handlers["sms"] = show_on_console if config.can_text else refuse_sms


def require_texting() -> None:
    """Raise ``Conflict`` where no text message would reach anybody, rather than let a person wait for a code."""
    config: Config = current_app.extensions["chophien"]
    if not config.can_text:
        raise Conflict(
            "Hợp tác xã chưa gửi được tin nhắn tới điện thoại. Bác dùng mật khẩu, hoặc gọi hợp tác xã giúp em."
        )


def show_on_console(message: dict[str, Any]) -> None:
    """Show a letter or a text message to the person who develops; nothing leaves the machine."""
    log.info("message", to=message["to"], subject=message.get("subject"), text=message["text"])


def refuse_sms(message: dict[str, Any]) -> None:
    """Fail loudly where no gateway is connected, so that the row stays due and the log says why."""
    raise RuntimeError(f"no SMS gateway is connected; message {message['message_id']} waits in the outbox")


def gateway_sender(url: str, token: str | None) -> Callable[[dict[str, Any]], None]:
    """Return a handler that posts ``{"id", "to", "text"}`` as JSON to an SMS gateway, or to a small relay in front of one.

    The token goes along as a bearer token; ``id`` is the same when a message is sent again, so that the gateway may drop it.
    Any answer but 2xx means "not sent, try again later".
    """

    def send(message: dict[str, Any]) -> None:
        body = {"id": message["message_id"], "to": message["to"], "text": message["text"]}
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        post = Request(url, json.dumps(body).encode(), headers)  # noqa: S310 -- The settings allow http and https only.
        with urlopen(post, timeout=TIMEOUT_SECONDS):  # noqa: S310
            pass

    return send


def smtp_sender(url: str, sender: str) -> Callable[[dict[str, Any]], None]:
    """Return a handler that sends a letter through ``smtp://user:password@host:587`` (STARTTLS) or ``smtps://…:465``.

    ``smtp+plain://`` speaks without encryption, for a relay on the same machine.
    """

    def send(message: dict[str, Any]) -> None:
        with _connection(url) as server:
            server.send_message(compose(message, sender))

    return send


def compose(message: dict[str, Any], sender: str) -> EmailMessage:
    """Build the letter. Its Message-ID comes from the outbox row, so that a repeated delivery is seen as the same letter."""
    name, address = parseaddr(sender)
    domain = address.partition("@")[2] or "localhost"
    letter = EmailMessage()
    letter["From"] = Address(display_name=name or "Chợ Phiên", addr_spec=address)
    letter["To"] = message["to"]
    letter["Subject"] = message["subject"]
    letter["Date"] = formatdate(localtime=False)
    letter["Message-ID"] = f"<outbox-{message['message_id']}@{domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message["text"])
    return letter


@contextmanager
def _connection(url: str) -> Iterator[smtplib.SMTP]:
    parts = urlsplit(url)
    host = parts.hostname or "localhost"
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 587, timeout=TIMEOUT_SECONDS)
    with server:
        if parts.scheme == "smtp":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server
