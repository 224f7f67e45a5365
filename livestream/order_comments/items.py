"""What stands in a clause: codes, quantities, names of offers, prices, vague amounts; everything else stays a word."""

import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from livestream.order_comments import words
from livestream.order_comments.lexicon import folded
from livestream.order_comments.names import ShelfIndex
from livestream.order_comments.numbers import Numeral, is_unit, is_unit_or_code, read_numeral, token_at
from livestream.order_comments.tokens import Token

ItemKind = Literal["code", "quantity", "number", "name", "container", "price", "vague", "bad", "noise", "word"]

KG = "kg"
_SENSIBLE_PARTS = frozenset((1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 125, 200, 250, 500, 1000))
"""Denominators of quantities that people weigh: whole grams, not thirds."""


class Item(NamedTuple):
    """One piece of a clause, from token ``start`` up to ``end``.

    ``unit`` of a quantity is "kg" or a folded container label (None: not said); ``value`` is in that unit. ``codes`` are the
    offers that a code, a name or a described box may mean; an unknown code has none.
    """

    kind: ItemKind
    start: int
    end: int
    value: Fraction | None = None
    unit: str | None = None
    codes: tuple[str, ...] = ()
    text: str = ""
    senses: frozenset[str] = frozenset()


def read_items(tokens: Sequence[Token], index: ShelfIndex) -> list[Item]:
    """Read a clause from left to right into items; linear, because every step moves on."""
    items: list[Item] = []
    i = 0
    while i < len(tokens):
        item = _read_item(tokens, i, index, items)
        items.append(item)
        i = item.end
    return items


def _read_item(tokens: Sequence[Token], i: int, index: ShelfIndex, before: Sequence[Item]) -> Item:
    token = tokens[i]
    if token.kind == "code":
        known = (index.codes[token.text],) if token.text in index.codes else ()
        return Item("code", i, i + 1, codes=known, text=token.text.upper())
    if token.kind == "number" and (marked := _marked_code(tokens, i, index, before)):
        return marked
    if (
        token.kind != "mark"
        and (numeral := read_numeral(tokens, i, index.codes))
        and (item := _quantity(tokens, i, numeral, index))
    ):
        return item
    if token.kind == "word":
        named = index.name_at(tokens, i)
        if named is not None:
            codes, end = named
            return Item("name", i, end, codes=codes, text=" ".join(t.text for t in tokens[i:end]))
        special = _unit_without_number(tokens, i, index) or _vague(tokens, i)
        if special is not None:
            return special
    return Item("word", i, i + 1, text=token.text, senses=token.senses)


def _marked_code(tokens: Sequence[Token], i: int, index: ShelfIndex, before: Sequence[Item]) -> Item | None:
    """A number after "mã" or "số" is a code ("mã 15"), unless "số" counts houses or bank accounts."""
    marker, number = token_at(tokens, i - 1), tokens[i].text
    if marker is None or "code marker" not in marker.senses or not number.isdecimal():
        return None
    counted = any(item.kind == "quantity" for item in before) and marker.is_word("số") and not _is_marked(tokens, i - 2)
    if number in index.codes and not counted:
        return Item("code", i, i + 1, codes=(index.codes[number],), text=number)
    if not marker.is_word("số") and len(number) <= 3 and not any(item.kind == "code" for item in before):
        return Item("code", i, i + 1, text=number)
    return None


def _is_marked(tokens: Sequence[Token], i: int) -> bool:
    token = token_at(tokens, i)
    return token is not None and (token.is_word("mã") or "order" in token.senses)


def _quantity(tokens: Sequence[Token], i: int, numeral: Numeral, index: ShelfIndex) -> Item | None:
    """Read a number with what stands behind it; None when a spelled one is just a word."""
    value, j = numeral.value, numeral.end
    after, behind = token_at(tokens, j), token_at(tokens, j + 1)
    other = _no_amount(tokens, i, numeral, index)
    if other is not None:
        return other
    weight = weight_of(after)
    if numeral.dozens and weight is None:
        return Item("bad", i, j, text="chục") if is_unit_or_code(after) or _given(tokens, i) else None
    if weight is not None and not _is_two_offers(tokens, j):
        return _weighed(tokens, i, j, value, weight)
    if after is None or value is None:
        return _bare_number(tokens, i, numeral)
    if "and a half" in after.senses and is_unit(behind):
        return _quantity(tokens, i, Numeral(value + Fraction(1, 2), j + 1, typed=numeral.typed), index)
    if "pair" in after.senses and numeral.typed and is_unit_or_code(behind):
        return _counted(tokens, i, j + 1, value * 2) or _checked(Item("quantity", i, j + 1, value=value * 2))
    # "12 gio" typed without marks is twelve o'clock, unless the shelf sells baskets.
    hours = "not after" in after.senses and container_of(after) not in index.containers
    return (None if hours else _counted(tokens, i, j, value)) or _bare_number(tokens, i, numeral)


