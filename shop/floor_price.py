"""Floor prices: the lowest price of a grade on a day, which one person alone cannot go below.

A floor is in đồng per kilogram for what is weighed and per piece for what is counted. A lower price of a listing needs
a proposal and the approval of a second person, and holds for one day only.
"""

from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import Conflict, DomainError, Forbidden, InvalidInput
from app.money import format_vnd
from app.text import clean_line
from shop import access
from shop.models import FloorPrice, Listing, PriceApproval, PriceApprovalState, Product, ProductGrade
from shop.unit_prices import least_unit_price

MAX_PRICE_VND = 1_000_000_000
"""A thousand million đồng for one sale unit: no produce costs more, so more is a slip of the finger."""


class BelowFloorPrice(DomainError):
    """The price is under the day's floor and nobody else approved it; details carry ``least_vnd`` per sale unit."""

    code = "below_floor_price"
    status = 409


def floor_on(session: Session, grade_id: int, day: date) -> int | None:
    """Return the floor of a grade in force on a day in đồng, or None where none was ever set."""
    return session.scalar(
        select(FloorPrice.price_vnd)
        .where(FloorPrice.grade_id == grade_id, FloorPrice.valid_from <= day)
        .order_by(FloorPrice.valid_from.desc())
        .limit(1)
    )


def set_floor(
    session: Session, grade: ProductGrade, price_vnd: int, *, valid_from: date, actor: Actor, clock: Clock
) -> FloorPrice:
    """Set the floor of a grade from a day on; the past stays as it was. Raises ``InvalidInput`` or ``Forbidden``."""
    product = session.get_one(Product, grade.product_id)
    access.require_staff_of(session, actor, product.cooperative_id)
    require_price(price_vnd)
    if valid_from < vietnam_date(clock()):
        raise InvalidInput("Giá sàn chỉ đặt được từ hôm nay trở đi ạ.", field="valid_from")
    floor = session.scalar(
        select(FloorPrice).where(FloorPrice.grade_id == grade.id, FloorPrice.valid_from == valid_from)
    )
    if floor is None:
        floor = FloorPrice(grade_id=grade.id, valid_from=valid_from)
        session.add(floor)
    floor.price_vnd, floor.set_by_id = price_vnd, actor.user_id
    session.flush()
    audit.record(
        session,
        "shop.floor_price.set",
        "product_grade",
        grade.id,
        actor=actor,
        clock=clock,
        cooperative_id=product.cooperative_id,
        price_vnd=price_vnd,
        valid_from=valid_from.isoformat(),
    )
    return floor


def require_price(price_vnd: int) -> None:
    """Raise ``InvalidInput`` for a price that cannot be meant."""
    if not 0 < price_vnd <= MAX_PRICE_VND:
        raise InvalidInput("Giá phải lớn hơn 0 đồng, bác xem lại giúp em.", field="price_vnd")


def require_price_allowed(session: Session, listing: Listing, price_vnd: int, *, on_date: date) -> None:
    """Raise ``BelowFloorPrice`` when the price of the listing's sale unit may not be used on that day.

    Used for listings and for the live prices of offers alike; an approval covers its price and anything above it.
    """
    require_price(price_vnd)
    floor_vnd = floor_on(session, listing.grade_id, on_date)
    if floor_vnd is None:
        return
    measure = session.scalars(select(Product.measure).where(Product.id == listing.product_id)).one()
    least = least_unit_price(floor_vnd, listing.unit_quantity, measure)
    if price_vnd >= least or _is_approved(session, listing.id, price_vnd, on_date):
        return
    raise BelowFloorPrice(
        f"Giá này thấp hơn giá sàn. Một {listing.unit_label} bán ít nhất {format_vnd(least)}; "
        "muốn thấp hơn thì phải có người thứ hai duyệt.",
        least_vnd=least,
    )


def propose_price_below_floor(
    session: Session, listing: Listing, price_vnd: int, reason: str, *, for_date: date, actor: Actor, clock: Clock
) -> PriceApproval:
    """Ask for one day's price below the floor; it may be used only once a second person of the staff approved it."""
    access.require_staff_of(session, actor, listing.cooperative_id)
    require_price(price_vnd)
    if for_date < vietnam_date(clock()):
        raise InvalidInput("Ngày bán dưới giá sàn phải từ hôm nay trở đi ạ.", field="for_date")
    if not (reason := clean_line(reason)[:200]):
        raise InvalidInput("Bác ghi lý do bán dưới giá sàn giúp em.", field="reason")
    proposal = PriceApproval(
        listing_id=listing.id,
        price_vnd=price_vnd,
        reason=reason,
        for_date=for_date,
        state=PriceApprovalState.PROPOSED,
        proposed_by_id=actor.user_id,
        proposed_at=clock(),
    )
    session.add(proposal)
    session.flush()
    _record(session, "shop.price_approval.proposed", proposal, listing, actor=actor, clock=clock)
    return proposal


def approve_price(session: Session, proposal: PriceApproval, *, actor: Actor, clock: Clock) -> None:
    """Approve a price below the floor as the second person; raises ``Forbidden`` for the one who proposed it."""
    _decide(session, proposal, PriceApprovalState.APPROVED, actor=actor, clock=clock)


def reject_price(session: Session, proposal: PriceApproval, *, actor: Actor, clock: Clock) -> None:
    """Refuse a price below the floor as the second person."""
    _decide(session, proposal, PriceApprovalState.REJECTED, actor=actor, clock=clock)


def _decide(
    session: Session, proposal: PriceApproval, state: PriceApprovalState, *, actor: Actor, clock: Clock
) -> None:
    listing = session.get_one(Listing, proposal.listing_id)
    access.require_staff_of(session, actor, listing.cooperative_id)
    session.refresh(proposal, with_for_update={"key_share": True})
    if proposal.state != PriceApprovalState.PROPOSED:
        raise Conflict("Đề nghị giá này đã có người quyết rồi ạ.")
    if proposal.proposed_by_id == actor.user_id:
        raise Forbidden("Giá dưới sàn cần một người khác duyệt, bác không tự duyệt được ạ.")
    proposal.state, proposal.decided_by_id, proposal.decided_at = state, actor.user_id, clock()
    session.flush()
    _record(session, f"shop.price_approval.{state}", proposal, listing, actor=actor, clock=clock)


def _is_approved(session: Session, listing_id: int, price_vnd: int, on_date: date) -> bool:
    approved = exists().where(
        PriceApproval.listing_id == listing_id,
        PriceApproval.for_date == on_date,
        PriceApproval.price_vnd <= price_vnd,
        PriceApproval.state == PriceApprovalState.APPROVED,
    )
    return bool(session.scalar(select(approved)))


def _record(
    session: Session, action: str, proposal: PriceApproval, listing: Listing, *, actor: Actor, clock: Clock
) -> None:
    audit.record(
        session,
        action,
        "price_approval",
        proposal.id,
        actor=actor,
        clock=clock,
        cooperative_id=listing.cooperative_id,
        price_vnd=proposal.price_vnd,
        for_date=proposal.for_date.isoformat(),
    )
