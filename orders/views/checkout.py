"""Checkout: the address with its suggestions, the delivery fee before the button, and the total that was seen."""

from flask import Blueprint, Response, flash, jsonify, request
from flask_babel import gettext as _

from app.clock import system_clock
from app.db import current_policy, db, run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.money import format_vnd
from app.web import spend
from orders.access import order_by_link
from orders.checkout import complete_checkout, quote_delivery
from orders.forms import CheckoutForm, blame
from orders.states import OrderState
from orders.views.checkout_fields import WARDS_OFFERED, resolve_ward, typed_details
from orders.views.order_page import actor_on, render_order, to_order
from shop.places import search_wards, ward

blueprint = Blueprint("checkout", __name__)


@blueprint.get("/dia-chi")
def find_ward() -> Response:
    """Suggest wards for what is being typed, by names of today or old ones, with or without marks."""
    spend("240/minute", "ward-search")
    matches = search_wards(request.args.get("q", ""), limit=WARDS_OFFERED)
    return jsonify(
        [
            {
                "code": match.ward.code,
                "name": f"{match.ward.name}, {match.ward.province_name}",
                "old_name": match.matched_old_name,
            }
            for match in matches
        ]
    )


@blueprint.get("/don/<link_token>/phi")
def quote(link_token: str) -> Response:
    """Say what sending this order to a ward costs and what the total becomes, for the page to show before the button."""
    found = order_by_link(db.session(), link_token)
    place = ward(request.args.get("ward", "")[:8])
    if place is None:
        raise InvalidInput(_("Bác chọn phường hoặc xã trong danh sách giúp em."), field="ward")
    fee = quote_delivery(db.session(), found, place.province_code)
    total = found.goods_vnd + fee
    return jsonify(
        {
            "fee_vnd": fee,
            "total_vnd": total,
            "fee": format_vnd(fee),
            "total": format_vnd(total),
            "where": f"{place.name}, {place.province_name}",
        }
    )


@blueprint.post("/don/<link_token>/dat")
def check_out(link_token: str) -> Response | tuple[str, int]:
    """Take the address and the method; a total that differs from the one shown is shown again instead of being charged."""
    spend("60/minute", "checkout")
    found = order_by_link(db.session(), link_token)
    form = CheckoutForm()
    wards = resolve_ward(form)
    if not form.validate():
        return render_order(found, checkout=form, wards=wards), 422
    if not form.ward_code.data:
        form.ward.errors = [_("Bác chọn đúng phường hoặc xã trong danh sách dưới đây giúp em.")]
        if not wards:
            form.ward.errors = [
                _("Em chưa tìm thấy nơi này. Bác ghi tên phường, xã và tỉnh giúp em, tên cũ cũng được.")
            ]
        return render_order(found, checkout=form, wards=wards), 422
    try:
        run_in_write_transaction(
            lambda session: complete_checkout(
                session,
                found.id,
                typed_details(form),
                policy=current_policy(),
                actor=actor_on(found),
                clock=system_clock,
            )
        )
    except DomainError as refused:
        fresh = order_by_link(db.session(), link_token)
        total = refused.details.get("total_vnd")
        sentence = _(refused.message)
        if total is not None:
            sentence = _(
                "Tổng tiền gồm phí giao là %(total)s. Bác xem lại rồi bấm đặt giúp em.", total=format_vnd(total)
            )
        if fresh.state != OrderState.PENDING:
            flash(sentence, "warning")
            return to_order(fresh)
        blame(form, refused, sentence)
        return render_order(fresh, checkout=form, wards=wards), refused.status
    flash(_("Đã nhận địa chỉ. Cảm ơn bác!"), "success")
    return to_order(found)
