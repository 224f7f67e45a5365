"""A household's statement (bảng kê): what was sold from which lot at what price, what was taken off and by whom, what was
paid and what is still to come, to the đồng.

Money comes from the books; parts come from the rates frozen on each line, as they did when the books were written. Held,
paid and delivered are never added together.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session, selectinload

from app.accounts.models import User
from app.clock import VIETNAM, Clock
from app.i18n import N_
from app.money import price_of, split_by_weight
from app.policy import SalePolicy
from orders.ledger.accounts import household_account
from orders.ledger.line_shares import line_shares, lots_of
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.models import Allocation, Order, OrderLine, StockHold, StockHoldLine
from orders.settlement.payables import Payable, payables, payouts_between
from orders.states import HoldState, OrderState
from shop.models import HarvestLot, Household, Measure, Product, ProductGrade, Season

_ON_THE_WAY = (OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)


@dataclass(frozen=True, slots=True)
class Stage:
    """Goods at one stage of their sale: grams of what is weighed, pieces of what is counted, and their price in đồng."""

    grams: int = 0
    pieces: int = 0
    value_vnd: int = 0


@dataclass(frozen=True, slots=True)
class LotLine:
    """What one lot sold of one listing at one price: the whole price, each part taken off, and what is the household's."""

    lot_public_id: str
    harvested_on: date
    product: str
    grade: str
    measure: str
    title: str
    unit_label: str
    unit_quantity: int
    price_vnd: int
    quantity: int
    value_vnd: int
    cooperative_vnd: int
    host_vnd: int
    packing_vnd: int
    fee_vnd: int
    household_vnd: int


@dataclass(frozen=True, slots=True)
class Deduction:
    """Something taken off the price, and whose it is now."""

    kind: str
    owner: str
    amount_vnd: int


@dataclass(frozen=True, slots=True)
class Statement:
    """One household's season. ``shares_vnd`` = delivered value less deductions; ``to_come_vnd`` is the ledger's balance."""

    household: Household
    season: Season
    held: Stage
    paid: Stage
    delivered: Stage
    lines: tuple[LotLine, ...]
    deductions: tuple[Deduction, ...]
    shares_vnd: int
    refunds_vnd: int
    paid_out_vnd: int
    in_transit_vnd: int
    to_come_vnd: int
    waiting_vnd: int
    """The part of what is to come whose goods may still be complained about."""

    @property
    def deducted_vnd(self) -> int:
        return sum(deduction.amount_vnd for deduction in self.deductions)

    @property
    def carried_vnd(self) -> int:
        """What the balance brought along from other seasons; 0 in the first one."""
        return self.to_come_vnd + self.in_transit_vnd + self.paid_out_vnd - self.shares_vnd + self.refunds_vnd


DEDUCTION_NAMES = {
    "cooperative": N_("Phần hợp tác xã"),
    "host": N_("Công người livestream"),
    "packing": N_("Tiền đóng gói"),
    "fee": N_("Phí thanh toán"),
}


def household_statement(
    session: Session, household: Household, season: Season, *, policy: SalePolicy, clock: Clock
) -> Statement:
    """Return a household's statement of a season, as it stands now."""
    lines, deductions = _delivered(session, household, season)
    found = payables(
        session,
        household.cooperative_id,
        settle_after_hours=policy.settle_after_hours,
        now=clock(),
        code=household_account(household.id),
    )
    money = found[0] if found else Payable("household", household.id, 0, 0, 0, 0)
    paid_out, in_transit = payouts_between(session, "household", household.id, *_span(session, season))
    return Statement(
        household=household,
        season=season,
        held=_held(session, household, season),
        paid=_on_the_way(session, household, season),
        delivered=Stage(
            grams=sum(line.quantity for line in lines if line.measure == Measure.WEIGHT),
            pieces=sum(line.quantity for line in lines if line.measure != Measure.WEIGHT),
            value_vnd=sum(line.value_vnd for line in lines),
        ),
        lines=tuple(lines),
        deductions=tuple(deductions),
        shares_vnd=sum(line.household_vnd for line in lines),
        refunds_vnd=_refunds(session, household, season),
        paid_out_vnd=paid_out,
        in_transit_vnd=in_transit,
        to_come_vnd=money.balance_vnd,
        waiting_vnd=min(max(0, money.fresh_vnd), max(0, money.balance_vnd)),
    )


def current_season(session: Session, cooperative_id: int, on: date, code: str | None = None) -> Season | None:
    """Return the season asked for by code, or else the latest one that has begun, or the next one to begin."""
    seasons = session.scalars(
        select(Season).where(Season.cooperative_id == cooperative_id).order_by(Season.starts_on.desc())
    ).all()
    begun = [season for season in seasons if season.starts_on <= on]
    wanted = [season for season in seasons if season.code == code]
    return next(iter([*wanted, *begun, *reversed(seasons)]), None)


