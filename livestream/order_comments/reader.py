"""The decision: what the buyer wants done, or that they ask, talk, or need a person."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from livestream.order_comments.acts import act_of, changes, orders
from livestream.order_comments.amounts import explain, in_sale_units
from livestream.order_comments.clauses import Clause, split_clauses
from livestream.order_comments.items import KG, Item, read_items
from livestream.order_comments.names import foreign_produce, index_of
from livestream.order_comments.pairing import Wish, fold_descriptions, is_quiet, pair, settle_numbers
from livestream.order_comments.phones import take_phones
from livestream.order_comments.shelf import Operation, OperationKind, Reading, Shelf, ShelfOffer
from livestream.order_comments.spelling import mend
from livestream.order_comments.tokens import normalise, tokenise

_TALK = {
    "cheer": "Cổ vũ hoặc chúc mừng.",
    "suppose": "Nói giả định, chưa đặt.",
    "report": "Nói về người khác.",
    "past": "Nói về đơn cũ.",
    "deny": "Nói là không đặt.",
}


@dataclass(slots=True)
class _Draft:
    """What the clauses so far came to."""

    shelf: Shelf
    ops: list[Operation] = field(default_factory=list)
    candidates: list[Operation] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    asked: bool = False
    talked: bool = False
    supposed: bool = False
    mistaken: bool = False
    ordering: bool = False
    """The clause before ordered by a verb: what follows a comma may belong to it."""
    topic: str | None = None
    """The offer spoken of last: "giá A1 mềm quá, chốt 5kg"."""
    bare: int = 0
    """How many of the last operations took one unit because no quantity was said: "A1, 3kg"."""
    waiting: str | None = None
    """Why an order verb that has nothing to order needs a person."""


def read_comment(text: str, shelf: Shelf) -> Reading:
    """Read one comment against a shelf. Never raises; the same text and shelf give the same reading."""
    rest, phone = take_phones(normalise(text))
    index = index_of(shelf)
    tokens = mend(tokenise(rest, index.codes, index.pairs))
    draft = _Draft(shelf)
    for part in split_clauses(tokens):
        _read_clause(Clause(part, read_items(part, index)), draft)
    return _decide(draft, phone)


def _decide(draft: _Draft, phone: str | None) -> Reading:
    reasons = tuple(draft.reasons)
    candidates = tuple(dict.fromkeys(draft.ops + draft.candidates))[:3]
    if draft.mistaken and any(operation.op != "cancel" for operation in draft.ops):
        draft.unsure.append("Khách nói ghi nhầm, cần người xem.")
    if draft.unsure:
        return Reading("unsure", (), phone, (*reasons, *draft.unsure), candidates)
    if draft.ops:
        return Reading("order", tuple(draft.ops), phone, reasons)
    if draft.waiting and not draft.asked and not draft.talked:
        return Reading("unsure", (), phone, (draft.waiting,), candidates)
    if draft.asked:
        return Reading("question", (), phone, reasons)
    return Reading("other", (), phone, reasons)


def _read_clause(clause: Clause, draft: _Draft) -> None:
    act = act_of(clause)
    if act == "cancel":
        _read_cancellation(clause, draft)
    elif act in ("take away", "unclear cancel"):
        draft.unsure.append("Khách muốn bớt, bỏ hoặc đổi sang món khác, cần người xem.")
    elif act == "like before":
        draft.unsure.append("Khách muốn đặt như lần trước hoặc như người khác, cần người xem.")
    elif act == "ask":
        draft.asked = True
        draft.reasons.append("Có câu hỏi.")
        _remember_topic(clause, draft)
    elif act in _TALK:
        if act == "deny" and clause.has_items("quantity") and (draft.ops or clause.items[0].kind != "word"):
            draft.unsure.append("Khách nói không phải số này, cần người xem.")
        draft.talked = True
        draft.mistaken = draft.mistaken or clause.has("complaint")
        draft.supposed = draft.supposed or (act == "suppose" and clause.has_words("nếu"))
        draft.reasons.append(_TALK[act])
        _remember_topic(clause, draft)
    else:
        _read_order(clause, draft)


def _remember_topic(clause: Clause, draft: _Draft) -> None:
    known = [item.codes[0] for item in clause.items if item.kind in ("code", "name") and len(item.codes) == 1]
    if len(set(known)) == 1:
        draft.topic = known[0]


def _read_cancellation(clause: Clause, draft: _Draft) -> None:
    items = settle_numbers(clause, draft.shelf)
    named = [item for item in items if item.kind in ("code", "name")]
    verb = next((mark.start for mark in clause.marked("cancel")), 0)
    first_quantity = next((item.start for item in items if item.kind in ("quantity", "number")), None)
    if first_quantity is not None and (not named or verb < first_quantity < named[0].start):
        draft.unsure.append("Hủy một phần, cần người xem.")
        return
    for item in named:
        if len(item.codes) == 1:
            draft.ops.append(Operation("cancel", item.codes[0]))
            draft.reasons.append(f"Hủy {item.codes[0]}.")
        else:
            draft.unsure.append(f"Hủy “{item.text}” nhưng chưa rõ món nào.")
    if named:
        return
    draft.ops.append(Operation("cancel", None))
    draft.reasons.append("Hủy cả đơn.")


def _read_order(clause: Clause, draft: _Draft) -> None:
    items = fold_descriptions(settle_numbers(clause, draft.shelf), draft.shelf)
    has_verb, changing = orders(clause), changes(clause)
    draft.mistaken = draft.mistaken or clause.has("mistake")
    kinds = {item.kind for item in items}
    polite = all(item.kind != "word" or is_quiet(item) or "weight" in item.senses for item in items)
    if "bad" in kinds:
        draft.unsure.append("Số lượng chưa rõ.")
        return
    wishes = pair(items, clause)
    if clause.has("either") and sum(item.kind in ("code", "name") for item in items) > 1:
        draft.unsure.append("Khách chưa chọn xong giữa hai món.")
        return
    counted = any(wish.quantity is not None for wish in wishes)
    if "vague" in kinds and not counted:
        if _leads_later(clause):
            draft.talked = True
        elif has_verb or wishes or _leads(items, "vague"):
            draft.unsure.append("Khách chưa nói rõ bao nhiêu.")
        return
    if "price" in kinds and not counted:
        _read_price_only(clause, items, draft)
        return
    if not wishes:
        _read_without_offer(clause, items, has_verb=has_verb, polite=polite, draft=draft)
        return
    if any(item.kind == "noise" and item.unit for item in items) and (has_verb or _leads(items, "code")):
        draft.unsure.append("Món này không bán theo lít.")
        return
    if draft.supposed or not _is_order(clause, items, wishes, draft):
        draft.talked = True
        _remember_topic(clause, draft)
        return
    _take_wishes(clause, wishes, draft, changing=changing)


def _is_order(clause: Clause, items: Sequence[Item], wishes: Sequence[Wish], draft: _Draft) -> bool:
    """Tell whether what is named here is ordered, and not only spoken of."""
    amounts = [wish.quantity for wish in wishes if wish.quantity is not None]
    verb = orders(clause)
    if changes(clause):
        return True
    if verb and _leads_later(clause):
        draft.unsure.append("Khách hẹn đặt sau, cần người xem.")
        return True
    if not amounts:
        return _orders_one(clause, items, wishes)
    if all(amount.kind == "container" for amount in amounts):
        coded = any(wish.codes for wish in wishes)
        return (coded or _right_behind_a_verb(items)) if verb else _only_address(items)
    if verb or draft.ordering or any(item.kind == "code" for item in items):
        return True
    return _leads(items, "quantity", "name") and not _speaks_of_it(clause, items)


def _orders_one(clause: Clause, items: Sequence[Item], wishes: Sequence[Wish]) -> bool:
    """Tell whether offers named without a quantity are ordered, one of each."""
    if all(wish.named for wish in wishes):
        known = all(len(wish.codes or ()) == 1 for wish in wishes)
        return known and (clause.has("order") or clause.has_words("cho"))
    if any(wish.unknown for wish in wishes) and _leads(items, "code"):
        return True
    verb = orders(clause)
    if verb and not clause.has("order") and _speaks_of_it(clause, items, most=0):
        return False
    return (verb and not clause.has_words("hơn")) or _only_address(items)


_SPENT = frozenset(("ăn", "có", "hết", "mất", "được", "an", "het"))


def _speaks_of_it(clause: Clause, items: Sequence[Item], most: int = 1) -> bool:
    """Tell whether a quantity without a verb is only spoken of: "10kg mà ăn 2 ngày hết veo"."""
    amount = next((item for item in items if item.kind == "quantity"), None)
    if amount is not None and foreign_produce(clause.tokens, amount.end):
        return False
    if clause.tokens[0].text in _SPENT:
        return True
    strange = 0
    for item in items:
        if item.kind == "word" and "destination" in item.senses and "polite" not in item.senses:
            break
        strange += item.kind == "noise" or (
            item.kind == "word" and not is_quiet(item) and not clause.tokens[item.start].capital
        )
    return strange > most


def _one_order(clause: Clause) -> bool:
    return clause.has_words("đơn") and clause.has("give")


def _leads_later(clause: Clause) -> bool:
    """Tell whether the clause begins by putting off what follows: "mai em lấy", "cuối tuần em lấy 5kg"."""
    first = next((mark for mark in clause.marks if "pronoun" not in mark.senses or "later" in mark.senses), None)
    return first is not None and "later" in first.senses


def _right_behind_a_verb(items: Sequence[Item]) -> bool:
    """Tell whether a container stands where its number would stand: "cho em thùng", not "lãi suất"."""
    n = next(n for n, item in enumerate(items) if item.kind == "container")
    before = next(
        (item for item in reversed(items[:n]) if "pronoun" not in item.senses or item.senses & {"order", "give"}), None
    )
    return before is not None and bool(before.senses & {"order", "give", "more"})


def _leads(items: Sequence[Item], *kinds: str) -> bool:
    """Tell whether such an item is the first that says anything, names of people apart."""
    first = next((item for item in items if not is_quiet(item) and item.kind != "noise"), None)
    return first is not None and first.kind in kinds


def _only_address(items: Sequence[Item]) -> bool:
    """Tell whether besides the offer only polite words stand, or the way to the buyer."""
    for n, item in enumerate(items):
        if item.kind == "word" and "destination" in item.senses and not item.senses & {"polite", "order"}:
            return n > 0
        if item.kind == "word" and not is_quiet(item):
            return False
        if (
            item.kind == "word"
            and item.senses & {"praise end"}
            and not item.senses & {"done"}
            and item.text not in ("luôn", "luon")
        ):
            return False
    return not any(item.text in _PRAISE for item in items if item.kind == "word")


_PRAISE = {"ngon", "đẹp", "tươi", "thích", "quá", "lắm", "dep", "thich", "qua", "lam", "thơm", "rẻ", "ghê", "xem"}


def _read_price_only(clause: Clause, items: Sequence[Item], draft: _Draft) -> None:
    _remember_topic(clause, draft)
    offered = any(item.kind == "code" for item in items)
    bare = all(item.kind in ("code", "name", "price") or is_quiet(item) for item in items)
    prices = sum(item.kind == "price" for item in items)
    if (
        prices < 2
        and not clause.has("price word")
        and ((offered and bare) or clause.has("order") or (orders(clause) and clause.has_items("code", "name")))
    ):
        draft.unsure.append("Chỉ có giá tiền, chưa rõ số lượng.")
    else:
        draft.talked = True


def _read_without_offer(clause: Clause, items: Sequence[Item], *, has_verb: bool, polite: bool, draft: _Draft) -> None:
    numbers = [item for item in items if item.kind == "number"]
    if len(numbers) == 1 and polite and not draft.ops:
        draft.unsure.append("Chỉ có một con số.")
    elif clause.has("each") and (has_verb or clause.has_items("quantity")):
        draft.unsure.append("Khách muốn mỗi loại một ít, chưa rõ loại nào.")
    elif has_verb and _leads_later(clause):
        draft.talked = True
    elif (has_verb or clause.has("change") or _one_order(clause)) and polite and not numbers:
        draft.waiting = "Có ý đặt nhưng chưa rõ món và số lượng."
        draft.ordering = True
    else:
        draft.mistaken = draft.mistaken or clause.has("mistake")


def _take_wishes(clause: Clause, wishes: Sequence[Wish], draft: _Draft, *, changing: bool) -> None:
    counted = any(wish.quantity is not None for wish in wishes)
    if changing and not counted:
        draft.unsure.append("Khách muốn sửa nhưng chưa rõ số lượng.")
        return
    if clause.has("each") and not any(wish.codes for wish in wishes):
        if draft.bare:
            _fill_bare(wishes[0], draft, each=True)
        else:
            draft.unsure.append("Khách muốn mỗi loại một ít, chưa rõ loại nào.")
        return
    if clause.has("each") and draft.bare and len(wishes) == 1:
        _fill_bare(wishes[0], draft, each=True)
    if changing:
        wishes = _last_quantity(wishes)
    elif sum(wish.codes is None for wish in wishes) and any(wish.codes for wish in wishes):
        draft.unsure.append("Có số lượng chưa rõ của món nào.")
    if draft.bare and len(wishes) == 1 and wishes[0].codes is None and not changing and not clause.has("order"):
        _fill_bare(wishes[0], draft, each=False)
        return
    kind: OperationKind = "set" if changing or (counted and _only(clause)) else "add"
    if not counted and not orders(clause) and draft.ops and draft.ops[-1].op == "cancel" and not draft.bare:
        kind = "cancel"
    bare = 0
    for wish in wishes:
        before = len(draft.ops)
        _add_wish(wish, kind, clause, draft)
        added = len(draft.ops) > before
        bare = bare + 1 if added and wish.quantity is None and kind == "add" else 0
    draft.bare = bare
    draft.ordering = True


def _only(clause: Clause) -> bool:
    quantity = next(item.start for item in clause.items if item.kind in ("quantity", "number", "container"))
    return any(mark.start > quantity for mark in clause.marked("only"))


def _last_quantity(wishes: Sequence[Wish]) -> list[Wish]:
    """In a change the last quantity holds: "sửa A1 từ 3kg thành 5kg"."""
    codes = {wish.codes for wish in wishes if wish.codes}
    if len(wishes) > 1 and len(codes) <= 1:
        named = next((wish for wish in wishes if wish.codes), wishes[0])
        last = next(wish.quantity for wish in reversed(wishes) if wish.quantity is not None)
        return [Wish(named.codes, last, named.unknown, named.named)]
    return list(wishes)


def _fill_bare(wish: Wish, draft: _Draft, *, each: bool) -> None:
    """Give the offers named without a quantity the one that follows: "A1, 3kg", "A1, A2 mỗi loại 2kg"."""
    count = draft.bare if each else 1
    for n in range(len(draft.ops) - count, len(draft.ops)):
        code = draft.ops[n].code
        offer = draft.shelf.offer(code)
        units = None if offer is None else _units(offer, wish.quantity, draft)
        if units is not None:
            draft.ops[n] = Operation("add", code, units)
    draft.bare = 0


def _units(offer: ShelfOffer, amount: Item | None, draft: _Draft) -> Fraction | None:
    value = amount.value if amount is not None and amount.value is not None else Fraction(1)
    unit = amount.unit if amount is not None else None
    units = in_sale_units(offer, value, unit)
    if units is None:
        draft.unsure.append(f"{offer.code} không bán theo {unit or 'số lượng đó'}.")
    else:
        draft.reasons.append(explain(offer, value, unit, units))
    return units


def _add_wish(wish: Wish, kind: OperationKind, clause: Clause, draft: _Draft) -> None:
    if wish.unknown is not None:
        draft.unsure.append(f"Trên kệ không có mã {wish.unknown}.")
        return
    amount = wish.quantity
    if wish.codes is None and kind == "set" and amount is not None:
        if amount.unit not in (None, KG) or foreign_produce(clause.tokens, amount.end):
            draft.unsure.append("Đổi số lượng nhưng chưa rõ món nào.")
            return
        draft.ops.append(Operation("set", None, amount.value, amount.unit))
        draft.reasons.append("Đổi số lượng món đặt sau cùng.")
        return
    offer = _offer_of(wish, clause, draft)
    if offer is None:
        draft.unsure.append("Chưa rõ khách chọn món nào.")
        return
    if kind == "cancel":
        draft.ops.append(Operation("cancel", offer.code))
        return
    units = _units(offer, amount, draft)
    if units is not None:
        draft.ops.append(Operation(kind, offer.code, units))


def _offer_of(wish: Wish, clause: Clause, draft: _Draft) -> ShelfOffer | None:
    shelf = draft.shelf
    if wish.codes is not None:
        if len(wish.codes) == 1:
            return shelf.offer(wish.codes[0])
        return shelf.offer(shelf.pinned) if shelf.pinned in wish.codes else None
    amount = wish.quantity
    if amount is not None and foreign_produce(clause.tokens, amount.end):
        return None
    return shelf.offer(draft.topic) or shelf.offer(shelf.pinned)
