"""Offers named by words instead of their code: "mật ong", "loại 2", "cam"."""

from collections.abc import Sequence
from itertools import pairwise

from app.text import fold
from livestream.order_comments import words
from livestream.order_comments.lexicon import folded, key_of, senses_of
from livestream.order_comments.shelf import Shelf
from livestream.order_comments.tokens import Token

_LONG_PRODUCE = frozenset(form for name in words.PRODUCE if " " in name for form in (name, fold(name)))


class ShelfIndex:
    """A shelf made ready for looking up: its codes, the containers it sells in, and the words of its offers' names."""

    def __init__(self, shelf: Shelf) -> None:
        self.codes: dict[str, str] = {fold(offer.code): offer.code for offer in shelf.offers}
        self.numeric_codes = frozenset(code for code in self.codes if code.isdecimal())
        self.containers = frozenset(fold(label) for offer in shelf.offers for label in (offer.unit, *offer.packs))
        self._names = [(offer.code, tuple(offer.name.lower().split())) for offer in shelf.offers]
        self.pairs = frozenset(
            (folded(first), folded(second)) for _, name in self._names for first, second in pairwise(name)
        )
        self._starts = {fold(word) for _, name in self._names for word in name}

    def name_at(self, tokens: Sequence[Token], i: int) -> tuple[tuple[str, ...], int] | None:
        """Return the codes whose names hold the longest run starting at token ``i``, and where the run ends.

        A single word must be telling: "hoa" alone names nothing, "cam" does unless it thanks ("cảm ơn").
        """
        if folded(tokens[i].text) not in self._starts or (i and tokens[i - 1].is_word("mỗi")):
            return None
        best, codes, word = 0, [], ""
        for code, name in self._names:
            length, at = max((_run(tokens, i, name, at), at) for at in range(len(name)))
            if length > best:
                best, codes, word = length, [code], name[at]
            elif length and length == best:
                codes.append(code)
        if best == 0 or (best == 1 and not _tells(tokens, i, word)):
            return None
        return tuple(codes), i + best


def _run(tokens: Sequence[Token], i: int, name: tuple[str, ...], at: int) -> int:
    length = 0
    while at + length < len(name) and i + length < len(tokens):
        token, word = tokens[i + length], name[at + length]
        if token.kind == "mark" or (token.text != word and not token.is_word(word) and not _says(token, word)):
            break
        if not token.senses.isdisjoint(("container", "weight")) and not senses_of(word).isdisjoint(
            ("container", "weight")
        ):
            break
        length += 1
    # "1" alone names nothing.
    return 0 if length == 1 and tokens[i].kind == "number" else length


_DOUBTFUL = (
    "polite",
    "pronoun",
    "digit",
    "no",
    "vague count",
    "vague amount",
    "order",
    "give",
    "common name",
    "question",
)


def _says(token: Token, figure: str) -> bool:
    """Tell whether a spelled digit is this figure of a name: "loại hai"."""
    return figure.isdecimal() and str(words.DIGITS.get(token.text)) == figure


def _tells(tokens: Sequence[Token], i: int, word: str) -> bool:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if after is not None and after.text in ("on", "ơn"):
        return False
    if "common name" in token.senses:
        return False
    if "produce" in token.senses:
        # "vai" is also "a few", "na" a particle: typed without marks, something must have been counted or ordered before.
        sure = not token.text.isascii() or token.senses.isdisjoint(("vague count", "polite", "pronoun", "give"))
        before = tokens[i - 1] if i else None
        if after is not None and (after.kind in ("number", "code") or after.is_word("loại")):
            return True
        counted = before is not None and not before.senses.isdisjoint(
            ("weight", "container", "order", "cancel", "give")
        )
        return sure or counted
    return token.senses.isdisjoint(_DOUBTFUL) and (token.key == key_of(word) or len(word) > 3)


_indexes: dict[tuple[object, ...], ShelfIndex] = {}
_MOST_INDEXES = 256


def index_of(shelf: Shelf) -> ShelfIndex:
    """Return the index of a shelf, kept from the last comment: a session's shelf changes seldom."""
    key = tuple((offer.code, offer.name, offer.unit, *offer.packs) for offer in shelf.offers)
    index = _indexes.get(key)
    if index is None:
        if len(_indexes) >= _MOST_INDEXES:
            _indexes.clear()
        index = _indexes[key] = ShelfIndex(shelf)
    return index


def foreign_produce(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether produce follows a quantity; the caller has looked, and no offer bears its name."""
    if i >= len(tokens) or tokens[i].kind != "word":
        return False
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if "produce" in token.senses:
        return not token.text.isascii() or token.senses.isdisjoint(("polite", "pronoun", "destination"))
    return after is not None and f"{token.text} {after.text}" in _LONG_PRODUCE
