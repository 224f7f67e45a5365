"""The scale at the collection point: what was really brought, and what to do when it is less than was sold.

A weighing is always recorded, whatever was promised. When the scale shows less than buyers already hold, the orders
must give way in the same transaction, before the lot is lowered. Orders live in a room above the shop, which therefore
cannot call them: the entry point passes ``cover_shortfall``, built by ``cover_with`` from the handlers that ``orders``
appended at wiring to ``app.extensions["chophien_shortfall_handlers"]``. It is an inversion like an event, but not an
event: events run after the commit, and this must happen inside the transaction or not at all.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any, Protocol

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, IdempotencyMismatch, InvalidInput
from app.quantity import MAX_GRAMS
from app.text import clean_line
from shop import access, locks
from shop.listing import feed_open_listings
from shop.models import (
    HarvestLot,
    Household,
    LotState,
    Photo,
    Pledge,
    PledgeState,
    ProductGrade,
    StockMovement,
    WeighIn,
)
from shop.pledging import new_lot, open_lot, season_on
from shop.stock import LotChange, move_stock


class CoverShortfall(Protocol):
    """Frees up to ``missing`` base units of a lot that buyers hold or bought, and returns how many it freed.

    It moves orders to other lots, then releases unpaid holds (newest first), then opens a desk task with a refund.
    """

    def __call__(self, session: Session, lot_id: int, missing: int, *, actor: Actor, clock: Clock) -> int: ...


def cover_with(handlers: Iterable[CoverShortfall]) -> CoverShortfall:
    """Return one ``CoverShortfall`` that asks the registered handlers in turn until nothing is missing."""
    asked = tuple(handlers)

    def cover(session: Session, lot_id: int, missing: int, *, actor: Actor, clock: Clock) -> int:
        freed = 0
        for handler in asked:
            if freed < missing:
                freed += handler(session, lot_id, missing - freed, actor=actor, clock=clock)
        return freed

    return cover


def weigh_in_lot(
    session: Session,
    household: Household,
    grade: ProductGrade,
    quantity: int,
    *,
    harvested_on: date,
    reference: str,
    cover_shortfall: CoverShortfall,
    more_to_come: bool = False,
    photo: Photo | None = None,
    actor: Actor,
    clock: Clock,
) -> HarvestLot:
    """Record one weighing (grams, or pieces for what is counted) and return the lot it belongs to.

    Baskets of one household, grade and day are one lot. The first weighing turns the day's pledge into a weighed lot
    whose total is the weight; while ``more_to_come`` the rest of the pledge stays on sale. The same ``reference`` twice
    is one weighing. Raises ``InvalidInput``, ``IdempotencyMismatch`` (same reference, other weight) or ``Forbidden``.
    """
    access.require_staff_of(session, actor, household.cooperative_id)
    _require_quantity(quantity)
    product = access.product_of_household(session, household, grade)
    locks.lock_household(session, household.id)
    if known := _known_weighing(session, household.id, reference, quantity):
        return known
    lot = open_lot(session, household.id, grade.id, harvested_on)
    if lot is None:
        season = season_on(session, household.cooperative_id, harvested_on)
        lot = new_lot(session, household, product, grade, season, harvested_on=harvested_on, clock=clock)
    weighing = _add_weighing(session, lot, quantity, reference, photo=photo, actor=actor, clock=clock)
    weighed = weighed_so_far(session, lot.id)
    total = max(weighed, lot.qty_total) if more_to_come else weighed
    short = _set_total(session, lot, total, f"weigh_in:{weighing.id}", cover_shortfall, actor=actor, clock=clock)
    if not more_to_come:
        lot.state, lot.weighed_at = LotState.WEIGHED, clock()
        pledge = session.scalar(select(Pledge).where(Pledge.lot_id == lot.id, Pledge.state == PledgeState.OPEN))
        if pledge is not None:
            pledge.state = PledgeState.WEIGHED
    feed_open_listings(session, lot)
    _record(session, "shop.lot.weighed", lot, actor=actor, clock=clock, quantity=quantity, still_short=short)
    session.flush()
    return lot


def correct_weigh_in(
    session: Session,
    lot: HarvestLot,
    true_total: int,
    reason: str,
    *,
    reference: str,
    cover_shortfall: CoverShortfall,
    actor: Actor,
    clock: Clock,
) -> HarvestLot:
    """Correct what the scale gave for a weighed lot to ``true_total`` base units, by a further weighing and a movement.

    Raises ``InvalidInput`` without a reason, ``Conflict`` for a lot that is not weighed.
    """
    access.require_staff_of(session, actor, lot.cooperative_id)
    _require_quantity(true_total)
    reason = _require_reason(reason)
    locks.lock_household(session, lot.household_id)
    session.refresh(lot)
    difference = true_total - weighed_so_far(session, lot.id)
    if _is_known(session, lot.id, reference) or difference == 0:
        return lot
    if lot.state != LotState.WEIGHED:
        raise Conflict("Lô này chưa cân xong hoặc đã đóng, không sửa số cân được ạ.")
    weighing = _add_weighing(session, lot, difference, reference, reason=reason, actor=actor, clock=clock)
    short = _set_total(session, lot, true_total, f"weigh_in:{weighing.id}", cover_shortfall, actor=actor, clock=clock)
    _record(
        session,
        "shop.lot.corrected",
        lot,
        actor=actor,
        clock=clock,
        quantity=true_total,
        reason=reason,
        still_short=short,
    )
    session.flush()
    return lot


def record_loss(
    session: Session,
    lot: HarvestLot,
    quantity: int,
    reason: str,
    *,
    reference: str,
    cover_shortfall: CoverShortfall,
    actor: Actor,
    clock: Clock,
) -> None:
    """Write off spoiled or crushed goods of a lot; what buyers already hold gives way as for a short weighing.

    Raises ``InsufficientStock`` when more is written off than is left even so. The same ``reference`` is one loss.
    """
    access.require_staff_of(session, actor, lot.cooperative_id)
    _require_quantity(quantity)
    reason = _require_reason(reason)
    movement = f"loss:{reference}"
    locks.lock_household(session, lot.household_id)
    if _is_moved(session, lot.id, movement):
        return
    session.refresh(lot)
    _make_room(session, lot.id, lot.qty_total - quantity, cover_shortfall, actor=actor, clock=clock)
    move_stock(session, [LotChange(lot.id, "loss", movement, delta_lost=quantity)], actor=actor, clock=clock)
    session.refresh(lot)
    _record(session, "shop.lot.lost", lot, actor=actor, clock=clock, quantity=quantity, reason=reason)


def weighed_so_far(session: Session, lot_id: int) -> int:
    """Return what the scale gave for a lot in all, corrections included, in base units."""
    weighed = select(func.coalesce(func.sum(WeighIn.quantity), 0)).where(WeighIn.lot_id == lot_id)
    return int(session.scalars(weighed).one())


def _require_quantity(quantity: int) -> None:
    if not 0 < quantity <= MAX_GRAMS:
        raise InvalidInput("Số cân phải lớn hơn 0, bác xem lại giúp em.", field="quantity")


def _require_reason(reason: str) -> str:
    reason = clean_line(reason)[:200]
    if not reason:
        raise InvalidInput("Bác ghi lý do giúp em, để hộ đọc được vì sao số cân thay đổi.", field="reason")
    return reason


def _known_weighing(session: Session, household_id: int, reference: str, quantity: int) -> HarvestLot | None:
    row = session.execute(
        select(WeighIn.quantity, HarvestLot)
        .join(HarvestLot, HarvestLot.id == WeighIn.lot_id)
        .where(WeighIn.reference == reference, HarvestLot.household_id == household_id)
    ).first()
    if row is None:
        return None
    if row[0] != quantity:
        raise IdempotencyMismatch("Mã cân này đã ghi với số khác. Bác tải lại trang rồi cân lại giúp em.")
    lot: HarvestLot = row[1]
    return lot


def _is_known(session: Session, lot_id: int, reference: str) -> bool:
    found = select(WeighIn.id).where(WeighIn.lot_id == lot_id, WeighIn.reference == reference)
    return session.scalar(found) is not None


def _is_moved(session: Session, lot_id: int, reference: str) -> bool:
    found = select(StockMovement.id).where(StockMovement.lot_id == lot_id, StockMovement.reference == reference)
    return session.scalar(found) is not None


def _add_weighing(
    session: Session,
    lot: HarvestLot,
    quantity: int,
    reference: str,
    *,
    reason: str = "",
    photo: Photo | None = None,
    actor: Actor,
    clock: Clock,
) -> WeighIn:
    weighing = WeighIn(
        lot_id=lot.id,
        reference=reference,
        quantity=quantity,
        reason=reason,
        photo_id=photo.id if photo else None,
        weighed_by_id=actor.user_id,
        weighed_at=clock(),
    )
    session.add(weighing)
    session.flush()
    return weighing


def _set_total(
    session: Session,
    lot: HarvestLot,
    total: int,
    reference: str,
    cover_shortfall: CoverShortfall,
    *,
    actor: Actor,
    clock: Clock,
) -> int:
    """Bring ``qty_total`` to the weight and return what is still short, which then keeps the total that much higher."""
    short = _make_room(session, lot.id, total, cover_shortfall, actor=actor, clock=clock)
    standing = locks.lock_lots(session, [lot.id])[0]
    if delta := total + short - standing.qty_total:
        change = LotChange(lot.id, "weigh_in", reference, delta_total=delta)
        move_stock(session, [change], actor=actor, clock=clock)
    session.refresh(lot)
    return short


def _make_room(
    session: Session, lot_id: int, room: int, cover_shortfall: CoverShortfall, *, actor: Actor, clock: Clock
) -> int:
    """Let orders give way until held, sold and lost fit into ``room`` base units; return what still does not fit.

    The first look takes no lock, because orders and holds are locked before lots. The lot is locked only then; what was
    sold in between is asked for once more under the lock (a deadlock there is retried by the entry point).
    """
    committed = HarvestLot.qty_held + HarvestLot.qty_sold + HarvestLot.qty_lost
    missing = session.scalars(select(committed).where(HarvestLot.id == lot_id)).one() - room
    if missing > 0:
        cover_shortfall(session, lot_id, missing, actor=actor, clock=clock)
    if (missing := _committed_under_lock(session, lot_id) - room) > 0:
        cover_shortfall(session, lot_id, missing, actor=actor, clock=clock)
        missing = _committed_under_lock(session, lot_id) - room
    return max(missing, 0)


def _committed_under_lock(session: Session, lot_id: int) -> int:
    standing = locks.lock_lots(session, [lot_id])[0]
    return standing.qty_held + standing.qty_sold + standing.qty_lost


def _record(session: Session, action: str, lot: HarvestLot, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        action,
        "harvest_lot",
        lot.id,
        actor=actor,
        clock=clock,
        cooperative_id=lot.cooperative_id,
        household_id=lot.household_id,
        **details,
    )
