"""The shelf a comment is read against, and what a reading is: the values the reader takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

OperationKind = Literal["add", "set", "cancel"]
ReadingKind = Literal["order", "question", "other", "unsure"]


@dataclass(frozen=True)
class ShelfOffer:
    """One offer: its code, its name, its sale unit, the kilograms of that unit and the other containers it is packed in."""

    code: str
    name: str
    unit: str
    kg_per_unit: Fraction | None
    packs: Mapping[str, Fraction] = field(default_factory=dict)


@dataclass(frozen=True)
class Shelf:
    """What is on sale in the session at this moment; ``pinned`` is the code of the offer the host is showing."""

    offers: tuple[ShelfOffer, ...]
    pinned: str | None = None

    def offer(self, code: str | None) -> ShelfOffer | None:
        """Return the offer with this code, whatever its case, or None."""
        wanted = (code or "").casefold()
        return next((offer for offer in self.offers if offer.code.casefold() == wanted), None)


@dataclass(frozen=True)
class Operation:
    """One operation on the buyer's live order. ``quantity`` is in the offer's own sale unit, None on ``cancel``.

    ``code`` None means the buyer's latest line on ``set`` (then ``unit`` is "kg" when a weight was typed) and the whole order
    on ``cancel``.
    """

    op: OperationKind
    code: str | None
    quantity: Fraction | None = None
    unit: str | None = None


@dataclass(frozen=True)
class Reading:
    """How a comment was read, with the reasons a person at the desk is shown.

    ``candidates`` are the likely readings of an unsure comment, for a one-tap question to the buyer.
    """

    kind: ReadingKind
    ops: tuple[Operation, ...] = ()
    phone: str | None = None
    reasons: tuple[str, ...] = ()
    candidates: tuple[Operation, ...] = ()


def shelf_from_dict(values: Mapping[str, Any]) -> Shelf:
    """Build a shelf from the contract's JSON form."""
    offers = tuple(
        ShelfOffer(
            code=str(row["code"]),
            name=str(row["name"]),
            unit=str(row["unit"]),
            kg_per_unit=None if row.get("kg_per_unit") is None else Fraction(str(row["kg_per_unit"])),
            packs={str(label): Fraction(str(units)) for label, units in (row.get("packs") or {}).items()},
        )
        for row in values["offers"]
    )
    pinned = values.get("pinned")
    return Shelf(offers, None if pinned is None else str(pinned))


def reading_to_dict(reading: Reading) -> dict[str, Any]:
    """Return the contract's JSON form of a reading (without id)."""
    return {
        "kind": reading.kind,
        "ops": [_operation_to_dict(operation) for operation in reading.ops],
        "phone": reading.phone,
    }


def _operation_to_dict(operation: Operation) -> dict[str, Any]:
    values: dict[str, Any] = {"op": operation.op, "code": operation.code}
    if operation.quantity is not None:
        values["quantity"] = plain_number(operation.quantity)
    if operation.unit is not None:
        values["unit"] = operation.unit
    return values


def plain_number(value: Fraction) -> str:
    """Write a quantity as a plain decimal without trailing zeros ("3", "2.5"); at most six decimals."""
    if value.denominator == 1:
        return str(value.numerator)
    whole, rest = divmod(value, 1)
    decimals = str(int(rest * 1_000_000)).rjust(6, "0").rstrip("0")
    return f"{whole}.{decimals}"
