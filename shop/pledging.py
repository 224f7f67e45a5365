"""Tonight's promise of tomorrow's picking (hẹn hái), and the lot that it lets the cooperative sell ahead of the scale.

Only a part of a pledge may be sold before it is weighed (``SalePolicy.pledge_sale_percent``): that part is the pledged
lot's ``qty_total``. A household's pledges and lots are made under the lock of its row, so two phones pledging at once
make one pledge.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import Conflict, InvalidInput
from app.ids import new_public_id
from app.quantity import MAX_GRAMS, format_units
from shop import access, locks
from shop.listing import feed_open_listings
from shop.models import (
    HarvestLot,
    Household,
    LotState,
    Measure,
    Pledge,
    PledgeState,
    Product,
    ProductGrade,
    Season,
    StockMovement,
)
from shop.stock import LotChange, move_stock

PLEDGE_DAYS_AHEAD = 3
_PERCENT = 100


@dataclass(frozen=True, slots=True)
class PledgedHarvest:
    """A pledge and the lot it feeds, in base units; ``on_sale`` is what may be sold before weighing."""

    pledge_id: int
    lot_id: int
    quantity: int
    on_sale: int


def pledge_harvest(
    session: Session,
    household: Household,
    grade: ProductGrade,
    quantity: int,
    *,
    for_date: date,
    sale_percent: int,
    actor: Actor,
    clock: Clock,
) -> PledgedHarvest:
    """Make, change or renew the household's pledge of a grade for a day; ``quantity`` in grams or pieces.

    Raises ``InvalidInput`` for a day or quantity that cannot be meant, ``Conflict`` when the harvest is already weighed
    or when buyers already hold more than the smaller pledge would leave them, ``Forbidden`` for who may not act for it.
    """
    access.require_may_act_for(session, actor, household)
    today = vietnam_date(clock())
    if not today <= for_date <= today + timedelta(days=PLEDGE_DAYS_AHEAD):
        raise InvalidInput("Bác hẹn hái cho hôm nay hoặc vài ngày tới giúp em.", field="for_date")
    if not 0 < quantity <= MAX_GRAMS:
        raise InvalidInput("Số hẹn hái phải lớn hơn 0, bác xem lại giúp em.", field="quantity")
    product = access.product_of_household(session, household, grade)
    season = season_on(session, household.cooperative_id, for_date)
    locks.lock_household(session, household.id)
    on_sale = quantity * sale_percent // _PERCENT
    pledge = _pledge(session, household.id, grade.id, for_date)
    lot = open_lot(session, household.id, grade.id, for_date)
    if (lot and lot.state == LotState.WEIGHED) or (pledge and pledge.state == PledgeState.WEIGHED):
        raise Conflict("Hàng của ngày này đã cân rồi, bác không cần hẹn nữa ạ.")
    if pledge is None:
        pledge = Pledge(household_id=household.id, grade_id=grade.id, for_date=for_date)
    elif lot is None and pledge.lot_id is not None:
        lot = session.get(HarvestLot, pledge.lot_id)
    lot = lot or new_lot(session, household, product, grade, season, harvested_on=for_date, clock=clock)
    pledge.season_id, pledge.quantity, pledge.state = season.id, quantity, PledgeState.OPEN
    pledge.made_by_id, pledge.made_at, pledge.lot_id = actor.user_id, clock(), lot.id
    lot.state = LotState.PLEDGED
    session.add(pledge)
    session.flush()
    _bring_total_to(session, pledge, lot, product, total=on_sale, sale_percent=sale_percent, actor=actor, clock=clock)
    feed_open_listings(session, lot)
    _record(session, "shop.pledge.made", pledge, household, actor=actor, clock=clock, quantity=quantity)
    return PledgedHarvest(pledge.id, lot.id, quantity, on_sale)


def cancel_pledge(
    session: Session, household: Household, grade: ProductGrade, *, for_date: date, actor: Actor, clock: Clock
) -> None:
    """Take a pledge back while nothing of it is held or sold; raises ``Conflict`` afterwards. Twice is once."""
    access.require_may_act_for(session, actor, household)
    locks.lock_household(session, household.id)
    pledge = _pledge(session, household.id, grade.id, for_date)
    if pledge is None or pledge.state == PledgeState.CANCELLED:
        return
    if pledge.state == PledgeState.WEIGHED:
        raise Conflict("Hàng của ngày này đã cân rồi, không hủy hẹn được nữa ạ.")
    lot = session.get_one(HarvestLot, pledge.lot_id)
    standing = locks.lock_lots(session, [lot.id])[0]
    if standing.qty_held + standing.qty_sold > 0:
        raise Conflict("Đã có khách đặt từ lần hẹn này nên không hủy được. Bác gọi hợp tác xã giúp em.")
    product = session.get_one(Product, lot.product_id)
    _bring_total_to(session, pledge, lot, product, total=0, sale_percent=_PERCENT, actor=actor, clock=clock)
    pledge.state, lot.state = PledgeState.CANCELLED, LotState.CLOSED
    _record(session, "shop.pledge.cancelled", pledge, household, actor=actor, clock=clock)


def season_on(session: Session, cooperative_id: int, day: date) -> Season:
    """Return the season that a day's harvest belongs to (the latest begun, where two overlap)."""
    season = session.scalar(
        select(Season)
        .where(Season.cooperative_id == cooperative_id, Season.starts_on <= day, Season.ends_on >= day)
        .order_by(Season.starts_on.desc(), Season.id.desc())
        .limit(1)
    )
    if season is None:
        raise Conflict("Chưa có vụ nào mở cho ngày này. Bác nhờ hợp tác xã mở vụ giúp em.")
    return season


