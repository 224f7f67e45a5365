"""Numbers as they are typed or spelled: digits, "1/2", ranges, "hai mươi lăm", "hai chục"."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from livestream.order_comments import words
from livestream.order_comments.tokens import Token


@dataclass(frozen=True, slots=True)
class Numeral:
    """A number that starts at a token and runs up to ``end``; ``value`` None when nobody can be sure ("2,500")."""

    value: Fraction | None
    end: int
    typed_digits: bool
    is_range: bool = False
    dozens: bool = False
    """Spelled with "chục", which without a weight behind it may also be a market dozen."""


def read_numeral(tokens: Sequence[Token], i: int) -> Numeral | None:
    """Read the number that starts at token ``i``, or return None.

    A spelled number only counts before a unit: "ba", "tư", "năm", "chín" are also names, years and ripeness.
    """
    token = tokens[i]
    if token.kind == "number":
        return _digits(tokens, i)
    if token.kind != "word":
        return None
    return _spelled(tokens, i)


def _digits(tokens: Sequence[Token], i: int) -> Numeral:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    third = tokens[i + 2] if i + 2 < len(tokens) else None
    if after is not None and third is not None and third.kind == "number" and after.glued and third.glued:
        if after.text == "/" and token.value is not None and third.value:
            return Numeral(token.value / third.value, i + 3, typed_digits=True)
        if after.text in ("-", "–", "~"):
            return Numeral(None, i + 3, typed_digits=True, is_range=True)
    if after is not None and third is not None and third.kind == "number":
        if after.text in ("-", "–", "~") or after.folded in ("den", "toi", "hoac"):
            return Numeral(None, i + 3, typed_digits=True, is_range=True)
    if after is not None and after.kind == "word" and after.folded == "chuc" and after.text in ("chục", "chuc"):
        value = None if token.value is None else token.value * 10
        return Numeral(value, i + 2, typed_digits=True, dozens=True)
    return Numeral(token.value, i + 1, typed_digits=True)


def _spelled(tokens: Sequence[Token], i: int) -> Numeral | None:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if token.text in ("chục", "chuc") and after is not None:
        return Numeral(Fraction(10), i + 1, typed_digits=False, dozens=True) if _is_unit(after) else None
    digit = _digit(token)
    if digit is None:
        return None
    end = i + 1
    value = digit
    dozens = False
    if after is not None and digit < 10 and after.kind == "word" and after.folded in words.TENS_WORDS:
        if after.text in ("mươi", "muoi", "mười", "chục", "chuc"):
            dozens = after.folded == "chuc"
            value, end = digit * 10, i + 2
    if value >= 10 and end < len(tokens):
        one = tokens[end]
        ones = words.ONES_AFTER_TEN.get(one.folded) if one.kind == "word" else None
        beyond = tokens[end + 1] if end + 1 < len(tokens) else None
        if ones is not None and 0 < ones < 10 and beyond is not None and _is_unit(beyond):
            value, end = value + ones, end + 1
    follower = tokens[end] if end < len(tokens) else None
    if follower is None or not _is_unit(follower):
        return None
    if i and tokens[i - 1].folded == "vai" and token.folded == "chin" and tokens[i - 1].text in ("vải", "vai"):
        return None
    return Numeral(Fraction(value), end, typed_digits=False, dozens=dozens)


def _digit(token: Token) -> int | None:
    value = words.DIGIT_WORDS.get(token.folded)
    if value is None or token.folded == "khong":
        return None
    spellings = words.NUMBER_MARKS.get(token.folded)
    return value if spellings is None or token.text in spellings else None


def _is_unit(token: Token) -> bool:
    if token.kind != "word":
        return False
    known = token.folded in words.WEIGHT_KG or token.folded in words.CONTAINERS
    return known and token.means(token.folded)
