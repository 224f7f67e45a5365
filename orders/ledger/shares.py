"""Who owns which đồng of an order line, and who gives it back when part of the line is refunded.

A line's goods value = cooperative + host + packing + charged payment fee + the households' pool, exactly. Every part
but the pool is rounded down, so that a doubtful đồng goes to the households. Delivery is outside these parts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Literal

from app.errors import InvalidInput
from app.money import basis_points_of, price_of, split_by_weight
from app.quantity import GRAMS_PER_KG

LotAmounts = Sequence[tuple[int, int]]
"""Pairs of a lot id and its base units."""


@dataclass(frozen=True)
class FrozenRates:
    """The rate card as it was frozen on the line when it was ordered; never read again from the cooperative's settings.

    ``fee_bps`` is what is charged for the payment, not what the gateway really costs; ``fee_bearer`` says who pays it.
    """

    coop_bps: int
    host_bps: int
    packing_vnd_per_kg: int
    packing_vnd_per_unit: int
    fee_bps: int
    fee_bearer: Literal["cooperative", "pool"]


@dataclass(frozen=True)
class LineShares:
    """The parts of a line in đồng. ``households`` are (lot id, đồng) ordered by lot; they add up to ``pool_vnd``."""

    goods_vnd: int
    cooperative_vnd: int
    host_vnd: int
    packing_vnd: int
    fee_vnd: int
    households: tuple[tuple[int, int], ...]
    pool_vnd: int


def split_line(
    goods_vnd: int,
    quantity: int,
    unit_quantity: int,
    weight_grams: int | None,
    rates: FrozenRates,
    allocations: LotAmounts,
) -> LineShares:
    """Share the goods value of a line of ``quantity`` base units between everybody who has a part in it.

    ``weight_grams`` is what one sale unit of ``unit_quantity`` weighs; packing is taken per kilogram where it is known
    and per sale unit otherwise. ``allocations`` are the lots of the line and add up to its quantity. The pool is split
    over them by quantity with the largest remainder, ties to the smaller lot id. Deductions that together exceed the
    goods value are served in the order cooperative, host, packing, payment fee until nothing is left: nobody pays to
    sell.
    """
    lots = sorted(allocations)
    if quantity < 0 or unit_quantity <= 0 or sum(taken for _, taken in lots) != quantity:
        raise ValueError("the allocations of a line add up to its quantity")
    if len({lot_id for lot_id, _ in lots}) != len(lots):
        raise ValueError("a lot is allocated once to a line")
    if weight_grams is None:
        packing_vnd = quantity * rates.packing_vnd_per_unit // unit_quantity
    else:
        packing_vnd = quantity * weight_grams * rates.packing_vnd_per_kg // (unit_quantity * GRAMS_PER_KG)
    wanted = (
        basis_points_of(goods_vnd, rates.coop_bps),
        basis_points_of(goods_vnd, rates.host_bps),
        packing_vnd,
        basis_points_of(goods_vnd, rates.fee_bps) if rates.fee_bearer == "pool" else 0,
    )
    pool_vnd = goods_vnd
    deductions = []
    for part_vnd in wanted:
        taken_vnd = min(part_vnd, pool_vnd)
        pool_vnd -= taken_vnd
        deductions.append(taken_vnd)
    shares = split_by_weight(pool_vnd, [taken for _, taken in lots])
    households = tuple((lot_id, vnd) for (lot_id, _), vnd in zip(lots, shares, strict=True))
    return _line_shares(deductions, households)


def reverse_part(
    original: LineShares,
    allocations: LotAmounts,
    refunded_before: Sequence[LotAmounts],
    refunded_now: LotAmounts,
) -> LineShares:
    """Return the parts that are taken back when ``refunded_now`` (base units by lot) is refunded after delivery.

    ``goods_vnd`` of the result is what the buyer gets. ``refunded_before`` are the earlier refunds of the line in the
    order they were approved. Each refund takes from what is left of every part the refunded share of what is left of
    the quantity, so that nothing is ever taken twice, the household whose fruit was good is not touched, and refunding
    everything in any number of steps takes back exactly what was given. The buyer's amount follows the price of the
    quantity refunded so far, rounded half up; the odd đồng are borne by the largest remainders, ties in the order
    cooperative, host, packing, fee, then lot id.
    Raises ``InvalidInput`` when more is refunded of a lot than is left.
    """
    line = _LeftOfLine(original, allocations)
    for refunded in refunded_before:
        line.take(refunded)
    return line.take(refunded_now)


def _line_shares(common_vnd: Sequence[int], households: tuple[tuple[int, int], ...]) -> LineShares:
    cooperative_vnd, host_vnd, packing_vnd, fee_vnd = common_vnd
    pool_vnd = sum(vnd for _, vnd in households)
    return LineShares(
        goods_vnd=sum(common_vnd) + pool_vnd,
        cooperative_vnd=cooperative_vnd,
        host_vnd=host_vnd,
        packing_vnd=packing_vnd,
        fee_vnd=fee_vnd,
        households=households,
        pool_vnd=pool_vnd,
    )


class _LeftOfLine:
    """What is still unrefunded of a line: the common parts, and for each lot its quantity and its household's money."""

    def __init__(self, original: LineShares, allocations: LotAmounts) -> None:
        self._goods_vnd = original.goods_vnd
        self._quantity = sum(quantity for _, quantity in allocations)
        self._common_vnd = [original.cooperative_vnd, original.host_vnd, original.packing_vnd, original.fee_vnd]
        self._household_vnd = dict(original.households)
        self._left = dict(allocations)
        self._taken_vnd = 0
        if set(self._left) != set(self._household_vnd):
            raise ValueError("the shares and the allocations are of the same lots")

    def take(self, refunded: LotAmounts) -> LineShares:
        wanted = {lot_id: quantity for lot_id, quantity in sorted(refunded) if quantity}
        if len({lot_id for lot_id, _ in refunded}) != len(refunded):
            raise ValueError("a lot is named once in a refund")
        if any(not 0 < quantity <= self._left.get(lot_id, 0) for lot_id, quantity in wanted.items()):
            raise InvalidInput(
                "Số lượng hoàn nhiều hơn phần còn lại của món này. Bác xem lại số đã hoàn trước đó giúp em.",
                field="quantity",
            )
        now = sum(wanted.values())
        left = sum(self._left.values())
        ideal = [Fraction(vnd * now, left) if now else Fraction(0) for vnd in self._common_vnd]
        ideal += [Fraction(self._household_vnd[lot] * quantity, self._left[lot]) for lot, quantity in wanted.items()]
        parts = self._round(ideal, refunded_so_far=self._quantity - left + now)
        common = parts[: len(self._common_vnd)]
        households = dict(zip(wanted, parts[len(common) :], strict=True))
        self._common_vnd = [vnd - taken for vnd, taken in zip(self._common_vnd, common, strict=True)]
        for lot_id, quantity in wanted.items():
            self._left[lot_id] -= quantity
            self._household_vnd[lot_id] -= households[lot_id]
        self._taken_vnd += sum(parts)
        return _line_shares(common, tuple(households.items()))

    def _round(self, ideal: list[Fraction], refunded_so_far: int) -> list[int]:
        """Round the parts to đồng so that they add up to the buyer's amount, each within a đồng of its ideal."""
        parts = [int(part) for part in ideal]
        due_vnd = price_of(refunded_so_far, self._goods_vnd, max(self._quantity, 1)) - self._taken_vnd
        amount_vnd = min(max(due_vnd, sum(parts)), sum(ceil(part) for part in ideal))
        by_remainder = sorted(range(len(ideal)), key=lambda i: (parts[i] - ideal[i], i))
        for i in by_remainder[: amount_vnd - sum(parts)]:
            parts[i] += 1
        return parts
