"""Phone numbers: everything people type for one number becomes that number, and the rest is refused in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.errors import InvalidInput
from app.phones import format_phone, is_mobile, mask_phone, parse_phone

MOBILE_STARTS = ("32", "39", "52", "56", "58", "59", "70", "76", "79", "81", "88", "89", "90", "98", "99")


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678",
        "0912 345 678",
        "0912.345.678",
        "0912-345-678",
        "(0912) 345 678",
        "+84912345678",
        "+84 (0)912 345 678",
        " + 84 912 345 678",
        "84912345678",
        "840912345678",
        "0084 912 345 678",
        "912345678",
        "O912345678",
        "o912 345 678",
        "SĐT: 0912345678",
        "gọi số 0912 345 678 nhé",
        "zalo0912345678",
        "０９１２３４５６７８",
        "\u202a0912\u00a0345\u00a0678\u202c",
        "0912\x00345678",
    ],
)
def test_one_number_however_it_is_typed(typed):
    assert parse_phone(typed) == "+84912345678"


def test_letter_o_inside_is_zero():
    assert parse_phone("09O2 345 678") == "+84902345678"
    assert parse_phone("09oo345678") == "+84900345678"


@pytest.mark.parametrize(
    ("typed", "stored", "shown"),
    [
        ("0203 3851 234", "+842033851234", "0203 3851 234"),
        ("2033851234", "+842033851234", "0203 3851 234"),
        ("19001234", "+8419001234", "1900 1234"),
        ("+1 415 555 2671", "+14155552671", "+1 415-555-2671"),
        ("001 415 555 2671", "+14155552671", "+1 415-555-2671"),
    ],
)
def test_landlines_hotlines_and_foreign_numbers(typed, stored, shown):
    assert parse_phone(typed) == stored
    assert format_phone(stored) == shown


def test_a_range_newer_than_the_library_is_accepted():
    assert parse_phone("0551234567") == "+84551234567"
    assert is_mobile("+84551234567")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "abc",
        "oOo",
        "+",
        "-1",
        "NaN",
        "1e9",
        "113",
        "0912345",
        "091234567",
        "09123456789",
        "0000000000",
        "09l2345678",
        "+84+84912345678",
        "+999 123 456 789",
        "950000000+0",
        "+95 0000000",
        "+1 415",
        "'; DROP TABLE buyer; --",
        "<script>alert(1)</script>",
        "²³⁴",
        "\ud800",
    ],
)
def test_what_nobody_could_ring_is_refused(typed):
    with pytest.raises(InvalidInput) as refusal:
        parse_phone(typed)
    assert refusal.value.message.startswith(("Bác ", "Số "))
    assert refusal.value.details == {"field": "phone"}


@pytest.mark.parametrize(
    "typed",
    [
        "0912345678 0987654321",
        "0912345678, 0987654321",
        "0912345678/0987654321",
        "0912345678 hoặc 0987654321",
        "0" * 10**6,
    ],
)
def test_two_numbers_or_a_flood_ask_for_one(typed):
    with pytest.raises(InvalidInput, match="một số điện thoại"):
        parse_phone(typed)


@pytest.mark.parametrize("typed", ["0123 456 7890", "01689123456", "+84 168 912 3456"])
def test_eleven_digit_mobiles_ended_in_2018(typed):
    with pytest.raises(InvalidInput, match="2018"):
        parse_phone(typed)


@pytest.mark.parametrize(
    ("stored", "mobile"),
    [
        ("+84912345678", True),
        ("+84352345678", True),
        ("+842033851234", False),
        ("+8419001234", False),
        ("+33612345678", True),
        ("+33123456789", False),
    ],
)
def test_only_mobiles_get_messages(stored, mobile):
    assert is_mobile(stored) is mobile


@pytest.mark.parametrize(
    ("stored", "masked"),
    [("+84912345678", "09•• ••• 678"), ("+842033851234", "02•• •••• 234"), ("+14155552671", "+1 4••-•••-•671")],
)
def test_mask_keeps_the_ends_only(stored, masked):
    assert mask_phone(stored) == masked


@given(st.sampled_from(MOBILE_STARTS), st.integers(0, 9_999_999))
def test_every_mobile_survives_a_round_trip(start, rest):
    stored = f"+84{start}{rest:07d}"
    shown = format_phone(stored)
    assert parse_phone(shown) == parse_phone(stored) == parse_phone(stored[1:]) == stored
    assert is_mobile(stored)
    assert len(shown) == len("0912 345 678")
    assert mask_phone(stored).count("•") == 5


@given(st.text(max_size=30) | st.text("0123456789oO+-.() 84", max_size=24))
def test_any_text_is_a_number_or_a_refusal(text):
    try:
        stored = parse_phone(text)
    except InvalidInput:
        return
    assert parse_phone(format_phone(stored)) == stored
