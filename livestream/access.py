"""Who may see or change which session, offer or comment."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.errors import Forbidden, NotFound, SignInNeeded
from livestream.models import ChatMessage, LiveSession, Offer
from shop.access import require_staff_of, standing_of
from shop.models import MemberRole, Membership


@dataclass(frozen=True, slots=True)
class RoomStanding:
    """What a person is in one session's room."""

    is_host: bool
    is_staff: bool

    @property
    def at_desk(self) -> bool:
        """Tell whether this person sees phone numbers, the desk's lanes and the money."""
        return self.is_host or self.is_staff


def public_session(session: Session, public_id: str) -> LiveSession:
    """Return a session that anybody may look at, by the id in its address; raises ``NotFound``."""
    live = session.scalar(select(LiveSession).where(LiveSession.public_id == public_id))
    if live is None:
        raise NotFound("Không tìm thấy phiên này. Có thể đường dẫn đã cũ.")
    return live


def room_standing(session: Session, live: LiveSession, actor: Actor) -> RoomStanding:
    """Return what the actor is in this room; a host counts only while the cooperative still has them as host."""
    if actor.user_id is None:
        return RoomStanding(is_host=False, is_staff=False)
    standing = standing_of(session, actor)
    is_host = actor.user_id == live.host_user_id and live.cooperative_id in standing.host_of
    return RoomStanding(is_host=is_host, is_staff=live.cooperative_id in standing.staff_of)


def staff_session(session: Session, actor: Actor, public_id: str) -> LiveSession:
    """Return a session of the cooperative this person is staff of; another cooperative's is ``NotFound``."""
    live = public_session(session, public_id)
    _require_signed_in(actor)
    if live.cooperative_id not in standing_of(session, actor).staff_of:
        raise NotFound("Không tìm thấy phiên này. Có thể đường dẫn đã cũ.")
    return live


def desk_session(session: Session, actor: Actor, public_id: str) -> LiveSession:
    """Return a session whose console this person may work at: its host, or staff of its cooperative."""
    live = public_session(session, public_id)
    require_desk(session, live, actor)
    return live


def require_desk(session: Session, live: LiveSession, actor: Actor) -> None:
    """Raise ``Forbidden`` unless this person hosts the session or is staff of its cooperative."""
    _require_signed_in(actor)
    if not room_standing(session, live, actor).at_desk:
        raise Forbidden("Bàn điều khiển chỉ dành cho người livestream của phiên và cán bộ hợp tác xã.")


def require_scheduler(session: Session, actor: Actor, cooperative_id: int) -> None:
    """Raise ``Forbidden`` unless this person is staff of the cooperative: only staff schedule sessions and choose hosts."""
    _require_signed_in(actor)
    require_staff_of(session, actor, cooperative_id)


def is_host_of(session: Session, user_id: int, cooperative_id: int) -> bool:
    """Tell whether a user holds an active host membership of the cooperative."""
    statement = select(Membership.id).where(
        Membership.user_id == user_id,
        Membership.cooperative_id == cooperative_id,
        Membership.role == MemberRole.HOST,
        Membership.active.is_(True),
    )
    return session.scalar(statement.limit(1)) is not None


def offer_of(session: Session, live: LiveSession, offer_id: int) -> Offer:
    """Return an offer of this very session; another session's is ``NotFound``."""
    offer = session.get(Offer, offer_id)
    if offer is None or offer.session_id != live.id:
        raise NotFound("Mã hàng này không có trên kệ của phiên.")
    return offer


def comment_of(session: Session, live: LiveSession, seq: int) -> ChatMessage:
    """Return a comment of this very session by its number, locked for a change at the desk; raises ``NotFound``."""
    statement = (
        select(ChatMessage)
        .where(ChatMessage.session_id == live.id, ChatMessage.seq == seq)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    message = session.scalar(statement)
    if message is None:
        raise NotFound("Không tìm thấy bình luận này trong phiên.")
    return message


def _require_signed_in(actor: Actor) -> None:
    if actor.user_id is None:
        raise SignInNeeded("Bác đăng nhập trước giúp em.")
