"""Weights, counts and amounts as people type and read them."""

import contextlib
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.money import format_vnd
from app.quantity import (
    MAX_GRAMS,
    WEIGHT_WORD_GRAMS,
    format_kilograms,
    format_units,
    parse_count,
    parse_kilograms,
    parse_vnd,
)


@pytest.mark.parametrize(
    ("typed", "grams"),
    [
        ("12", 12_000),
        ("1.5", 1_500),
        ("1,5", 1_500),
        ("  2,25 kg ", 2_250),
        ("3KG", 3_000),
        ("0.5", 500),
        ("0.500", 500),
        ("0,001", 1),
        ("1.000", 1_000_000),
        ("12.345", 12_345_000),
        ("1,234", 1_234),
        ("1.000.000", 1_000_000_000),
    ],
)
def test_kilograms_as_farmers_type_them(typed, grams):
    assert parse_kilograms(typed) == grams


NOT_NUMBERS = [
    "",
    " ",
    "kg",
    "ba",
    "NaN",
    "inf",
    "-1",
    "+1",
    "1e3",
    "0x10",
    "1.2.3",
    "1.2345",
    "1,5,5",
    "1 2",
    "½",
    "²",
    "1\u0000",
    "'; DROP TABLE lot;--",
    "<b>1</b>",
    "9" * 5_000,
    "1" + ".000" * 2_000,
]


@pytest.mark.parametrize("typed", [*NOT_NUMBERS, "0", "0,000", "1.000.001", "999999999"])
def test_what_is_no_weight_is_refused_with_a_sentence(typed):
    with pytest.raises(InvalidInput) as refused:
        parse_kilograms(typed)
    assert refused.value.message.endswith(".")
    assert len(refused.value.details["typed"]) <= 40


@pytest.mark.parametrize(("typed", "count"), [("1", 1), (" 12 ", 12), ("1.200", 1_200), ("999999999", 999_999_999)])
def test_counts(typed, count):
    assert parse_count(typed) == count


@pytest.mark.parametrize("typed", [*NOT_NUMBERS, "0", "1.5", "1,5", "0.500", "1,200"])
def test_what_is_no_count_is_refused(typed):
    with pytest.raises(InvalidInput):
        parse_count(typed)


@pytest.mark.parametrize(
    ("typed", "vnd"),
    [
        ("38000", 38_000),
        ("38.000", 38_000),
        ("38,000", 38_000),
        ("1.234.567 đ", 1_234_567),
        ("38.000\u00a0₫", 38_000),
        ("38.000 VND", 38_000),
        ("38.000 VNĐ", 38_000),
        (unicodedata.normalize("NFD", "38.000 đồng"), 38_000),
        ("0", 0),
        ("999.999.999", 999_999_999),
        ("999999999999", 999_999_999_999),
    ],
)
def test_amounts_of_money(typed, vnd):
    assert parse_vnd(typed) == vnd


@pytest.mark.parametrize("typed", [*NOT_NUMBERS, "0.500", "1.000,000", "1.000,50", "38k", "1.00", "1000000000000", "đ"])
def test_what_is_no_money_is_refused(typed):
    with pytest.raises(InvalidInput):
        parse_vnd(typed)


@pytest.mark.parametrize(
    ("grams", "written"),
    [(2_500, "2,5"), (3_000, "3"), (1, "0,001"), (0, "0"), (1_234_567_890, "1.234.567,89"), (-150, "-0,15")],
)
def test_kilograms_are_written_with_a_decimal_comma(grams, written):
    assert format_kilograms(grams) == written


@pytest.mark.parametrize(
    ("quantity", "unit", "label", "written"),
    [
        (3_000, 1_000, "kg", "3\u00a0kg"),
        (2_500, 1_000, "kg", "2,5\u00a0kg"),
        (10, 5, "hộp", "2\u00a0hộp"),
        (12_345_500, 1_000, "kg", "12.345,5\u00a0kg"),
        (1, 3, "thùng", "0,333\u00a0thùng"),
        (0, 1_000, "kg", "0\u00a0kg"),
        (-1_500, 1_000, "kg", "-1,5\u00a0kg"),
    ],
)
def test_sale_units(quantity, unit, label, written):
    assert format_units(quantity, unit, label) == written


def test_weight_words_are_the_metric_ones():
    assert WEIGHT_WORD_GRAMS["lạng"] == 100
    assert WEIGHT_WORD_GRAMS["yến"] == 10 * WEIGHT_WORD_GRAMS["cân"]
    assert WEIGHT_WORD_GRAMS["tấn"] == 10 * WEIGHT_WORD_GRAMS["tạ"] == 1_000_000


@given(st.integers(1, MAX_GRAMS))
def test_a_written_weight_reads_back(grams):
    assert parse_kilograms(format_kilograms(grams).replace(".", "")) == grams


@given(st.integers(0, 999_999_999_999))
def test_a_written_amount_reads_back(amount_vnd):
    assert parse_vnd(format_vnd(amount_vnd)) == amount_vnd


@given(st.text(max_size=60))
def test_anything_typed_is_read_or_refused(typed):
    for parse in (parse_kilograms, parse_count, parse_vnd):
        with contextlib.suppress(InvalidInput):
            assert parse(typed) >= 0
