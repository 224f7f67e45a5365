"""How a place name, printed or typed, becomes words that can be compared.

People leave out marks ("yen tu"), put tones elsewhere ("Hoà", "Hòa"), write i for y ("Mĩ", "Mỹ") and shorten what
everybody knows ("P.12", "TP.HCM"). Each word is kept twice: folded, to find it, and with its marks, to rank it.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from app.text import fold

_TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
_WORD = re.compile(r"[^\W_]+")
_ABBREVIATION_AND_NUMBER = re.compile(r"\b([pqf])([0-9]{1,2})\b", re.IGNORECASE)
_Y_AS_VOWEL = re.compile(r"^([bcdđghklmnpqrstvx]+|qu)y$")
_KIND_OF_NAME = re.compile(r"(phường|xã|đặc khu|thị trấn|thị xã|thành phố|tỉnh|huyện|quận) ", re.IGNORECASE)
_APOSTROPHE = re.compile("['’ʼ`]")

_TWO_WORD_KINDS = {
    ("thanh", "pho"): "tp",
    ("thi", "xa"): "tx",
    ("thi", "tran"): "tt",
    ("dac", "khu"): "dk",
}
_NUMBERED_KINDS = {"phuong": "p", "phường": "p", "p": "p", "f": "p", "quan": "q", "quận": "q", "q": "q"}
"""Kinds whose units may be called by a number alone: "Phường 12" is the word "p12", "Quận 1" is "q1"."""

KIND_WORDS = {
    "phuong": "phường",
    "p": "phường",
    "f": "phường",
    "xa": "xã",
    "x": "xã",
    "dk": "đặc khu",
    "tt": "thị trấn",
    "tx": "thị xã",
    "tp": "thành phố",
    "tinh": "tỉnh",
    "t": "tỉnh",
    "huyen": "huyện",
    "h": "huyện",
    "quan": "quận",
    "q": "quận",
    "cu": "cũ",
}
"""Folded words that only say what kind of place it is; they help to rank, but a place without them still fits."""


class Word(NamedTuple):
    """One word: ``folded`` for finding ("tu"), ``written`` in one normal form of its marks for ranking ("tử")."""

    folded: str
    written: str


@lru_cache(maxsize=16_384)
def _word(raw: str) -> Word:
    if raw.isascii():
        plain = _Y_AS_VOWEL.sub(r"\1i", raw.lower()).lstrip("0") or "0"
        return Word(plain, plain)
    lowered = raw.lower()
    decomposed = unicodedata.normalize("NFD", lowered)
    tones = "".join(char for char in decomposed if char in _TONES)
    base = unicodedata.normalize("NFC", "".join(char for char in decomposed if char not in _TONES))
    return Word(_Y_AS_VOWEL.sub(r"\1i", fold(lowered)), _Y_AS_VOWEL.sub(r"\1i", base) + tones)


def split_words(text: str) -> tuple[Word, ...]:
    """Split a line into words; an apostrophe joins ("M'Drắk" is one word)."""
    return tuple([_word(raw) for raw in _WORD.findall(_APOSTROPHE.sub("", text))])


def folded_line(words: Iterable[Word]) -> str:
    """Return the folded words as one line with single blanks."""
    return " ".join([word.folded for word in words])


def split_typed(text: str) -> list[Word]:
    """Split what a person typed: "P12" and "phường 12" are the word "p12"; "thành phố" is "tp", as the other kinds."""
    words: list[Word] = []
    for word in split_words(_ABBREVIATION_AND_NUMBER.sub(r"\1 \2", unicodedata.normalize("NFC", text))):
        before = words[-1].folded if words else ""
        joined = _TWO_WORD_KINDS.get((before, word.folded), "")
        if before in _NUMBERED_KINDS and word.folded.isdecimal():
            joined = _NUMBERED_KINDS[before] + word.folded
        if joined:
            words[-1] = Word(joined, joined)
        else:
            words.append(word)
    return words


@lru_cache(maxsize=16_384)
def split_name(name: str) -> tuple[str, tuple[Word, ...]]:
    """Split a unit's printed name into its kind in lower case and the words of its own name.

    "Phường Yên Tử" gives ``("phường", (yên, tử))`` and "Phường 12" ``("phường", (p12,))``; a name without a kind
    ("Quảng Ninh") gives an empty kind.
    """
    match = _KIND_OF_NAME.match(name)
    if not match:
        return "", split_words(name)
    kind, words = match[1].lower(), split_words(name[match.end() :])
    if kind in _NUMBERED_KINDS and words[0].folded.isdecimal():
        numbered = _NUMBERED_KINDS[kind] + words[0].folded
        words = (Word(numbered, numbered), *words[1:])
    return kind, words
