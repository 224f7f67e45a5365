"""The same command twice gives the same answer once: keys, what they covered, and what was answered.

A key belongs to a scope ("cart:<buyer>"). The first use stores a hash of the body and the result in the same transaction as the
work; order commands keep theirs beside the orders (``orders.models.OrderCommand``) and share the hash.
"""

import hashlib
import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, String, UniqueConstraint
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.clock import Clock
from app.db import BigId, UtcDateTime, db


class IdempotencyKey(db.Model):
    """One command that was carried out, and its answer."""

    __tablename__ = "idempotency_key"
    __table_args__ = (UniqueConstraint("scope", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scope: Mapped[str] = mapped_column(String(80))
    key: Mapped[str] = mapped_column(String(80))
    body_hash: Mapped[str] = mapped_column(String(64))
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


def body_hash(body: Any) -> str:
    """Return a stable hash of a JSON-able body."""
    text = json.dumps(body, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def store_result(session: Session, scope: str, key: str, body: Any, result: dict[str, Any], *, clock: Clock) -> None:
    """Remember the answer in the same transaction as the work it answers for."""
    session.add(IdempotencyKey(scope=scope, key=key, body_hash=body_hash(body), result=result, created_at=clock()))
