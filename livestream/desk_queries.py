"""What the desk of a session reads: lanes, last orders and money, from the database, so that a reload loses nothing."""

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
    statement = select(ChatMessage, User.name).outerjoin(User, User.id == ChatMessage.claimed_by_id).where(condition)
    return [
        {**desk_item_of(message), "by": claimed_by or ""}
        for message, claimed_by in session.execute(statement.order_by(order).limit(limit))
    ]


def desk_item_of(message: ChatMessage) -> dict[str, Any]:
    """Return a stored comment as the desk sees it: as typed, with how it was read and what was answered."""
    outcome = message.outcome
    return {
        "seq": message.seq,
        "name": message.sender_name,
        "text": message.text,
        "kind": message.kind,
        "state": str(message.desk_state),
        "status": outcome.get("status", "talk"),
        "message": outcome.get("message", ""),
        "choices": outcome.get("choices", []),
        "reasons": list(message.reading.get("reasons", ())),
        "buyer": message.buyer_id is not None,
        "at": epoch_ms(message.at),
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
