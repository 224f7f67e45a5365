"""How people come to a cooperative: a link with a secret, given by somebody who already works there, good for seven days."""

import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.accounts.models import User
from app.accounts.people import create_person
from app.clock import Clock
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.ids import new_token
from shop import access
from shop.models import Cooperative, Household, Invitation, MemberRole, Membership, Village

INVITATION_LASTS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class OpenInvitation:
    """An invitation that can still be accepted, as its link shows it."""

    cooperative: Cooperative
    role: MemberRole
    household: Household | None
    village: Village | None
    invited_by: str


def invite_member(
    session: Session,
    cooperative: Cooperative,
    role: MemberRole,
    *,
    household: Household | None = None,
    village: Village | None = None,
    actor: Actor,
    clock: Clock,
) -> str:
    """Return the secret of a new invitation's link; only its hash is kept, so it is shown once.

    Staff invite to their own cooperative, administrators to any; community teams bring people into households.
    Raises ``Forbidden`` and ``InvalidInput`` (a household's member needs the household, a leader the village).
    """
    _require_may_invite(session, cooperative, role, actor)
    if (role == MemberRole.HOUSEHOLD) != (household is not None):
        raise InvalidInput("Mời người vào hộ thì bác chọn hộ giúp em.", field="household")
    if (role == MemberRole.VILLAGE_LEADER) != (village is not None):
        raise InvalidInput("Mời trưởng thôn thì bác chọn thôn giúp em.", field="village")
    place = household or village
    if place is not None and place.cooperative_id != cooperative.id:
        raise NotFound("Không tìm thấy hộ hoặc thôn này.")
    secret = new_token()
    now = clock()
    invitation = Invitation(
        token_hash=_hash(secret),
        cooperative_id=cooperative.id,
        role=role,
        household_id=household.id if household else None,
        village_id=village.id if village else None,
        invited_by_id=actor.user_id,
        created_at=now,
        expires_at=now + INVITATION_LASTS,
    )
    session.add(invitation)
    session.flush()
    audit.record(
        session,
        "shop.invitation.made",
        "invitation",
        invitation.id,
        actor=actor,
        clock=clock,
        cooperative_id=cooperative.id,
        household_id=invitation.household_id,
        role=role,
    )
    return secret


def open_invitation(session: Session, secret: str, *, clock: Clock) -> OpenInvitation:
    """Return what a link invites to; raises ``NotFound`` for one that is wrong, used or too old."""
    invitation = _find(session, secret, clock=clock)
    inviter = session.get_one(User, invitation.invited_by_id)
    return OpenInvitation(
        cooperative=session.get_one(Cooperative, invitation.cooperative_id),
        role=MemberRole(invitation.role),
        household=session.get(Household, invitation.household_id) if invitation.household_id else None,
        village=session.get(Village, invitation.village_id) if invitation.village_id else None,
        invited_by=inviter.name,
    )


def accept_invitation(session: Session, secret: str, *, actor: Actor, clock: Clock) -> Membership:
    """Let the signed-in person join with the invited role; a link opens once. Raises ``NotFound``."""
    if actor.user_id is None:
        raise Forbidden("Bác đăng nhập trước khi nhận lời mời giúp em.")
    invitation = _find(session, secret, clock=clock, lock=True)
    membership = session.scalar(
        select(Membership).where(
            Membership.user_id == actor.user_id,
            Membership.cooperative_id == invitation.cooperative_id,
            Membership.role == invitation.role,
            Membership.household_id.is_not_distinct_from(invitation.household_id),
            Membership.village_id.is_not_distinct_from(invitation.village_id),
        )
    )
    if membership is None:
        membership = Membership(
            user_id=actor.user_id,
            cooperative_id=invitation.cooperative_id,
            role=invitation.role,
            household_id=invitation.household_id,
            village_id=invitation.village_id,
            created_at=clock(),
        )
        session.add(membership)
    membership.active = True
    invitation.accepted_at, invitation.accepted_by_id = clock(), actor.user_id
    session.flush()
    _record(session, "shop.membership.began", membership, actor=actor, clock=clock)
    return membership


def accept_as_new_person(
    session: Session, secret: str, *, name: str, phone: str, email: str, password: str, clock: Clock
) -> User:
    """Make an account for somebody who has none and let them join; they sign in with it from then on.

    Raises ``NotFound`` for a link that does not open, ``InvalidInput`` and ``Conflict`` for what the account may not be.
    """
    _find(session, secret, clock=clock, lock=True)
    newcomer = Actor(name=name)
    user = create_person(
        session, name, phone=phone or None, email=email or None, password=password, actor=newcomer, clock=clock
    )
    accept_invitation(session, secret, actor=Actor(name=user.name, user_id=user.id), clock=clock)
    return user


def end_membership(session: Session, membership: Membership, *, actor: Actor, clock: Clock) -> None:
    """Let somebody no longer be what they were; what they did stays in the books. Twice is once.

    Raises ``Conflict`` for the cooperative's last staff member, who would lock everybody out.
    """
    _require_may_invite(session, session.get_one(Cooperative, membership.cooperative_id), MemberRole.STAFF, actor)
    session.execute(select(Cooperative.id).where(Cooperative.id == membership.cooperative_id).with_for_update())
    session.refresh(membership)
    if not membership.active:
        return
    if membership.role == MemberRole.STAFF:
        others = select(Membership.id).where(
            Membership.cooperative_id == membership.cooperative_id,
            Membership.role == MemberRole.STAFF,
            Membership.active.is_(True),
            Membership.id != membership.id,
        )
        if session.scalar(others.limit(1)) is None:
            raise Conflict("Đây là cán bộ cuối cùng của hợp tác xã. Bác mời người thay trước rồi hãy cho nghỉ.")
    membership.active = False
    session.flush()
    _record(session, "shop.membership.ended", membership, actor=actor, clock=clock)


def _require_may_invite(session: Session, cooperative: Cooperative, role: MemberRole, actor: Actor) -> None:
    standing = access.standing_of(session, actor)
    if (standing.is_administrator and actor.user_id is not None) or cooperative.id in standing.staff_of:
        return
    if role == MemberRole.HOUSEHOLD and cooperative.id in standing.team_of:
        return
    raise Forbidden("Việc này chỉ cán bộ hợp tác xã mới làm được.")


def _find(session: Session, secret: str, *, clock: Clock, lock: bool = False) -> Invitation:
    statement = select(Invitation).where(Invitation.token_hash == _hash(secret))
    invitation = session.scalar(statement.with_for_update(key_share=True) if lock else statement)
    if invitation is None or invitation.accepted_at is not None or invitation.expires_at <= clock():
        raise NotFound("Lời mời này đã dùng hoặc đã hết hạn. Bác nhờ hợp tác xã gửi lời mời mới giúp em.")
    return invitation


def _hash(secret: str) -> str:
    # The secret has 192 random bits, so a plain hash cannot be searched; hmac keeps the comparison to one place.
    return hmac.new(b"invitation", secret.encode(), hashlib.sha256).hexdigest()


def _record(session: Session, action: str, membership: Membership, *, actor: Actor, clock: Clock) -> None:
    audit.record(
        session,
        action,
        "membership",
        membership.id,
        actor=actor,
        clock=clock,
        cooperative_id=membership.cooperative_id,
        household_id=membership.household_id,
        user_id=membership.user_id,
        role=membership.role,
    )
