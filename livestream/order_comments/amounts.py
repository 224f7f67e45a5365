"""A quantity as typed, in the sale unit of an offer: boxes from kilograms, kilograms from boxes, or nothing when unsure."""

from fractions import Fraction

from livestream.order_comments.items import KG
from livestream.order_comments.lexicon import folded
from livestream.order_comments.shelf import ShelfOffer, plain_number


def in_sale_units(offer: ShelfOffer, value: Fraction, unit: str | None) -> Fraction | None:
    """Return ``value`` of ``unit`` ("kg", a folded container, or None for the offer's own unit) in the offer's sale unit.

    None when the offer is not sold so: a weight that does not divide into boxes, an unknown container, half a jar.
    """
    sold_by_weight = folded(offer.unit) == KG
    if unit is None or unit == folded(offer.unit):
        units = value
    elif unit == KG:
        if offer.kg_per_unit is None:
            return None
        units = value / offer.kg_per_unit
    else:
        packed = next((units for label, units in offer.packs.items() if folded(label) == unit), None)
        if packed is None:
            return None
        units = value * packed
    if units <= 0 or (not sold_by_weight and units.denominator != 1):
        return None
    return units


def explain(offer: ShelfOffer, value: Fraction, unit: str | None, units: Fraction) -> str:
    """Say in Vietnamese how the typed quantity became sale units, when it had to be converted."""
    typed = f"{_say(value)} {unit or offer.unit}"
    return f"{offer.code}: {typed} → {_say(units)} {offer.unit}"


def _say(value: Fraction) -> str:
    return plain_number(value).replace(".", ",")
