"""What stands in a clause: codes, quantities, names of offers, prices, vague amounts; everything else stays a word."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from app.text import fold
from livestream.order_comments import words
from livestream.order_comments.names import NameIndex
from livestream.order_comments.numerals import read_numeral
from livestream.order_comments.shelf import ShelfOffer
from livestream.order_comments.tokens import Token

ItemKind = Literal["code", "quantity", "number", "name", "container", "price", "vague", "bad", "noise", "word"]

KG = "kg"


@dataclass(frozen=True, slots=True)
class Item:
    """One meaningful piece of a clause, from token ``start`` up to ``end``.

    ``unit`` of a quantity is "kg" or a folded container label; ``value`` is in that unit. ``codes`` are the offers a code or a
    name may mean; an unknown code has none.
    """

    kind: ItemKind
    start: int
    end: int
    value: Fraction | None = None
    unit: str | None = None
    codes: tuple[str, ...] = ()
    text: str = ""


def read_items(tokens: Sequence[Token], offers: dict[str, ShelfOffer], names: NameIndex) -> list[Item]:
    """Read a clause from left to right into items; linear, because every step moves on."""
    items: list[Item] = []
    i = 0
    while i < len(tokens):
        item = _read_item(tokens, i, offers, names, items)
        items.append(item)
        i = item.end
    return items


def _read_item(
    tokens: Sequence[Token], i: int, offers: dict[str, ShelfOffer], names: NameIndex, before: Sequence[Item]
) -> Item:
    token = tokens[i]
    if token.kind == "code":
        known = (offers[token.folded].code,) if token.folded in offers else ()
        return Item("code", i, i + 1, codes=known, text=token.text.upper())
    if token.kind == "number":
        return _marked_code(tokens, i, offers, before) or _quantity_at(tokens, i, before, names)
    if token.kind == "mark":
        return Item("word", i, i + 1, text=token.text)
    named = names.match(tokens, i, after_quantity=_follows_quantity(before))
    numeral = read_numeral(tokens, i)
    if numeral is not None:
        return _quantity_at(tokens, i, before, names)
    if named is not None:
        codes, end = named
        return Item("name", i, end, codes=codes, text=" ".join(t.text for t in tokens[i:end]))
    return _unit_without_number(tokens, i) or _vague(tokens, i) or Item("word", i, i + 1, text=token.folded)


def _follows_quantity(before: Sequence[Item]) -> bool:
    last = next((item for item in reversed(before) if item.kind != "word" or item.text not in words.FILLERS), None)
    if last is None:
        return False
    return last.kind in ("quantity", "container", "number", "code") or (
        last.kind == "word" and last.text in words.ORDER_VERBS
    )


def _marked_code(tokens: Sequence[Token], i: int, offers: dict[str, ShelfOffer], before: Sequence[Item]) -> Item | None:
    """A number after "mã" or "số" is a code ("mã 15"), unless "số" counts houses or bank accounts."""
    marker = tokens[i - 1] if i else None
    if (
        marker is None
        or marker.kind != "word"
        or marker.folded not in words.CODE_MARKERS
        or not tokens[i].text.isdigit()
    ):
        return None
    number = tokens[i].text
    if number in offers:
        return Item("code", i, i + 1, codes=(offers[number].code,), text=number)
    if marker.folded in ("ma", "code") and len(number) <= 3 and not any(item.kind == "code" for item in before):
        return Item("code", i, i + 1, text=number)
    return None


def _quantity_at(tokens: Sequence[Token], i: int, before: Sequence[Item], names: NameIndex) -> Item:
    numeral = read_numeral(tokens, i)
    if numeral is None:
        return Item("noise", i, i + 1, text=tokens[i].text)
    value, j = numeral.value, numeral.end
    after = tokens[j] if j < len(tokens) else None
    if numeral.is_range:
        bad = after is not None and (_weight(after) is not None or _container(after) is not None)
        return Item("bad" if bad else "noise", i, j + (1 if bad else 0), text="khoảng")
    if after is not None and _is_price(after, numeral.typed_digits):
        return Item("price", i, _end_of_price(tokens, j), value=value)
    if after is not None and after.text == "%":
        return Item("noise", i, j + 1)
    if numeral.dozens:
        weight = _weight(after) if after else None
        if weight is None:
            return Item("bad", i, j, text="chục")
    if after is not None and (weight := _weight(after)) is not None:
        return _weight_quantity(tokens, i, j, value, weight)
    if after is not None and (label := _container(after)) is not None and not _is_other_use(tokens, j):
        half = j + 1 < len(tokens) and tokens[j + 1].means("ruoi")
        amount = None if value is None else value + (Fraction(1, 2) if half else 0)
        return _checked(Item("quantity", i, j + (2 if half else 1), value=amount, unit=label))
    if not numeral.typed_digits:
        return Item("word", i, i + 1, text=tokens[i].folded)
    if (after is not None and after.kind == "word" and after.folded in words.NOT_A_QUANTITY_AFTER) or _is_address(
        tokens, i, j
    ):
        return Item("noise", i, j, text=tokens[i].text)
    return _checked(Item("number", i, j, value=value, text=tokens[i].text))


def _weight_quantity(tokens: Sequence[Token], i: int, j: int, value: Fraction | None, weight: Fraction) -> Item:
    """Read what follows a weight word: "2kg5", "2 ký 3 lạng", "1 tạ 2", "2 cân rưỡi"."""
    if value is None:
        return Item("bad", i, j + 1, text="số lẻ")
    kilograms = value * weight
    end = j + 1
    if end < len(tokens):
        after = tokens[end]
        if after.means("ruoi"):
            return _checked(Item("quantity", i, end + 1, value=kilograms + weight / 2, unit=KG))
        small = read_numeral(tokens, end)
        if small is not None and small.value is not None and not small.is_range:
            unit_after = tokens[small.end] if small.end < len(tokens) else None
            smaller = _weight(unit_after) if unit_after else None
            if smaller is not None and smaller < weight and small.value * smaller < weight:
                return _checked(Item("quantity", i, small.end + 1, value=kilograms + small.value * smaller, unit=KG))
            single = small.typed_digits and small.value < 10 and small.value.denominator == 1
            if single and smaller is None and (after.glued or weight >= 10) and not _container_next(unit_after):
                return _checked(Item("quantity", i, small.end, value=kilograms + small.value * weight / 10, unit=KG))
    return _checked(Item("quantity", i, end, value=kilograms, unit=KG))


def _checked(item: Item) -> Item:
    if (
        item.value is None
        or item.value <= 0
        or item.value.denominator not in (1, 2, 4, 5, 8, 10, 20, 25, 40, 50, 100, 1000)
    ):
        return Item("bad", item.start, item.end, text="số lượng")
    return item


def _container_next(token: Token | None) -> bool:
    return token is not None and _container(token) is not None


def _weight(token: Token) -> Fraction | None:
    if token.kind != "word":
        return None
    if token.folded in words.WEIGHT_KG and token.means(token.folded):
        return words.WEIGHT_KG[token.folded]
    return None


def _container(token: Token) -> str | None:
    if token.kind != "word" or token.folded not in words.CONTAINERS or not token.means(token.folded):
        return None
    return words.ENGLISH_CONTAINERS.get(token.folded, token.folded)


def _is_other_use(tokens: Sequence[Token], j: int) -> bool:
    # "3 lô", "2 bà", "1 bó tay": the folded word is a container, the marked one is not.
    return not tokens[j].means(tokens[j].folded)


def _is_price(token: Token, typed_digits: bool) -> bool:
    if token.kind == "mark":
        return token.text in ("₫", "$")
    if token.kind != "word":
        return False
    if token.text in ("đ", "d", "k", "tr", "vnd", "vnđ", "ka"):
        return typed_digits and (token.glued or token.text in ("đ", "k", "tr", "vnd", "vnđ"))
    return token.folded in ("nghin", "ngan", "trieu", "dong", "ngh", "cu") and token.text not in (
        "đông",
        "ngán",
        "cũ",
        "cứ",
    )


def _end_of_price(tokens: Sequence[Token], j: int) -> int:
    end = j + 1
    if end < len(tokens) and tokens[end].kind == "number" and tokens[end].glued:
        end += 1
    if end < len(tokens) and tokens[end].folded in ("dong", "vnd", "d") and tokens[end].kind == "word":
        end += 1
    if end + 1 < len(tokens) and (tokens[end].text == "/" or tokens[end].folded in ("mot", "1")):
        follower = tokens[end + 1]
        if _weight(follower) is not None or _container(follower) is not None:
            end += 2
    elif end < len(tokens) and _weight(tokens[end]) is not None:
        end += 1
    return end


def _is_address(tokens: Sequence[Token], i: int, j: int) -> bool:
    """Numbers of houses, districts, days, accounts: a word before says so, or a capitalised place name after."""
    before = tokens[i - 1] if i else None
    after = tokens[j] if j < len(tokens) else None
    if before is not None and before.kind == "word" and before.folded in words.NOT_A_QUANTITY_BEFORE:
        return True
    if before is not None and before.kind == "word" and before.folded == "so":
        return True
    if after is not None and after.kind == "mark" and after.text in ("/", ":") and after.glued:
        return True
    if before is not None and before.text in ("/", ":") and before.glued:
        return True
    follower = tokens[j + 1] if j + 1 < len(tokens) else None
    proper = after is not None and after.capital and after.kind == "word" and len(after.text) > 1
    return proper and follower is not None and follower.capital


def _unit_without_number(tokens: Sequence[Token], i: int) -> Item | None:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    weight, label = _weight(token), _container(token)
    if token.means("nua") and token.text != "nữa" and after is not None:
        whole = _weight(after)
        if whole is not None and after.means(after.folded):
            return Item("quantity", i, i + 2, value=whole / 2, unit=KG)
        if (part := _container(after)) is not None:
            return Item("quantity", i, i + 2, value=Fraction(1, 2), unit=part)
    if weight is not None and after is not None and after.means("ruoi"):
        return Item("quantity", i, i + 2, value=weight * 3 / 2, unit=KG)
    if token.text == "tá":
        return Item("bad", i, i + 1, text="tá")
    if token.folded in words.PAIR_WORDS and token.text in words.PAIR_WORDS[token.folded] and after is not None:
        if (part := _container(after)) is not None:
            return Item("quantity", i, i + 2, value=Fraction(2), unit=part)
        if (whole := _weight(after)) is not None:
            return Item("quantity", i, i + 2, value=2 * whole, unit=KG)
    if label is not None and weight is None and token.means(token.folded):
        return Item("container", i, i + 1, unit=label, text=token.text)
    return None


def _vague(tokens: Sequence[Token], i: int) -> Item | None:
    token = tokens[i]
    after = tokens[i + 1] if i + 1 < len(tokens) else None
    if token.text in ("ít", "chút", "xíu", "tẹo"):
        return Item("vague", i, i + 1, text=token.text)
    if token.text in ("it", "chut", "xiu") and (i == 0 or tokens[i - 1].folded in words.GIVE_WORDS or after is None):
        return Item("vague", i, i + 1, text=token.text)
    counts = after is not None and (_weight(after) is not None or _container(after) is not None)
    if token.text in ("vài", "mấy", "dăm", "vai", "may") and counts:
        return Item("vague", i, i + 2, text=token.text)
    return None


def label_of(offer: ShelfOffer) -> str:
    """Return the offer's sale unit as a folded label."""
    return fold(offer.unit)
