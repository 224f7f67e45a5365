"""Letters and text messages leave here: outbox handlers that talk SMTP, or show the text on the console in development.

A farmers' cooperative rarely has an SMS gateway on the first day, so production offers codes by e-mail only and a text
message is something the outbox keeps trying until a handler of kind "sms" is put in its place.
"""

import smtplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate, parseaddr
from typing import Any
from urllib.parse import unquote, urlsplit

import structlog
from flask import Flask

from app.config import Config

log = structlog.get_logger(__name__)
TIMEOUT_SECONDS = 20


def register(app: Flask) -> None:
    """Put the handlers of kinds "mail" and "sms" into the outbox."""
    config: Config = app.extensions["chophien"]
    handlers: dict[str, Callable[[dict[str, Any]], None]] = app.extensions.setdefault("chophien_outbox", {})
    handlers["mail"] = smtp_sender(config.smtp_url, config.mail_from) if config.smtp_url else show_on_console
    handlers["sms"] = refuse_sms if config.environment == "production" else show_on_console


def show_on_console(message: dict[str, Any]) -> None:
    """Show a letter or a text message to the person who develops; nothing leaves the machine."""
    log.info("message", to=message["to"], subject=message.get("subject"), text=message["text"])


def refuse_sms(message: dict[str, Any]) -> None:
    """Fail loudly where no gateway is connected, so that the row stays due and the log says why."""
    raise RuntimeError(f"no SMS gateway is connected; message {message['message_id']} waits in the outbox")


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
