"""What an order costs: lines, delivery and the price per kilogram that a buyer compares by."""

from collections.abc import Sequence
from dataclasses import dataclass

from app.errors import InvalidInput
from app.money import price_of
from app.quantity import GRAMS_PER_KG, format_kilograms


@dataclass(frozen=True)
class DeliveryRate:
    """One bracket of the delivery table: parcels up to ``up_to_grams`` to a province, ``None`` for all the others."""

    province_code: str | None
    up_to_grams: int
    fee_vnd: int


def line_amount(quantity: int, price_vnd: int, unit_quantity: int) -> int:
    """Return what ``quantity`` base units cost in đồng at ``price_vnd`` per ``unit_quantity`` base units.

    Rounded half up to a đồng, once a line; no other code prices a line, so that every page shows the same amount.
    """
    return price_of(quantity, price_vnd, unit_quantity)


def delivery_fee(rates: Sequence[DeliveryRate], province_code: str, grams: int) -> int:
    """Return the fee in đồng of the smallest bracket that carries ``grams`` to the province.

    A province with rows of its own uses only those; a far province never falls back to the cheaper general table.
    Raises ``InvalidInput`` when the parcel is heavier than the last bracket: such a delivery is agreed on by phone.
    """
    if grams < 0:
        raise ValueError("a parcel cannot weigh less than nothing")
    own = [rate for rate in rates if rate.province_code == province_code]
    table = own or [rate for rate in rates if rate.province_code is None]
    fitting = [rate for rate in table if grams <= rate.up_to_grams]
    if fitting:
        return min(fitting, key=lambda rate: (rate.up_to_grams, rate.fee_vnd)).fee_vnd
    if not table:
        raise InvalidInput(
            "Hợp tác xã chưa có giá giao đến tỉnh này. Bác gọi cho hợp tác xã để hẹn cách giao giúp em.",
            field="province_code",
        )
    heaviest = max(rate.up_to_grams for rate in table)
    raise InvalidInput(
        f"Đơn nặng {format_kilograms(grams)} kg, quá mức giao thường {format_kilograms(heaviest)} kg. "
        "Bác gọi cho hợp tác xã để hẹn xe giúp em.",
        grams=grams,
        up_to_grams=heaviest,
    )


def price_per_kg(price_vnd: int, unit_grams: int | None) -> int | None:
    """Return the price of a kilogram in đồng, rounded half up, or ``None`` for goods without a weight.

    It is shown beside every price whose unit weighs something, so that a box and a kilogram can be compared.
    """
    return None if unit_grams is None else price_of(GRAMS_PER_KG, price_vnd, unit_grams)


def billed_quantity(ordered: int, packed: int) -> int:
    """Return the base units a buyer pays for: overweight is given, never charged, and what is missing is not paid."""
    if ordered < 0 or packed < 0:
        raise ValueError("quantities are never negative")
    return min(ordered, packed)
