"""From text to tokens: words, numbers, codes and marks in order, each knowing what it may mean."""

import re
import unicodedata
from collections.abc import Collection
from fractions import Fraction
from functools import lru_cache
from typing import Literal, NamedTuple

from livestream.order_comments import words
from livestream.order_comments.lexicon import folded, forms_of, key_of, senses_of

MAX_CHARACTERS = 2000
"""Beyond this a comment is not an order; live comments are capped at 500."""

TokenKind = Literal["word", "number", "mark", "code"]

_INVISIBLE = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\u00ad\ufe0f\U0001f3fb-\U0001f3ff]")
_WEB_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_PIECE = re.compile(r"(?P<number>\d+(?:[.,]\d+)*)|(?P<word>[^\W\d_]+)|(?P<line>\n)|(?P<mark>[^\w\s]|_)")
_LONG_LETTER = re.compile(r"([^\W\d])\1{2,}")


class Token(NamedTuple):
    """A word, a number, a code or a mark. ``glued`` says that nothing stood between it and the token before."""

    text: str
    kind: TokenKind
    glued: bool
    key: str = ""
    senses: frozenset[str] = frozenset()
    value: Fraction | None = None
    capital: bool = False

    def is_word(self, entry: str) -> bool:
        """Tell whether the token is this word, typed with its marks or without."""
        return self.key in forms_of(entry)


def word_token(text: str, *, glued: bool, capital: bool = False) -> Token:
    """Build the token of a word, lower-cased."""
    return Token(text, "word", glued, key_of(text), senses_of(text), capital=capital)


def normalise(text: str) -> str:
    """Return the text in one form: compatibility characters and composed marks, invisible characters and addresses gone."""
    text = text[:MAX_CHARACTERS]
    if not text.isascii():
        text = unicodedata.normalize("NFKC", _INVISIBLE.sub("", text.replace("½", " 1/2 ")))
    if "://" in text or "www." in text.lower():
        text = _WEB_ADDRESS.sub(" ", text)
    return _LONG_LETTER.sub(r"\1", text)


def tokenise(text: str, codes: Collection[str], pairs: Collection[tuple[str, str]] = ()) -> list[Token]:
    """Split normalised text into tokens; ``codes`` are the shelf's codes, folded, so that joined forms come apart; ``pairs``
    are the pairs of words in its names, which are no short forms ("U hồng").
    """
    pieces: list[Token] = []
    end = -1
    shouted = text.isupper()
    for match in _PIECE.finditer(text):
        glued = match.start() == end
        end = match.end()
        raw = match[0]
        kind = match.lastgroup
        if kind == "number":
            pieces.append(Token(raw, "number", glued, raw, value=_decimal(raw)))
        elif kind == "word":
            capital = raw[0].isupper() and not shouted
            pieces.append(word_token(raw.lower(), glued=glued, capital=capital))
        else:
            pieces.append(Token(raw, "mark", glued, raw))
    return _written_out(_with_codes(pieces, codes), pairs)


@lru_cache(maxsize=4096)
def _decimal(raw: str) -> Fraction | None:
    """Read "1,5" and "1.5" as one and a half, "1.000" as a thousand; None for what nobody can be sure of ("2,500")."""
    if raw.isdecimal():
        return Fraction(int(raw)) if len(raw) <= 9 else None
    groups = re.split(r"[.,]", raw)
    if len(raw) > 12:
        return None
    if len(groups) == 2 and (len(groups[1]) < 3 or groups[0] == "0"):
        return Fraction(f"{groups[0]}.{groups[1]}")
    if "," not in raw and all(len(group) == 3 for group in groups[1:]):
        return Fraction(int("".join(groups)))
    return None


def _with_codes(pieces: list[Token], codes: Collection[str]) -> list[Token]:
    """Join the letters and digits of codes: "a1", "a 1", "a.1", "kga2" and "z9", which is on no shelf."""
    result: list[Token] = []
    i = 0
    while i < len(pieces):
        here, rest = pieces[i], pieces[i + 1 : i + 3]
        taken = 0
        if here.kind == "word" and rest:
            if rest[0].text in ".-_" and len(rest) == 2 and rest[0].glued and rest[1].glued and len(here.text) == 1:
                split, taken = _code_and_rest(here, rest[1], codes, joined=True, spaced=False), 3
            else:
                split, taken = _code_and_rest(here, rest[0], codes, joined=rest[0].glued, spaced=True), 2
            if split:
                result.extend(split)
                i += taken
                continue
        result.append(here)
        i += 1
    return result


_CODE_LETTERS = set("abcdemnrsuvyzg")
_SPOKEN_LETTERS = {"bê": "b", "bờ": "b", "vê": "v", "mờ": "m", "em mờ": "m"}


def _code_and_rest(word: Token, after: Token, codes: Collection[str], *, joined: bool, spaced: bool) -> list[Token]:
    if after.kind == "word" and spaced and not joined:
        return _spoken_code(word, after, codes)
    if after.kind != "number":
        return []
    digits, _, decimals = after.text.partition("." if "." in after.text else ",")
    letters = folded(word.text)
    for start in range(len(letters)):
        code = letters[start:] + digits
        if code not in codes:
            continue
        if start and not (joined and (word_senses := senses_of(word.text[:start])) and word_senses):
            continue
        if not joined and (start or (len(letters) > 1 and not letters.isalpha())):
            continue
        result = [] if start == 0 else [word_token(word.text[:start], glued=word.glued)]
        result.append(Token(code, "code", word.glued, code))
        if decimals:
            result.append(Token(decimals, "number", glued=True, key=decimals, value=_decimal(decimals)))
        return result
    unknown = joined and len(letters) == 1 and letters in _CODE_LETTERS and after.text.isdecimal() and len(digits) <= 2
    code = letters + digits
    return [Token(code, "code", word.glued, code)] if unknown else []


def _spoken_code(word: Token, after: Token, codes: Collection[str]) -> list[Token]:
    """Read "a một", which is how a phone writes down "A1" when it is spoken."""
    letter = _SPOKEN_LETTERS.get(word.text, word.text)
    digit = words.DIGITS.get(after.text)
    if len(letter) != 1 or digit is None or f"{letter}{digit}" not in codes:
        return []
    return [Token(f"{letter}{digit}", "code", word.glued, f"{letter}{digit}")]


def _written_out(tokens: list[Token], pairs: Collection[tuple[str, str]]) -> list[Token]:
    """Replace the short forms that thumbs type by the words they stand for."""
    result: list[Token] = []
    for i, token in enumerate(tokens):
        full = words.SHORT_FORMS.get(token.text) if token.kind == "word" else None
        before = tokens[i - 1] if i else None
        counted = before is not None and (before.kind == "number" or bool(before.senses & {"digit", "dozens"}))
        if token.text == "kg" and before is not None and not counted and before.senses & {"polite"}:
            # "còn kg shop" asks; "2 kg" and "vài kg" weigh.
            full = (
                None
                if before.senses & {"vague count", "half", "order", "give", "digit", "last digit", "tens"}
                else "không"
            )
        if full is not None and before is not None and (folded(before.text), folded(token.text)) in pairs:
            full = None
        if full is None or (counted and (token.text == "tui" or (token.glued and token.text in ("k", "m", "t")))):
            result.append(token)
            continue
        for n, word in enumerate(full.split()):
            result.append(word_token(word, glued=token.glued and n == 0, capital=token.capital))
    return result
