"""What a sale unit costs by the kilogram, and the least it may cost under a floor. Pure; prices in whole đồng."""

from app.money import price_of

_WEIGHED = "weight"
"""``Measure.WEIGHT``: products that are weighed; the others are counted."""


def base_of_floor(measure: str) -> int:
    """Return how many base units a floor price is for: 1000 grams of what is weighed, one piece of what is counted."""
    return 1000 if measure == _WEIGHED else 1


def least_unit_price(floor_vnd: int, unit_quantity: int, measure: str) -> int:
    """Return the lowest whole đồng for a sale unit that is not below the floor (rounded up, so that it never is)."""
    base = base_of_floor(measure)
    return -(-floor_vnd * unit_quantity // base)


def price_per_kilogram(price_vnd: int, weight_grams: int | None) -> int | None:
    """Return the price per kilogram of a sale unit, rounded to a đồng, or None for a unit without a weight."""
    return price_of(1000, price_vnd, weight_grams) if weight_grams else None
