"""What has been paid for an order and what is still due: always derived, never stored."""

from collections.abc import Collection

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orders.models import Order, Payment, Refund
from orders.states import PaymentState, RefundState

REFUND_PROMISED = (
    RefundState.APPROVED,
    RefundState.SUBMITTED,
    RefundState.FAILED,
    RefundState.DONE,
    RefundState.EXTERNAL,
)
"""States in which the money no longer counts for the order; a failed transfer back is still owed to the buyer."""


def captured_vnd(session: Session, order_ids: Collection[int]) -> dict[int, int]:
    """Return the đồng received for each order that has any."""
    rows = session.execute(
        select(Payment.order_id, func.sum(Payment.amount_vnd))
        .where(Payment.order_id.in_(order_ids), Payment.state == PaymentState.CAPTURED)
        .group_by(Payment.order_id)
    )
    return {order_id: int(amount) for order_id, amount in rows}


def refunded_vnd(session: Session, order_ids: Collection[int]) -> dict[int, int]:
    """Return the đồng promised or given back out of each order's deposit, for each order that has any: due again.

    A refund of delivered goods (one with line quantities) comes from those who were paid for them and is not counted: the
    order's total does not shrink, and what the buyer gets back is no new debt.
    """
    rows = session.execute(
        select(Refund.order_id, Refund.amount_vnd, Refund.line_quantities).where(
            Refund.order_id.in_(order_ids), Refund.state.in_(REFUND_PROMISED)
        )
    )
    back: dict[int, int] = {}
    for order_id, amount_vnd, delivered in rows:
        if not delivered:
            back[order_id] = back.get(order_id, 0) + amount_vnd
    return back


def asked_back_vnd(session: Session, order_id: int) -> int:
    """Return what has been asked back for an order, promised or still waiting for approval; rejected refunds are gone."""
    asked = select(func.coalesce(func.sum(Refund.amount_vnd), 0)).where(
        Refund.order_id == order_id, Refund.state != RefundState.REJECTED
    )
    return int(session.scalar(asked) or 0)


def amount_due_vnd(session: Session, order: Order) -> int:
    """Return what the buyer still has to pay: the total less what came in and was kept, never below zero."""
    captured = captured_vnd(session, [order.id]).get(order.id, 0)
    refunded = refunded_vnd(session, [order.id]).get(order.id, 0)
    return max(0, order.total_vnd - captured + refunded)