def _delivered(session: Session, household: Household, season: Season) -> tuple[list[LotLine], list[Deduction]]:
    rows = session.execute(
        select(OrderLine, Order)
        .join(Order, Order.id == OrderLine.order_id)
        .where(
            Order.state == OrderState.DELIVERED,
            OrderLine.quantity > 0,
            OrderLine.id.in_(
                select(Allocation.order_line_id)
                .join(HarvestLot, HarvestLot.id == Allocation.lot_id)
                .where(HarvestLot.household_id == household.id, HarvestLot.season_id == season.id)
            ),
        )
        .options(selectinload(OrderLine.allocations))
    ).all()
    lots = _own_lots(session, household, season)
    sums: dict[tuple[int, str, str, int, int], list[int]] = defaultdict(lambda: [0] * 6)
    taken: dict[tuple[str, int | None], int] = defaultdict(int)
    for line, order in rows:
        quantities = sorted(lots_of(line))
        shares = line_shares(order, line)
        given = dict(shares.households)
        weights = [quantity for _, quantity in quantities]
        parts = [
            split_by_weight(vnd, weights)
            for vnd in (shares.cooperative_vnd, shares.host_vnd, shares.packing_vnd, shares.fee_vnd)
        ]
        for i, (lot_id, quantity) in enumerate(quantities):
            if lot_id not in lots:
                continue
            own = [quantity, *(part[i] for part in parts), given[lot_id]]
            key = (lot_id, line.title, line.unit_label, line.unit_quantity, line.price_vnd)
            sums[key] = [before + more for before, more in zip(sums[key], own, strict=True)]
            for kind, vnd in zip(DEDUCTION_NAMES, own[1:5], strict=True):
                taken[kind, order.host_user_id if kind == "host" else None] += vnd
    lines = [
        LotLine(*lots[lot_id], title, unit_label, unit_quantity, price_vnd, own[0], sum(own[1:]), *own[1:])
        for (lot_id, title, unit_label, unit_quantity, price_vnd), own in sums.items()
    ]
    return sorted(lines, key=lambda line: (line.harvested_on, line.lot_public_id, line.title)), _name(session, taken)


def _own_lots(session: Session, household: Household, season: Season) -> dict[int, tuple[str, date, str, str, str]]:
    rows = session.execute(
        select(
            HarvestLot.id,
            HarvestLot.public_id,
            HarvestLot.harvested_on,
            Product.name,
            ProductGrade.name,
            Product.measure,
        )
        .join(Product, Product.id == HarvestLot.product_id)
        .join(ProductGrade, ProductGrade.id == HarvestLot.grade_id)
        .where(HarvestLot.household_id == household.id, HarvestLot.season_id == season.id)
    )
    return {row.id: (row[1], row[2], row[3], row[4], row[5]) for row in rows}


def _name(session: Session, taken: dict[tuple[str, int | None], int]) -> list[Deduction]:
    hosts = {user_id for _, user_id in taken if user_id is not None}
    names = dict(session.execute(select(User.id, User.name).where(User.id.in_(hosts))).all()) if hosts else {}
    order = list(DEDUCTION_NAMES)
    return [
        Deduction(kind, names.get(user_id, "") if user_id is not None else "", vnd)
        for (kind, user_id), vnd in sorted(taken.items(), key=lambda item: (order.index(item[0][0]), item[0][1] or 0))
        if vnd
    ]


def _held(session: Session, household: Household, season: Season) -> Stage:
    return _stage(
        session.execute(
            select(Product.measure, StockHoldLine.quantity, OrderLine.price_vnd, OrderLine.unit_quantity)
            .join(StockHold, StockHold.id == StockHoldLine.hold_id)
            .join(OrderLine, OrderLine.id == StockHoldLine.order_line_id)
            .join(HarvestLot, HarvestLot.id == StockHoldLine.lot_id)
            .join(Product, Product.id == HarvestLot.product_id)
            .where(
                StockHold.state == HoldState.ACTIVE,
                HarvestLot.household_id == household.id,
                HarvestLot.season_id == season.id,
            )
        )
    )


def _on_the_way(session: Session, household: Household, season: Season) -> Stage:
    return _stage(
        session.execute(
            select(Product.measure, Allocation.quantity, OrderLine.price_vnd, OrderLine.unit_quantity)
            .join(OrderLine, OrderLine.id == Allocation.order_line_id)
            .join(Order, Order.id == OrderLine.order_id)
            .join(HarvestLot, HarvestLot.id == Allocation.lot_id)
            .join(Product, Product.id == HarvestLot.product_id)
            .where(
                Order.state.in_(_ON_THE_WAY),
                HarvestLot.household_id == household.id,
                HarvestLot.season_id == season.id,
            )
        )
    )


def _stage(rows: Iterable[Row[str, int, int, int]]) -> Stage:
    grams = pieces = value = 0
    for measure, quantity, price_vnd, unit_quantity in rows:
        grams += quantity if measure == Measure.WEIGHT else 0
        pieces += quantity if measure != Measure.WEIGHT else 0
        value += price_of(quantity, price_vnd, unit_quantity)
    return Stage(grams, pieces, value)


def _refunds(session: Session, household: Household, season: Season) -> int:
    statement = (
        select(func.coalesce(func.sum(LedgerPosting.amount_vnd), 0))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.debit_account_id)
        .join(HarvestLot, HarvestLot.id == LedgerPosting.lot_id)
        .where(
            LedgerTransaction.kind == "refund_approved",
            LedgerAccount.code == household_account(household.id),
            HarvestLot.season_id == season.id,
        )
    )
    return int(session.scalar(statement) or 0)


def _span(session: Session, season: Season) -> tuple[datetime, datetime | None]:
    """Return when payouts belong to a season: from its first day until the next one begins."""
    following = session.scalar(
        select(func.min(Season.starts_on)).where(
            Season.cooperative_id == season.cooperative_id, Season.starts_on > season.starts_on
        )
    )
    start = datetime.combine(season.starts_on, time(), VIETNAM)
    return start, datetime.combine(following, time(), VIETNAM) if following else None
