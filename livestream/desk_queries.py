"""What the desk of a session reads: lanes, last orders and money, from the database, so that a reload loses nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from app.accounts.models import Buyer, User
from app.clock import epoch_ms
from app.errors import NotFound
from livestream.models import ChatMessage, ChatState
from livestream.room_queries import money_of_session

LANE_LENGTH = 100
ORDERS_SHOWN = 40
_COLUMNS = ("seq", "sender_name", "text", "kind", "desk_state", "outcome", "reading", "buyer_id", "at")


def desk_view(session: Session, session_id: int) -> dict[str, Any]:
    """Return the lanes oldest first, the last orders newest first, and the money by what it is."""
    waiting = ChatMessage.desk_state.in_((ChatState.NEEDS_PERSON, ChatState.CLAIMED))
    rows = _comments(session, and_(ChatMessage.session_id == session_id, waiting), ChatMessage.seq, LANE_LENGTH)
    ordered = and_(ChatMessage.session_id == session_id, ChatMessage.order_id.is_not(None))
    orders = _comments(session, ordered, ChatMessage.seq.desc(), ORDERS_SHOWN)
    return {
        "person": [row for row in rows if row["kind"] != "question"],
        "questions": [row for row in rows if row["kind"] == "question"],
        "orders": orders,
        "money": money_of_session(session, session_id),
    }


def _comments(session: Session, condition: Any, order: Any, limit: int) -> list[dict[str, Any]]:
    columns = [getattr(ChatMessage, name) for name in _COLUMNS]
    statement = (
        select(*columns, User.name.label("claimed_by"))
        .outerjoin(User, User.id == ChatMessage.claimed_by_id)
        .where(condition)
        .order_by(order)
        .limit(limit)
    )
    return [{**desk_item(row), "by": row["claimed_by"] or ""} for row in session.execute(statement).mappings()]


def desk_item(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a comment's row as the desk sees it: as typed, with how it was read and what was answered."""
    outcome = row["outcome"]
    return {
        "seq": row["seq"],
        "name": row["sender_name"],
        "text": row["text"],
        "kind": row["kind"],
        "state": str(row["desk_state"]),
        "status": outcome.get("status", "talk"),
        "message": outcome.get("message", ""),
        "choices": outcome.get("choices", []),
        "reasons": list(row["reading"].get("reasons", ())),
        "buyer": row["buyer_id"] is not None,
        "at": epoch_ms(row["at"]),
    }


@dataclass(frozen=True, slots=True)
class CommentBuyer:
    """The buyer behind a comment; ``sender_key`` is the scope the comment was sent under."""

    buyer_id: int
    name: str
    network_key: str | None
    sender_key: str


def buyer_of_comment(session: Session, session_id: int, seq: int) -> CommentBuyer:
    """Return the buyer behind a comment, for whom the desk may order; raises ``NotFound`` when no buyer is known."""
    row = session.execute(
        select(Buyer.id, Buyer.name, Buyer.network_key, ChatMessage.sender_key)
        .join(ChatMessage, ChatMessage.buyer_id == Buyer.id)
        .where(ChatMessage.session_id == session_id, ChatMessage.seq == seq)
    ).one_or_none()
    if row is None:
        raise NotFound("Bình luận này chưa có tên và số điện thoại người mua nên chưa chốt thay được ạ.")
    return CommentBuyer(*row)
