"""Which number is a code, which a quantity, and which quantity belongs to which offer."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from livestream.order_comments.acts import orders
from livestream.order_comments.clauses import Clause
from livestream.order_comments.items import KG, Item, ItemKind
from livestream.order_comments.lexicon import folded
from livestream.order_comments.shelf import Shelf

QUIET = frozenset(
    ("polite", "pronoun", "order", "give", "code marker", "only", "more", "change", "target", "now", "done", "later")
)
"""Meanings of words that may stand anywhere in an order and change nothing in it."""
_OFFERS = ("code", "name")
_AMOUNTS = ("quantity", "container")
_RANGE = "khoảng"
_TIMES = frozenset("x*×+=:") | {"sl", "lượng"}


class Wish(NamedTuple):
    """Offers (None: none named) with a quantity (None: one unit); ``unknown`` is a code that is on no shelf."""

    codes: tuple[str, ...] | None
    quantity: Item | None
    unknown: str | None = None
    named: bool = False
    """By words, not by code."""


def is_quiet(item: Item) -> bool:
    """Tell whether an item neither orders anything itself nor says anything else: polite words, people, marks."""
    return item.kind == "word" and (
        bool(item.senses & QUIET) or not any(char.isalnum() for char in item.text) or item.text == "x"
    )


def settle_numbers(clause: Clause, shelf: Shelf) -> list[Item]:
    """Decide for each bare number whether it is a numeric code, a quantity, or nothing of ours."""
    codes = {offer.code for offer in shelf.offers if offer.code.isdecimal()}
    items = list(clause.items)
    for n, item in enumerate(items):
        if item.kind == "number":
            items[n] = _settle(items, n, clause, codes)
        elif item.text == _RANGE and item.kind == "noise" and clause.tokens[item.start].text in codes:
            items[n] = item._replace(kind="bad")
        elif item.kind == "quantity" and codes:
            items[n] = _or_code_and_unit(items, n, clause, shelf)
    return items


class _Around(NamedTuple):
    """What stands around a bare number: the nearest telling items, the sign before it, and what is counted."""

    before: Item | None
    after: Item | None
    sign: str
    counted_later: bool
    coded_before: int
    counted_before: int

    @classmethod
    def of(cls, items: Sequence[Item], n: int) -> "_Around":
        earlier, later = items[:n], items[n + 1 :]
        return cls(
            before=next((item for item in reversed(earlier) if not is_quiet(item)), None),
            after=next((item for item in later if not is_quiet(item)), None),
            sign=items[n - 1].text if n and items[n - 1].kind == "word" else "",
            counted_later=any(item.kind in ("quantity", "number", "vague") for item in later),
            coded_before=sum(item.kind in _OFFERS for item in earlier),
            counted_before=sum(item.kind == "quantity" for item in earlier),
        )


def _settle(items: Sequence[Item], n: int, clause: Clause, codes: set[str]) -> Item:
    item, around = items[n], _Around.of(items, n)
    coded = item.text in codes
    directly = around.after is not None and around.after.kind == "quantity" and items[n + 1] is around.after
    if coded and directly and (around.sign == "+" or around.sign not in _TIMES):
        return _as_code(item)
    times = around.sign in _TIMES and around.sign not in ("=", ":") and not (coded and around.counted_later)
    if times or (around.sign in _TIMES and around.coded_before):
        return item._replace(kind="quantity")
    if coded:
        return _settle_known_code(items, n, clause, around)
    return _settle_unknown(items, n, clause, around, codes)


def _as_code(item: Item) -> Item:
    return item._replace(kind="code", codes=(item.text,), value=None)


def _settle_known_code(items: Sequence[Item], n: int, clause: Clause, around: _Around) -> Item:
    """Settle a number that is a code of this shelf: it may still be a count, a house, or nothing of ours."""
    item, before, after = items[n], around.before, around.after
    noise, unclear = item._replace(kind="noise"), item._replace(kind="bad")
    if clause.has("cancel", "take back") or (clause.has_words("nữa") and clause.has("no")):
        return _as_code(item)
    if before is not None and before.kind == "code":
        if around.sign == "-" or items[n - 1].kind != "word":
            return unclear
        return _as_code(item) if around.counted_later else item._replace(kind="quantity")
    if before is not None and before.kind == "quantity" and before.unit is not None:
        return _as_code(item) if around.counted_before > around.coded_before else noise
    if before is not None and before.kind == "name":
        return _as_code(item)
    if after is not None and after.kind in ("name", "quantity", "number", "bad"):
        return _as_code(item)
    wanted = orders(clause) or clause.has("change")
    if before is None and not wanted:
        bare = after is None or after.kind in ("noise", "price")
        return _as_code(item) if bare or (n == 0 and _goes_to(items[1:])) else noise
    return unclear if wanted else noise


def _settle_unknown(items: Sequence[Item], n: int, clause: Clause, around: _Around, codes: set[str]) -> Item:
    """Settle a number that is no code here: a count beside an offer or a verb, else nothing of ours."""
    item, before, after = items[n], around.before, around.after
    if before is not None and before.kind in _OFFERS:
        if around.sign == "-" and before.text.isdecimal():
            return item._replace(kind="bad")
        counted = after is not None and after.kind == "quantity"
        taken = counted and not any(later.kind in _OFFERS for later in items[n + 1 :])
        return item._replace(kind="noise" if taken else "quantity")
    if after is not None and after.kind in _OFFERS:
        return item._replace(kind="quantity")
    if codes and n == 0 and after is not None and after.kind in ("quantity", "number") and items[1] is after:
        doubled = after.kind == "number" and after.text in codes
        return item._replace(kind="bad") if doubled else item._replace(kind="code", codes=())
    if any(other.kind == "quantity" for other in items):
        return item._replace(kind="noise")
    alone = before is None and (after is None or after.kind == "noise")
    return item._replace(kind="quantity") if alone and (orders(clause) or clause.has("change")) else item


def _goes_to(items: Sequence[Item]) -> bool:
    first = next(
        (
            item
            for item in items
            if item.kind != "word" or not item.senses & {"polite", "pronoun"} or "destination" in item.senses
        ),
        None,
    )
    return first is not None and "destination" in first.senses


def _or_code_and_unit(items: Sequence[Item], n: int, clause: Clause, shelf: Shelf) -> Item:
    """Doubt "7 hộp": on a shelf where 7 is sold by the box may be the code or the count; nobody can tell."""
    item = items[n]
    text = clause.tokens[item.start].text
    offer = shelf.offer(text) if text.isdecimal() else None
    if offer is None or item.unit is None or folded(offer.unit) != item.unit or item.unit == KG:
        return item
    named = any(i.kind in ("code", "name") for i in items if i is not item)
    return item if named else item._replace(kind="bad")


def fold_descriptions(items: Sequence[Item], shelf: Shelf) -> list[Item]:
    """Read "thùng 5kg" and "2 thùng 10kg" as what they describe: containers, and the offers that are packed so."""
    kept: list[Item] = []
    for item in items:
        last = next((other for other in reversed(kept) if other.text not in ("loại", "loai")), None)
        if last is not None and item.kind == "quantity" and item.unit == KG and item.value and last.unit != KG:
            fits = _packed_so(shelf, last, item.value) if last.kind in _AMOUNTS else ()
            if fits:
                kept[kept.index(last)] = last._replace(end=item.end, codes=fits)
                continue
        kept.append(item)
    return _without_spare_containers(kept)


def _without_spare_containers(items: list[Item]) -> list[Item]:
    """Let a described container without a number tell its offers to the amount said beside it, and count nothing itself."""
    described = next((item for item in items if item.kind == "container" and item.codes), None)
    amounts = [item for item in items if item.kind == "quantity" or (item.kind == "container" and not item.codes)]
    if described is None or not amounts:
        return items
    return [
        item._replace(kind="noise", unit=None)
        if item is described
        else item._replace(codes=described.codes)
        if item in amounts and item.unit == described.unit
        else item
        for item in items
    ]


def _packed_so(shelf: Shelf, amount: Item, kilograms: Fraction) -> tuple[str, ...]:
    """Return the offers of which one such container, or all that were counted, weigh so much."""
    weights = {kilograms, kilograms / (amount.value or 1)}
    fits = []
    for offer in shelf.offers:
        if offer.kg_per_unit is None:
            continue
        sold = folded(offer.unit) == amount.unit and offer.kg_per_unit in weights
        packed = any(
            folded(label) == amount.unit and units * offer.kg_per_unit in weights
            for label, units in offer.packs.items()
        )
        if sold or packed:
            fits.append(offer.code)
    return tuple(fits)


def pair(items: Sequence[Item], clause: Clause) -> list[Wish]:
    """Put offers and quantities together in the order of the text."""
    parts = _once([item for item in items if item.kind in ("code", "name", *_AMOUNTS)])
    offers = [part for part in parts if part.kind in ("code", "name")]
    amounts = [part for part in parts if part.kind in _AMOUNTS]
    if (
        offers
        and len([part for part in amounts if part.kind == "quantity"]) == len(offers)
        and len(amounts) > len(offers)
    ):
        # "lấy thùng A1 2 kg" counts kilograms; the container only tells how they come.
        amounts = [part for part in amounts if part.kind == "quantity"]
        parts = [part for part in parts if part.kind != "container"]
    if not offers:
        return [Wish(amount.codes or None, amount) for amount in amounts]
    if clause.has("each") and len(amounts) == 1:
        return [_wish(offer, amounts[0]) for offer in offers]
    amount_first = parts[0].kind in _AMOUNTS
    wishes: list[Wish] = []
    pending: Item | None = None
    for part in parts:
        is_amount = part.kind in _AMOUNTS
        if is_amount == amount_first:
            if pending is not None:
                wishes.append(_alone(pending))
            pending = part
        elif pending is None:
            wishes.append(_alone(part))
        else:
            wishes.append(_wish(part, pending) if amount_first else _wish(pending, part))
            pending = None
    if pending is not None:
        wishes.append(_alone(pending))
    return wishes


def _alone(part: Item) -> Wish:
    return Wish(part.codes or None, part) if part.kind in _AMOUNTS else _wish(part, None)


def _wish(offer: Item, quantity: Item | None) -> Wish:
    return Wish(offer.codes, quantity, None if offer.codes else offer.text, named=offer.kind == "name")


def _once(parts: Sequence[Item]) -> list[Item]:
    """Keep one of "A1 loại 1", "Na dai 12": an offer said twice, by its code and by its name."""
    merged: list[Item] = []
    for part in parts:
        last = merged[-1] if merged else None
        if last is not None and {last.kind, part.kind} <= {"code", "name"} and "name" in (last.kind, part.kind):
            shared = tuple(code for code in last.codes if code in part.codes)
            if shared:
                kind: ItemKind = "code" if "code" in (last.kind, part.kind) else "name"
                merged[-1] = last._replace(kind=kind, end=part.end, codes=shared)
                continue
        if part.kind == "name" and any(p.kind == "code" and set(p.codes) & set(part.codes) for p in parts):
            continue
        merged.append(part)
    return merged
