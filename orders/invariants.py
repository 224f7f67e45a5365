"""What must be true of the data at every moment: each promise is a function that returns the rows which break it.

Run by ``flask check-invariants`` on a real database and after every test of a use case. The promises about stock and
orders are here, those about money in ``orders.ledger.invariants``.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select, text
from sqlalchemy.orm import Session

from orders.ledger import invariants as money
from orders.models import Allocation, Order, OrderCommand, OrderEntry, OrderLine, StockHold, StockHoldLine
from orders.states import HoldState, OrderState
from shop.models import HarvestLot, SaleLimit, StockMovement

APPEND_ONLY = (
    "ledger_transaction",
    "ledger_posting",
    "stock_movement",
    "audit_entry",
    "weigh_in",
    "order_entry",
    "session_event",
)
_SOLD_STATES = (OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED, OrderState.DELIVERED)


@dataclass(frozen=True, slots=True)
class InvariantResult:
    """One promise and the rows that break it, each as a short sentence for whoever has to look."""

    name: str
    offending: tuple[str, ...]

    @property
    def holds(self) -> bool:
        return not self.offending


def check_all(session: Session) -> list[InvariantResult]:
    """Check every promise against what the session sees, and return them in a fixed order."""
    return [InvariantResult(name, tuple(check(session))) for name, check in INVARIANTS]


def lots_in_range(session: Session) -> list[str]:
    """No counter of a lot is negative, and nobody sold more than was brought."""
    taken = HarvestLot.qty_held + HarvestLot.qty_sold + HarvestLot.qty_lost
    broken = (
        (HarvestLot.qty_total < 0)
        | (HarvestLot.qty_held < 0)
        | (HarvestLot.qty_sold < 0)
        | (HarvestLot.qty_lost < 0)
        | (taken > HarvestLot.qty_total)
    )
    return _say(session, select(HarvestLot.id, HarvestLot.qty_total, taken).where(broken), "lot {}: total {}, taken {}")


def lots_equal_holds(session: Session) -> list[str]:
    """What a lot says is held and sold is exactly what active and committed holds say."""

    def in_state(state: HoldState) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((StockHold.state == state, StockHoldLine.quantity), else_=0)), 0)

    held, sold = in_state(HoldState.ACTIVE), in_state(HoldState.COMMITTED)
    statement = (
        select(HarvestLot.id, HarvestLot.qty_held, held, HarvestLot.qty_sold, sold)
        .outerjoin(StockHoldLine, StockHoldLine.lot_id == HarvestLot.id)
        .outerjoin(StockHold, StockHold.id == StockHoldLine.hold_id)
        .group_by(HarvestLot.id, HarvestLot.qty_held, HarvestLot.qty_sold)
        .having((HarvestLot.qty_held != held) | (HarvestLot.qty_sold != sold))
    )
    return _say(session, statement, "lot {}: held {} but holds say {}, sold {} but holds say {}")


def lots_equal_movements(session: Session) -> list[str]:
    """A lot's counters are the sum of everything that ever moved it."""
    pairs = [
        (getattr(HarvestLot, f"qty_{name}"), func.coalesce(func.sum(getattr(StockMovement, f"delta_{name}")), 0))
        for name in ("total", "held", "sold", "lost")
    ]
    statement = (
        select(HarvestLot.id, *[side for pair in pairs for side in pair])
        .outerjoin(StockMovement, StockMovement.lot_id == HarvestLot.id)
        .group_by(HarvestLot.id, *[counter for counter, _ in pairs])
        .having(_any(counter != moved for counter, moved in pairs))
    )
    return _say(session, statement, "lot {}: total {}/{}, held {}/{}, sold {}/{}, lost {}/{} (counter/movements)")


def quotas_in_range(session: Session) -> list[str]:
    """No quota is taken beyond its limit, or less than what open holds took of it."""
    open_hold = StockHold.state.in_((HoldState.ACTIVE, HoldState.COMMITTED))
    held = func.coalesce(func.sum(case((open_hold, StockHoldLine.quantity), else_=0)), 0)
    statement = (
        select(SaleLimit.id, SaleLimit.qty_taken, SaleLimit.qty_limit, held)
        .outerjoin(StockHoldLine, StockHoldLine.sale_limit_id == SaleLimit.id)
        .outerjoin(StockHold, StockHold.id == StockHoldLine.hold_id)
        .group_by(SaleLimit.id, SaleLimit.qty_taken, SaleLimit.qty_limit)
        .having((SaleLimit.qty_taken > SaleLimit.qty_limit) | (SaleLimit.qty_taken < held))
    )
    return _say(session, statement, "quota {}: taken {} of {}, open holds {}")


