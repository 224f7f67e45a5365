"""Holds whose clock has run out: found by the sweeper every second, and by placing for the lots it is about to touch."""

from collections.abc import Collection, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.clock import Clock
from app.events import publish
from orders.balances import captured_vnd
from orders.events import OrderReleased
from orders.holding import release_holds
from orders.lifecycle import give_back_excess
from orders.locks import lock_orders
from orders.models import Order, OrderEntry, OrderLine
from orders.states import OrderState

BATCH = 200


def due_order_ids(
    session: Session, *, clock: Clock, listing_ids: Collection[int] | None = None, limit: int = BATCH
) -> Sequence[int]:
    """Return unpaid orders whose hold has ended, not yet locked; with ``listing_ids`` only those on these listings."""
    due = select(Order.id).where(Order.state == OrderState.PENDING, Order.hold_expires_at <= clock())
    if listing_ids is not None:
        on_them = select(OrderLine.order_id).where(OrderLine.listing_id.in_(listing_ids), OrderLine.quantity > 0)
        due = due.where(Order.id.in_(on_them))
    return session.scalars(due.order_by(Order.id).limit(limit)).all()


def expire_due_orders(
    session: Session, *, clock: Clock, listing_ids: Collection[int] | None = None, limit: int = BATCH
) -> int:
    """Expire unpaid orders whose hold has ended, give their stock back, and return how many.

    With ``listing_ids`` only orders on those listings are looked at: what a buyer asks for now must not be refused because
    the sweeper has not come by yet. Money already received for an expired order becomes a refund task.
    """
    now = clock()
    ids = due_order_ids(session, clock=clock, listing_ids=listing_ids, limit=limit)
    if not ids:
        return 0
    orders = [
        order
        for order in lock_orders(session, ids)
        if order.state == OrderState.PENDING and order.hold_expires_at is not None and order.hold_expires_at <= now
    ]
    if not orders:
        return 0
    release_holds(session, orders, because="expired", actor=SYSTEM, clock=clock)
    received = captured_vnd(session, [order.id for order in orders])
    for order in orders:
        order.state = OrderState.EXPIRED
        order.hold_expires_at = None
        order.closed_at = order.updated_at = now
        session.add(OrderEntry(order_id=order.id, at=now, kind="expired", actor_name=SYSTEM.name, details={}))
        if order.id in received:
            cause = f"expired:{order.hold_attempt}"
            give_back_excess(session, order, cause, "Đơn hết giờ giữ khi chưa đủ tiền", 0, actor=SYSTEM, clock=clock)
        publish(session, OrderReleased(order.id, order.code, order.session_id, order.buyer_id, str(OrderState.EXPIRED)))
    session.flush()
    return len(orders)
