"""Đồng as integers: rounding once, exact splits, and how an amount is written."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.money import basis_points_of, format_number, format_vnd, price_of, split_by_weight


@pytest.mark.parametrize(
    ("quantity", "price_vnd", "unit", "amount"),
    [(3_000, 38_000, 1_000, 114_000), (1, 500, 1_000, 1), (1, 499, 1_000, 0), (0, 38_000, 1_000, 0), (7, 1, 2, 4)],
)
def test_price_is_rounded_half_up(quantity, price_vnd, unit, amount):
    assert price_of(quantity, price_vnd, unit) == amount


@pytest.mark.parametrize("arguments", [(-1, 1, 1), (1, -1, 1), (1, 1, 0)])
def test_price_of_nonsense_is_refused(arguments):
    with pytest.raises(ValueError):
        price_of(*arguments)


@given(st.integers(0, 10**12), st.integers(0, 10**9), st.integers(1, 10**6))
def test_price_is_the_exact_value_rounded_half_up(quantity, price_vnd, unit):
    assert price_of(quantity, price_vnd, unit) == int(Fraction(quantity * price_vnd, unit) + Fraction(1, 2))


def test_basis_points_round_down():
    assert basis_points_of(150_000, 800) == 12_000
    assert basis_points_of(1_999, 500) == 99
    assert basis_points_of(7, 10_000) == 7
    assert basis_points_of(7, 0) == 0


@pytest.mark.parametrize("arguments", [(-1, 1), (1, -1), (1, 10_001)])
def test_basis_points_out_of_range_are_refused(arguments):
    with pytest.raises(ValueError):
        basis_points_of(*arguments)


def test_split_gives_odd_dong_to_the_largest_remainders_then_to_the_first():
    assert split_by_weight(130_500, [2_000, 1_000]) == [87_000, 43_500]
    assert split_by_weight(100, [1, 1, 1]) == [34, 33, 33]
    assert split_by_weight(101, [1, 1, 1]) == [34, 34, 33]
    assert split_by_weight(10, [1, 5]) == [2, 8]
    assert split_by_weight(5, [0, 1]) == [0, 5]
    assert split_by_weight(0, [0, 0]) == [0, 0]
    assert split_by_weight(0, []) == []


@pytest.mark.parametrize("arguments", [(1, []), (1, [0, 0]), (-1, [1]), (1, [2, -1])])
def test_split_over_nothing_is_refused(arguments):
    with pytest.raises(ValueError):
        split_by_weight(*arguments)


@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**7), min_size=1, max_size=20).filter(any))
def test_split_adds_up_and_is_within_a_dong_of_fair(amount_vnd, weights):
    parts = split_by_weight(amount_vnd, weights)
    assert sum(parts) == amount_vnd
    assert all(abs(part * sum(weights) - amount_vnd * w) < sum(weights) for part, w in zip(parts, weights, strict=True))
    assert all(part == 0 for part, weight in zip(parts, weights, strict=True) if weight == 0)


def test_numbers_are_written_the_vietnamese_way():
    assert format_number(0) == "0"
    assert format_number(1_234_567) == "1.234.567"
    assert format_number(-38_000) == "-38.000"
    assert format_vnd(114_000) == "114.000\u00a0₫"
