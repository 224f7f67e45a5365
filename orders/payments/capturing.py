"""Money that has become an order's: recorded, booked, shown, and the order confirmed once nothing is due.

However the money came (a matched transfer, a card, cash), this is the one place that makes it a captured payment.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.events import publish
from app.states import Ignored, next_state
from orders.balances import amount_due_vnd
from orders.events import PaymentReceived
from orders.ledger.posting import post_payment_captured
from orders.lifecycle import confirm_late_money, confirm_order, open_task
from orders.locks import lock_order, lock_payments
from orders.models import BankTransaction, Order, OrderEntry, Payment, Refund
from orders.refunding import reject_refund
from orders.states import PAYMENT_TABLE, OrderState, PaymentEvent, PaymentState, RefundState

_CLOSED_UNSERVED = (OrderState.EXPIRED, OrderState.CANCELLED)


def receive_transfer(
    session: Session, order: Order, transaction: BankTransaction, amount_vnd: int, *, actor: Actor, clock: Clock
) -> Payment:
    """Capture a part of a bank transfer for a locked order. One transfer pays at most one order, once."""
    now = clock()
    payment = Payment(
        order_id=order.id,
        provider="vietqr",
        state=PaymentState.CAPTURED,
        amount_vnd=amount_vnd,
        bank_transaction_id=transaction.id,
        created_at=now,
        captured_at=now,
    )
    session.add(payment)
    session.flush()
    _settle(session, order, payment, actor=actor, clock=clock)
    return payment


def capture_payment(session: Session, order_id: int, payment_id: int, *, actor: Actor, clock: Clock) -> Payment:
    """Capture a payment that a provider reports as paid; told again, or told late, it changes what it must and no more."""
    order = lock_order(session, order_id)
    payment = next(row for row in lock_payments(session, order.id) if row.id == payment_id)
    state = next_state(PAYMENT_TABLE, PaymentState(payment.state), PaymentEvent.CAPTURE)
    if isinstance(state, Ignored):
        return payment
    payment.state = state
    payment.captured_at = clock()
    session.flush()
    _settle(session, order, payment, actor=actor, clock=clock)
    return payment


def _settle(session: Session, order: Order, payment: Payment, *, actor: Actor, clock: Clock) -> None:
    post_payment_captured(session, order, payment, actor=actor, clock=clock)
    due_vnd = amount_due_vnd(session, order)
    session.add(
        OrderEntry(
            order_id=order.id,
            at=clock(),
            kind="paid" if due_vnd == 0 else "paid_part",
            actor_name=actor.name,
            details={"provider": payment.provider, "amount_vnd": payment.amount_vnd, "due_vnd": due_vnd},
        )
    )
    session.flush()
    publish(
        session, PaymentReceived(order.id, order.code, order.session_id, order.buyer_id, payment.amount_vnd, due_vnd)
    )
    if due_vnd:
        return
    if order.state in _CLOSED_UNSERVED and order.payment_method is None:
        # Nobody could send this parcel: it takes no stock until the buyer has said where it goes.
        open_task(
            session,
            order,
            "late_money",
            f"order:{order.id}:late:{order.hold_attempt}",
            "Tiền đến sau khi đơn đã đóng mà khách chưa ghi địa chỉ: gọi hỏi địa chỉ để đặt lại, hoặc hoàn tiền.",
            clock=clock,
        )
    elif order.state in _CLOSED_UNSERVED:
        if confirm_late_money(session, order.id, actor=actor, clock=clock):
            _withdraw_refunds(session, order, actor=actor, clock=clock)
    elif order.payment_method is None:
        # Paid before an address was given: the parcel has nowhere to go yet, and the hold's clock still runs.
        open_task(
            session,
            order,
            "paid_without_address",
            f"order:{order.id}:address:{order.hold_attempt}",
            "Khách đã chuyển đủ tiền hàng nhưng chưa ghi địa chỉ: gọi hỏi trước khi hết giờ giữ hàng.",
            clock=clock,
        )
    else:
        confirm_order(session, order.id, actor=actor, clock=clock)


def _withdraw_refunds(session: Session, order: Order, *, actor: Actor, clock: Clock) -> None:
    """Take back what was asked for while the order was closed and nobody has approved yet: the goods are coming now."""
    asked = select(Refund.id).where(Refund.order_id == order.id, Refund.state == RefundState.REQUESTED)
    for refund_id in session.scalars(asked.order_by(Refund.id)).all():
        reject_refund(session, refund_id, actor=actor, clock=clock)
