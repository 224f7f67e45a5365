"""Villages and households of a cooperative, and a household's consent to be helped."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, Forbidden, InvalidInput, NotFound
from app.ids import new_public_id
from app.phones import parse_phone
from app.text import clean_line
from shop import access
from shop.models import Cooperative, Household, Village
from shop.places import SCHEME, ward

_NAME_LENGTH = 120
_VILLAGE_LENGTH = 80


def add_village(
    session: Session,
    cooperative: Cooperative,
    name: str,
    ward_code: str,
    *,
    old_local_name: str = "",
    actor: Actor,
    clock: Clock,
) -> Village:
    """Add a village in a ward of today; the name people still use for the place is kept beside it.

    Raises ``InvalidInput`` for a missing name, a ward that does not exist, or a village already there.
    """
    access.require_staff_of(session, actor, cooperative.id)
    name = clean_line(name)
    if not name or len(name) > _VILLAGE_LENGTH:
        raise InvalidInput("Bác ghi tên thôn giúp em, ví dụ Thôn Đá Bạc.", field="name")
    found = ward(ward_code)
    if found is None:
        raise InvalidInput("Bác chọn xã, phường trong danh sách giúp em.", field="ward_code")
    taken = select(Village.id).where(Village.cooperative_id == cooperative.id, Village.name == name)
    if session.scalar(taken) is not None:
        raise InvalidInput("Thôn này đã có trong danh sách rồi ạ.", field="name")
    village = Village(
        cooperative_id=cooperative.id,
        name=name,
        old_local_name=clean_line(old_local_name)[:_NAME_LENGTH],
        address_scheme=SCHEME,
        ward_code=found.code,
        ward_name=found.name,
        province_code=found.province_code,
        province_name=found.province_name,
    )
    session.add(village)
    session.flush()
    audit.record(
        session, "shop.village.added", "village", village.id, actor=actor, clock=clock, cooperative_id=cooperative.id
    )
    return village


def add_household(
    session: Session,
    village: Village,
    name: str,
    *,
    phone: str = "",
    growing_area_code: str = "",
    actor: Actor,
    clock: Clock,
) -> Household:
    """Take a household in: by staff, or by the community team that brings it online. Its code is the next free one.

    Raises ``InvalidInput`` for a missing name or a phone nobody could ring, ``Forbidden``.
    """
    standing = access.standing_of(session, actor)
    if village.cooperative_id not in standing.staff_of | standing.team_of:
        raise Forbidden("Việc này chỉ cán bộ hợp tác xã hoặc tổ công nghệ mới làm được.")
    session.execute(
        select(Cooperative.id).where(Cooperative.id == village.cooperative_id).with_for_update(key_share=True)
    )
    count = session.scalars(
        select(func.count()).select_from(Household).where(Household.cooperative_id == village.cooperative_id)
    ).one()
    household = Household(
        public_id=new_public_id(),
        cooperative_id=village.cooperative_id,
        village_id=village.id,
        code=f"H{count + 1:03}",
        name=_name(name),
        phone=parse_phone(phone) if phone.strip() else None,
        growing_area_code=clean_line(growing_area_code)[:40] or None,
        created_at=clock(),
    )
    session.add(household)
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict("Mã hộ vừa được dùng cho hộ khác, bác gửi lại giúp em.") from error
    _record(session, "shop.household.added", household, actor=actor, clock=clock)
    return household


def edit_household(
    session: Session,
    household: Household,
    *,
    name: str,
    phone: str,
    growing_area_code: str,
    village: Village,
    active: bool,
    actor: Actor,
    clock: Clock,
) -> None:
    """Change what the cooperative has written about a household; what was changed is in the household's own log."""
    access.require_staff_of(session, actor, household.cooperative_id)
    if village.cooperative_id != household.cooperative_id:
        raise NotFound("Không tìm thấy thôn này.")
    wanted = {
        "name": _name(name),
        "phone": parse_phone(phone) if phone.strip() else None,
        "growing_area_code": clean_line(growing_area_code)[:40] or None,
        "village_id": village.id,
        "active": active,
    }
    changed = sorted(key for key, value in wanted.items() if getattr(household, key) != value)
    if not changed:
        return
    for key in changed:
        setattr(household, key, wanted[key])
    session.flush()
    _record(session, "shop.household.edited", household, actor=actor, clock=clock, changed=changed)


def give_helper_consent(session: Session, household: Household, *, actor: Actor, clock: Clock) -> None:
    """Let the community team act for this household from now on; only the household itself can say so."""
    access.require_member(session, actor, household)
    if household.helper_consent_at is None:
        household.helper_consent_at = clock()
        session.flush()
        _record(session, "shop.household.consent_given", household, actor=actor, clock=clock)


def withdraw_helper_consent(session: Session, household: Household, *, actor: Actor, clock: Clock) -> None:
    """Stop the community team from acting for this household, at once."""
    access.require_member(session, actor, household)
    if household.helper_consent_at is not None:
        household.helper_consent_at = None
        session.flush()
        _record(session, "shop.household.consent_withdrawn", household, actor=actor, clock=clock)


def _name(name: str) -> str:
    name = clean_line(name)
    if not name or len(name) > _NAME_LENGTH:
        raise InvalidInput("Bác ghi tên chủ hộ giúp em, ví dụ Bà Mận.", field="name")
    return name


def _record(session: Session, action: str, household: Household, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        action,
        "household",
        household.id,
        actor=actor,
        clock=clock,
        cooperative_id=household.cooperative_id,
        household_id=household.id,
        **details,
    )