def allocations_equal_lines(session: Session) -> list[str]:
    """Every sold base unit belongs to one lot, and nothing that is not sold belongs to any."""
    allocated = func.coalesce(func.sum(Allocation.quantity), 0)
    billed = func.coalesce(OrderLine.billed_quantity, OrderLine.quantity)
    # Fruit that came back was somebody's; its allocation stays as history.
    due = case((Order.state.in_((*_SOLD_STATES, OrderState.RETURNED)), billed), else_=0)
    statement = (
        select(OrderLine.id, Order.state, due, allocated)
        .join(Order, Order.id == OrderLine.order_id)
        .outerjoin(Allocation, Allocation.order_line_id == OrderLine.id)
        .group_by(OrderLine.id, Order.state, OrderLine.billed_quantity, OrderLine.quantity)
        .having(allocated != due)
    )
    return _say(session, statement, "line {} ({}): should have {} allocated, has {}")


def holds_follow_orders(session: Session) -> list[str]:
    """A pending order has one active hold, a sold one a committed one, and a closed one none that is open."""

    def open_in(state: HoldState) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((StockHold.state == state, 1), else_=0)), 0)

    active, committed = open_in(HoldState.ACTIVE), open_in(HoldState.COMMITTED)
    statement = (
        select(Order.id, Order.state, active, committed)
        .outerjoin(StockHold, StockHold.order_id == Order.id)
        .group_by(Order.id, Order.state)
        .having(
            (active != case((Order.state == OrderState.PENDING, 1), else_=0))
            | (committed != case((Order.state.in_(_SOLD_STATES), 1), else_=0))
        )
    )
    return _say(session, statement, "order {} ({}): {} active holds, {} committed")


def pending_left_once(session: Session) -> list[str]:
    """No order was confirmed in time twice, or both confirmed in time and expired."""
    count = func.count(OrderEntry.id)
    statement = (
        select(OrderEntry.order_id, count)
        .where(OrderEntry.kind.in_(("confirmed", "expired")))
        .group_by(OrderEntry.order_id)
        .having(count > 1)
    )
    return _say(session, statement, "order {}: left pending {} times")


def totals_add_up(session: Session) -> list[str]:
    """An order's goods are the sum of its lines."""
    goods = func.coalesce(func.sum(OrderLine.goods_vnd), 0)
    statement = (
        select(Order.id, Order.goods_vnd, goods)
        .outerjoin(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.goods_vnd != 0)
        .group_by(Order.id, Order.goods_vnd)
        .having(Order.goods_vnd != goods)
    )
    return _say(session, statement, "order {}: goods {} but lines {}")


def commands_answered_once(session: Session) -> list[str]:
    """A command stands once under its key, and the answer it got is about the order it made."""
    count = func.count(OrderCommand.id)
    twice = (
        select(OrderCommand.scope, OrderCommand.key, count)
        .group_by(OrderCommand.scope, OrderCommand.key)
        .having(count > 1)
    )
    found = _say(session, twice, "command {} {}: stands {} times")
    answered = OrderCommand.result["order_id"].as_integer()
    strangers = select(OrderCommand.id, OrderCommand.order_id, answered).where(
        OrderCommand.order_id.is_not(None), answered.is_not(None), answered != OrderCommand.order_id
    )
    return found + _say(session, strangers, "command {}: made order {} but answered about order {}")


def history_is_guarded(session: Session) -> list[str]:
    """The database itself refuses to change or delete rows of what happened."""
    if session.get_bind().dialect.name == "sqlite":
        wanted = {f"{table}_no_{verb}" for table in APPEND_ONLY for verb in ("update", "delete")}
        found = set(session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")))
    else:
        wanted = {f"{table}_append_only" for table in APPEND_ONLY}
        found = set(session.scalars(text("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'D'")))
    return [f"trigger {name} is missing or off" for name in sorted(wanted - found)]


INVARIANTS: tuple[tuple[str, Callable[[Session], list[str]]], ...] = (
    ("lot counters in range", lots_in_range),
    ("lot counters equal open holds", lots_equal_holds),
    ("lot counters equal movements", lots_equal_movements),
    ("quotas in range", quotas_in_range),
    ("allocations equal billed quantities", allocations_equal_lines),
    ("holds follow their orders", holds_follow_orders),
    ("no order leaves pending twice", pending_left_once),
    ("order totals add up", totals_add_up),
    ("every command is answered once", commands_answered_once),
    *money.INVARIANTS,
    ("history cannot be changed", history_is_guarded),
)


def _say(session: Session, statement: Select[*tuple[Any, ...]], sentence: str) -> list[str]:
    return [sentence.format(*row) for row in session.execute(statement)]


def _any(conditions: Any) -> ColumnElement[bool]:
    first, *rest = conditions
    for condition in rest:
        first |= condition
    return first
