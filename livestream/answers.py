"""What the sender of a comment is answered, as the plain values that are stored, acknowledged and shown.

``status`` says how the line looks: "held" turns green; "cancelled"; "short" and "ask" carry one-tap ``choices``; "contact" asks
for name and phone; "desk" waits for a person; "refused" says what to change; "question" and "talk" need no answer.
"""

from collections.abc import Sequence
from typing import Any

from app.clock import VIETNAM
from app.errors import DomainError, InsufficientStock
from app.money import format_vnd
from app.quantity import format_units
from livestream.reading import choice_for
from livestream.room_queries import ShelfEntry
from orders.requests import OrderResult, SentToDesk

UNCLEAR = "Em chưa đọc chắc ý bác. Bác chọn giúp em:"
UNCLEAR_NO_CHOICE = "Em chưa đọc chắc ý bác, người của hợp tác xã sẽ xem ngay ạ."
ASK_CONTACT = "Bác cho em xin tên và số điện thoại một lần để giữ hàng nhé."


def talk(kind: str) -> dict[str, Any]:
    """Return the answer to a comment that asks nothing of the order."""
    return {"status": "question" if kind == "question" else "talk"}


def contact(phone: str | None) -> dict[str, Any]:
    """Return the question for name and phone; a phone typed in the comment is already filled in."""
    return {"status": "contact", "message": ASK_CONTACT, "phone": phone}


def unclear(choices: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the one-tap question for a comment that could not be read safely."""
    return {"status": "ask", "message": UNCLEAR if choices else UNCLEAR_NO_CHOICE, "choices": list(choices)}


def held(result: OrderResult, codes: dict[int, str]) -> dict[str, Any]:
    """Return the green line: the exact reading, its price, and until when it is held ("A1 · 3 kg · 114.000 ₫ · giữ đến 20:45").

    ``codes`` names the offers of listings whose line carries none.
    """
    lines = [line for line in result.lines if line.quantity]
    order = {
        "code": result.code,
        "link": f"/don/{result.link_token}",
        "goods_vnd": result.goods_vnd,
        "expires_at": None if result.expires_at is None else result.expires_at.isoformat(),
    }
    if not lines:
        return {"status": "cancelled", "message": "Đã hủy đơn, hàng đã trả lại kệ.", "order": None}
    touched = [line for line in lines if line.touched]
    said = [
        " · ".join(
            part
            for part in (
                line.offer_code or codes.get(line.listing_id),
                format_units(line.quantity, line.unit_quantity, line.unit_label),
                format_vnd(line.goods_vnd),
            )
            if part
        )
        for line in touched or lines
    ]
    removed = [line for line in result.lines if line.touched and not line.quantity]
    said += [f"{line.offer_code or codes.get(line.listing_id) or line.title} · đã bỏ" for line in removed]
    message = " + ".join(said)
    if result.expires_at is not None:
        message += f" · giữ đến {result.expires_at.astimezone(VIETNAM):%H:%M}"
    return {"status": "held", "message": message, "order": order}


def refused(error: DomainError, shelf: Sequence[ShelfEntry]) -> dict[str, Any]:
    """Return the sentence of a refusal; where less is left than was asked, with the tap that takes the rest."""
    if isinstance(error, SentToDesk):
        return {"status": "desk", "message": error.message}
    if isinstance(error, InsufficientStock):
        left = int(error.details.get("left", 0))
        listing_id = error.details.get("listing_id")
        entry = next((entry for entry in shelf if entry.listing_id == listing_id), None)
        choices = []
        if entry is not None and left > 0 and entry.is_open:
            choices = [{**choice_for("add", entry, left), "label": f"Lấy {entry.say(left)}"}]
        return {"status": "short", "message": error.message, "left": left, "choices": choices}
    return {"status": "refused", "message": error.message}
