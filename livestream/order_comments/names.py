"""Offers named by words instead of their code: "mật ong", "loại 2", "cam"."""

from collections.abc import Sequence
from functools import lru_cache

from app.text import fold
from livestream.order_comments import words
from livestream.order_comments.tokens import Token

_TOO_COMMON = {
    "hoa", "loai", "chin", "som", "tim", "vang", "u", "kg", "thom", "ngon", "sach", "to", "nho", "mot", "dai", "tuoi", "dac",
    "san", "trung", "ong", "do", "xanh", "den", "trang",
}  # fmt: skip
"""Words of names that alone name nothing."""

_NOT_ON_THE_SHELF = {
    "xoai", "oi", "mit", "sau rieng", "buoi", "chuoi", "dua", "dua hau", "thanh long", "man", "nhan", "chom chom", "bo sap",
    "du du", "tao", "nho", "le", "hong", "quyt", "chanh", "vu sua", "mang cut", "dau tay", "gao", "khoai", "ngo", "cam",
    "na", "tra", "mat ong", "vai thieu", "vai", "ba kich", "bo", "ca phe", "lac", "trung ga", "mang",
}  # fmt: skip
"""Produce that people ask for; a name of these that no offer bears cannot be ordered here."""


class NameIndex:
    """The folded words of every offer's name, for finding the longest run of a comment that some offer bears."""

    def __init__(self, names: tuple[tuple[str, str], ...]) -> None:
        self._names = [(code, tuple(fold(name).split()), tuple(name.lower().split())) for code, name in names]
        self._starts = {word for _, folded, _ in self._names for word in folded}

    def match(self, tokens: Sequence[Token], i: int, *, after_quantity: bool) -> tuple[tuple[str, ...], int] | None:
        """Return the codes whose names hold the longest run starting at token ``i``, and where the run ends."""
        if tokens[i].folded not in self._starts:
            return None
        best, codes = 0, []
        for code, folded, marked in self._names:
            length = max((_run(tokens, i, folded, marked, at) for at in range(len(folded))), default=0)
            if length > best:
                best, codes = length, [code]
            elif length and length == best:
                codes.append(code)
        if best == 0 or (best == 1 and not _names_alone(tokens, i, after_quantity)):
            return None
        return tuple(codes), i + best


def _run(tokens: Sequence[Token], i: int, folded: tuple[str, ...], marked: tuple[str, ...], at: int) -> int:
    length = 0
    while at + length < len(folded) and i + length < len(tokens):
        token = tokens[i + length]
        if token.folded != folded[at + length] or token.kind == "mark":
            break
        if token.text not in (token.folded, marked[at + length]):
            break
        if token.folded in words.CONTAINERS or token.folded in words.WEIGHT_KG:
            break
        length += 1
    # A run must not begin or end with a bare number: "1" names nothing.
    while length and tokens[i + length - 1].kind == "number" and length == 1:
        length -= 1
    return length


def _names_alone(tokens: Sequence[Token], i: int, after_quantity: bool) -> bool:
    word = tokens[i].folded
    if word in _TOO_COMMON or word in words.WEIGHT_KG:
        return False
    if word == "cam" and i + 1 < len(tokens) and tokens[i + 1].folded == "on":
        return False
    doubtful = word in words.FILLERS or word in words.PRONOUNS or word in words.DIGIT_WORDS or word in words.NEGATIONS
    return after_quantity or not doubtful


@lru_cache(maxsize=256)
def name_index(names: tuple[tuple[str, str], ...]) -> NameIndex:
    """Return the index of a shelf's (code, name) pairs; a session's shelf changes seldom."""
    return NameIndex(names)


def foreign_produce(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether the word after a quantity is produce (which the caller knows no offer bears)."""
    if i >= len(tokens) or tokens[i].kind != "word":
        return False
    pair = tokens[i].folded + (" " + tokens[i + 1].folded if i + 1 < len(tokens) else "")
    return pair in _NOT_ON_THE_SHELF or (
        tokens[i].folded in _NOT_ON_THE_SHELF and tokens[i].folded not in words.FILLERS | words.PRONOUNS
    )
