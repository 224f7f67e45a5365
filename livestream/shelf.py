"""The shelf of a session (kệ hàng): which listings, under which code, at which live price, how much of each."""

import re
from datetime import date
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import Conflict, InvalidInput, NotFound
from livestream.access import offer_of, require_desk
from livestream.models import LiveSession, Offer
from livestream.room_log import append_events
from livestream.room_queries import load_shelves, stock_left
from livestream.states import TALKING
from shop.floor_price import require_price_allowed
from shop.models import Listing, ListingState, SaleLimit

_CODE = re.compile(r"[A-Z]{0,2}[0-9]{1,3}")


def put_offer(
    session: Session, live: LiveSession, listing_id: int, *, code: str, price_vnd: int, actor: Actor, clock: Clock
) -> Offer:
    """Put a listing on the shelf under a code that buyers type ("A1"), at a live price that keeps the floor.

    Raises ``InvalidInput`` for a bad code or price, ``Conflict`` for a code or listing that is on the shelf already.
    """
    _require_open(session, live, actor)
    listing = session.get(Listing, listing_id)
    if listing is None or listing.cooperative_id != live.cooperative_id:
        raise NotFound("Không tìm thấy mặt hàng này.")
    if listing.state != ListingState.ON_SALE:
        raise Conflict("Mặt hàng này chưa mở bán, bác mở bán trước giúp em.")
    typed = code.strip().upper()
    if not _CODE.fullmatch(typed):
        raise InvalidInput("Mã hàng gồm một chữ và một số, ví dụ A1.", field="code")
    taken = session.execute(select(Offer.code, Offer.listing_id).where(Offer.session_id == live.id)).all()
    if typed in {row.code for row in taken}:
        raise Conflict(f"Mã {typed} đã có trên kệ rồi, bác chọn mã khác giúp em.", field="code")
    if listing_id in {row.listing_id for row in taken}:
        raise Conflict("Mặt hàng này đã có trên kệ rồi ạ.", field="listing")
    require_price_allowed(session, listing, price_vnd, on_date=_day(live, clock))
    last = session.scalar(select(func.max(Offer.position)).where(Offer.session_id == live.id))
    offer = Offer(
        session_id=live.id,
        listing_id=listing_id,
        code=typed,
        price_vnd=price_vnd,
        position=(last or 0) + 1,
        is_open=True,
    )
    session.add(offer)
    session.flush()
    _tell(session, live, offer, "put", actor=actor, clock=clock, code=typed, price_vnd=price_vnd)
    return offer


def reprice_offer(
    session: Session, live: LiveSession, offer_id: int, price_vnd: int, *, actor: Actor, clock: Clock
) -> None:
    """Change an offer's live price from now on; orders already placed keep theirs. The floor holds here too."""
    offer = _open_offer(session, live, offer_id, actor)
    listing = session.get_one(Listing, offer.listing_id)
    require_price_allowed(session, listing, price_vnd, on_date=_day(live, clock))
    before, offer.price_vnd = offer.price_vnd, price_vnd
    _tell(session, live, offer, "reprice", actor=actor, clock=clock, before_vnd=before, price_vnd=price_vnd)


def set_quota(
    session: Session, live: LiveSession, offer_id: int, quantity: int | None, *, actor: Actor, clock: Clock
) -> None:
    """Limit how much of an offer this session sells, in base units; None lifts the limit.

    Raises ``Conflict`` when more than that is already held or sold under the present limit.
    """
    offer = _open_offer(session, live, offer_id, actor)
    if quantity is None:
        offer.sale_limit_id = None
    elif quantity <= 0:
        raise InvalidInput("Số lượng bán phải lớn hơn 0 ạ.", field="quota")
    elif offer.sale_limit_id is None:
        limit = SaleLimit(qty_limit=quantity, qty_taken=0)
        session.add(limit)
        session.flush()
        offer.sale_limit_id = limit.id
    else:
        changed: Any = session.execute(
            update(SaleLimit)
            .where(SaleLimit.id == offer.sale_limit_id, SaleLimit.qty_taken <= quantity)
            .values(qty_limit=quantity)
            .execution_options(synchronize_session=False)
        )
        if changed.rowcount != 1:
            raise Conflict("Số này ít hơn phần khách đã chốt, bác đặt cao hơn giúp em.", field="quota")
    _tell(session, live, offer, "set_quota", actor=actor, clock=clock, quantity=quantity)


def pin_offer(session: Session, live: LiveSession, offer_id: int | None, *, actor: Actor, clock: Clock) -> None:
    """Show one offer above everybody's line to type in; a comment that names no offer means this one. None unpins."""
    _require_open(session, live, actor)
    offer = None if offer_id is None else offer_of(session, live, offer_id)
    live.pinned_offer_id = None if offer is None else offer.id
    _record(session, "pin", live, actor=actor, clock=clock, code=None if offer is None else offer.code)
    append_events(session, live.id, [("pin", {"offer_id": live.pinned_offer_id})], clock=clock)


def open_offer(session: Session, live: LiveSession, offer_id: int, *, actor: Actor, clock: Clock) -> None:
    """Take orders for an offer again."""
    _set_open(session, live, offer_id, is_open=True, actor=actor, clock=clock)


def close_offer(session: Session, live: LiveSession, offer_id: int, *, actor: Actor, clock: Clock) -> None:
    """Stop taking orders for an offer; what is held stays held."""
    _set_open(session, live, offer_id, is_open=False, actor=actor, clock=clock)


def _set_open(session: Session, live: LiveSession, offer_id: int, *, is_open: bool, actor: Actor, clock: Clock) -> None:
    offer = _open_offer(session, live, offer_id, actor)
    if offer.is_open != is_open:
        offer.is_open = is_open
        _tell(session, live, offer, "open" if is_open else "close", actor=actor, clock=clock)


def _require_open(session: Session, live: LiveSession, actor: Actor) -> None:
    require_desk(session, live, actor)
    if live.state not in TALKING:
        raise Conflict("Phiên đã kết thúc nên kệ hàng không đổi được nữa ạ.")


def _open_offer(session: Session, live: LiveSession, offer_id: int, actor: Actor) -> Offer:
    _require_open(session, live, actor)
    return offer_of(session, live, offer_id)


def _day(live: LiveSession, clock: Clock) -> date:
    """Return the day whose floor price counts: today while the session runs, its planned day before."""
    return max(vietnam_date(clock()), vietnam_date(live.scheduled_at))


def _tell(
    session: Session, live: LiveSession, offer: Offer, verb: str, *, actor: Actor, clock: Clock, **details: Any
) -> None:
    session.flush()
    entries = [entry for entry in load_shelves(session, [live.id])[live.id] if entry.offer_id == offer.id]
    left = stock_left(session, entries, on=vietnam_date(clock()))
    _record(session, verb, live, actor=actor, clock=clock, offer_id=offer.id, **details)
    append_events(session, live.id, [("offer", entry.to_dict(left[entry.offer_id])) for entry in entries], clock=clock)


def _record(session: Session, verb: str, live: LiveSession, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        f"livestream.offer.{verb}",
        "live_session",
        live.public_id,
        actor=actor,
        clock=clock,
        cooperative_id=live.cooperative_id,
        **details,
    )
