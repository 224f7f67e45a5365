"""What the checkout form knows, understands and sends on."""

from collections.abc import Sequence
from typing import Any

from flask import request
from flask_babel import gettext as _

from app.db import current_policy, db
from app.errors import InvalidInput
from app.phones import format_phone, parse_phone
from app.text import clean_line
from orders.checkout import CheckoutDetails, cod_standing, quote_delivery
from orders.forms import CheckoutForm, blame
from orders.models import Order
from shop.places import Ward, WardMatch, search_wards, ward

WARDS_OFFERED = 6


def checkout_context(found: Order, form: CheckoutForm | None, *, is_owner: bool) -> dict[str, Any]:
    """Return the checkout form with what is known, the fee where the ward is known, and the total that will be sent back.

    Whoever only holds the link finds the form without the buyer's phone and street.
    """
    session = db.session()
    standing = cod_standing(session, found, policy=current_policy())
    if form is None:
        form = CheckoutForm(formdata=None, data=_known_details(found) if is_owner else None)
    place = ward(form.ward_code.data or "")
    fee: int | None = None
    if place is not None:
        try:
            fee = quote_delivery(session, found, place.province_code)
        except InvalidInput as refused:
            blame(form, refused, _(refused.message), "ward")
    total = found.goods_vnd + (fee or 0)
    form.shown_total.data = str(total)
    return {"checkout": form, "cod": standing, "fee_vnd": fee, "checkout_total_vnd": total}


def _known_details(found: Order) -> dict[str, str]:
    place = ward(found.ward_code or "")
    return {
        "recipient_name": found.recipient_name or found.buyer_name,
        "recipient_phone": format_phone(found.recipient_phone or found.buyer_phone),
        "ward": ward_label(place) if place else "",
        "ward_code": place.code if place else "",
        "street": found.street or "",
        "note": found.note,
        "method": found.payment_method or "vietqr",
    }


def resolve_ward(form: CheckoutForm) -> Sequence[WardMatch]:
    """Settle which ward is meant: chosen from a list, or the only one that fits; otherwise return those to choose from.

    A code counts only while the words beside it are still the ones it stood for, because a page without scripts keeps the
    code of the last time when the words are typed anew.
    """
    typed = clean_line(form.ward.data or "")
    chosen = ward(request.form.get("ward_choice", "")[:8])
    if chosen is None or clean_line(request.form.get("ward_searched", "")) != typed:
        chosen = ward((form.ward_code.data or "")[:8])
        chosen = chosen if chosen is not None and ward_label(chosen) == typed else None
    matches = search_wards(typed, limit=WARDS_OFFERED) if chosen is None and typed else []
    if len(matches) == 1:
        chosen = matches[0].ward
    form.ward_code.data = chosen.code if chosen else ""
    if chosen is not None:
        form.ward.data = ward_label(chosen)
        return ()
    return matches


def typed_details(form: CheckoutForm) -> CheckoutDetails:
    try:
        phone = parse_phone(form.recipient_phone.data or "")
    except InvalidInput as refused:
        raise InvalidInput(refused.message, field="recipient_phone") from refused
    return CheckoutDetails(
        recipient_name=form.recipient_name.data or "",
        recipient_phone=phone,
        ward_code=form.ward_code.data or "",
        street=form.street.data or "",
        note=form.note.data or "",
        method=form.method.data or "",
        shown_total_vnd=whole_number(form.shown_total.data),
    )


def whole_number(text: str | None) -> int:
    """Read a number that our own page wrote; whatever else came is no number of ours."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 15 else -1


def ward_label(place: Ward) -> str:
    return f"{place.name}, {place.province_name}"
