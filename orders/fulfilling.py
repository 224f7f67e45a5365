"""From a confirmed order to the buyer's door: packed at its real weight, sent, delivered or come back.

A line bills what was packed, never more than was ordered: overweight is given, what is missing is not paid. Revenue is
recognised at delivery, in the same transaction that records the delivery.
"""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.money import format_vnd, split_by_weight
from app.states import Ignored, next_state
from app.text import clean_line
from orders.balances import amount_due_vnd
from orders.ledger.posting import post_delivered, post_payment_captured, post_refused
from orders.lifecycle import give_back_excess
from orders.locks import lock_order
from orders.models import Allocation, Order, OrderEntry, OrderLine, Payment, Shipment, StockHold, StockHoldLine
from orders.pricing import billed_quantity, line_amount
from orders.states import ORDER_TABLE, HoldState, OrderEvent, OrderState, PaymentState, ShipmentState
from shop.locks import lock_lots
from shop.stock import LotChange, move_stock


def pack_order(session: Session, order_id: int, packed: Mapping[int, int], *, actor: Actor, clock: Clock) -> Order:
    """Record what went into the box, in base units by order line id, and bill the smaller of packed and ordered.

    The lots, allocations and amounts move to the billed quantity by recorded adjustment; what was short is written off as
    lost, because the fruit is not there. Raises ``InvalidInput`` for a missing line or an impossible weight.
    """
    order = lock_order(session, order_id)
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.PACK)
    if isinstance(state, Ignored):
        return order
    lines = session.scalars(
        select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.quantity > 0).order_by(OrderLine.id)
    ).all()
    for line in lines:
        quantity = packed.get(line.id)
        if quantity is None or quantity < 0:
            raise InvalidInput("Bác cân và ghi đủ số cho từng món trong đơn giúp em.", field=f"line-{line.id}")
        if quantity > 2 * line.quantity + 1000:
            raise InvalidInput(
                f"Số cân của {line.title} lớn hơn nhiều so với đơn, bác cân lại giúp em.", field=f"line-{line.id}"
            )
    if not any(packed[line.id] for line in lines):
        raise InvalidInput("Hộp chưa có gì. Nếu không có hàng, bác hủy đơn và gọi khách giúp em.")
    lock_lots(session, {lot_id for lot_id, _ in _allocated(session, order)})
    for line in lines:
        line.packed_quantity = packed[line.id]
        line.billed_quantity = billed_quantity(line.quantity, packed[line.id])
        line.goods_vnd = line_amount(line.billed_quantity, line.price_vnd, line.unit_quantity)
        if line.billed_quantity < line.quantity:
            _shrink_allocations(session, order, line, actor=actor, clock=clock)
    total_before = order.total_vnd
    order.goods_vnd = sum(line.goods_vnd for line in lines)
    order.total_vnd = order.goods_vnd + order.delivery_fee_vnd
    _turn(session, order, state, "packed", actor, clock, total_before=total_before, total_vnd=order.total_vnd)
    give_back_excess(session, order, "packing", "Cân thực ít hơn đơn", order.total_vnd, actor=actor, clock=clock)
    return order


def ship_order(
    session: Session, order_id: int, *, carrier: str, tracking_number: str, actor: Actor, clock: Clock
) -> Order:
    """Hand a packed order to a carrier; the name and number are what the buyer follows it by."""
    order = lock_order(session, order_id)
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.SHIP)
    if isinstance(state, Ignored):
        return order
    carrier = clean_line(carrier)
    if not carrier or len(carrier) > 60:
        raise InvalidInput("Bác ghi tên bên vận chuyển hoặc nhà xe giúp em.", field="carrier")
    now = clock()
    session.add(
        Shipment(
            order_id=order.id,
            state=ShipmentState.SHIPPED,
            carrier=carrier,
            tracking_number=clean_line(tracking_number)[:60],
            shipped_at=now,
        )
    )
    _turn(session, order, state, "shipped", actor, clock, carrier=carrier)
    return order


def deliver_order(session: Session, order_id: int, *, actor: Actor, clock: Clock) -> Order:
    """Record that the buyer has the goods: cash on delivery is captured first, then everyone's share is booked."""
    order = lock_order(session, order_id)
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.DELIVER)
    if isinstance(state, Ignored):
        return order
    now = clock()
    due = amount_due_vnd(session, order)
    if due and order.payment_method != "cod":
        raise Conflict(f"Đơn còn thiếu {format_vnd(due)}. Bác thu đủ tiền rồi ghi đã giao giúp em.")
    if due:
        payment = Payment(
            order_id=order.id,
            provider="cod",
            state=PaymentState.CAPTURED,
            amount_vnd=due,
            created_at=now,
            captured_at=now,
        )
        session.add(payment)
        session.flush()
        post_payment_captured(session, order, payment, actor=actor, clock=clock)
    shipment = session.scalars(select(Shipment).where(Shipment.order_id == order.id)).one()
    shipment.state = ShipmentState.DELIVERED
    shipment.delivered_at = order.delivered_at = now
    order.closed_at = now
    _turn(session, order, state, "delivered", actor, clock, cash_vnd=due)
    post_delivered(session, order, actor=actor, clock=clock)
    return order


