"""A buyer changes their mind before any money has come; afterwards a person at the desk talks with them."""

from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict
from orders.balances import captured_vnd
from orders.lifecycle import cancel_order
from orders.locks import lock_order
from orders.models import Order
from orders.states import OrderState


def withdraw_order(session: Session, order_id: int, *, actor: Actor, clock: Clock) -> Order:
    """Cancel an unpaid order at the buyer's wish; raises ``Conflict`` once it is confirmed or money has come."""
    order = lock_order(session, order_id)
    if order.state in (OrderState.CANCELLED, OrderState.EXPIRED):
        return order
    if order.state != OrderState.PENDING or captured_vnd(session, [order.id]):
        raise Conflict("Đơn này hợp tác xã đã nhận rồi ạ. Bác gọi hợp tác xã để hủy giúp em, tiền sẽ được hoàn lại.")
    return cancel_order(session, order_id, reason="Khách hủy trên trang đơn", actor=actor, clock=clock)
