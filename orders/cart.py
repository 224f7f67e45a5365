"""The cart: what a visitor put aside without holding any stock, kept in the signed session cookie.

It is a small mapping of listing public id to base units, and a key that changes with it. The key names this very cart: two
tabs that show the same cart carry the same key, so that placing it twice makes one order.
"""

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from app.errors import InvalidInput
from app.ids import new_token
from app.quantity import parse_count, parse_kilograms
from orders.models import OrderLine
from shop.models import Listing

STORED_UNDER = "cart"
MAX_LINES = 20
MAX_QUANTITY = 1_000_000_000
"""Base units of one line; the largest weight that can be typed anywhere."""
_MILLI = 1000


@dataclass(slots=True)
class Cart:
    """Quantities in base units by listing public id, in the order they were put in."""

    quantities: dict[str, int] = field(default_factory=dict)
    key: str = ""

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Cart":
        """Return the cart of a session; one of an older or odd form counts as empty."""
        kept = stored.get(STORED_UNDER)
        if (
            not isinstance(kept, dict)
            or not isinstance(kept.get("lines"), dict)
            or not isinstance(kept.get("key"), str)
        ):
            return cls()
        lines = {
            public_id: quantity
            for public_id, quantity in kept["lines"].items()
            if isinstance(quantity, int) and 0 < quantity <= MAX_QUANTITY
        }
        return cls(lines, kept["key"])

    def write(self, stored: MutableMapping[str, Any]) -> None:
        """Keep the cart in a session under a fresh key, because it is another cart now; an empty one leaves nothing."""
        if self.quantities:
            self.key = new_token()
            stored[STORED_UNDER] = {"lines": self.quantities, "key": self.key}
        else:
            stored.pop(STORED_UNDER, None)

    def add(self, public_id: str, quantity: int) -> None:
        """Put more of a listing in. Raises ``InvalidInput`` when the cart is full."""
        if public_id not in self.quantities and len(self.quantities) >= MAX_LINES:
            raise InvalidInput("Giỏ đã nhiều món quá rồi ạ. Bác đặt đơn này trước rồi chọn tiếp giúp em.")
        self.set(public_id, self.quantities.get(public_id, 0) + quantity)

    def set(self, public_id: str, quantity: int) -> None:
        """Change how much of a listing is in; nothing or less takes it out."""
        if quantity > MAX_QUANTITY:
            raise InvalidInput("Số này lớn quá ạ. Bác ghi lại số lượng giúp em.", field="quantity")
        if quantity > 0:
            self.quantities[public_id] = quantity
        else:
            self.quantities.pop(public_id, None)


def parse_quantity(sold: Listing | OrderLine, typed: str) -> int:
    """Read how much of a listing or of an order line is meant, as typed in its sale unit, and return base units.

    "2,5" and "2.5" are both two and a half where the unit can be divided; whole numbers only where it cannot. Raises
    ``InvalidInput`` for anything else: nothing, zero, negative, not a number.
    """
    try:
        if sold.divisible:
            return parse_kilograms(typed) * sold.unit_quantity // _MILLI
        return parse_count(typed) * sold.unit_quantity
    except InvalidInput as refused:
        example = "2 hoặc 2,5" if sold.divisible else "2"
        message = f"Bác ghi số {sold.unit_label} lớn hơn 0 giúp em, ví dụ {example}."
        raise InvalidInput(message, field="quantity") from refused


def is_weighed(line: OrderLine) -> bool:
    """Tell whether a line's base unit is the gram, because its sale unit weighs as many grams as it has base units."""
    return line.weight_grams == line.unit_quantity


def parse_measured(line: OrderLine, typed: str) -> int:
    """Read what the scale or the count showed for a line, and return base units.

    What is weighed is read in kilograms, boxes too: a box of 5 kg that holds 4,9 is billed for 4,9. What is counted is
    read in its sale unit. Raises ``InvalidInput`` as ``parse_quantity``.
    """
    return parse_kilograms(typed) if is_weighed(line) else parse_quantity(line, typed)


def type_quantity(quantity: int, unit_quantity: int) -> str:
    """Write base units the way a number field takes them in sale units: ``(2500, 1000)`` → "2.5"."""
    whole, rest = divmod(quantity * _MILLI // unit_quantity, _MILLI)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".")
