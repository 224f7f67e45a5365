"""Vietnamese folded for search, and cleaned before it is stored."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.text import clean_block, clean_line, fold


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Đặng Thị Mận", "dang thi man"),
        ("ƯƠNG  ương\tỮ", "uong uong u"),
        ("Vải thiều Lục Ngạn", "vai thieu luc ngan"),
        ("  hoà\u00a0hòa ", "hoa hoa"),
        (unicodedata.normalize("NFD", "Phường Phương Nam"), "phuong phuong nam"),
        ("", ""),
    ],
)
def test_folding(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_folding_twice_changes_nothing_for_text_of_any_form(text):
    assert fold(unicodedata.normalize("NFD", text)) == fold(unicodedata.normalize("NFC", text))


def test_a_line_is_one_clean_line():
    assert clean_line("  Nguyễn\tVăn\n An\u0000\u0007 ") == "Nguyễn Văn An"
    assert clean_line(unicodedata.normalize("NFD", "Mận")) == "Mận"


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u0085", "\ud800"])
def test_what_nobody_sees_is_dropped(unseen):
    assert clean_line(f"M{unseen}ận") == "Mận"
    assert clean_block(f"M{unseen}ận\nB") == "Mận\nB"


def test_a_mark_cut_off_by_something_unseen_joins_its_letter():
    assert clean_line("a\u200b\u0301") == "á"


def test_a_block_keeps_its_lines():
    assert clean_block("một \r\n hai\rba\u0000\n\n") == "một\nhai\nba"


@given(st.text(st.characters()))
def test_what_is_cleaned_can_be_stored_and_stays_as_it_is(text):
    for clean in (clean_line, clean_block):
        cleaned = clean(text)
        cleaned.encode("utf-8")
        assert "\x00" not in cleaned
        assert clean(cleaned) == cleaned
