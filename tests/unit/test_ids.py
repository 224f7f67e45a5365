"""Identifiers: unguessable where they open a door, safe to say aloud where people say them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.ids import (
    ORDER_CODE_LENGTH,
    READABLE_ALPHABET,
    check_character,
    is_order_code,
    new_order_code,
    new_public_id,
    new_token,
)

bodies = st.text(READABLE_ALPHABET, min_size=8, max_size=8)


def code_of(body):
    return f"CP{body}{check_character(body)}"


def test_the_alphabet_has_no_look_alikes_and_a_prime_size():
    assert not set("01OIL") & set(READABLE_ALPHABET)
    assert len(set(READABLE_ALPHABET)) == len(READABLE_ALPHABET) == 31


def test_a_known_check_character():
    # 9·0 + 8·1 + 7·2 + 6·3 + 5·4 + 4·5 + 3·6 + 2·7 = 112, and 112 + 12 = 4 · 31; character 12 is E.
    assert check_character("23456789") == "E"
    assert is_order_code("CP23456789E")


def test_new_codes_are_well_formed_and_differ():
    codes = {new_order_code() for _ in range(500)}
    assert len(codes) == 500
    assert all(is_order_code(code) and len(code) == ORDER_CODE_LENGTH == 11 for code in codes)


@given(bodies)
def test_any_one_wrong_character_is_caught(body):
    code = code_of(body)
    for position in range(2, len(code)):
        for other in READABLE_ALPHABET:
            wrong = code[:position] + other + code[position + 1 :]
            assert is_order_code(wrong) == (wrong == code)


@given(bodies)
def test_any_two_swapped_characters_are_caught(body):
    code = code_of(body)
    for i, j in itertools.combinations(range(2, len(code)), 2):
        swapped = list(code)
        swapped[i], swapped[j] = code[j], code[i]
        assert is_order_code("".join(swapped)) == (code[i] == code[j])


@pytest.mark.parametrize(
    "text", ["", "CP", "CPE", "CP23456789", "CP23456789EE", "XX23456789E", "cp23456789e", "CP2345678OE", "CP2345678éE"]
)
def test_what_is_no_order_code(text):
    assert not is_order_code(text)


def test_tokens_and_public_ids():
    assert len({new_token() for _ in range(100)}) == 100
    assert min(len(new_token()) for _ in range(20)) >= 32
    assert len(new_public_id()) == 10
    assert len(new_public_id(6)) == 6
    assert set(new_public_id(200)) <= set(READABLE_ALPHABET)
