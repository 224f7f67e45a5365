"""The turns of an order that money and people cause: confirmed, cancelled, extended, and confirmed late.

Every function locks the order first and asks the state table; what the table ignores changes nothing.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InsufficientStock
from app.events import publish
from app.money import format_vnd
from app.policy import SalePolicy
from app.states import Ignored, next_state
from orders.balances import asked_back_vnd, captured_vnd
from orders.events import OrderConfirmed, OrderReleased
from orders.holding import commit_holds, hold_again, release_holds
from orders.locks import lock_order
from orders.models import DeskTask, Order, OrderEntry, OrderLine
from orders.pricing import line_amount
from orders.refunding import request_refund
from orders.states import ORDER_TABLE, OrderEvent, OrderState


def confirm_order(session: Session, order_id: int, *, actor: Actor, clock: Clock) -> Order:
    """Confirm a paid or promised order: its stock is sold, and each kilogram now belongs to one household's lot."""
    order = lock_order(session, order_id)
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.CONFIRM)
    if isinstance(state, Ignored):
        return order
    commit_holds(session, [order], actor=actor, clock=clock)
    _mark_confirmed(session, order, "confirmed", actor=actor, clock=clock)
    return order


def confirm_late_money(session: Session, order_id: int, *, actor: Actor, clock: Clock) -> bool:
    """Serve an expired or cancelled order whose money came late, if its stock can be held again at the snapshot price.

    Returns whether the order is now confirmed. When stock is gone nothing changes here and the desk gets a task to give the
    money back: money that arrived is never silently kept.
    """
    order = lock_order(session, order_id)
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.LATE_MONEY)
    if isinstance(state, Ignored):
        return True
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.quantity > 0)).all()
    if not lines or not _held_again(session, order, lines, actor=actor, clock=clock):
        open_task(
            session,
            order,
            "late_money",
            f"order:{order.id}:late:{order.hold_attempt}",
            "Tiền đến sau khi đơn đã đóng và hàng không còn: gọi khách, hoàn tiền.",
            clock=clock,
        )
        return False
    commit_holds(session, [order], actor=actor, clock=clock)
    _mark_confirmed(session, order, "confirmed_late", actor=actor, clock=clock)
    _drop_refund_tasks(session, order, clock=clock)
    return True


def _held_again(session: Session, order: Order, lines: Sequence[OrderLine], *, actor: Actor, clock: Clock) -> bool:
    try:
        hold_again(session, order, lines, actor=actor, clock=clock)
    except InsufficientStock:
        return False
    return True


def cancel_order(session: Session, order_id: int, *, reason: str, actor: Actor, clock: Clock) -> Order:
    """Cancel an order that has not been sent: its stock goes back; money already received becomes a refund task."""
    order = lock_order(session, order_id)
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.CANCEL)
    if isinstance(state, Ignored):
        return order
    release_holds(session, [order], because="cancelled", actor=actor, clock=clock)
    _unpack(session, order)
    now = clock()
    order.state = state
    order.hold_expires_at = None
    order.closed_at = order.updated_at = now
    _enter(session, order, "cancelled", actor, clock, reason=reason)
    give_back_excess(session, order, f"cancelled:{order.hold_attempt}", "Đơn đã hủy", 0, actor=actor, clock=clock)
    publish(session, OrderReleased(order.id, order.code, order.session_id, order.buyer_id, str(state)))
    session.flush()
    return order


def _unpack(session: Session, order: Order) -> None:
    """Forget what was in the box of a cancelled order: if its money still comes, it is packed anew, at its full weight."""
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id)).all()
    for line in lines:
        line.packed_quantity = line.billed_quantity = None
        line.goods_vnd = line_amount(line.quantity, line.price_vnd, line.unit_quantity)
    order.goods_vnd = sum(line.goods_vnd for line in lines)
    order.total_vnd = order.goods_vnd + order.delivery_fee_vnd


def _drop_refund_tasks(session: Session, order: Order, *, clock: Clock) -> None:
    """Take back the calls to refund an order that is served after all."""
    tasks = select(DeskTask).where(
        DeskTask.order_id == order.id, DeskTask.kind == "refund_due", DeskTask.state == "open"
    )
    for task in session.scalars(tasks):
        task.state, task.closed_at = "dropped", clock()


def extend_hold(session: Session, order_id: int, *, policy: SalePolicy, actor: Actor, clock: Clock) -> Order:
    """Give an unpaid order more time, once, by staff who spoke to the buyer. Raises ``Conflict`` the second time."""
    order = lock_order(session, order_id)
    if order.state != OrderState.PENDING or order.hold_expires_at is None:
        raise Conflict("Chỉ gia hạn được đơn đang giữ hàng chờ thanh toán.")
    if order.staff_extended:
        raise Conflict("Đơn này đã được gia hạn một lần rồi.")
    order.hold_expires_at += timedelta(minutes=policy.staff_extension_minutes)
    order.staff_extended = True
    order.updated_at = clock()
    _enter(session, order, "extended", actor, clock, minutes=policy.staff_extension_minutes)
    session.flush()
    return order


def give_back_excess(
    session: Session, order: Order, cause: str, reason: str, owed_vnd: int, *, actor: Actor, clock: Clock
) -> None:
    """Ask for a refund of what came in beyond ``owed_vnd``, and put it on the desk: the buyer sees that it is coming.

    ``cause`` names the refund within the order ("packing"), so that one cause is refunded once.
    """
    session.flush()
    received = captured_vnd(session, [order.id]).get(order.id, 0)
    excess = received - asked_back_vnd(session, order.id) - owed_vnd
    if excess <= 0:
        return
    request_refund(session, order.id, reference=cause, reason=reason, amount_vnd=excess, actor=actor, clock=clock)
    note = f"{reason}: hoàn {format_vnd(excess)} cho khách."
    open_task(session, order, "refund_due", f"order:{order.id}:{cause}", note, clock=clock)


def open_task(session: Session, order: Order, kind: str, reference: str, note: str, *, clock: Clock) -> None:
    """Put something about an order on the desk, once per reference; a task that was closed opens again."""
    known = session.scalar(select(DeskTask).where(DeskTask.kind == kind, DeskTask.reference == reference))
    if known is not None:
        if known.state != "open":
            known.state, known.note = "open", note
            known.claimed_at = known.claimed_by_id = known.closed_at = known.closed_by_id = None
    else:
        session.add(
            DeskTask(
                cooperative_id=order.cooperative_id,
                kind=kind,
                reference=reference,
                order_id=order.id,
                buyer_id=order.buyer_id,
                note=note,
                state="open",
                created_at=clock(),
            )
        )


def _mark_confirmed(session: Session, order: Order, kind: str, *, actor: Actor, clock: Clock) -> None:
    now = clock()
    order.state = OrderState.CONFIRMED
    order.hold_expires_at = None
    order.confirmed_at = order.updated_at = now
    order.closed_at = None
    _enter(session, order, kind, actor, clock)
    publish(session, OrderConfirmed(order.id, order.code, order.session_id, order.buyer_id, order.total_vnd))
    session.flush()


def _enter(session: Session, order: Order, kind: str, actor: Actor, clock: Clock, **details: object) -> None:
    session.add(OrderEntry(order_id=order.id, at=clock(), kind=kind, actor_name=actor.name, details=details))