def _no_amount(tokens: Sequence[Token], i: int, numeral: Numeral, index: ShelfIndex) -> Item | None:
    """Read a range, a date, an account, a price or a share, which are never quantities."""
    j, text = numeral.end, tokens[i].text
    before, after = token_at(tokens, i - 1), token_at(tokens, j)
    if before is not None and (before.is_word("phẩy") or "about" in before.senses) and is_unit(after):
        return Item("bad", i, j + 1, text=before.text)
    if numeral.is_range:
        return Item("bad", i, j + 1, text="khoảng") if is_unit(after) else Item("noise", i, j, text="khoảng")
    if numeral.typed:
        slashed = j == i + 3 and tokens[i + 1].text == "/"
        if slashed and not is_unit(after):
            return Item("noise", i, j, text="ngày")
        if (slashed or not text.isdecimal()) and re.split(r"[.,]", text)[0] in index.numeric_codes:
            return Item("bad", i, j, text=text)
        if _is_long(tokens, i):
            return Item("noise", i, j, text=text)
    if after is not None and _is_price(after, numeral.typed):
        return Item("price", i, _end_of_price(tokens, j), value=numeral.value)
    return Item("noise", i, j + 1) if after is not None and after.text == "%" else None


def _bare_number(tokens: Sequence[Token], i: int, numeral: Numeral) -> Item | None:
    """Read a number without a unit: figures may be a code or a count, unless people, hours or houses are counted."""
    j, after = numeral.end, token_at(tokens, numeral.end)
    if not numeral.typed:
        return Item("quantity", i, j, value=numeral.value) if after is not None and after.kind == "code" else None
    if after is not None and "twelve" in after.senses:
        return Item("bad", i, j + 1, text=after.text)
    if after is not None and "measure" in after.senses:
        return Item("noise", i, j + 1, unit=after.text)
    if after is not None and "not after" in after.senses:
        return Item("noise", i, j + 1, text=tokens[i].text)
    if _is_place(tokens, i, j):
        return Item("noise", i, j, text=tokens[i].text)
    return Item("number", i, j, value=numeral.value, text=tokens[i].text)


def _given(tokens: Sequence[Token], i: int) -> bool:
    before = token_at(tokens, i - 1)
    return before is not None and not before.senses.isdisjoint(("order", "give", "pronoun"))


def _is_two_offers(tokens: Sequence[Token], j: int) -> bool:
    # "2 tạ" weighs; "2 ta" at the end ("giá 2 ta") does not, and "cân" behind a container is a verb.
    return tokens[j].text == "ta" and token_at(tokens, j + 1) is None and j >= 1 and tokens[j - 1].kind != "number"


def _counted(tokens: Sequence[Token], i: int, j: int, value: Fraction | None) -> Item | None:
    label = container_of(token_at(tokens, j))
    if label is None or not token_at(tokens, j):
        return None
    behind = token_at(tokens, j + 1)
    if behind is not None and "and a half" in behind.senses and value is not None:
        return _checked(Item("quantity", i, j + 2, value=value + Fraction(1, 2), unit=label))
    return _checked(Item("quantity", i, j + 1, value=value, unit=label))


def _weighed(tokens: Sequence[Token], i: int, j: int, value: Fraction | None, weight: Fraction) -> Item:
    """Read what follows a weight word: "2kg5", "2 ký 3 lạng", "1 tạ 2", "2 cân rưỡi"."""
    if value is None:
        return Item("bad", i, j + 1, text="số lẻ")
    kilograms, end = value * weight, j + 1
    after = token_at(tokens, end)
    if after is not None and "and a half" in after.senses:
        return _checked(Item("quantity", i, end + 1, value=kilograms + weight / 2, unit=KG))
    if after is not None and after.is_word("lô"):
        # "ký lô" is a kilogram.
        end += 1
    small = read_numeral(tokens, end) if end < len(tokens) else None
    if after is not None and small is not None and small.value is not None:
        behind = token_at(tokens, small.end)
        smaller = weight_of(behind)
        if smaller is not None and smaller < weight and small.value * smaller < weight:
            return _checked(Item("quantity", i, small.end + 1, value=kilograms + small.value * smaller, unit=KG))
        digit = small.typed and small.value < 10 and small.value.denominator == 1 and not is_unit_or_code(behind)
        if digit and (after.glued or weight >= 10):
            return _checked(Item("quantity", i, small.end, value=kilograms + small.value * weight / 10, unit=KG))
    elif after is not None and "digit" in after.senses and token_at(tokens, end + 1) is None:
        return Item("bad", i, end + 1, text="số lẻ")
    return _checked(Item("quantity", i, end, value=kilograms, unit=KG))


def _checked(item: Item) -> Item:
    if item.value is None or item.value <= 0 or item.value.denominator not in _SENSIBLE_PARTS:
        return Item("bad", item.start, item.end, text="số lượng")
    return item


def weight_of(token: Token | None) -> Fraction | None:
    """Return the kilograms of a weight word, or None."""
    if token is None or "weight" not in token.senses:
        return None
    return words.WEIGHTS.get(token.text) or next(kg for word, kg in words.WEIGHTS.items() if token.is_word(word))


