"""What a refund after delivery takes back, and from whom: the recorded parts of the refunded quantity, cumulatively."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.errors import InvalidInput
from app.money import split_by_weight
from orders.ledger.line_shares import lots_of, order_lines, recorded_shares
from orders.ledger.models import LedgerTransaction
from orders.ledger.shares import LineShares, LotAmounts, reverse_part
from orders.models import Order, OrderLine, Refund

LineQuantities = Mapping[int, Mapping[int, int]]
"""Base units to refund by order line id and lot id."""


def quantities_by_lot(
    session: Session, order: Order, wanted: Mapping[int, int | Mapping[int, int]]
) -> dict[int, dict[int, int]]:
    """Return the refunded base units by line and lot; a line given as one number is spread over what its lots have left.

    Raises ``InvalidInput`` for a line of another order, for nothing, and for more than was sold and not yet refunded.
    """
    before = refunded_before(session, order)
    lines = {line.id: line for line in order_lines(session, order.id)}
    result = {}
    for line_id, quantity in wanted.items():
        if line_id not in lines:
            raise InvalidInput("Món này không có trong đơn. Bác tải lại trang giúp em.", field="quantity")
        left = dict(lots_of(lines[line_id]))
        for lots in before.get(line_id, []):
            for lot_id, taken in lots:
                left[lot_id] = left.get(lot_id, 0) - taken
        if isinstance(quantity, int):
            if not 0 < quantity <= sum(left.values()):
                raise InvalidInput(
                    "Số lượng hoàn phải lớn hơn 0 và không quá phần chưa hoàn của món này.", field="quantity"
                )
            lot_ids = sorted(left)
            spread = split_by_weight(quantity, [left[lot_id] for lot_id in lot_ids])
            result[line_id] = {lot_id: part for lot_id, part in zip(lot_ids, spread, strict=True) if part}
        else:
            result[line_id] = dict(quantity)
    return result


def value_of(session: Session, order: Order, quantities: LineQuantities, *, but: Refund | None = None) -> int:
    """Return what a refund of these quantities after delivery gives the buyer, in đồng."""
    return sum(parts.goods_vnd for _line, parts in _reverse(session, order, quantities, but=but))


def refunded_shares(session: Session, order: Order, refund: Refund) -> list[tuple[OrderLine, LineShares]]:
    """Return the parts that a refund after delivery takes back, by line."""
    return _reverse(session, order, stored_quantities(refund.line_quantities), but=refund)


def refunded_before(session: Session, order: Order, *, but: Refund | None = None) -> dict[int, list[LotAmounts]]:
    """Return the earlier refunds of a delivered order by line, in the order they were booked."""
    # Only refunds whose parts are in the books count: these, and in this order, are what was really taken back.
    booked = session.execute(
        select(LedgerTransaction.id, LedgerTransaction.reference).where(
            LedgerTransaction.kind == "refund_approved",
            LedgerTransaction.reference.in_(
                [f"refund:{refund.id}:approved" for refund in _refunds(session, order) if refund is not but]
            ),
        )
    )
    order_of = {int(reference.split(":")[1]): booked_id for booked_id, reference in booked}
    refunds = [refund for refund in _refunds(session, order) if refund.id in order_of]
    before: dict[int, list[LotAmounts]] = {}
    for refund in sorted(refunds, key=lambda refund: order_of[refund.id]):
        for line_id, lots in stored_quantities(refund.line_quantities).items():
            before.setdefault(line_id, []).append(sorted(lots.items()))
    return before


def stored_quantities(line_quantities: Mapping[str, Any]) -> dict[int, dict[int, int]]:
    """Return a refund's quantities with their ids as numbers; JSON keeps keys as text."""
    return {
        int(line_id): {int(lot_id): quantity for lot_id, quantity in lots.items()}
        for line_id, lots in line_quantities.items()
    }


def _refunds(session: Session, order: Order) -> Sequence[Refund]:
    return session.scalars(select(Refund).where(Refund.order_id == order.id).order_by(Refund.id)).all()


def _reverse(
    session: Session, order: Order, quantities: LineQuantities, *, but: Refund | None
) -> list[tuple[OrderLine, LineShares]]:
    given = recorded_shares(session, order)
    before = refunded_before(session, order, but=but)
    lines = {line.id: line for line in order_lines(session, order.id)}
    return [
        (
            lines[line_id],
            reverse_part(given[line_id], lots_of(lines[line_id]), before.get(line_id, []), sorted(lots.items())),
        )
        for line_id, lots in sorted(quantities.items())
    ]
