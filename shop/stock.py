"""The only code that changes how much of a lot is there, held, sold or lost.

Each lot's counters change by one guarded ``UPDATE`` that refuses to go below zero or beyond what was brought, whatever
the caller believed; and each command leaves its movement rows, whose sums are the counters. Correctness rests on this
guard and the table's checks, never on who calls it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import InsufficientStock
from shop.models import HarvestLot, StockMovement


@dataclass(frozen=True, slots=True)
class LotChange:
    """One movement of one lot by one command; deltas in base units (grams or pieces), at least one of them not 0.

    ``reference`` names the command ("order:12:hold:1"); with ``kind`` and the lot it may stand only once.
    """

    lot_id: int
    kind: str
    reference: str
    delta_total: int = 0
    delta_held: int = 0
    delta_sold: int = 0
    delta_lost: int = 0


_lots = HarvestLot.__table__
_total = _lots.c.qty_total + bindparam("total")
_held = _lots.c.qty_held + bindparam("held")
_sold = _lots.c.qty_sold + bindparam("sold")
_lost = _lots.c.qty_lost + bindparam("lost")
_GUARDED_UPDATE = (
    update(_lots)
    .where(
        _lots.c.id == bindparam("lot"),
        _total >= 0,
        _held >= 0,
        _sold >= 0,
        _lost >= 0,
        _held + _sold + _lost <= _total,
    )
    .values(qty_total=_total, qty_held=_held, qty_sold=_sold, qty_lost=_lost)
)


def move_stock(session: Session, changes: Sequence[LotChange], *, actor: Actor, clock: Clock) -> None:
    """Apply movements to their lots, all or none, and record each of them.

    Changes of one lot in one call are summed before the guard looks, so that "release and take again" needs no order
    of its own; lots are updated by ascending id. Raises ``InsufficientStock``, after which the transaction must be
    rolled back, and ``ValueError`` for a change that moves nothing.
    """
    if not changes:
        return
    sums: dict[int, list[int]] = {}
    for change in changes:
        deltas = (change.delta_total, change.delta_held, change.delta_sold, change.delta_lost)
        if not any(deltas):
            raise ValueError(f"a stock movement that moves nothing: {change}")
        summed = sums.setdefault(change.lot_id, [0, 0, 0, 0])
        for i, delta in enumerate(deltas):
            summed[i] += delta
    rows = [
        {"lot": lot_id, "total": total, "held": held, "sold": sold, "lost": lost}
        for lot_id, (total, held, sold, lost) in sorted(sums.items())
    ]
    updated = session.connection().execute(_GUARDED_UPDATE, rows)
    if updated.rowcount != len(rows):
        raise InsufficientStock("Chỗ còn lại không đủ nữa, bác xem lại số còn giúp em.", left=_left(session, sums))
    now = clock()
    session.execute(
        insert(StockMovement),
        [
            {
                "lot_id": change.lot_id,
                "kind": change.kind,
                "reference": change.reference,
                "delta_total": change.delta_total,
                "delta_held": change.delta_held,
                "delta_sold": change.delta_sold,
                "delta_lost": change.delta_lost,
                "at": now,
                "actor_user_id": actor.user_id,
            }
            for change in changes
        ],
    )


def _left(session: Session, lot_ids: dict[int, list[int]]) -> int:
    # Lots of this call that did change are seen as changed: their part is what the refused command itself took.
    free = HarvestLot.qty_total - HarvestLot.qty_held - HarvestLot.qty_sold - HarvestLot.qty_lost
    return sum(session.scalars(select(free).where(HarvestLot.id.in_(lot_ids))))
