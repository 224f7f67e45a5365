"""The decision: what the buyer wants done, or that they ask, talk, or need a person."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from app.text import fold
from livestream.order_comments import clause as kinds
from livestream.order_comments import words
from livestream.order_comments.amounts import explain, in_sale_units
from livestream.order_comments.clause import Clause
from livestream.order_comments.items import KG, Item, read_items
from livestream.order_comments.names import foreign_produce, name_index
from livestream.order_comments.phones import take_phones
from livestream.order_comments.shelf import Operation, Reading, Shelf, ShelfOffer
from livestream.order_comments.spelling import mend
from livestream.order_comments.tokens import Token, clauses, normalise, tokenise


@dataclass(slots=True)
class _Draft:
    """What the clauses so far came to."""

    ops: list[Operation] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    asked: bool = False
    talked: bool = False
    topic: str | None = None
    """The code named last without a quantity: "giá A1 mềm quá, chốt 5kg"."""
    waiting: str | None = None
    """An order verb that so far has nothing to order."""
    candidates: list[Operation] = field(default_factory=list)


def read_comment(text: str, shelf: Shelf) -> Reading:
    """Read one comment against a shelf. Never raises; the same text and shelf give the same reading."""
    rest, phone = take_phones(normalise(text))
    offers = {offer.code.casefold(): offer for offer in shelf.offers}
    tokens = mend(tokenise(rest, {fold(code) for code in offers}))
    names = name_index(tuple((offer.code, offer.name) for offer in shelf.offers))
    draft = _Draft()
    for part in clauses(tokens):
        for words_of_clause in _after_the_past(part):
            items = read_items(words_of_clause, offers, names)
            _read_clause(Clause.of(words_of_clause, items), shelf, draft)
    return _decide(draft, phone)


def _decide(draft: _Draft, phone: str | None) -> Reading:
    reasons = tuple(draft.reasons)
    if draft.unsure:
        return Reading("unsure", (), phone, (*reasons, *draft.unsure), tuple(draft.ops + draft.candidates)[:3])
    if draft.ops:
        return Reading("order", tuple(draft.ops), phone, reasons)
    if draft.waiting and not draft.asked and not draft.talked:
        return Reading("unsure", (), phone, (draft.waiting,), tuple(draft.candidates)[:3])
    if draft.asked:
        return Reading("question", (), phone, reasons or ("Người xem đang hỏi.",))
    return Reading("other", (), phone, reasons)


def _after_the_past(tokens: list[Token]) -> list[list[Token]]:
    """Cut "hôm bữa lấy 2 ký ngon quá nay lấy 5 ký" before the word that comes back to today."""
    whole = Clause.of(tokens, ())
    if not whole.has(words.PAST_PHRASES):
        return [tokens]
    for i, token in enumerate(tokens):
        if i > 2 and token.text in ("nay", "giờ") and tokens[i - 1].folded not in ("hom", "nam", "sang", "toi", "bay"):
            return [tokens[:i], tokens[i:]]
        if i > 2 and token.folded == "hom" and i + 1 < len(tokens) and tokens[i + 1].text == "nay":
            return [tokens[:i], tokens[i:]]
    return [tokens]


def _read_clause(clause: Clause, shelf: Shelf, draft: _Draft) -> None:
    codes = [item for item in clause.items if item.kind == "code"]
    if kinds.takes_part_away(clause):
        draft.unsure.append("Khách muốn bớt hoặc đổi sang mã khác, cần người xem.")
    elif kinds.cheers(clause) and not codes and not clause.has_items("quantity"):
        draft.talked = True
    elif kinds.cancels(clause) and not (clause.has(("sao", "tai sao", "vi sao")) or clause.spelled("?")):
        _read_cancellation(clause, draft)
    elif kinds.asks(clause):
        draft.asked = True
        draft.reasons.append("Có câu hỏi.")
        _remember_topic(clause, draft)
    elif kinds.supposes(clause) or kinds.reports(clause):
        draft.talked = True
        draft.reasons.append("Nói giả định hoặc nói về người khác.")
    elif kinds.tells_of_the_past(clause) and not _orders_now(clause):
        draft.talked = True
        draft.reasons.append("Nói về đơn cũ.")
    elif clause.has(("dung huy", "khong huy", "ko huy")):
        draft.talked = True
    else:
        _read_order(clause, shelf, draft)


def _orders_now(clause: Clause) -> bool:
    return clause.tokens[0].text in ("nay", "giờ") and clause.has_items("quantity", "code", "number")


def _remember_topic(clause: Clause, draft: _Draft) -> None:
    known = [item.codes[0] for item in clause.items if item.kind == "code" and item.codes]
    if len(known) == 1:
        draft.topic = known[0]


def _read_cancellation(clause: Clause, draft: _Draft) -> None:
    named = [item for item in clause.items if item.kind in ("code", "name")]
    whole = clause.has(("don", "het", "tat ca", "toan bo"))
    for item in named:
        if len(item.codes) == 1:
            draft.ops.append(Operation("cancel", item.codes[0]))
            draft.reasons.append(f"Hủy {item.codes[0]}.")
        elif item.kind == "code":
            number = item.text in words.CODE_MARKERS
            if not number:
                draft.unsure.append(f"Hủy mã {item.text} nhưng trên kệ không có mã này.")
    loose = [item for item in clause.items if item.kind == "number"]
    if not named and loose and not whole:
        draft.unsure.append("Hủy nhưng chưa rõ món nào.")
        return
    if not named:
        if clause.has_items("quantity") and not whole:
            draft.unsure.append("Hủy một phần, cần người xem.")
            return
        draft.ops.append(Operation("cancel", None))
        draft.reasons.append("Hủy cả đơn.")


@dataclass(slots=True)
class _Wish:
    """An offer (None: the pinned one or the topic) with a quantity (None: one unit)."""

    codes: tuple[str, ...] | None
    quantity: Item | None
    unknown: str | None = None


def _read_order(clause: Clause, shelf: Shelf, draft: _Draft) -> None:
    has_verb = kinds.orders(clause)
    changing = kinds.changes(clause)
    items = _settle_numbers(clause, shelf)
    items = _drop_descriptions(items, shelf)
    if any(item.kind == "bad" for item in items):
        draft.unsure.append("Số lượng chưa rõ.")
        return
    vague = any(item.kind == "vague" for item in items)
    wishes = _pair(items, clause)
    counted = [wish for wish in wishes if wish.quantity is not None]
    if vague:
        if has_verb and not counted:
            draft.unsure.append("Khách chưa nói rõ bao nhiêu.")
        return
    if clause.has(words.ORDER_LIKE_PHRASES) and has_verb and not counted:
        draft.unsure.append("Khách muốn đặt như lần trước, cần người xem.")
        return
    if any(item.kind == "price" for item in items) and not counted:
        _read_price_only(wishes, has_verb, items, clause, draft)
        return
    if not wishes:
        _read_without_offer(clause, items, has_verb, draft)
        return
    if not (has_verb or changing or counted or _only_polite(clause, items)):
        _remember_topic(clause, draft)
        draft.talked = True
        return
    if counted and not has_verb and not changing and not _reads_as_order(clause, items, draft):
        draft.talked = True
        return
    only = any(token.text in ("thôi", "thoi") for token in clause.tokens[1:]) and bool(counted)
    for wish in wishes:
        _add_wish(wish, "set" if changing or only else "add", clause, shelf, draft)


def _read_price_only(
    wishes: Sequence[_Wish], has_verb: bool, items: Sequence[Item], clause: Clause, draft: _Draft
) -> None:
    _remember_topic(clause, draft)
    bare = all(item.kind in ("code", "price") or item.text in words.FILLERS for item in items)
    if (wishes and bare) or (has_verb and not clause.has(("gia",))):
        draft.unsure.append("Chỉ có giá tiền, chưa rõ số lượng.")
    else:
        draft.talked = True


def _read_without_offer(clause: Clause, items: Sequence[Item], has_verb: bool, draft: _Draft) -> None:
    if any(item.kind == "number" for item in items) and len(items) == 1:
        draft.unsure.append("Chỉ có một con số.")
    elif has_verb and _only_polite(clause, items):
        draft.waiting = "Có ý đặt nhưng chưa rõ món và số lượng."
    elif clause.words:
        draft.reasons.append("Không có mã hay số lượng.")


def _settle_numbers(clause: Clause, shelf: Shelf) -> list[Item]:
    """Decide for each bare number whether it is a numeric code, a quantity, or nothing of ours."""
    codes = {offer.code: offer for offer in shelf.offers if offer.code.isdigit()}
    settled: list[Item] = []
    items = list(clause.items)
    for n, item in enumerate(items):
        settled.append(_settle_number(item, n, items, settled, clause, codes) if item.kind == "number" else item)
    return settled


def _settle_number(
    item: Item,
    n: int,
    items: Sequence[Item],
    settled: Sequence[Item],
    clause: Clause,
    codes: dict[str, ShelfOffer],
) -> Item:
    before = next((i for i in reversed(settled) if i.kind != "word" or i.text not in words.FILLERS), None)
    after = items[n + 1] if n + 1 < len(items) else None
    rest = items[n + 1 :]
    as_quantity = Item("quantity", item.start, item.end, value=item.value, unit=None, text=item.text)
    as_code = Item("code", item.start, item.end, codes=(item.text,), text=item.text)
    doubtful = Item("bad", item.start, item.end, text=item.text)
    is_code = item.text in codes
    counted_later = any(i.kind in ("quantity", "number", "container") for i in rest)
    already_coded = any(i.kind == "code" for i in settled)
    multiplied = before is not None and before.text in ("x", "*", "+", "=", ":", "sl", "×")
    if multiplied and (already_coded or before is not None and before.text in ("+", "x", "sl", "×")):
        return as_quantity
    if is_code:
        return _settle_code_number(
            item, n, items, clause, as_code, doubtful, counted_later, already_coded, before, after
        )
    if after is not None and after.kind == "code":
        return as_quantity
    if before is not None and before.kind in ("code", "name"):
        nothing_more = not any(i.kind == "quantity" for i in rest)
        return (
            as_quantity
            if nothing_more and not _follows_minus(item, clause, codes)
            else Item("noise", item.start, item.end)
        )
    if after is not None and after.kind == "name":
        return as_quantity
    if any(i.kind == "quantity" for i in items):
        return Item("noise", item.start, item.end)
    if (
        before is not None
        and before.kind == "word"
        and (before.text in words.ORDER_VERBS or before.text in words.PRONOUNS)
    ):
        return as_quantity if kinds.orders(clause) else item
    return item


def _follows_minus(item: Item, clause: Clause, codes: dict[str, ShelfOffer]) -> bool:
    before = clause.tokens[item.start - 1] if item.start else None
    return before is not None and before.text == "-" and bool(codes)


def _settle_code_number(
    item: Item,
    n: int,
    items: Sequence[Item],
    clause: Clause,
    as_code: Item,
    doubtful: Item,
    counted_later: bool,
    already_coded: bool,
    before: Item | None,
    after: Item | None,
) -> Item:
    if before is not None and before.kind == "code" and not counted_later:
        return doubtful
    if before is not None and before.kind == "name" and as_code.codes[0] in before.codes:
        return as_code
    if counted_later or (after is not None and after.kind == "name"):
        return as_code
    alone = all(
        i.kind == "word" and (i.text in words.FILLERS or i.text in words.PRONOUNS) for i in items if i is not item
    )
    if alone and not kinds.orders(clause):
        return as_code
    if already_coded:
        return Item("quantity", item.start, item.end, value=item.value, unit=None)
    if after is not None and after.kind == "container":
        return doubtful
    return doubtful if kinds.orders(clause) else Item("noise", item.start, item.end)


def _drop_descriptions(items: Sequence[Item], shelf: Shelf) -> list[Item]:
    """Drop "thùng 5kg" where it describes an offer sold in such boxes and another quantity is given."""
    kept: list[Item] = []
    for n, item in enumerate(items):
        before = items[n - 1] if n else None
        describes = (
            item.kind == "quantity"
            and item.unit == KG
            and before is not None
            and before.kind == "container"
            and any(
                fold(offer.unit) == before.unit
                and offer.kg_per_unit == item.value
                or any(fold(label) == before.unit and units == item.value for label, units in offer.packs.items())
                for offer in shelf.offers
            )
        )
        if describes:
            kept[-1] = Item("noise", before.start, item.end) if before else item
            continue
        kept.append(item)
    return kept


def _pair(items: Sequence[Item], clause: Clause) -> list[_Wish]:
    """Put codes and quantities together in the order of the text."""
    each = clause.has(words.EACH_PHRASES)
    parts = [item for item in items if item.kind in ("code", "name", "quantity", "container")]
    parts = _merge_repeated_names(parts)
    offers = [part for part in parts if part.kind in ("code", "name")]
    amounts = [part for part in parts if part.kind in ("quantity", "container")]
    if not parts:
        return []
    if not offers:
        return [_Wish(None, amount) for amount in amounts]
    if each and len(amounts) == 1:
        return [_wish(offer, amounts[0]) for offer in offers]
    if not amounts:
        return [_wish(offer, None) for offer in offers]
    amount_first = parts[0].kind in ("quantity", "container")
    wishes: list[_Wish] = []
    pending: Item | None = None
    for part in parts:
        is_amount = part.kind in ("quantity", "container")
        if is_amount == amount_first:
            if pending is not None:
                wishes.append(_Wish(None, pending) if amount_first else _wish(pending, None))
            pending = part
        elif pending is None:
            wishes.append(_Wish(None, part) if is_amount else _wish(part, None))
        else:
            wishes.append(_wish(part, pending) if amount_first else _wish(pending, part))
            pending = None
    if pending is not None:
        wishes.append(_Wish(None, pending) if amount_first else _wish(pending, None))
    return wishes


def _merge_repeated_names(parts: Sequence[Item]) -> list[Item]:
    """ "A1 loại 1" and "Na dai 12" say one offer twice; keep the code."""
    merged: list[Item] = []
    for part in parts:
        last = merged[-1] if merged else None
        if last is not None and {last.kind, part.kind} <= {"code", "name"} and (set(last.codes) & set(part.codes)):
            shared = tuple(code for code in last.codes if code in part.codes)
            merged[-1] = Item("code", last.start, part.end, codes=shared, text=last.text)
        elif part.kind == "name" and any(p.kind == "code" and set(p.codes) & set(part.codes) for p in parts):
            continue
        else:
            merged.append(part)
    return merged


def _wish(offer: Item, quantity: Item | None) -> _Wish:
    return _Wish(offer.codes, quantity, None if offer.codes else offer.text)


def _add_wish(wish: _Wish, kind: str, clause: Clause, shelf: Shelf, draft: _Draft) -> None:
    if wish.unknown is not None:
        draft.unsure.append(f"Trên kệ không có mã {wish.unknown}.")
        return
    amount = wish.quantity
    if wish.codes is None and kind == "set" and amount is not None:
        unit = KG if amount.unit == KG else None
        if amount.unit not in (None, KG):
            draft.unsure.append("Đổi số lượng nhưng chưa rõ món nào.")
            return
        draft.ops.append(Operation("set", None, amount.value, unit))
        draft.reasons.append("Đổi số lượng món đặt sau cùng.")
        return
    offer = _offer_of(wish, clause, shelf, draft)
    if offer is None:
        draft.unsure.append("Chưa rõ khách chọn món nào.")
        return
    value = amount.value if amount is not None and amount.value is not None else Fraction(1)
    unit = amount.unit if amount is not None else None
    units = in_sale_units(offer, value, unit)
    if units is None:
        draft.unsure.append(f"{offer.code} không bán theo {unit or 'số lượng đó'}.")
        return
    operation = Operation("set", offer.code, units) if kind == "set" else Operation("add", offer.code, units)
    draft.ops.append(operation)
    draft.reasons.append(explain(offer, value, unit, units))


def _offer_of(wish: _Wish, clause: Clause, shelf: Shelf, draft: _Draft) -> ShelfOffer | None:
    if wish.codes is not None:
        if len(wish.codes) == 1:
            return shelf.offer(wish.codes[0])
        return shelf.offer(shelf.pinned) if shelf.pinned in wish.codes else None
    amount = wish.quantity
    if amount is not None and foreign_produce(clause.tokens, amount.end):
        return None
    return shelf.offer(draft.topic) or shelf.offer(shelf.pinned)


def _only_polite(clause: Clause, items: Sequence[Item]) -> bool:
    """Tell whether nothing but codes, quantities, verbs and polite words stand in the clause."""
    known = words.FILLERS | words.PRONOUNS | words.ORDER_VERBS | words.GIVE_WORDS | words.CODE_MARKERS
    return all(
        item.kind in ("code", "name", "quantity", "number", "container", "noise")
        or item.text in known
        or not any(char.isalnum() for char in item.text)
        for item in items
    )


def _reads_as_order(clause: Clause, items: Sequence[Item], draft: _Draft) -> bool:
    """A quantity without a verb is an order when a code stands with it or when it comes first in the clause."""
    if any(item.kind == "code" for item in items):
        return True
    leading = next(
        (
            item
            for item in items
            if item.kind != "word"
            or (item.text not in words.FILLERS | words.PRONOUNS and any(char.isalnum() for char in item.text))
        ),
        None,
    )
    return leading is not None and leading.kind in ("quantity", "container", "name") and leading.kind != "container"
