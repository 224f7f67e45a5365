"""What must reach the outside leaves at least once after the commit, and a bad receiver holds nothing up."""

import json
import smtplib
import socket
import threading
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from flask import Flask
from sqlalchemy import select

from app import outbox
from app.clock import FrozenClock
from app.db import WRITE_OPTION, db, write_transaction
from app.mail import compose, gateway_sender, refuse_sms, smtp_sender
from app.outbox import MAX_ATTEMPTS, OutboxMessage, deliver_due, enqueue


def queue(clock: FrozenClock, *kinds: str) -> None:
    with write_transaction() as session:
        for kind in kinds:
            enqueue(session, kind, {"to": kind}, clock=clock)


def rows() -> list[OutboxMessage]:
    db.session.rollback()
    db.session.expire_all()
    return list(db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)))


def test_it_leaves_once_in_order_with_its_number(app: Flask, clock: FrozenClock):
    queue(clock, "mail", "mail")
    sent: list[dict] = []
    assert deliver_due({"mail": sent.append}, clock=clock) == 2
    assert [message["message_id"] for message in sent] == [row.id for row in rows()]
    assert all(row.delivered_at == clock() for row in rows())
    assert deliver_due({"mail": sent.append}, clock=clock) == 0


def test_a_rolled_back_business_sends_nothing(app: Flask, clock: FrozenClock):
    with pytest.raises(ValueError, match="no"), write_transaction() as session:
        enqueue(session, "mail", {}, clock=clock)
        raise ValueError("no")
    assert rows() == []


def test_no_transaction_is_open_while_the_outside_is_called(app: Flask, clock: FrozenClock):
    queue(clock, "mail")
    open_writes: list[bool] = []

    def look(_message: dict) -> None:
        open_writes.append(db.session().info.get(WRITE_OPTION) is not None or db.session().in_transaction())

    deliver_due({"mail": look}, clock=clock)
    assert open_writes == [False]


def test_a_bad_receiver_is_tried_later_and_holds_nobody_up(app: Flask, clock: FrozenClock):
    queue(clock, "sms", "mail")
    sent: list[dict] = []

    def fail(_message: dict) -> None:
        raise ConnectionError("the gateway is down")

    handlers = {"sms": fail, "mail": sent.append}
    assert deliver_due(handlers, clock=clock) == 1
    late, done = rows()
    assert (late.delivered_at, late.attempts, done.attempts) == (None, 1, 1)
    assert "gateway is down" in late.last_error
    assert deliver_due(handlers, clock=clock) == 0, "not before its time"
    clock.advance(seconds=6)
    deliver_due(handlers, clock=clock)
    assert rows()[0].attempts == 2
    clock.advance(seconds=20)
    deliver_due(handlers, clock=clock)
    assert rows()[0].attempts == 2, "each wait is longer than the one before"
    clock.advance(seconds=20)
    assert deliver_due({"sms": sent.append, "mail": sent.append}, clock=clock) == 1
    assert len(sent) == 2
    assert rows()[0].last_error is None


def test_an_unknown_kind_waits_for_its_handler(app: Flask, clock: FrozenClock):
    queue(clock, "push")
    assert deliver_due({}, clock=clock) == 0
    assert "push" in rows()[0].last_error


def test_after_a_day_of_trying_it_is_left_alone(app: Flask, clock: FrozenClock):
    queue(clock, "sms")
    tries: list[int] = []

    def fail(_message: dict) -> None:
        tries.append(1)
        raise ConnectionError("down")

    for _ in range(MAX_ATTEMPTS + 5):
        deliver_due({"sms": fail}, clock=clock)
        clock.advance(hours=2)
    assert len(tries) == MAX_ATTEMPTS
    assert rows()[0].delivered_at is None


def test_a_crash_between_sending_and_marking_sends_again(
    app: Flask, clock: FrozenClock, monkeypatch: pytest.MonkeyPatch
):
    queue(clock, "mail")
    sent: list[dict] = []

    def crash():
        raise SystemExit("kill -9")

    monkeypatch.setattr(outbox, "write_transaction", crash)
    with pytest.raises(SystemExit):
        deliver_due({"mail": sent.append}, clock=clock)
    monkeypatch.undo()
    deliver_due({"mail": sent.append}, clock=clock)
    assert [message["message_id"] for message in sent] == [rows()[0].id] * 2


