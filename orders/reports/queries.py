"""What was sold, counted in the database: by product, session or host, and by household, with every stage kept apart.

Held is not paid and paid is not delivered; cancelled holds what expired, was cancelled or came back. Grams are of what is
weighed, pieces of what is counted, amounts in đồng.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, case, distinct, func, literal, select, union_all
from sqlalchemy.orm import Session

from app.accounts.models import User
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.models import Allocation, Order, OrderLine, Payout, StockHold, StockHoldLine
from orders.states import HoldState, OrderState, PayoutState
from shop.models import HarvestLot, Listing, Measure, Product

STAGES = ("held", "paid", "delivered", "cancelled")


@dataclass(slots=True)
class Sold:
    """How much stands at one stage."""

    orders: int = 0
    grams: int = 0
    pieces: int = 0
    goods_vnd: int = 0


@dataclass(slots=True)
class ReportRow:
    """One product, session, host or household. ``earned_vnd`` is what the books gave it, less what refunds took back."""

    key: int | None
    stages: dict[str, Sold] = field(default_factory=lambda: {stage: Sold() for stage in STAGES})
    refunded_vnd: int = 0
    earned_vnd: int = 0
    paid_out_vnd: int = 0


_stage = case(
    (Order.state == OrderState.PENDING, "held"),
    (Order.state.in_((OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)), "paid"),
    (Order.state == OrderState.DELIVERED, "delivered"),
    else_="cancelled",
)
_billed = func.coalesce(OrderLine.billed_quantity, OrderLine.quantity)


def sold_by(session: Session, key: Any, *conditions: ColumnElement[bool]) -> dict[int | None, ReportRow]:
    """Return what was sold by a column: ``Listing.product_id``, ``Order.session_id`` or ``Order.host_user_id``."""
    rows = session.execute(
        select(
            key,
            _stage,
            func.count(distinct(Order.id)),
            func.coalesce(func.sum(case((Product.measure == Measure.WEIGHT, _billed), else_=0)), 0),
            func.coalesce(func.sum(case((Product.measure != Measure.WEIGHT, _billed), else_=0)), 0),
            func.coalesce(func.sum(OrderLine.goods_vnd), 0),
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Listing, Listing.id == OrderLine.listing_id)
        .join(Product, Product.id == Listing.product_id)
        .where(OrderLine.quantity > 0, *conditions)
        .group_by(key, _stage)
    )
    report = _collect((found, stage, Sold(*map(int, numbers))) for found, stage, *numbers in rows)
    for found, refunded in _refunds_by(session, key, conditions):
        report.setdefault(found, ReportRow(found)).refunded_vnd = int(refunded)
    return report


def sold_by_household(session: Session, cooperative_id: int, season_id: int) -> dict[int | None, ReportRow]:
    """Return what each household's lots of a season sold, and what of it the books gave the household."""
    held = (
        select(HarvestLot.household_id, literal("held"), StockHold.order_id, Product.measure, StockHoldLine.quantity)
        .join(StockHold, StockHold.id == StockHoldLine.hold_id)
        .join(HarvestLot, HarvestLot.id == StockHoldLine.lot_id)
        .join(Product, Product.id == HarvestLot.product_id)
        .where(StockHold.state == HoldState.ACTIVE, HarvestLot.season_id == season_id)
    )
    cancelled = (
        select(
            HarvestLot.household_id, literal("cancelled"), StockHold.order_id, Product.measure, StockHoldLine.quantity
        )
        .join(StockHold, StockHold.id == StockHoldLine.hold_id)
        .join(Order, (Order.id == StockHold.order_id) & (Order.hold_attempt == StockHold.attempt))
        .join(HarvestLot, HarvestLot.id == StockHoldLine.lot_id)
        .join(Product, Product.id == HarvestLot.product_id)
        .where(_stage == "cancelled", HarvestLot.season_id == season_id)
    )
    sold = (
        select(HarvestLot.household_id, _stage, Order.id, Product.measure, Allocation.quantity)
        .join(OrderLine, OrderLine.id == Allocation.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(HarvestLot, HarvestLot.id == Allocation.lot_id)
        .join(Product, Product.id == HarvestLot.product_id)
        .where(_stage.in_(("paid", "delivered")), HarvestLot.season_id == season_id)
    )
    every = union_all(held, cancelled, sold).subquery("every")
    household, stage, order, measure, quantity = every.c
    rows = session.execute(
        select(
            household,
            stage,
            func.count(distinct(order)),
            func.sum(case((measure == Measure.WEIGHT, quantity), else_=0)),
            func.sum(case((measure != Measure.WEIGHT, quantity), else_=0)),
        ).group_by(household, stage)
    )
    report = _collect((found, name, Sold(*map(int, numbers))) for found, name, *numbers in rows)
    _add_earnings(session, report, "household", cooperative_id, season_id)
    return report


def add_host_earnings(
    session: Session, report: dict[int | None, ReportRow], cooperative_id: int, season_id: int | None = None
) -> None:
    """Complete a report by host with the commission that the books gave each, and what was paid of it."""
    _add_earnings(session, report, "host", cooperative_id, season_id)


def product_names(session: Session, product_ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of products, for the rows of a report."""
    rows = session.execute(select(Product.id, Product.name).where(Product.id.in_(_known(product_ids))))
    return {row.id: row.name for row in rows}


def host_names(session: Session, user_ids: Iterable[int | None]) -> dict[int, str]:
    """Return the names of hosts, for the rows of a report."""
    rows = session.execute(select(User.id, User.name).where(User.id.in_(_known(user_ids))))
    return {row.id: row.name for row in rows}


def _known(ids: Iterable[int | None]) -> list[int]:
    return [key for key in ids if key is not None]


def host_earnings_by_session(session: Session, host_user_id: int) -> dict[int, int]:
    """Return the commission in đồng that the books gave a host for each session, less what refunds took back."""
    given = LedgerPosting.credit_account_id == LedgerAccount.id
    taken = LedgerPosting.debit_account_id == LedgerAccount.id
    rows = session.execute(
        select(Order.session_id, func.sum(case((given, LedgerPosting.amount_vnd), else_=-LedgerPosting.amount_vnd)))
        .join(LedgerPosting, LedgerPosting.order_id == Order.id)
        .join(LedgerAccount, given | taken)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(
            LedgerAccount.code.like("liability:host:%"),
            LedgerAccount.owner_id == host_user_id,
            LedgerTransaction.kind.in_(("delivered", "refund_approved")),
            Order.session_id.is_not(None),
        )
        .group_by(Order.session_id)
    )
    return {row[0]: int(row[1]) for row in rows}


def in_season(season_id: int) -> ColumnElement[bool]:
    """Return the condition that a line is of a listing of this season."""
    return Listing.season_id == season_id


def _collect(rows: Iterable[tuple[int | None, str, Sold]]) -> dict[int | None, ReportRow]:
    report: dict[int | None, ReportRow] = {}
    for key, stage, sold in rows:
        report.setdefault(key, ReportRow(key)).stages[stage] = sold
    return report


def _refunds_by(session: Session, key: Any, conditions: Sequence[ColumnElement[bool]]) -> Iterable[Any]:
    """Return what was refunded after delivery, by the same column; a refund before it already left the line's amount."""
    return session.execute(
        select(key, func.sum(LedgerPosting.amount_vnd))
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(OrderLine, OrderLine.id == LedgerPosting.order_line_id)
        .join(Order, Order.id == OrderLine.order_id)
        .join(Listing, Listing.id == OrderLine.listing_id)
        .where(LedgerTransaction.kind == "refund_approved", *conditions)
        .group_by(key)
    )


def _add_earnings(
    session: Session, report: dict[int | None, ReportRow], payee_type: str, cooperative_id: int, season_id: int | None
) -> None:
    signed = case(
        (LedgerPosting.credit_account_id == LedgerAccount.id, LedgerPosting.amount_vnd), else_=-LedgerPosting.amount_vnd
    )
    touching = (LedgerPosting.credit_account_id == LedgerAccount.id) | (
        LedgerPosting.debit_account_id == LedgerAccount.id
    )
    statement = (
        select(LedgerAccount.owner_id, func.sum(signed))
        .join(LedgerPosting, touching)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(OrderLine, OrderLine.id == LedgerPosting.order_line_id)
        .join(Listing, Listing.id == OrderLine.listing_id)
        .where(
            LedgerAccount.cooperative_id == cooperative_id,
            LedgerAccount.code.like(f"liability:{payee_type}:%"),
            LedgerTransaction.kind.in_(("delivered", "refund_approved")),
        )
        .group_by(LedgerAccount.owner_id)
    )
    if season_id is not None:
        statement = statement.where(in_season(season_id))
    for owner_id, earned in session.execute(statement):
        report.setdefault(owner_id, ReportRow(owner_id)).earned_vnd = int(earned)
    paid = (
        select(Payout.payee_id, func.sum(Payout.amount_vnd))
        .where(
            Payout.cooperative_id == cooperative_id, Payout.payee_type == payee_type, Payout.state == PayoutState.PAID
        )
        .group_by(Payout.payee_id)
    )
    for owner_id, vnd in session.execute(paid):
        if owner_id in report:
            report[owner_id].paid_out_vnd = int(vnd)
