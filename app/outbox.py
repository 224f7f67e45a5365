"""What must reach the outside world: a row in the business transaction, delivered at least once afterwards."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import JSON, Index, String, Text, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import Clock, system_clock
from app.db import BigId, UtcDateTime, db, write_transaction
from app.jobs import Chore

log = structlog.get_logger(__name__)

Handler = Callable[[dict[str, Any]], None]
"""Sends one payload (a dict with ``message_id`` added); whatever it raises means "not sent, try again later"."""
_BACKOFF_SECONDS = (5, 30, 120, 600, 3600)
MAX_ATTEMPTS = 30
"""About a day of trying; then the row stays as a record and is left alone."""


class OutboxMessage(db.Model):
    """One thing to send: its ``kind`` chooses the handler; ``payload`` is all the handler gets."""

    __tablename__ = "outbox_message"
    __table_args__ = (Index("ix_outbox_message_due", "delivered_at", "available_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    kind: Mapped[str] = mapped_column(String(60))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    available_at: Mapped[datetime] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(Text)


def enqueue(session: Session, kind: str, payload: dict[str, Any], *, clock: Clock) -> None:
    """Record a message to be sent once this transaction has committed."""
    now = clock()
    session.add(OutboxMessage(kind=kind, payload=payload, created_at=now, available_at=now))


def deliver_due(handlers: dict[str, Handler], *, clock: Clock, limit: int = 50) -> int:
    """Send what is due, one message a transaction so that a slow receiver holds no lock; return how many were sent.

    The call to the outside runs between two transactions: due rows are read, sent, and only then marked. A crash in between
    sends again, which is what "at least once" means; receivers get the row's id to drop repeats.
    """
    now = clock()
    due = db.session.execute(
        select(OutboxMessage.id, OutboxMessage.kind, OutboxMessage.payload, OutboxMessage.attempts)
        .where(
            OutboxMessage.delivered_at.is_(None),
            OutboxMessage.available_at <= now,
            OutboxMessage.attempts < MAX_ATTEMPTS,
        )
        .order_by(OutboxMessage.id)
        .limit(limit)
    ).all()
    db.session.rollback()
    sent = 0
    for message_id, kind, payload, attempts in due:
        error: str | None = None
        try:
            handlers[kind]({"message_id": message_id, **payload})
            sent += 1
        except Exception as failure:
            log.exception("outbox_delivery_failed", kind=kind, message_id=message_id)
            error = repr(failure)[:500]
        wait = _BACKOFF_SECONDS[min(attempts, len(_BACKOFF_SECONDS) - 1)]
        values: dict[str, Any] = {"attempts": attempts + 1, "last_error": error}
        values |= {"delivered_at": now} if error is None else {"available_at": now + timedelta(seconds=wait)}
        with write_transaction() as session:
            session.execute(update(OutboxMessage).where(OutboxMessage.id == message_id).values(**values))
    return sent


def chores(app: Flask) -> list[Chore]:
    """Return the chore that delivers what is due, with the handlers each package put in ``chophien_outbox``."""
    handlers: dict[str, Handler] = app.extensions["chophien_outbox"]
    return [Chore("outbox", 1.0, lambda: deliver_due(handlers, clock=system_clock))]