def test_without_a_gateway_a_text_message_stays_due(app: Flask, clock: FrozenClock):
    queue(clock, "sms")
    assert deliver_due({"sms": refuse_sms}, clock=clock) == 0
    assert "no SMS gateway" in rows()[0].last_error


LETTER = {"message_id": 7, "to": "lan@example.com", "subject": "Mã đăng nhập", "text": "Chào Cô Lan,\nmã là 123456.\n"}


def test_a_repeated_letter_is_recognised_by_its_number():
    one, two = compose(LETTER, "HTX Phương Nam <htx@example.vn>"), compose(LETTER, "htx@example.vn")
    assert one["Message-ID"] == two["Message-ID"] == "<outbox-7@example.vn>"
    assert str(one["From"]) == "HTX Phương Nam <htx@example.vn>"
    assert "123456" in one.get_content()


def test_a_heading_cannot_be_smuggled_in():
    with pytest.raises(ValueError, match=r"(?i)linefeed|newline"):
        compose(LETTER | {"subject": "Chào\r\nBcc: all@example.com"}, "htx@example.vn")


@contextmanager
def mail_server():
    """A small real SMTP server on loopback for one letter; what it was told comes out of the list it yields."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.settimeout(10)
    told: list[str] = []

    def serve() -> None:
        connection, _address = listener.accept()
        with connection, connection.makefile("rwb") as wire:
            say = lambda line: (wire.write(f"{line}\r\n".encode()), wire.flush())  # noqa: E731
            say("220 loopback")
            for raw in wire:
                line = raw.decode().rstrip("\r\n")
                told.append(line)
                verb = line.upper()
                if verb.startswith("EHLO"):
                    say("250 loopback")
                elif verb == "DATA":
                    say("354 go on")
                    body = []
                    for text in wire:
                        if text == b".\r\n":
                            break
                        body.append(text.decode())
                    told.append("".join(body))
                    say("250 kept")
                elif verb == "QUIT":
                    say("221 bye")
                    return
                else:
                    say("250 fine")

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], told
    finally:
        thread.join(10)
        listener.close()


def test_a_letter_arrives_over_smtp():
    with mail_server() as (port, told):
        smtp_sender(f"smtp+plain://127.0.0.1:{port}", "htx@example.vn")(LETTER)
    letter = message_from_bytes(next(text for text in told if "Message-ID" in text).encode(), policy=policy.default)
    assert letter["To"] == "lan@example.com"
    assert letter["Subject"] == "Mã đăng nhập"
    assert "mã là 123456" in letter.get_content()


def test_a_server_without_encryption_gets_no_password():
    with mail_server() as (port, told), pytest.raises(smtplib.SMTPException):
        smtp_sender(f"smtp://user:secret@127.0.0.1:{port}", "htx@example.vn")(LETTER)
    assert not any("AUTH" in line.upper() or "secret" in line for line in told)


@contextmanager
def sms_gateway(status: int):
    """A small real HTTP server on loopback that takes one message and answers with this status."""
    taken: list[tuple[dict, str | None]] = []

    class Gateway(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            taken.append((body, self.headers["Authorization"]))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    server = HTTPServer(("127.0.0.1", 0), Gateway)
    server.timeout = 10
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/send", taken
    finally:
        thread.join(15)
        server.server_close()


TEXT = {"message_id": 9, "to": "+84912345678", "text": "Cho Phien: ma xac minh cua bac la 123456."}


def test_a_text_message_goes_to_the_gateway():
    with sms_gateway(202) as (url, taken):
        gateway_sender(url, "s3cret")(TEXT)
    assert taken == [({"id": 9, "to": "+84912345678", "text": TEXT["text"]}, "Bearer s3cret")]


def test_a_gateway_that_refuses_means_later():
    with sms_gateway(503) as (url, taken), pytest.raises(OSError, match="503"):
        gateway_sender(url, None)(TEXT)
    assert taken[0][1] is None