def open_lot(session: Session, household_id: int, grade_id: int, harvested_on: date) -> HarvestLot | None:
    """Return the household's lot of a grade and day that still takes in baskets; there is at most one."""
    return session.scalar(
        select(HarvestLot)
        .where(
            HarvestLot.household_id == household_id,
            HarvestLot.grade_id == grade_id,
            HarvestLot.harvested_on == harvested_on,
            HarvestLot.state != LotState.CLOSED,
        )
        .order_by(HarvestLot.id)
        .limit(1)
    )


def new_lot(
    session: Session,
    household: Household,
    product: Product,
    grade: ProductGrade,
    season: Season,
    *,
    harvested_on: date,
    clock: Clock,
) -> HarvestLot:
    """Open an empty lot for a day's harvest; a movement fills it afterwards."""
    lot = HarvestLot(
        public_id=new_public_id(),
        cooperative_id=household.cooperative_id,
        household_id=household.id,
        product_id=product.id,
        grade_id=grade.id,
        season_id=season.id,
        harvested_on=harvested_on,
        best_before=harvested_on + timedelta(days=product.keeps_days),
        state=LotState.PLEDGED,
        created_at=clock(),
    )
    session.add(lot)
    session.flush()
    return lot


def _pledge(session: Session, household_id: int, grade_id: int, for_date: date) -> Pledge | None:
    return session.scalar(
        select(Pledge).where(
            Pledge.household_id == household_id, Pledge.grade_id == grade_id, Pledge.for_date == for_date
        )
    )


def _bring_total_to(
    session: Session,
    pledge: Pledge,
    lot: HarvestLot,
    product: Product,
    *,
    total: int,
    sale_percent: int,
    actor: Actor,
    clock: Clock,
) -> None:
    standing = locks.lock_lots(session, [lot.id])[0]
    committed = standing.qty_held + standing.qty_sold + standing.qty_lost
    if total < committed:
        least = -(-committed * _PERCENT // sale_percent)
        unit = (1000, "kg") if product.measure == Measure.WEIGHT else (1, "cái")
        raise Conflict(
            f"Khách đã đặt {format_units(committed, *unit)} từ lần hẹn này, "
            f"bác hẹn ít nhất {format_units(least, *unit)} giúp em.",
            least=least,
        )
    if delta := total - standing.qty_total:
        step = (
            1
            + session.scalars(
                select(func.count()).where(StockMovement.lot_id == lot.id, StockMovement.kind == "pledge")
            ).one()
        )
        change = LotChange(lot.id, "pledge", f"pledge:{pledge.id}:{step}", delta_total=delta)
        move_stock(session, [change], actor=actor, clock=clock)
        session.refresh(lot, ["qty_total"])


def _record(
    session: Session,
    action: str,
    pledge: Pledge,
    household: Household,
    *,
    actor: Actor,
    clock: Clock,
    **details: Any,
) -> None:
    audit.record(
        session,
        action,
        "pledge",
        pledge.id,
        actor=actor,
        clock=clock,
        cooperative_id=household.cooperative_id,
        household_id=household.id,
        for_date=pledge.for_date.isoformat(),
        **details,
    )
