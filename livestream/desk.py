"""The desk of a session: comments that need a person, and questions. Nothing leaves a lane silently."""

from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict
from app.events import publish
from livestream.access import comment_of, require_desk
from livestream.models import ChatMessage, ChatState, LiveSession
from livestream.room_log import DeskNews

_WAITING = (ChatState.NEEDS_PERSON, ChatState.CLAIMED)


def claim_comment(session: Session, live: LiveSession, seq: int, *, actor: Actor, clock: Clock) -> None:
    """Take a comment to settle it, so that two people do not call the same buyer; raises ``Conflict`` when another has it."""
    message = _waiting(session, live, seq, actor)
    if message.desk_state == ChatState.CLAIMED and message.claimed_by_id != actor.user_id:
        raise Conflict("Bình luận này đã có người nhận rồi ạ.")
    message.desk_state, message.claimed_by_id = ChatState.CLAIMED, actor.user_id
    _finish(session, live, message, "claim", actor=actor, clock=clock)


def resolve_comment(session: Session, live: LiveSession, seq: int, *, actor: Actor, clock: Clock) -> None:
    """Mark a comment as settled: answered by voice, or its order made another way."""
    message = _waiting(session, live, seq, actor)
    message.desk_state, message.claimed_by_id = ChatState.RESOLVED, actor.user_id
    _finish(session, live, message, "resolve", actor=actor, clock=clock)


def drop_comment(session: Session, live: LiveSession, seq: int, *, actor: Actor, clock: Clock) -> None:
    """Mark a comment as nothing to do: it was no order after all."""
    message = _waiting(session, live, seq, actor)
    message.desk_state, message.claimed_by_id = ChatState.DROPPED, actor.user_id
    _finish(session, live, message, "drop", actor=actor, clock=clock)


def _waiting(session: Session, live: LiveSession, seq: int, actor: Actor) -> ChatMessage:
    require_desk(session, live, actor)
    message = comment_of(session, live, seq)
    if message.desk_state not in _WAITING:
        raise Conflict("Bình luận này đã được xử lý rồi ạ.")
    return message


def _finish(
    session: Session, live: LiveSession, message: ChatMessage, verb: str, *, actor: Actor, clock: Clock
) -> None:
    session.flush()
    audit.record(
        session,
        f"livestream.comment.{verb}",
        "chat_message",
        message.id,
        actor=actor,
        clock=clock,
        cooperative_id=live.cooperative_id,
    )
    publish(
        session, DeskNews(live.id, "lane", {"seq": message.seq, "state": str(message.desk_state), "by": actor.name})
    )
