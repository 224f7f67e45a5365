"""When the scale shows less than was sold: orders move to other lots, unpaid ones give way, paid ones get their money back.

Called inside the transaction of the weighing, before the lot's total is lowered, so that no moment exists in which more is
sold than there is (architecture: stock; registered with the shop in ``orders.wiring``).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import InsufficientStock
from app.events import publish
from app.ids import new_public_id
from app.quantity import format_units
from orders.balances import captured_vnd
from orders.draft_writing import take_sale_limits
from orders.drafting import STEP_GRAMS
from orders.events import OrderHeld, OrderReleased, StockChanged
from orders.lifecycle import confirm_order, give_back_excess, open_task
from orders.locks import lock_holds, lock_orders
from orders.market import planner_without
from orders.models import Allocation, Order, OrderEntry, OrderLine, StockHold, StockHoldLine
from orders.pricing import line_amount
from orders.states import HoldState, OrderState
from shop.allocation import RULE_NAME, AllocationPlanner, Demand, LotShare
from shop.locks import lock_sale_limits
from shop.models import HarvestLot
from shop.stock import LotChange, move_stock

_OPEN_HOLDS = (HoldState.ACTIVE, HoldState.COMMITTED)
_CAN_GIVE_WAY = (OrderState.PENDING, OrderState.CONFIRMED)
"""A packed order already has its fruit in the box; only those that wait can give way."""


@dataclass(slots=True)
class _Stake:
    """What one order line has in the short lot."""

    order: Order
    line: OrderLine
    hold: StockHold
    hold_line: StockHoldLine
    gave_way: bool = False

    @property
    def paid(self) -> bool:
        return self.hold.state == HoldState.COMMITTED

    @property
    def smallest_part(self) -> int:
        return STEP_GRAMS if self.line.divisible else self.line.unit_quantity


def cover_shortfall(session: Session, lot_id: int, missing: int, *, actor: Actor, clock: Clock) -> int:
    """Free up to ``missing`` base units of a lot and return how many were freed.

    Confirmed orders are moved to other lots of their listing first, then unpaid ones; what cannot move is taken from unpaid
    orders, newest first, and at last from confirmed ones, whose buyers get a refund task.
    """
    stakes = _stakes(session, lot_id)
    reference = f"cover:{lot_id}:{new_public_id(12)}"
    freed = 0
    if stakes:
        limits = {stake.hold_line.sale_limit_id for stake in stakes if stake.hold_line.sale_limit_id is not None}
        lock_sale_limits(session, limits)
        planner, ranks = planner_without(
            session, lot_id, {stake.line.listing_id for stake in stakes}, on=vietnam_date(clock())
        )
        for stake in sorted(stakes, key=lambda s: (not s.paid, s.order.id)):
            if freed < missing:
                freed += _move(
                    session, stake, missing - freed, planner, ranks[stake.line.listing_id], reference, actor, clock
                )
    for stake in sorted(stakes, key=lambda s: (s.paid, -s.order.id)):
        if freed < missing and stake.hold_line.quantity:
            freed += _take_back(session, stake, missing - freed, reference, actor, clock)
    session.flush()
    for order in {stake.order.id: stake.order for stake in stakes if stake.gave_way}.values():
        _settle_money(session, order, reference, actor, clock)
    publish(session, StockChanged(frozenset(stake.line.listing_id for stake in stakes)))
    return freed


def _settle_money(session: Session, order: Order, reference: str, actor: Actor, clock: Clock) -> None:
    """See to the money of an order whose total fell: what is too much goes back, and what is enough now confirms it."""
    owed = 0 if order.state == OrderState.CANCELLED else order.total_vnd
    received = captured_vnd(session, [order.id]).get(order.id, 0)
    if order.state == OrderState.PENDING and order.payment_method and received >= owed > 0:
        confirm_order(session, order.id, actor=actor, clock=clock)
    if received:
        give_back_excess(session, order, reference, "Cân nhập thiếu", owed, actor=actor, clock=clock)


def _stakes(session: Session, lot_id: int) -> list[_Stake]:
    of_lot = (
        select(StockHold.order_id)
        .join(StockHoldLine, StockHoldLine.hold_id == StockHold.id)
        .where(StockHoldLine.lot_id == lot_id, StockHoldLine.quantity > 0, StockHold.state.in_(_OPEN_HOLDS))
    )
    orders = {
        order.id: order for order in lock_orders(session, session.scalars(of_lot)) if order.state in _CAN_GIVE_WAY
    }
    holds = {hold.id: hold for hold in lock_holds(session, list(orders)) if hold.state in _OPEN_HOLDS}
    rows = session.execute(
        select(StockHoldLine, OrderLine)
        .join(OrderLine, OrderLine.id == StockHoldLine.order_line_id)
        .where(StockHoldLine.hold_id.in_(holds), StockHoldLine.lot_id == lot_id, StockHoldLine.quantity > 0)
    )
    return [_Stake(orders[line.order_id], line, holds[held.hold_id], held) for held, line in rows]


def _move(
    session: Session,
    stake: _Stake,
    missing: int,
    planner: AllocationPlanner,
    ranks: dict[int, int],
    reference: str,
    actor: Actor,
    clock: Clock,
) -> int:
    wanted = _round_up(min(missing, stake.hold_line.quantity), stake)
    shares = _plan_what_is_there(planner, stake, wanted, ranks)
    moved = sum(share.quantity for share in shares)
    if not moved:
        return 0
    changes = [_change(stake, stake.hold_line.lot_id, -moved, reference)]
    changes += [_change(stake, share.lot_id, share.quantity, reference) for share in shares]
    move_stock(session, changes, actor=actor, clock=clock)
    _set_part(session, stake, stake.hold_line.lot_id, -moved, clock)
    for share in shares:
        _set_part(session, stake, share.lot_id, share.quantity, clock)
    return moved


def _plan_what_is_there(
    planner: AllocationPlanner, stake: _Stake, wanted: int, ranks: dict[int, int]
) -> Sequence[LotShare]:
    whole = not stake.line.divisible
    try:
        return planner.plan(Demand(wanted, stake.line.unit_quantity, whole), ranks)
    except InsufficientStock as short:
        left = short.details["left"] - short.details["left"] % stake.smallest_part
        return planner.plan(Demand(left, stake.line.unit_quantity, whole), ranks) if left else []


def _take_back(session: Session, stake: _Stake, missing: int, reference: str, actor: Actor, clock: Clock) -> int:
    order, line = stake.order, stake.line
    stake.gave_way = True
    less = min(_round_up(missing, stake), stake.hold_line.quantity)
    move_stock(
        session,
        [_change(stake, stake.hold_line.lot_id, -less, f"{reference}:taken")],
        actor=actor,
        clock=clock,
    )
    _set_part(session, stake, stake.hold_line.lot_id, -less, clock)
    if stake.hold_line.sale_limit_id is not None:
        take_sale_limits(session, {stake.hold_line.sale_limit_id: -less})
    line.quantity -= less
    line.goods_vnd = line_amount(line.quantity, line.price_vnd, line.unit_quantity)
    session.flush()
    goods = session.scalars(select(OrderLine.goods_vnd).where(OrderLine.order_id == order.id)).all()
    order.goods_vnd = sum(goods)
    order.total_vnd = order.goods_vnd + order.delivery_fee_vnd
    order.updated_at = clock()
    session.add(
        OrderEntry(
            order_id=order.id,
            at=clock(),
            kind="weighed_short",
            actor_name=actor.name,
            details={"line": line.id, "less": less, "unit_quantity": line.unit_quantity, "unit_label": line.unit_label},
        )
    )
    _tell(session, stake, less, reference, clock)
    return less


def _tell(session: Session, stake: _Stake, less: int, reference: str, clock: Clock) -> None:
    order, line = stake.order, stake.line
    emptied = order.goods_vnd == 0
    if emptied and not stake.paid:
        order.delivery_fee_vnd = order.total_vnd = 0
        order.state = OrderState.CANCELLED
        order.hold_expires_at = None
        order.closed_at = clock()
        stake.hold.state = HoldState.RELEASED
        stake.hold.closed_at = clock()
        publish(session, OrderReleased(order.id, order.code, order.session_id, order.buyer_id, "cancelled"))
    elif not stake.paid:
        publish(
            session,
            OrderHeld(order.id, order.code, order.session_id, order.buyer_id, order.goods_vnd, order.hold_expires_at),
        )
    if stake.paid:
        said = format_units(less, line.unit_quantity, line.unit_label)
        note = f"Cân nhập thiếu: đơn {order.code} bớt {said} {line.title}. Gọi báo khách."
        open_task(session, order, "short_weigh_in", f"{reference}:{line.id}", note, clock=clock)


def _change(stake: _Stake, lot_id: int, quantity: int, reference: str) -> LotChange:
    kind = "cover_in" if quantity > 0 else "cover_out"
    sold = quantity if stake.paid else 0
    return LotChange(lot_id, kind, f"{reference}:{stake.line.id}", delta_held=quantity - sold, delta_sold=sold)


def _set_part(session: Session, stake: _Stake, lot_id: int, quantity: int, clock: Clock) -> None:
    part = session.scalar(
        select(StockHoldLine).where(
            StockHoldLine.hold_id == stake.hold.id,
            StockHoldLine.order_line_id == stake.line.id,
            StockHoldLine.lot_id == lot_id,
        )
    )
    if part is None:
        part = StockHoldLine(
            hold_id=stake.hold.id,
            order_line_id=stake.line.id,
            listing_id=stake.line.listing_id,
            lot_id=lot_id,
            sale_limit_id=stake.hold_line.sale_limit_id,
            quantity=0,
        )
        session.add(part)
    part.quantity += quantity
    if stake.paid:
        _set_allocation(session, stake.line.id, lot_id, quantity, clock)
    session.flush()


def _set_allocation(session: Session, line_id: int, lot_id: int, quantity: int, clock: Clock) -> None:
    allocation = session.scalar(
        select(Allocation).where(Allocation.order_line_id == line_id, Allocation.lot_id == lot_id)
    )
    if allocation is None:
        household_id = session.scalars(select(HarvestLot.household_id).where(HarvestLot.id == lot_id)).one()
        allocation = Allocation(
            order_line_id=line_id,
            lot_id=lot_id,
            household_id=household_id,
            quantity=0,
            rule=RULE_NAME,
            created_at=clock(),
        )
        session.add(allocation)
    allocation.quantity += quantity


def _round_up(quantity: int, stake: _Stake) -> int:
    part = stake.smallest_part
    return min(-(-quantity // part) * part, stake.hold_line.quantity)
