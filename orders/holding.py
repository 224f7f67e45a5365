"""What happens to held stock: committed when an order is confirmed, given back when it is not, taken again when money is late.

Each hold is closed by a guarded change of its state, so that no order gives its stock back twice.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.events import publish
from app.states import Ignored, next_state
from orders.draft_writing import take_sale_limits
from orders.events import StockChanged
from orders.locks import lock_holds
from orders.market import plan_lines
from orders.models import Allocation, Order, OrderLine, StockHold, StockHoldLine
from orders.states import HOLD_TABLE, HoldEvent, HoldState
from shop.allocation import RULE_NAME
from shop.locks import lock_lots, lock_sale_limits
from shop.models import HarvestLot
from shop.stock import LotChange, move_stock


def commit_holds(session: Session, orders: Sequence[Order], *, actor: Actor, clock: Clock) -> None:
    """Turn what locked orders hold into what they bought, and write whose fruit it is (the allocations)."""
    holds = _close(session, orders, HoldEvent.COMMIT, clock)
    lines = _hold_lines(session, holds)
    _lock_stock(session, lines)
    changes = [
        LotChange(lot_id, "commit", f"hold:{hold_id}", delta_held=-quantity, delta_sold=quantity)
        for (hold_id, lot_id), quantity in _by_hold_and_lot(lines).items()
    ]
    move_stock(session, changes, actor=actor, clock=clock)
    now = clock()
    household_of = _households(session, {line.lot_id for line in lines})
    _drop_emptied_allocations(session, {line.order_line_id for line in lines})
    rows = [
        {
            "order_line_id": line.order_line_id,
            "lot_id": line.lot_id,
            "household_id": household_of[line.lot_id],
            "quantity": line.quantity,
            "rule": RULE_NAME,
            "created_at": now,
        }
        for line in lines
    ]
    if rows:
        session.execute(insert(Allocation), rows)
    _publish_stock(session, lines)


def release_holds(
    session: Session,
    orders: Sequence[Order],
    *,
    because: Literal["expired", "cancelled"],
    actor: Actor,
    clock: Clock,
) -> None:
    """Give what locked orders hold, or bought but will not get, back to their lots and quotas."""
    event = HoldEvent.EXPIRE if because == "expired" else HoldEvent.RELEASE
    before = {hold.id: hold.state for hold in _open_holds(session, orders)}
    holds = _close(session, orders, event, clock)
    lines = _hold_lines(session, holds)
    _lock_stock(session, lines)
    changes = []
    for (hold_id, lot_id), quantity in _by_hold_and_lot(lines).items():
        sold = before[hold_id] == HoldState.COMMITTED
        changes.append(
            LotChange(
                lot_id,
                because,
                f"hold:{hold_id}",
                delta_held=0 if sold else -quantity,
                delta_sold=-quantity if sold else 0,
            )
        )
    give_back: dict[int, int] = defaultdict(int)
    for line in lines:
        if line.sale_limit_id is not None:
            give_back[line.sale_limit_id] -= line.quantity
    take_sale_limits(session, give_back)
    move_stock(session, changes, actor=actor, clock=clock)
    _clear_allocations(session, {line.order_line_id for line in lines})
    _publish_stock(session, lines)


def _open_holds(session: Session, orders: Sequence[Order]) -> list[StockHold]:
    holds = lock_holds(session, [order.id for order in orders])
    return [hold for hold in holds if hold.state in (HoldState.ACTIVE, HoldState.COMMITTED)]


def _close(session: Session, orders: Sequence[Order], event: HoldEvent, clock: Clock) -> list[StockHold]:
    closed = []
    for hold in _open_holds(session, orders):
        state = next_state(HOLD_TABLE, HoldState(hold.state), event)
        if isinstance(state, Ignored):
            continue
        hold.state = state
        hold.closed_at = None if state == HoldState.COMMITTED else clock()
        hold.expires_at = None if state == HoldState.COMMITTED else hold.expires_at
        closed.append(hold)
    session.flush()
    return closed


def _hold_lines(session: Session, holds: Sequence[StockHold]) -> list[StockHoldLine]:
    if not holds:
        return []
    return list(
        session.scalars(
            select(StockHoldLine)
            .where(StockHoldLine.hold_id.in_([hold.id for hold in holds]), StockHoldLine.quantity > 0)
            .order_by(StockHoldLine.id)
        )
    )


def _lock_stock(session: Session, lines: Sequence[StockHoldLine]) -> None:
    lock_sale_limits(session, {line.sale_limit_id for line in lines if line.sale_limit_id is not None})
    lock_lots(session, {line.lot_id for line in lines})


def _by_hold_and_lot(lines: Sequence[StockHoldLine]) -> dict[tuple[int, int], int]:
    sums: dict[tuple[int, int], int] = defaultdict(int)
    for line in lines:
        sums[line.hold_id, line.lot_id] += line.quantity
    return sums


def _households(session: Session, lot_ids: set[int]) -> dict[int, int]:
    rows = session.execute(select(HarvestLot.id, HarvestLot.household_id).where(HarvestLot.id.in_(lot_ids)))
    return {row.id: row.household_id for row in rows}


def _clear_allocations(session: Session, line_ids: set[int]) -> None:
    if line_ids:
        session.execute(update(Allocation).where(Allocation.order_line_id.in_(line_ids)).values(quantity=0))


def _drop_emptied_allocations(session: Session, line_ids: set[int]) -> None:
    # An order that was confirmed, cancelled and paid late is allocated anew; the rows of its first life are empty.
    if line_ids:
        emptied = delete(Allocation).where(Allocation.order_line_id.in_(line_ids), Allocation.quantity == 0)
        session.execute(emptied)


def _publish_stock(session: Session, lines: Sequence[StockHoldLine]) -> None:
    if lines:
        publish(session, StockChanged(frozenset(line.listing_id for line in lines)))


def hold_again(session: Session, order: Order, lines: Sequence[OrderLine], *, actor: Actor, clock: Clock) -> StockHold:
    """Hold a closed order's lines once more, as a new attempt at its own frozen prices.

    Quotas are not taken again: a flash price ends with its time, but the buyer paid the price that was promised. Raises
    ``InsufficientStock`` before anything is written.
    """
    supplies = plan_lines(session, lines, on=vietnam_date(clock()))
    order.hold_attempt += 1
    now = clock()
    hold = StockHold(order_id=order.id, attempt=order.hold_attempt, state=HoldState.ACTIVE, created_at=now)
    session.add(hold)
    session.flush()
    session.add_all(
        StockHoldLine(
            hold_id=hold.id,
            order_line_id=line.id,
            listing_id=line.listing_id,
            lot_id=share.lot_id,
            quantity=share.quantity,
        )
        for line, shares in supplies
        for share in shares
    )
    taken: dict[int, int] = defaultdict(int)
    for _, shares in supplies:
        for share in shares:
            taken[share.lot_id] += share.quantity
    changes = [
        LotChange(lot_id, "hold", f"hold:{hold.id}", delta_held=quantity) for lot_id, quantity in sorted(taken.items())
    ]
    move_stock(session, changes, actor=actor, clock=clock)
    session.flush()
    return hold
