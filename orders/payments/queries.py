"""What matching and the transfer page read: what orders still need, and what is left of each transfer."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Row, func, select
from sqlalchemy.orm import Session

from orders.balances import captured_vnd, refunded_vnd
from orders.ledger.models import LedgerTransaction
from orders.models import BankTransaction, Order, Payment, Refund
from orders.payments.matching import PayableOrder
from orders.states import OrderState, PaymentState

PAGE = 30
WAITING_TRANSFERS = ("needs_review", "duplicate", "new")
WAITING_REFUNDS = ("requested", "approved", "failed")
_PAID_FOR_GOOD = (OrderState.DELIVERED, OrderState.RETURNED)


@dataclass(frozen=True, slots=True)
class TransferRow:
    """One transfer as the desk shows it; ``left_vnd`` is neither an order's nor sent back."""

    id: int
    state: str
    reason: str
    direction: str
    amount_vnd: int
    left_vnd: int
    content: str
    bank_reference: str
    transferred_at: datetime
    order_code: str | None


def payable_orders(session: Session, orders: Collection[Order]) -> list[PayableOrder]:
    """Return orders as matching sees them: what was given back before delivery is due again, after it is not."""
    ids = [order.id for order in orders]
    captured, refunded = captured_vnd(session, ids), refunded_vnd(session, ids)
    result = []
    for order in orders:
        back = 0 if order.state in _PAID_FOR_GOOD else refunded.get(order.id, 0)
        kept = max(0, captured.get(order.id, 0) - back)
        result.append(PayableOrder(order.code, OrderState(order.state), order.total_vnd, kept))
    return result


def same_due_order_ids(session: Session, cooperative_id: int, amount_vnd: int, *, limit: int = 2) -> Sequence[int]:
    """Return unpaid orders that wait for exactly this amount: suggestions for a person, never a match."""
    captured = (
        select(func.coalesce(func.sum(Payment.amount_vnd), 0))
        .where(Payment.order_id == Order.id, Payment.state == PaymentState.CAPTURED)
        .scalar_subquery()
    )
    return session.scalars(
        select(Order.id)
        .where(
            Order.cooperative_id == cooperative_id,
            Order.state == OrderState.PENDING,
            Order.total_vnd - captured == amount_vnd,
        )
        .order_by(Order.created_at.desc())
        .limit(limit)
    ).all()


def suggestions(session: Session, cooperative_id: int, rows: Sequence[TransferRow]) -> dict[int, list[str]]:
    """Return the codes of unpaid orders that wait for exactly a transfer's amount, by transfer id; one query."""
    amounts = {row.left_vnd for row in rows if row.order_code is None and row.left_vnd}
    if not amounts:
        return {}
    captured = (
        select(Payment.order_id, func.sum(Payment.amount_vnd).label("vnd"))
        .where(Payment.state == PaymentState.CAPTURED)
        .group_by(Payment.order_id)
        .subquery()
    )
    due = Order.total_vnd - func.coalesce(captured.c.vnd, 0)
    found = session.execute(
        select(Order.code, due)
        .outerjoin(captured, captured.c.order_id == Order.id)
        .where(Order.cooperative_id == cooperative_id, Order.state == OrderState.PENDING, due.in_(amounts))
        .order_by(Order.created_at.desc())
        .limit(3 * PAGE)
    ).all()
    return {row.id: [code for code, vnd in found if vnd == row.left_vnd][:3] for row in rows if row.order_code is None}


def unmatched_by_transaction(session: Session, rows: Collection[BankTransaction]) -> dict[int, int]:
    """Return how much of each transfer that was booked is neither an order's nor sent back, in đồng."""
    ids = [row.id for row in rows]
    references = [
        reference
        for row_id in ids
        for reference in (f"bank:{row_id}:received", f"bank:{row_id}:returned", f"remit:{row_id}")
    ]
    booked = set(
        session.scalars(select(LedgerTransaction.reference).where(LedgerTransaction.reference.in_(references)))
    )
    captured = session.execute(
        select(Payment.bank_transaction_id, Payment.amount_vnd).where(
            Payment.bank_transaction_id.in_(ids), Payment.state == PaymentState.CAPTURED
        )
    )
    paid = dict(captured.all())
    return {
        row.id: row.amount_vnd - paid.get(row.id, 0)
        for row in rows
        if f"bank:{row.id}:received" in booked and not booked & {f"bank:{row.id}:returned", f"remit:{row.id}"}
    }


def count_by_state(session: Session, cooperative_id: int) -> dict[str, int]:
    """Return how many transfers are in each state."""
    rows = session.execute(
        select(BankTransaction.state, func.count())
        .where(BankTransaction.cooperative_id == cooperative_id)
        .group_by(BankTransaction.state)
    )
    return dict(rows.all())


def transfers(session: Session, cooperative_id: int, states: Collection[str], page: int) -> list[TransferRow]:
    """Return a page of transfers in these states, the newest first."""
    rows = session.execute(
        select(BankTransaction, Order.code)
        .outerjoin(Order, Order.id == BankTransaction.order_id)
        .where(BankTransaction.cooperative_id == cooperative_id, BankTransaction.state.in_(states))
        .order_by(BankTransaction.transferred_at.desc(), BankTransaction.id.desc())
        .offset(PAGE * (page - 1))
        .limit(PAGE)
    ).all()
    left = unmatched_by_transaction(session, [row for row, _ in rows])
    return [
        TransferRow(
            row.id,
            row.state,
            row.state_reason,
            row.direction,
            row.amount_vnd,
            left.get(row.id, 0),
            row.content,
            row.bank_reference,
            row.transferred_at,
            code,
        )
        for row, code in rows
    ]


def refund_counts(session: Session, cooperative_id: int) -> dict[str, int]:
    """Return how many refunds are in each state."""
    rows = session.execute(
        select(Refund.state, func.count())
        .join(Order, Order.id == Refund.order_id)
        .where(Order.cooperative_id == cooperative_id)
        .group_by(Refund.state)
    )
    return dict(rows.all())


def refunds(session: Session, cooperative_id: int, states: Collection[str], page: int) -> Sequence[Row[Refund, Order]]:
    """Return a page of refunds in these states with their orders, the oldest first: somebody waits for the money."""
    return session.execute(
        select(Refund, Order)
        .join(Order, Order.id == Refund.order_id)
        .where(Order.cooperative_id == cooperative_id, Refund.state.in_(states))
        .order_by(Refund.requested_at, Refund.id)
        .offset(PAGE * (page - 1))
        .limit(PAGE)
    ).all()


def waiting_counts(session: Session, cooperative_id: int) -> tuple[int, int]:
    """Return how many transfers and how many refunds wait for the staff; one query for their home page."""
    transfers_waiting = (
        select(func.count(BankTransaction.id))
        .where(BankTransaction.cooperative_id == cooperative_id, BankTransaction.state.in_(WAITING_TRANSFERS))
        .scalar_subquery()
    )
    refunds_waiting = (
        select(func.count(Refund.id))
        .join(Order, Order.id == Refund.order_id)
        .where(Order.cooperative_id == cooperative_id, Refund.state.in_(WAITING_REFUNDS))
        .scalar_subquery()
    )
    row = session.execute(select(transfers_waiting, refunds_waiting)).one()
    return int(row[0]), int(row[1])
