"""Checkout: where the parcel goes, what sending it costs, how it is paid, and the total that the buyer has seen."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Buyer
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.policy import SalePolicy
from app.text import clean_block, clean_line
from orders.balances import captured_vnd
from orders.lifecycle import confirm_order, open_task
from orders.locks import lock_order
from orders.models import DeliveryRate, Order, OrderEntry, OrderLine, Shipment
from orders.pricing import DeliveryRate as Bracket
from orders.pricing import delivery_fee
from orders.states import OrderState
from shop.places import SCHEME, ward

METHODS_OFFERED = ("vietqr", "cod")


@dataclass(frozen=True, slots=True)
class CheckoutDetails:
    """What the checkout form sends. ``shown_total_vnd`` is the total the buyer was looking at when pressing the button."""

    recipient_name: str
    recipient_phone: str
    ward_code: str
    street: str
    note: str
    method: str
    shown_total_vnd: int


@dataclass(frozen=True, slots=True)
class CodStanding:
    """Whether this buyer may pay on delivery, and whether a call from the cooperative is needed first."""

    offered: bool
    automatic: bool
    reason: str = ""


def parcel_grams(lines: list[OrderLine]) -> int:
    """Return what the parcel weighs for the delivery table; goods without a weight count as nothing."""
    return sum(line.quantity * (line.weight_grams or 0) // line.unit_quantity for line in lines)


def quote_delivery(session: Session, order: Order, province_code: str) -> int:
    """Return the fee in đồng to a province; raises ``InvalidInput`` where the table does not reach."""
    rates = session.scalars(select(DeliveryRate).where(DeliveryRate.cooperative_id == order.cooperative_id))
    brackets = [Bracket(rate.province_code, rate.up_to_grams, rate.fee_vnd) for rate in rates]
    return delivery_fee(brackets, province_code, parcel_grams(order.lines))


def cod_standing(session: Session, order: Order, *, policy: SalePolicy) -> CodStanding:
    """Judge pay-on-delivery by what this very buyer did before: the cookie's history and, once proven, the phone's.

    A typed phone gives nothing, so a stranger cannot borrow a good name, nor spoil one.
    """
    buyer = session.get(Buyer, order.buyer_id)
    assert buyer is not None
    if order.goods_vnd > policy.cod_max_vnd:
        return CodStanding(False, False, "Đơn lớn nên hợp tác xã xin nhận chuyển khoản trước ạ.")
    same_person = Buyer.id == buyer.id
    if buyer.phone_verified_at is not None:
        proven = (Buyer.phone == buyer.phone) & Buyer.phone_verified_at.is_not(None)
        same_person = or_(same_person, proven)
    states = dict(
        session.execute(
            select(Order.state, func.count())
            .join(Buyer, Buyer.id == Order.buyer_id)
            .where(same_person, Order.payment_method == "cod")
            .group_by(Order.state)
        ).all()
    )
    refused = _refusals(session, same_person)
    if refused > policy.cod_max_refusals:
        return CodStanding(
            False, False, "Lần trước đơn giao không có người nhận, lần này bác chuyển khoản trước giúp em ạ."
        )
    trusted = buyer.phone_verified_at is not None and states.get("delivered", 0) >= policy.cod_needs_delivered_orders
    if trusted:
        return CodStanding(True, True)
    return CodStanding(True, False, "Hợp tác xã sẽ gọi bác một cuộc để xác nhận trước khi đóng hàng.")


def complete_checkout(
    session: Session, order_id: int, details: CheckoutDetails, *, policy: SalePolicy, actor: Actor, clock: Clock
) -> Order:
    """Freeze address, delivery fee and method on the order; confirm it at once where pay-on-delivery may be trusted.

    Raises ``InvalidInput`` with the ``field`` to mend, ``Conflict`` with ``total_vnd`` when the total differs from the one
    shown (nothing is charged that the buyer did not see), ``Conflict`` when the order no longer waits.
    """
    order = lock_order(session, order_id)
    if order.state != OrderState.PENDING:
        raise Conflict("Đơn này không còn chờ đặt nữa ạ. Bác xem lại tình trạng đơn giúp em.")
    place = ward(details.ward_code)
    if place is None:
        raise InvalidInput("Bác chọn phường hoặc xã trong danh sách giúp em.", field="ward")
    recipient = clean_line(details.recipient_name)
    street = clean_line(details.street)
    if not recipient or len(recipient) > 80:
        raise InvalidInput("Bác cho em xin tên người nhận ạ.", field="recipient_name")
    if not street or len(street) > 160:
        raise InvalidInput("Bác ghi số nhà, thôn xóm hoặc tên đường giúp em.", field="street")
    if details.method not in METHODS_OFFERED:
        raise InvalidInput("Bác chọn cách thanh toán giúp em.", field="method")
    standing = cod_standing(session, order, policy=policy)
    if details.method == "cod" and not standing.offered:
        raise InvalidInput(standing.reason, field="method")
    fee = quote_delivery(session, order, place.province_code)
    total = order.goods_vnd + fee
    if total != details.shown_total_vnd:
        raise Conflict("Tổng tiền vừa thay đổi, bác xem lại rồi bấm đặt lần nữa giúp em ạ.", total_vnd=total)
    now = clock()
    order.recipient_name = recipient
    order.recipient_phone = details.recipient_phone
    order.address_scheme = SCHEME
    order.ward_code, order.ward_name = place.code, place.name
    order.province_code, order.province_name = place.province_code, place.province_name
    order.street = street
    order.note = clean_block(details.note)[:300]
    order.delivery_fee_vnd = fee
    order.total_vnd = total
    order.payment_method = details.method
    order.updated_at = now
    entry = {"method": details.method, "total_vnd": total}
    session.add(OrderEntry(order_id=order.id, at=now, kind="checked_out", actor_name=actor.name, details=entry))
    session.flush()
    if details.method == "cod":
        _promise_cod(session, order, standing, actor=actor, clock=clock)
    elif captured_vnd(session, [order.id]).get(order.id, 0) >= total:
        confirm_order(session, order.id, actor=actor, clock=clock)
    return order


def _promise_cod(session: Session, order: Order, standing: CodStanding, *, actor: Actor, clock: Clock) -> None:
    if standing.automatic:
        confirm_order(session, order.id, actor=actor, clock=clock)
        return
    open_task(
        session,
        order,
        "confirm_cod",
        f"order:{order.id}:cod:{order.hold_attempt}",
        "Khách trả tiền khi nhận hàng: gọi xác nhận rồi chốt đơn trước khi hết giờ giữ.",
        clock=clock,
    )


def _refusals(session: Session, same_person: object) -> int:
    count = session.scalar(
        select(func.count(Order.id))
        .join(Buyer, Buyer.id == Order.buyer_id)
        .join(Shipment, Shipment.order_id == Order.id)
        .where(same_person, Order.state == OrderState.RETURNED, Shipment.delivered_at.is_(None))  # type: ignore[arg-type]
    )
    return count or 0
