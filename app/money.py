"""Đồng as integers: rounding, exact splits and how an amount is written.

The đồng has no minor unit, so every amount in the system is an ``int`` number of đồng. The two operations that could
lose a đồng live here and nowhere else: pricing a quantity (rounded half up, once) and sharing an amount between parties
(largest remainder, so that the parts always add up to the whole).
"""

from collections.abc import Sequence

BASIS_POINTS = 10_000


def price_of(quantity: int, price_vnd: int, unit_quantity: int) -> int:
    """Return the amount in đồng for ``quantity`` base units at ``price_vnd`` per ``unit_quantity`` base units.

    Rounded half up to a đồng. All arguments are non-negative integers; ``unit_quantity`` is positive
    (1000 for a price per kilogram, the grams of a box for a price per box, 1 for counted pieces).
    """
    if quantity < 0 or price_vnd < 0 or unit_quantity <= 0:
        raise ValueError("price_of needs a non-negative quantity and price, and a positive unit")
    return (2 * quantity * price_vnd + unit_quantity) // (2 * unit_quantity)


def basis_points_of(amount_vnd: int, basis_points: int) -> int:
    """Return ``basis_points`` ten-thousandths of a non-negative amount, rounded down to a đồng."""
    if amount_vnd < 0 or not 0 <= basis_points <= BASIS_POINTS:
        raise ValueError("basis_points_of needs a non-negative amount and 0–10,000 basis points")
    return amount_vnd * basis_points // BASIS_POINTS


def split_by_weight(amount_vnd: int, weights: Sequence[int]) -> list[int]:
    """Split an amount in proportion to integer weights so that the parts add up exactly (largest remainder).

    The leftover đồng go to the largest remainders; ties go to the earlier weight, so callers order the weights by the
    published tie-break (lot id). All-zero weights share nothing and are refused unless the amount is 0.
    """
    if amount_vnd < 0 or any(weight < 0 for weight in weights):
        raise ValueError("split_by_weight needs a non-negative amount and non-negative weights")
    total = sum(weights)
    if total == 0:
        if amount_vnd:
            raise ValueError("an amount cannot be split over nothing")
        return [0] * len(weights)
    parts = [amount_vnd * weight // total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount_vnd * weights[i] % total), i))
    for i in by_remainder[: amount_vnd - sum(parts)]:
        parts[i] += 1
    return parts


def format_number(value: int) -> str:
    """Write an integer the Vietnamese way, dots between thousands: ``1234567`` → ``1.234.567``."""
    return f"{value:,}".replace(",", ".")


def format_vnd(amount_vnd: int) -> str:
    """Write an amount as Vietnamese readers expect it: ``114000`` → ``114.000 ₫`` (a no-break space before the sign)."""
    return f"{format_number(amount_vnd)}\u00a0₫"
