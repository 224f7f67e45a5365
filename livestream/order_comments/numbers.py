"""Numbers as they are typed or spelled: digits, "1/2", ranges, "hai mươi lăm", "hai chục", "một trăm năm mươi"."""

from collections.abc import Container, Sequence
from fractions import Fraction
from typing import NamedTuple

from livestream.order_comments import words
from livestream.order_comments.tokens import Token

_SPELLED = frozenset(("digit", "dozens", "hundred", "twenty"))


class Numeral(NamedTuple):
    """A number up to token ``end``; ``value`` None when nobody can be sure ("2,500", "5-7")."""

    value: Fraction | None
    end: int
    typed: bool = False
    """Typed in figures; a spelled number counts only before a unit."""
    is_range: bool = False
    dozens: bool = False
    """Spelled with "chục", which without a weight behind it may also be a market dozen."""


def token_at(tokens: Sequence[Token], i: int) -> Token | None:
    """Return the token at ``i``, or None beyond either end."""
    return tokens[i] if 0 <= i < len(tokens) else None


def is_unit(token: Token | None) -> bool:
    """Tell whether the token may be a weight or a container."""
    return token is not None and not token.senses.isdisjoint(("weight", "container"))


def read_numeral(tokens: Sequence[Token], i: int, codes: Container[str] = ()) -> Numeral | None:
    """Read the number that starts at token ``i``, or return None. "12 - 2kg" is no range where 12 is one of the codes."""
    token = tokens[i]
    if token.kind == "number":
        return _figures(tokens, i, codes)
    return _spelled(tokens, i) if token.kind == "word" else None


def _figures(tokens: Sequence[Token], i: int, codes: Container[str]) -> Numeral:
    token, sign, second = tokens[i], token_at(tokens, i + 1), token_at(tokens, i + 2)
    if sign is not None and second is not None and second.kind == "number":
        if sign.text == "/" and sign.glued and second.glued and token.value is not None and second.value:
            return Numeral(token.value / second.value, i + 3, typed=True)
        if sign.text in ("-", "–", "~") and sign.glued and second.glued:
            return Numeral(None, i + 3, typed=True, is_range=True)
        dashed = sign.text in ("-", "–", "~") and is_unit(token_at(tokens, i + 3)) and token.text not in codes
        if dashed or sign.is_word("đến") or sign.is_word("hoặc"):
            return Numeral(None, i + 3, typed=True, is_range=True)
    if sign is not None and not sign.senses.isdisjoint(("dozens", "hundred")):
        factor = 10 if "dozens" in sign.senses else 100
        end = i + 2
        if end < len(tokens) and "and a half" in tokens[end].senses and is_unit(token_at(tokens, end + 1)):
            return Numeral(
                token.value and (token.value * factor + Fraction(factor, 2)), end + 1, typed=True, dozens=True
            )
        return Numeral(token.value and token.value * factor, end, typed=True, dozens=factor == 10)
    return Numeral(token.value, i + 1, typed=True)


def _spelled(tokens: Sequence[Token], i: int) -> Numeral | None:
    """Read a spelled number; it must run up to a unit, for "ba", "tư", "năm", "chín" are names, years and ripeness too."""
    first = tokens[i]
    if first.senses.isdisjoint(_SPELLED):
        return None
    if _is_spelled_range(tokens, i):
        return Numeral(None, i + 2, is_range=True)
    total, end, dozens = 0, i, False
    hundred = token_at(tokens, i + 1)
    if "hundred" in first.senses:
        total, end = 100, i + 1
    elif (digit := _digit(first)) is not None and hundred is not None and "hundred" in hundred.senses:
        total, end = digit * 100, i + 2
    tens, end, dozens = _tens(tokens, end)
    total += tens
    follower = token_at(tokens, end)
    if dozens and follower is not None and "and a half" in follower.senses and is_unit(token_at(tokens, end + 1)):
        return Numeral(Fraction(total + 5), end + 1, dozens=True)
    if end == i or total == 0:
        return None
    if is_unit(follower) or dozens:
        return Numeral(Fraction(total), end, dozens=dozens)
    if follower is not None and "pair" in follower.senses and is_unit_or_code(token_at(tokens, end + 1)):
        return Numeral(Fraction(total * 2), end + 1)
    return None


def _is_spelled_range(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether "hai ba ký" says two or three; "chị hai ba ký" speaks to somebody called Hai."""
    before, second = token_at(tokens, i - 1), token_at(tokens, i + 1)
    if second is None or not is_unit(token_at(tokens, i + 2)) or (before is not None and "pronoun" in before.senses):
        return False
    low, high = _digit(tokens[i]), _digit(second)
    return low is not None and high == low + 1 and high < 10


def is_unit_or_code(token: Token | None) -> bool:
    """Tell whether a counted thing follows: a unit or a code."""
    return is_unit(token) or (token is not None and token.kind == "code")


def _tens(tokens: Sequence[Token], i: int) -> tuple[int, int, bool]:
    """Read a number below a hundred: its value (0 for none), where it ends, and whether "chục" said it."""
    token = token_at(tokens, i)
    if token is None or token.kind != "word":
        return 0, i, False
    after = token_at(tokens, i + 1)
    digit = _digit(token)
    dozens = "dozens" in token.senses
    if "twenty" in token.senses:
        value, end = 20, i + 1
    elif digit is not None and digit < 10 and after is not None and "tens" in after.senses:
        value, end, dozens = digit * 10, i + 2, "dozens" in after.senses
    elif digit == 10 or dozens:
        value, end = 10, i + 1
    else:
        return digit or 0, i + 1 if digit else i, False
    last = token_at(tokens, end)
    ones = _value(last, words.LAST_DIGITS) if last is not None and "last digit" in last.senses else None
    if ones is not None and ones < 10 and is_unit(token_at(tokens, end + 1)):
        return value + ones, end + 1, dozens
    return value, end, dozens


def _digit(token: Token) -> int | None:
    return _value(token, words.DIGITS) if "digit" in token.senses else None


def _value(token: Token, table: dict[str, int]) -> int | None:
    if token.text in table:
        return table[token.text]
    return next((value for word, value in table.items() if token.is_word(word)), None)
