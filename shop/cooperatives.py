"""The cooperative itself: founding one on a fresh installation, and what is written about it."""

import re
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Forbidden, InvalidInput
from app.phones import parse_phone
from app.text import clean_block, clean_line, fold
from shop.access import standing_of
from shop.models import Cooperative
from shop.places import SCHEME, ward


def found_cooperative(session: Session, name: str, ward_code: str, *, actor: Actor, clock: Clock) -> Cooperative:
    """Found a cooperative, as administrator; people and details come afterwards. Raises ``InvalidInput``."""
    if actor.user_id is None or not actor.is_administrator:
        raise Forbidden("Việc này chỉ người quản trị mới làm được.")
    cooperative = Cooperative(slug=_free_slug(session, name), name=_name(name), created_at=clock())
    _place(cooperative, ward_code)
    session.add(cooperative)
    session.flush()
    _record(session, "shop.cooperative.founded", cooperative, actor=actor, clock=clock)
    return cooperative


def edit_cooperative(
    session: Session,
    cooperative: Cooperative,
    *,
    name: str,
    phone: str,
    tax_code: str,
    street: str,
    ward_code: str,
    about: str,
    bank_bin: str,
    bank_account: str,
    bank_account_name: str,
    actor: Actor,
    clock: Clock,
) -> None:
    """Change what is written about a cooperative; the account that buyers pay into is the administrator's to change.

    Raises ``InvalidInput`` and ``Forbidden``.
    """
    standing = standing_of(session, actor)
    administers = actor.user_id is not None and actor.is_administrator
    if not administers and cooperative.id not in standing.staff_of:
        raise Forbidden("Việc này chỉ cán bộ hợp tác xã mới làm được.")
    account = re.sub(r"[\s.-]", "", bank_account).upper() or None
    holder = fold(clean_line(bank_account_name)).upper()[:120] or None
    bank = (bank_bin or None, account, holder)
    if any(bank) and not (
        all(bank) and re.fullmatch(r"\d{6}", bank_bin) and re.fullmatch(r"[0-9A-Z]{4,19}", account or "")
    ):
        raise InvalidInput("Bác ghi đủ ngân hàng, số tài khoản và tên chủ tài khoản giúp em.", field="bank_account")
    before = (cooperative.bank_bin, cooperative.bank_account, cooperative.bank_account_name)
    if bank != before and not administers:
        raise Forbidden("Tài khoản nhận tiền của khách chỉ người quản trị đổi được.")
    cooperative.name = _name(name)
    cooperative.phone = parse_phone(phone) if phone.strip() else None
    cooperative.tax_code = clean_line(tax_code)[:20] or None
    cooperative.street = clean_line(street)[:160]
    cooperative.about = clean_block(about)
    cooperative.bank_bin, cooperative.bank_account, cooperative.bank_account_name = bank
    if ward_code:
        _place(cooperative, ward_code)
    session.flush()
    _record(session, "shop.cooperative.edited", cooperative, actor=actor, clock=clock, bank_changed=bank != before)


def _name(name: str) -> str:
    name = clean_line(name)
    if not name or len(name) > 120:
        raise InvalidInput("Bác ghi tên hợp tác xã giúp em, không quá 120 chữ cái.", field="name")
    return name


def _place(cooperative: Cooperative, ward_code: str) -> None:
    found = ward(ward_code)
    if found is None:
        raise InvalidInput("Bác chọn xã, phường trong danh sách giúp em.", field="place")
    cooperative.address_scheme, cooperative.ward_code, cooperative.ward_name = SCHEME, found.code, found.name
    cooperative.province_code, cooperative.province_name = found.province_code, found.province_name


def _free_slug(session: Session, name: str) -> str:
    stem = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:50] or "htx"
    taken = set(session.scalars(select(Cooperative.slug).where(Cooperative.slug.like(f"{stem}%"))))
    return next(slug for slug in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if slug not in taken)


def _record(
    session: Session, action: str, cooperative: Cooperative, *, actor: Actor, clock: Clock, **details: Any
) -> None:
    audit.record(
        session,
        action,
        "cooperative",
        cooperative.id,
        actor=actor,
        clock=clock,
        cooperative_id=cooperative.id,
        **details,
    )
