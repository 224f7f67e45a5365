"""Looks words up as they were typed: with all their marks, with some, or with none."""

import unicodedata
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from app.text import fold
from livestream.order_comments import words

TONES = {"\u0300", "\u0301", "\u0303", "\u0309", "\u0323"}
_NOTHING: frozenset[str] = frozenset()


@lru_cache(maxsize=20_000)
def key_of(word: str) -> str:
    """Return a word with its tone mark behind it, so that "huỷ" and "hủy", "xoá" and "xóa" are one."""
    letters = unicodedata.normalize("NFD", word)
    tone = "".join(sorted(char for char in letters if char in TONES))
    return unicodedata.normalize("NFC", "".join(char for char in letters if char not in TONES)) + tone


@lru_cache(maxsize=20_000)
def folded(text: str) -> str:
    """Return the text without marks, from memory: buyers use the same few thousand words."""
    return fold(text)


def _spellings(entry: str) -> tuple[str, frozenset[str]]:
    key = key_of(entry)
    toneless = key.rstrip("".join(TONES))
    hatless = "".join(char if char == "đ" else folded(char) for char in toneless)
    return key, frozenset({toneless, hatless, folded(entry)} - {key})


_TABLES: dict[str, Iterable[str]] = {
    "weight": words.WEIGHTS,
    "container": words.CONTAINERS,
    "digit": words.DIGITS,
    "last digit": words.LAST_DIGITS,
    "tens": ("mươi", "mười", "chục"),
    "dozens": ("chục",),
    "hundred": ("trăm",),
    "twenty": ("hăm", "hai mươi"),
    "half": ("nửa",),
    "and a half": ("rưỡi", "rưởi"),
    "pair": ("đôi", "cặp"),
    "twelve": ("tá", "lố"),
    "money": words.PRICE_UNITS,
    "order": words.ORDER_VERBS,
    "give": words.GIVING_VERBS,
    "cancel": words.CANCEL_VERBS,
    "take back": words.CANCEL_PHRASES,
    "no cancel": words.NO_CANCELLATION,
    "change": words.CHANGE_WORDS,
    "target": words.CHANGE_TARGETS,
    "take away": words.TAKE_AWAY_WORDS,
    "move": words.MOVE_WORDS,
    "mistake": words.MISTAKE_WORDS,
    "only": words.ONLY_WORDS,
    "more": words.MORE_WORDS,
    "question": words.QUESTIONS,
    "no question": words.NO_QUESTIONS,
    "no": words.NO_WORDS,
    "not yet": words.NOT_YET_WORDS,
    "asking end": words.ASKING_ENDS,
    "negation": words.NEGATIONS,
    "not so": words.NOT_SO,
    "past": words.PAST,
    "now": words.NOW,
    "done": words.DONE_WORDS,
    "like before": words.LIKE_BEFORE,
    "supposing": words.SUPPOSING,
    "then": words.THEN_WORDS,
    "no supposing": words.NO_SUPPOSING,
    "having no": words.HAVING_NO,
    "later": words.LATER_WORDS,
    "reporting": words.REPORTING,
    "reporting end": words.REPORTING_ENDS,
    "cheer": words.CHEERS,
    "about": words.ABOUT_WORDS,
    "measure": words.MEASURES,
    "complaint": words.COMPLAINTS,
    "idle": words.IDLE,
    "vague count": words.VAGUE_COUNTS,
    "vague amount": words.VAGUE_AMOUNTS,
    "pronoun": words.PRONOUNS,
    "polite": words.POLITE,
    "destination": words.DESTINATIONS,
    "praise end": words.PRAISE_ENDS,
    "each": words.EACH,
    "code marker": words.CODE_MARKERS,
    "whole order": words.WHOLE_ORDER,
    "not after": words.NOT_A_QUANTITY_AFTER,
    "not before": words.NOT_A_QUANTITY_BEFORE,
    "produce": words.PRODUCE,
    "common name": words.COMMON_IN_NAMES,
    "price word": ("giá",),
    "either": ("hay", "hoặc"),
    "then target": ("thành",),
}


def _build() -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]], dict[str, list["_Phrase"]]]:
    exact: dict[str, set[str]] = {}
    loose: dict[str, set[str]] = {}
    phrases: dict[tuple[str, ...], set[str]] = {}
    for sense, entries in _TABLES.items():
        for entry in entries:
            if " " in entry:
                phrases.setdefault(tuple(entry.split()), set()).add(sense)
                continue
            key, others = _spellings(entry)
            exact.setdefault(key, set()).add(sense)
            for other in others:
                loose.setdefault(other, set()).add(sense)
    starts: dict[str, list[_Phrase]] = {}
    for entry_words, senses in phrases.items():
        spelled = [_spellings(word) for word in entry_words]
        # "đôi lại" is no "đổi lại": a spelling with hats that is a word of its own does not stand for another.
        kept = tuple(
            frozenset({key} | {other for other in others if other.isascii() or other not in exact})
            for key, others in spelled
        )
        phrase = _Phrase(kept, frozenset(senses))
        for spelling in kept[0]:
            starts.setdefault(spelling, []).append(phrase)
    for listed in starts.values():
        listed.sort(key=lambda phrase: -len(phrase.words))
    return (
        {key: frozenset(senses) for key, senses in exact.items()},
        {key: frozenset(senses) for key, senses in loose.items()},
        starts,
    )


class _Phrase(NamedTuple):
    words: tuple[frozenset[str], ...]
    senses: frozenset[str]


_EXACT, _LOOSE, _STARTS = _build()


@lru_cache(maxsize=20_000)
def senses_of(word: str) -> frozenset[str]:
    """Return what a single word, lower-cased, may mean; typed with all its marks it means only itself."""
    key = key_of(word)
    unmarked = word.isascii()
    if unmarked:
        return _EXACT.get(key, _NOTHING) | _LOOSE.get(key, _NOTHING)
    return _EXACT.get(key) or _LOOSE.get(key, _NOTHING)


@lru_cache(maxsize=20_000)
def forms_of(entry: str) -> frozenset[str]:
    """Return the keys of everything that may stand for this word: itself, and itself with marks left out."""
    key, others = _spellings(entry)
    return frozenset({key} | {other for other in others if other.isascii() or other not in _EXACT})


class Mark(NamedTuple):
    """A word or phrase with a meaning, from token ``start`` up to ``end``."""

    senses: frozenset[str]
    start: int
    end: int


def phrases_in(keys: Sequence[str]) -> list[Mark]:
    """Return the longest phrase starting at each word, without those that lie inside a longer one; linear."""
    found: list[Mark] = []
    reach = 0
    for i, key in enumerate(keys):
        for phrase in _STARTS.get(key, ()):
            end = i + len(phrase.words)
            if end <= reach or end > len(keys):
                continue
            if all(keys[i + n] in phrase.words[n] for n in range(1, len(phrase.words))):
                found.append(Mark(phrase.senses, i, end))
                reach = end
                break
    return found
