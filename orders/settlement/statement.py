"""A household's statement (bảng kê): what was sold from which lot at what price, what was taken off and by whom, what was
paid and what is still to come, to the đồng.

Money comes from the books; parts come from the rates frozen on each line, as they did when the books were written. Held,
paid and delivered are never added together.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from sqlalchemy import and_, case, func, literal, select, union_all
from sqlalchemy.orm import Session, joinedload

from app.accounts.models import User
from app.clock import VIETNAM, Clock
from app.i18n import N_
from app.money import price_of, split_by_weight
from app.policy import SalePolicy
from orders.ledger.accounts import household_account
from orders.ledger.line_shares import line_shares, lots_of
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.models import Allocation, Order, OrderLine, StockHold, StockHoldLine
from orders.settlement.payables import payouts_between
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
    session: Session,
    household: Household,
    season: Season,
    *,
    until: date | None = None,
    policy: SalePolicy,
    clock: Clock,
) -> Statement:
    """Return a household's statement of a season, as it stands now; payouts count ``until`` the next season begins."""
    lines, deductions = _delivered(session, household, season)
    stages = _undelivered(session, household, season)
    balance, fresh, refunds, paid_out, in_transit = _money(session, household, season, until, policy, clock())
    return Statement(
        household=household,
        season=season,
        held=stages["held"],
        paid=stages["paid"],
        delivered=Stage(
            grams=sum(line.quantity for line in lines if line.measure == Measure.WEIGHT),
            pieces=sum(line.quantity for line in lines if line.measure != Measure.WEIGHT),
            value_vnd=sum(line.value_vnd for line in lines),
        ),
        lines=tuple(lines),
        deductions=tuple(deductions),
        shares_vnd=sum(line.household_vnd for line in lines),
        refunds_vnd=refunds,
        paid_out_vnd=paid_out,
        in_transit_vnd=in_transit,
        to_come_vnd=balance,
        waiting_vnd=min(max(0, fresh), max(0, balance)),
    )


def seasons_of(session: Session, cooperative_id: int) -> list[Season]:
    """Return a cooperative's seasons, the latest first."""
    return list(
        session.scalars(
            select(Season).where(Season.cooperative_id == cooperative_id).order_by(Season.starts_on.desc(), Season.id)
        )
    )


def choose_season(seasons: Sequence[Season], on: date, code: str | None = None) -> Season | None:
    """Return the season asked for by code, or else the latest one that has begun, or the next one to begin."""
    begun = [season for season in seasons if season.starts_on <= on]
    wanted = [season for season in seasons if season.code == code]
    return next(iter([*wanted, *begun, *reversed(seasons)]), None)


def next_start(seasons: Sequence[Season], season: Season) -> date | None:
    """Return the day the season after this one begins, or None while it is the last."""
    return min((other.starts_on for other in seasons if other.starts_on > season.starts_on), default=None)


def _delivered(session: Session, household: Household, season: Season) -> tuple[list[LotLine], list[Deduction]]:
    rows = session.execute(
        select(OrderLine, Order, User.name)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(User, User.id == Order.host_user_id)
        .where(
            Order.state == OrderState.DELIVERED,
            OrderLine.quantity > 0,
            OrderLine.id.in_(
                select(Allocation.order_line_id)
                .join(HarvestLot, HarvestLot.id == Allocation.lot_id)
                .where(HarvestLot.household_id == household.id, HarvestLot.season_id == season.id)
            ),
        )
        .options(joinedload(OrderLine.allocations))
    ).unique()
    lots = _own_lots(session, household, season)
    sums: dict[tuple[int, str, str, int, int], list[int]] = defaultdict(lambda: [0] * 6)
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for line, order, host in rows:
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
                taken[kind, (host or "") if kind == "host" else ""] += vnd
    lines = [
        LotLine(*lots[lot_id], title, unit_label, unit_quantity, price_vnd, own[0], sum(own[1:]), *own[1:])
        for (lot_id, title, unit_label, unit_quantity, price_vnd), own in sums.items()
    ]
    return sorted(lines, key=lambda line: (line.harvested_on, line.lot_public_id, line.title)), _deductions(taken)


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