def return_order(session: Session, order_id: int, *, reason: str, cost_vnd: int, actor: Actor, clock: Clock) -> Order:
    """Record a parcel that came back unaccepted: its fruit is lost until a person says otherwise, its money is refunded.

    ``cost_vnd`` is what both ways cost. Raises ``Conflict`` for a delivered order: that is a claim with a refund.
    """
    order = lock_order(session, order_id)
    if order.state == OrderState.DELIVERED:
        raise Conflict("Đơn đã giao rồi. Nếu khách trả hàng, bác xử lý ở mục khiếu nại và hoàn tiền giúp em.")
    state = next_state(ORDER_TABLE, OrderState(order.state), OrderEvent.RETURN)
    if isinstance(state, Ignored):
        return order
    now = clock()
    parts = _allocated(session, order)
    lock_lots(session, {lot_id for lot_id, _ in parts})
    changes = [
        LotChange(lot_id, "returned", f"order:{order.id}:returned", delta_sold=-quantity, delta_lost=quantity)
        for lot_id, quantity in parts
    ]
    move_stock(session, changes, actor=actor, clock=clock)
    _release_committed(session, order, clock)
    shipment = session.scalars(select(Shipment).where(Shipment.order_id == order.id)).one()
    shipment.state = ShipmentState.RETURNED
    shipment.returned_at = order.closed_at = now
    _turn(session, order, state, "returned", actor, clock, reason=clean_line(reason)[:200], cost_vnd=cost_vnd)
    if cost_vnd > 0:
        post_refused(session, order, cost_vnd, actor=actor, clock=clock)
    give_back_excess(session, order, "returned", "Hàng đã quay về", 0, actor=actor, clock=clock)
    return order


def _turn(
    session: Session, order: Order, state: OrderState, kind: str, actor: Actor, clock: Clock, **details: object
) -> None:
    order.state = state
    order.updated_at = clock()
    session.add(OrderEntry(order_id=order.id, at=clock(), kind=kind, actor_name=actor.name, details=details))
    session.flush()


def _shrink_allocations(session: Session, order: Order, line: OrderLine, *, actor: Actor, clock: Clock) -> None:
    """Bring a line's allocations down to the billed quantity, each household in proportion to what it gave."""
    assert line.billed_quantity is not None
    allocations = session.scalars(
        select(Allocation)
        .where(Allocation.order_line_id == line.id, Allocation.quantity > 0)
        .order_by(Allocation.lot_id)
    ).all()
    billed = split_by_weight(line.billed_quantity, [allocation.quantity for allocation in allocations])
    changes = []
    for allocation, quantity in zip(allocations, billed, strict=True):
        short = allocation.quantity - quantity
        if short:
            reference = f"order:{order.id}:packed:{line.id}"
            changes.append(LotChange(allocation.lot_id, "packed_short", reference, delta_sold=-short, delta_lost=short))
            allocation.quantity = quantity
            _hold_line(session, order, line.id, allocation.lot_id).quantity = quantity
    move_stock(session, changes, actor=actor, clock=clock)


def _hold_line(session: Session, order: Order, line_id: int, lot_id: int) -> StockHoldLine:
    return session.scalars(
        select(StockHoldLine)
        .join(StockHold, StockHold.id == StockHoldLine.hold_id)
        .where(
            StockHold.order_id == order.id,
            StockHold.state == HoldState.COMMITTED,
            StockHoldLine.order_line_id == line_id,
            StockHoldLine.lot_id == lot_id,
        )
    ).one()


def _allocated(session: Session, order: Order) -> list[tuple[int, int]]:
    sums: dict[int, int] = {}
    rows = session.execute(
        select(Allocation.lot_id, Allocation.quantity)
        .join(OrderLine, OrderLine.id == Allocation.order_line_id)
        .where(OrderLine.order_id == order.id, Allocation.quantity > 0)
    )
    for lot_id, quantity in rows:
        sums[lot_id] = sums.get(lot_id, 0) + quantity
    return sorted(sums.items())


def _release_committed(session: Session, order: Order, clock: Clock) -> None:
    # The stock has moved to "lost" above; the hold only stops counting as sold.
    hold = session.scalars(
        select(StockHold).where(StockHold.order_id == order.id, StockHold.state == HoldState.COMMITTED)
    ).one()
    hold.state = HoldState.RELEASED
    hold.closed_at = clock()