def container_of(token: Token | None) -> str | None:
    """Return the folded label of a container word, or None."""
    return folded(token.text) if token is not None and "container" in token.senses else None


def _is_long(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether figures are an account, an order number, or the rest of a number that somebody blotted out."""
    text = tokens[i].text
    if len(text) > 1 and text[0] == "0" and text[1].isdecimal():
        return True
    before = token_at(tokens, i - 1)
    blotted = (
        before is not None and before.glued and before.text in ("x", "*") and i >= 2 and len(tokens[i - 2].text) > 2
    )
    return blotted or (text.isdecimal() and len(text) >= 6)


def _is_price(token: Token, typed: bool) -> bool:
    if token.kind == "mark":
        return token.text in "₫$"
    if token.text in ("đ", "d", "k", "tr", "ka"):
        return typed and (token.glued or token.text in ("đ", "k", "tr"))
    if typed and token.glued and token.is_word("không") and token.text == "không":
        return True
    return "money" in token.senses


def _end_of_price(tokens: Sequence[Token], j: int) -> int:
    end = j + 1
    after = token_at(tokens, end)
    if after is not None and after.kind == "number" and after.glued:
        end, after = end + 1, token_at(tokens, end + 1)
    if after is not None and "money" in after.senses:
        end, after = end + 1, token_at(tokens, end + 1)
    behind = token_at(tokens, end + 1)
    if after is not None and is_unit(behind) and (after.text in ("/", "1", "mỗi") or after.is_word("một")):
        return end + 2
    return end + 1 if is_unit(after) and after is not None and not after.is_word("con") else end


_TO_A_PLACE = ("về", "ở", "tại", "chỉ", "tới")
_PARTS_OF_ADDRESSES = frozenset(("ngõ", "ngách", "hẻm", "đường", "phố", "ngo", "duong", "pho", "kiệt"))


def _is_place(tokens: Sequence[Token], i: int, j: int) -> bool:
    """Numbers of houses, districts, days, accounts: a word before says so, or a place name behind."""
    before, after = token_at(tokens, i - 1), token_at(tokens, j)
    if before is not None and before.kind == "word" and ("not before" in before.senses or before.is_word("số")):
        return True
    if before is not None and before.kind == "word" and any(before.is_word(word) for word in _TO_A_PLACE):
        return True
    if after is not None and after.text in _PARTS_OF_ADDRESSES:
        return True
    if after is not None and after.text == "/" and after.glued:
        return True
    if before is not None and before.glued and before.text == "/":
        return True
    if before is not None and before.glued and before.text == ":" and i >= 2 and tokens[i - 2].kind == "number":
        return j - i == 1 and len(tokens[i].text) == 2
    behind = token_at(tokens, j + 1)
    proper = after is not None and after.kind == "word" and after.capital and len(after.text) > 1 and not is_unit(after)
    return proper and behind is not None and behind.capital


def _unit_without_number(tokens: Sequence[Token], i: int, index: ShelfIndex) -> Item | None:
    """Read "nửa cân", "ký rưỡi", "đôi chai", "tá", and a unit alone: a container, or a weight right before an offer."""
    token, after = tokens[i], token_at(tokens, i + 1)
    weight, label = weight_of(token), container_of(token)
    if "half" in token.senses and is_unit(after):
        return _of_unit(i, i + 2, Fraction(1, 2), after)
    if (weight is not None or label is not None) and after is not None and "and a half" in after.senses:
        return _of_unit(i, i + 2, Fraction(3, 2), token)
    if "and a half" in token.senses and is_unit_or_code(after) and not is_unit(token_at(tokens, i - 1)):
        return Item("bad", i, i + 2, text="rưỡi")
    if token.text in ("tá", "lố"):
        return Item("bad", i, i + 1, text=token.text)
    if "pair" in token.senses and is_unit(after):
        return _of_unit(i, i + 2, Fraction(2), after)
    if (
        weight is not None
        and not token.is_word("kg")
        and after is not None
        and after.kind == "code"
        and _given(tokens, i)
    ):
        return _of_unit(i, i + 1, Fraction(1), token)
    if label in index.containers and not (i and tokens[i - 1].is_word("mỗi")):
        return Item("container", i, i + 1, unit=label, text=token.text, senses=token.senses)
    return None


def _of_unit(start: int, end: int, value: Fraction, unit: Token | None) -> Item:
    weight = weight_of(unit)
    if weight is not None:
        return Item("quantity", start, end, value=value * weight, unit=KG)
    return Item("quantity", start, end, value=value, unit=container_of(unit))


def _vague(tokens: Sequence[Token], i: int) -> Item | None:
    token, after = tokens[i], token_at(tokens, i + 1)
    if "vague count" in token.senses and is_unit(after):
        return Item("vague", i, i + 2, text=token.text)
    if token.is_word("nhiều") and after is not None and after.is_word("nhiều"):
        return Item("vague", i, i + 2, text=token.text)
    if "vague amount" not in token.senses:
        return None
    sure = not token.text.isascii() or (token.text in ("it", "xiu", "chut") and _given(tokens, i))
    return Item("vague", i, i + 1, text=token.text) if sure else None