def _deductions(taken: dict[tuple[str, str], int]) -> list[Deduction]:
    order = list(DEDUCTION_NAMES)
    found = sorted(taken.items(), key=lambda item: (order.index(item[0][0]), item[0][1]))
    return [Deduction(kind, owner, vnd) for (kind, owner), vnd in found if vnd]


def _undelivered(session: Session, household: Household, season: Season) -> dict[str, Stage]:
    """Return what is held and what is paid for or promised, at the price of its lines."""
    held = (
        select(literal("held"), StockHoldLine.lot_id, StockHoldLine.order_line_id, StockHoldLine.quantity)
        .join(StockHold, StockHold.id == StockHoldLine.hold_id)
        .where(StockHold.state == HoldState.ACTIVE)
    )
    paid = (
        select(literal("paid"), Allocation.lot_id, Allocation.order_line_id, Allocation.quantity)
        .join(OrderLine, OrderLine.id == Allocation.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state.in_(_ON_THE_WAY))
    )
    goods = union_all(held, paid).subquery("goods")
    stage, lot_id, line_id, quantity = goods.c
    rows = session.execute(
        select(stage, Product.measure, quantity, OrderLine.price_vnd, OrderLine.unit_quantity)
        .join(OrderLine, OrderLine.id == line_id)
        .join(HarvestLot, HarvestLot.id == lot_id)
        .join(Product, Product.id == HarvestLot.product_id)
        .where(HarvestLot.household_id == household.id, HarvestLot.season_id == season.id)
    )
    sums = {"held": [0, 0, 0], "paid": [0, 0, 0]}
    for name, measure, amount, price_vnd, unit_quantity in rows:
        sums[name][0 if measure == Measure.WEIGHT else 1] += amount
        sums[name][2] += price_of(amount, price_vnd, unit_quantity)
    return {name: Stage(*numbers) for name, numbers in sums.items()}


def _money(
    session: Session, household: Household, season: Season, until: date | None, policy: SalePolicy, now: datetime
) -> tuple[int, int, int, int, int]:
    """Return the ledger's balance and its fresh part, refunds of the season, and payouts made and on their way."""
    account = select(LedgerAccount.id).where(
        LedgerAccount.cooperative_id == household.cooperative_id,
        LedgerAccount.code == household_account(household.id),
    )
    credit, debit = LedgerPosting.credit_account_id.in_(account), LedgerPosting.debit_account_id.in_(account)
    signed = case((credit, LedgerPosting.amount_vnd), else_=-LedgerPosting.amount_vnd)
    fresh_since = now - timedelta(hours=policy.settle_after_hours)
    fresh = case((Order.delivered_at > fresh_since, signed), else_=0)
    refunded = (debit, LedgerTransaction.kind == "refund_approved", HarvestLot.season_id == season.id)
    balance, waiting, refunds = session.execute(
        select(
            func.coalesce(func.sum(signed), 0),
            func.coalesce(func.sum(fresh), 0),
            func.coalesce(func.sum(case((and_(*refunded), LedgerPosting.amount_vnd), else_=0)), 0),
        )
        .select_from(LedgerPosting)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .outerjoin(Order, Order.id == LedgerPosting.order_id)
        .outerjoin(HarvestLot, HarvestLot.id == LedgerPosting.lot_id)
        .where(credit | debit)
    ).one()
    start = datetime.combine(season.starts_on, time(), VIETNAM)
    end = datetime.combine(until, time(), VIETNAM) if until else None
    paid_out, in_transit = payouts_between(session, "household", household.id, start, end)
    return int(balance), int(waiting), int(refunds), paid_out, in_transit
