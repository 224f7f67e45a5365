"""From what a comment was read as to what the order is asked to do: sale units become base units, codes become offers."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from app.errors import Conflict, InvalidInput
from livestream.order_comments import Operation
from livestream.room_queries import ShelfEntry
from orders.requests import LineChange

MAX_CHOICES = 4


def changes_of(operations: Sequence[Operation], shelf: Sequence[ShelfEntry]) -> tuple[LineChange, ...]:
    """Return the operations as line changes in base units.

    Raises ``Conflict`` for an offer that takes no orders now and ``InvalidInput`` for a quantity that is not sold so.
    """
    by_code = {entry.code: entry for entry in shelf}
    return tuple(_change_of(operation, by_code) for operation in operations)


def button_change(op: str, offer_id: int | None, quantity: int | None, shelf: Sequence[ShelfEntry]) -> LineChange:
    """Return what a tap asks for; raises as ``changes_of`` does."""
    if offer_id is None:
        if op != "cancel":
            raise InvalidInput("Bác chọn mã hàng giúp em.")
        return LineChange("cancel")
    entry = next((entry for entry in shelf if entry.offer_id == offer_id), None)
    if entry is None:
        raise Conflict("Mã hàng này không còn trên kệ ạ.")
    if op == "cancel":
        return LineChange("cancel", entry.listing_id)
    if quantity is None or quantity <= 0:
        raise InvalidInput("Số lượng phải lớn hơn 0 ạ.")
    return _priced(op, entry, quantity)


def button_text(op: str, offer_id: int | None, quantity: int | None, shelf: Sequence[ShelfEntry]) -> str:
    """Return the line a tap leaves in the chat, in the words a buyer would have typed."""
    entry = next((entry for entry in shelf if entry.offer_id == offer_id), None)
    if entry is None:
        return "Hủy đơn"
    if op == "cancel":
        return f"Hủy {entry.code}"
    said = entry.say(quantity or 0)
    return f"Chốt {entry.code} {said}" if op == "add" else f"Sửa {entry.code} thành {said}"


def choices_of(candidates: Sequence[Operation], shelf: Sequence[ShelfEntry]) -> list[dict[str, Any]]:
    """Return the likely readings of an unclear comment as one-tap answers; what could not be ordered is left out."""
    by_code = {entry.code: entry for entry in shelf}
    choices: list[dict[str, Any]] = []
    for operation in candidates:
        entry = by_code.get(operation.code or "")
        if entry is None or not entry.is_open:
            continue
        quantity = None
        if operation.op != "cancel":
            base = (operation.quantity or Fraction(0)) * entry.unit_quantity
            if base.denominator != 1 or base <= 0:
                continue
            quantity = base.numerator
        choice = choice_for(operation.op, entry, quantity)
        if choice not in choices:
            choices.append(choice)
    return choices[:MAX_CHOICES]


def choice_for(op: str, entry: ShelfEntry, quantity: int | None) -> dict[str, Any]:
    """Return one tap: its label and what the page sends back for it."""
    if op == "cancel":
        label = f"Hủy {entry.code}"
    else:
        label = f"{entry.code} · {entry.say(quantity or 0)}"
        if entry.unit_label != "kg" and entry.weight_grams and quantity:
            grams = quantity * entry.weight_grams // entry.unit_quantity
            label += f" ({str(Fraction(grams, 1000)) if grams % 1000 else grams // 1000} kg)"
    return {"label": label, "op": op, "offer_id": entry.offer_id, "quantity": quantity}


def _change_of(operation: Operation, by_code: dict[str, ShelfEntry]) -> LineChange:
    if operation.code is None:
        return _change_of_latest(operation)
    entry = by_code[operation.code]
    if operation.op == "cancel":
        return LineChange("cancel", entry.listing_id)
    base = (operation.quantity or Fraction(0)) * entry.unit_quantity
    if base.denominator != 1:
        raise InvalidInput(f"{entry.title} bán theo {entry.unit_label}, bác ghi lại số lượng giúp em.")
    return _priced(operation.op, entry, base.numerator)


def _change_of_latest(operation: Operation) -> LineChange:
    """A change that names no offer means the buyer's own latest line, a cancellation the whole order."""
    if operation.op == "cancel":
        return LineChange("cancel")
    amount = (operation.quantity or Fraction(0)) * 1000
    if amount.denominator != 1:
        raise InvalidInput("Bác ghi lại số lượng giúp em.")
    if operation.unit == "kg":
        return LineChange("set", grams=amount.numerator)
    return LineChange("set", milliunits=amount.numerator)


def _priced(op: str, entry: ShelfEntry, quantity: int) -> LineChange:
    if not entry.is_open:
        raise Conflict(f"Mã {entry.code} đang tạm ngừng nhận chốt ạ.")
    return LineChange(
        "add" if op == "add" else "set",
        entry.listing_id,
        quantity,
        price_vnd=entry.price_vnd,
        offer_code=entry.code,
        sale_limit_id=entry.sale_limit_id,
    )
