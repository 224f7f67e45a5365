"""Whose fruit is sold: the published rule that fills an order from many households' lots.

Order of the lots: staff's rank where they set one (0 everywhere otherwise), then the earliest best-before, then the
household that has sold the smallest share of what it brought this season, then the lot recorded first (its id).
A whole pack comes from one lot, so a box never mixes households; a line in kilograms may be cut at any gram.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from heapq import heapify, heappop
from math import lcm

from app.errors import InsufficientStock

RULE_NAME = "best-before-then-least-sold-share"
"""Stored on every allocation, so that a later rule never rewrites the reason of an earlier one."""


@dataclass(frozen=True)
class LotSupply:
    """One lot as it stands: ``available`` base units, and the season's figures of its household in the same units.

    Lots of one household carry the same ``season_sold`` and ``season_brought``.
    """

    lot_id: int
    household_id: int
    available: int
    best_before: date
    season_sold: int
    season_brought: int
    rank: int = 0


@dataclass(frozen=True)
class Demand:
    """``quantity`` base units of a listing whose sale unit holds ``unit_quantity`` of them; packs are taken whole."""

    quantity: int
    unit_quantity: int
    whole_units_from_one_lot: bool

    def __post_init__(self) -> None:
        if self.quantity <= 0 or self.unit_quantity <= 0:
            raise ValueError("a demand is for a positive quantity in a positive unit")
        if self.whole_units_from_one_lot and self.quantity % self.unit_quantity:
            raise ValueError("packs are sold whole")


@dataclass(frozen=True)
class LotShare:
    """What one lot gives to a demand, in base units."""

    lot_id: int
    quantity: int


class AllocationPlanner:
    """Plans a batch of demands in arrival order, deducting in memory what each one takes.

    Built once from the locked lots of a batch. Household shares move with every plan, so the second buyer of the batch
    is served as fairly as the first. Shares are compared exactly: each is kept as a numerator over one common
    denominator, an integer, because comparing fractions would dominate the cost of an order.
    """

    def __init__(self, lots: Iterable[LotSupply]) -> None:
        self._lots = {lot.lot_id: lot for lot in lots}
        self._available = {lot_id: lot.available for lot_id, lot in self._lots.items()}
        denominator = lcm(*(_brought(lot) for lot in self._lots.values()))
        self._step = {lot_id: denominator // _brought(lot) for lot_id, lot in self._lots.items()}
        self._account = {lot_id: _account(lot) for lot_id, lot in self._lots.items()}
        self._sold_share = {_account(lot): lot.season_sold * self._step[lot.lot_id] for lot in self._lots.values()}

    def available(self, lot_id: int) -> int:
        """Return the base units that the lot still has after the plans so far."""
        return self._available[lot_id]

    def plan(self, demand: Demand, ranks: Mapping[int, int] | None = None) -> list[LotShare]:
        """Take the demand from the lots by the published rule and return the shares, in the order they were taken.

        ``ranks`` names the lots that feed the demand's listing with staff's rank of each (one lot may feed several
        listings); without it every lot serves, at its own rank. Raises ``InsufficientStock`` with ``left``, the base
        units that could still be sold in this unit, and then takes nothing.
        """
        usable = self._usable_by_lot(demand, self._lots if ranks is None else ranks)
        left = sum(usable.values())
        if left < demand.quantity:
            raise InsufficientStock(
                "Chỗ còn lại không đủ số bác chọn, bác chọn ít hơn giúp em."
                if left
                else "Mặt hàng này vừa hết, bác ạ.",
                left=left,
            )
        queue = [
            (
                self._lots[lot_id].rank if ranks is None else ranks[lot_id],
                self._lots[lot_id].best_before,
                self._sold_share[self._account[lot_id]],
                lot_id,
            )
            for lot_id in usable
        ]
        heapify(queue)
        shares = []
        missing = demand.quantity
        while missing:
            lot_id = heappop(queue)[-1]
            taken = min(missing, usable[lot_id])
            shares.append(LotShare(lot_id, taken))
            missing -= taken
        for share in shares:
            self._move(share.lot_id, share.quantity)
        return shares

    def give_back(self, shares: Iterable[LotShare]) -> None:
        """Undo a plan whose order was refused for another reason, so that the next buyer can have the stock."""
        for share in shares:
            self._move(share.lot_id, -share.quantity)

    def _usable_by_lot(self, demand: Demand, lot_ids: Iterable[int]) -> dict[int, int]:
        usable = {lot_id: self._available[lot_id] for lot_id in lot_ids}
        if demand.whole_units_from_one_lot:
            usable = {lot_id: quantity - quantity % demand.unit_quantity for lot_id, quantity in usable.items()}
        return {lot_id: quantity for lot_id, quantity in usable.items() if quantity > 0}

    def _move(self, lot_id: int, quantity: int) -> None:
        self._available[lot_id] -= quantity
        self._sold_share[self._account[lot_id]] += quantity * self._step[lot_id]


def plan_allocation(lots: Sequence[LotSupply], demand: Demand) -> list[LotShare]:
    """Return the lots that serve one demand by the published rule, in the order they are taken.

    Raises ``InsufficientStock`` with ``left`` in base units.
    """
    return AllocationPlanner(lots).plan(demand)


def explain_share(quantity_text: str, lot: LotSupply, next_lot: LotSupply | None) -> str:
    """Tell a farmer in one Vietnamese sentence why this lot was taken before ``next_lot`` (``None``: it was alone).

    ``quantity_text`` is the quantity as written for people ("2 kg"); both lots are as they stood at that moment.
    """
    taken = f"Lấy {quantity_text} từ lô {lot.lot_id} của nhà bác"
    if next_lot is None:
        return f"{taken} vì lúc ấy chỉ còn lô này có hàng."
    if lot.rank != next_lot.rank:
        return f"{taken} vì hợp tác xã xếp lô này bán trước."
    if lot.best_before != next_lot.best_before:
        return (
            f"{taken} vì lô này phải bán sớm hơn: trước ngày {lot.best_before:%d/%m}, "
            f"lô kế tiếp trước ngày {next_lot.best_before:%d/%m}."
        )
    if _sold_share(lot) != _sold_share(next_lot):
        return (
            f"{taken} vì cùng hạn bán, mà nhà bác mới bán được {_percent(lot)} số hàng mang đến vụ này, "
            f"nhà kế tiếp đã bán {_percent(next_lot)}."
        )
    if lot.household_id == next_lot.household_id:
        return f"{taken} vì lô kế tiếp cũng của nhà bác, cùng hạn bán, và lô này được ghi vào sổ trước."
    return f"{taken} vì cùng hạn bán, hai nhà bán được như nhau, và lô này được ghi vào sổ trước."


def _brought(lot: LotSupply) -> int:
    # Nothing brought yet counts as one base unit: a household without sales is first, one with sales goes last.
    return max(lot.season_brought, 1)


def _sold_share(lot: LotSupply) -> Fraction:
    return Fraction(lot.season_sold, _brought(lot))


def _percent(lot: LotSupply) -> str:
    tenths = int(_sold_share(lot) * 1000)
    return f"{tenths // 10},{tenths % 10}%"


def _account(lot: LotSupply) -> tuple[int, int, int]:
    # A household has one running share for each pair of season figures it comes with, one pair a product and season.
    return lot.household_id, lot.season_sold, lot.season_brought
