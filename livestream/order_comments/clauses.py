"""Clauses: where one ends, and which meanings its words have."""

from collections.abc import Sequence
from operator import attrgetter

from livestream.order_comments.items import Item
from livestream.order_comments.lexicon import Mark, folded, forms_of, phrases_in
from livestream.order_comments.numbers import token_at
from livestream.order_comments.tokens import Token

_BEFORE_TODAY = {"hôm", "năm", "sáng", "tối", "trưa", "chiều", "bữa", "hom", "mấy", "bây", "đợt", "bao", "may", "bay"}
_BEFORE_YESTERDAY = {"hom", "bua", "toi", "tuan", "sang", "chieu", "ngay"}
_ENDS = set(",;!…\n|()[]{}&、，。")
_TAKING = frozenset(("quantity", "price", "code", "bad", "name"))
_UNDONE_BY = {"question": "no question", "cancel": "no cancel", "supposing": "no supposing", "then": "no supposing"}


class Clause:
    """A clause: its tokens, its items, and the words and phrases that mean something."""

    __slots__ = ("items", "keys", "marks", "senses", "tokens")

    def __init__(self, tokens: Sequence[Token], items: Sequence[Item]) -> None:
        """Find the meanings of the words that no code, quantity or price has taken."""
        self.tokens = tuple(tokens)
        self.items = tuple(items)
        self.keys = frozenset([token.key for token in tokens])
        taken = {n for item in items if item.kind in _TAKING for n in range(item.start, item.end)}
        phrases = phrases_in([token.key for token in tokens])
        for mark in phrases:
            taken.update(range(mark.start, mark.end))
        singles = [Mark(token.senses, n, n + 1) for n, token in enumerate(tokens) if token.senses and n not in taken]
        marks = sorted([*phrases, *singles], key=attrgetter("start")) if phrases else singles
        self.marks = _without_undone(marks)
        self.senses: frozenset[str] = frozenset().union(*[mark.senses for mark in self.marks])

    def marked(self, sense: str) -> list[Mark]:
        """Return the words and phrases with this meaning."""
        return [mark for mark in self.marks if sense in mark.senses] if sense in self.senses else []

    def has(self, *senses: str) -> bool:
        """Tell whether a word or phrase has one of these meanings."""
        return not self.senses.isdisjoint(senses)

    def has_items(self, *kinds: str) -> bool:
        """Tell whether the clause holds an item of these kinds."""
        return any(item.kind in kinds for item in self.items)

    def has_words(self, *entries: str) -> bool:
        """Tell whether one of these words stands in the clause, with its marks or without."""
        return any(not self.keys.isdisjoint(forms_of(entry)) for entry in entries)

    def core(self) -> tuple[Token, ...]:
        """Return the tokens without the polite words and names of people at the end; what asks stands at its end."""
        end = len(self.tokens)
        while end and _trails(self.tokens[end - 1]):
            end -= 1
        return self.tokens[:end]


def _without_undone(marks: Sequence[Mark]) -> list[Mark]:
    """Take from each word the meanings that a longer phrase around it undoes."""
    undoing = [(mark, sense) for mark in marks for sense, undo in _UNDONE_BY.items() if undo in mark.senses]
    if not undoing:
        return list(marks)
    return [
        mark._replace(
            senses=mark.senses.difference(
                sense for other, sense in undoing if other.start < mark.end and mark.start < other.end
            ),
        )
        for mark in marks
    ]


_POINTED = frozenset(("no", "not yet", "asking end", "only", "done", "reporting end"))
_TRAILING = frozenset(
    ("pronoun", "polite", "not before", "not after", "digit", "last digit", "praise end", "destination", "whole order")
)


def _trails(token: Token) -> bool:
    """Tell whether a token at the end of a clause is only said to be polite, or calls somebody."""
    if token.kind == "mark":
        return token.text != "?"
    if token.kind != "word" or not token.senses.isdisjoint(_POINTED):
        return False
    return token.senses <= _TRAILING and not token.senses.isdisjoint(("pronoun", "polite"))


def split_clauses(tokens: Sequence[Token]) -> list[list[Token]]:
    """Split tokens at commas, line breaks, full stops, emoji; a question mark ends its clause and stays in it.

    People also begin a new sentence without a mark: "ngon quá cho em 2kg", "hủy A1 lấy B1".
    """
    result: list[list[Token]] = [[]]
    for i, token in enumerate(tokens):
        if _ends(tokens, i):
            result.append([])
            continue
        if result[-1] and _begins(result[-1], tokens, i):
            result.append([])
        result[-1].append(token)
        if token.text == "?":
            result.append([])
    return [clause for n, clause in enumerate(result) if clause and not _numbers_a_list(clause, result[n + 1 :])]


def _numbers_a_list(clause: Sequence[Token], rest: Sequence[Sequence[Token]]) -> bool:
    """Tell whether a clause is only the "1." or "1)" of a list whose next entry begins with a code."""
    alone = len(clause) == 1 and clause[0].kind == "number" and len(clause[0].text) == 1
    return alone and bool(rest) and bool(rest[0]) and rest[0][0].kind == "code"


def _ends(tokens: Sequence[Token], i: int) -> bool:
    token, after = tokens[i], token_at(tokens, i + 1)
    if token.kind != "mark":
        return False
    if token.text in _ENDS or ord(token.text) >= 0x2190:
        return True
    return token.text == "." and (after is None or not after.glued or after.kind != "number")


def _begins(before: Sequence[Token], tokens: Sequence[Token], i: int) -> bool:
    """Tell whether token ``i`` begins an order behind praise, or another act behind a cancellation."""
    last = before[-1]
    ordering = _orders(tokens, i)
    token = tokens[i]
    if "now" in token.senses and token.text in ("nay", "giờ", "gio"):
        return last.text not in _BEFORE_TODAY and any("order" in word.senses for word in before)
    if "praise end" in last.senses and len(before) > 1 and not last.is_word("thì") and not last.is_word("rồi"):
        yesterday = last.text == "qua" and folded(before[-2].text) in _BEFORE_YESTERDAY
        return ordering and not yesterday and token.senses.isdisjoint(("weight", "container"))
    if token.kind != "word" or not any("cancel" in word.senses for word in before):
        return False
    return ordering and any(word.kind == "code" for word in before)


def _orders(tokens: Sequence[Token], i: int) -> bool:
    token, after = tokens[i], token_at(tokens, i + 1)
    if token.kind in ("code", "number"):
        return True
    if "pronoun" in token.senses and after is not None:
        return not after.senses.isdisjoint(("order",))
    return not token.senses.isdisjoint(("order", "give", "now")) and token.senses.isdisjoint(
        ("question", "no", "done", "praise end")
    )
