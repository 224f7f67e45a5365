"""Prices of lines, delivery brackets and the price per kilogram."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from orders.pricing import DeliveryRate, billed_quantity, delivery_fee, line_amount, price_per_kg

RATES = [
    DeliveryRate(None, 10_000, 45_000),
    DeliveryRate(None, 3_000, 30_000),
    DeliveryRate(None, 30_000, 90_000),
    DeliveryRate("24", 5_000, 15_000),
    DeliveryRate("24", 20_000, 40_000),
]


def test_three_kilograms_of_lychee():
    assert line_amount(3_000, 38_000, 1_000) == 114_000


@pytest.mark.parametrize(
    ("quantity", "price_vnd", "unit", "amount"),
    [(1, 499, 1_000, 0), (1, 500, 1_000, 1), (1_500, 33_333, 1_000, 50_000), (333, 33_333, 1_000, 11_100)],
)
def test_a_line_is_rounded_half_up_once(quantity, price_vnd, unit, amount):
    assert line_amount(quantity, price_vnd, unit) == amount


@pytest.mark.parametrize(
    ("province", "grams", "fee"),
    [
        ("01", 0, 30_000),
        ("01", 3_000, 30_000),
        ("01", 3_001, 45_000),
        ("01", 30_000, 90_000),
        ("24", 5_000, 15_000),
        ("24", 5_001, 40_000),
    ],
)
def test_the_smallest_bracket_that_fits(province, grams, fee):
    assert delivery_fee(RATES, province, grams) == fee


@pytest.mark.parametrize(("province", "grams", "up_to"), [("01", 30_001, 30_000), ("24", 20_001, 20_000)])
def test_above_the_last_bracket_people_call(province, grams, up_to):
    with pytest.raises(InvalidInput, match="gọi cho hợp tác xã") as refused:
        delivery_fee(RATES, province, grams)
    assert refused.value.details == {"grams": grams, "up_to_grams": up_to}


def test_weights_in_the_refusal_are_written_for_people():
    with pytest.raises(InvalidInput, match="Đơn nặng 30,5 kg, quá mức giao thường 30 kg"):
        delivery_fee(RATES, "01", 30_500)


@pytest.mark.parametrize("rates", [[], [DeliveryRate("24", 5_000, 15_000)]])
def test_a_province_without_any_rate(rates):
    with pytest.raises(InvalidInput, match="chưa có giá giao"):
        delivery_fee(rates, "01", 1_000)


def test_a_parcel_of_negative_weight_is_a_bug():
    with pytest.raises(ValueError):
        delivery_fee(RATES, "01", -1)


def test_price_per_kilogram():
    assert price_per_kg(38_000, 1_000) == 38_000
    assert price_per_kg(199_000, 5_000) == 39_800
    assert price_per_kg(100_000, 3_000) == 33_333
    assert price_per_kg(120_000, None) is None


def test_overweight_is_given_and_underweight_is_not_paid():
    assert billed_quantity(3_000, 3_150) == 3_000
    assert billed_quantity(3_000, 2_850) == 2_850
    with pytest.raises(ValueError):
        billed_quantity(3_000, -1)


@given(st.integers(0, 10**9), st.integers(0, 10**7), st.sampled_from([1, 1_000, 5_000]))
def test_a_line_is_within_half_a_dong_of_the_exact_price(quantity, price_vnd, unit):
    off = 2 * (line_amount(quantity, price_vnd, unit) * unit - quantity * price_vnd)
    assert -unit < off <= unit
