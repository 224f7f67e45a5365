"""The cart: put aside, change, and place, which is the moment stock is held."""

from collections.abc import Sequence
from typing import Any

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_babel import gettext as _

from app.accounts.current import current_buyer, remember_buyer
from app.accounts.models import Buyer
from app.clock import system_clock, vietnam_date
from app.db import current_policy, db
from app.error_pages import wants_json
from app.errors import Conflict, DomainError, InsufficientStock, InvalidInput
from app.network import network_key
from app.web import safe_next, spend
from orders.cart import Cart, parse_quantity, type_quantity
from orders.cart_queries import CartOfCooperative, load_cart
from orders.forms import PlaceCartForm, blame
from orders.intake import CART_SCOPE, buyer_ref, introduce_for_cart, order_of_cart, submit_order
from orders.requests import LineChange, OrderRequest, SentToDesk
from shop.access import public_listing

blueprint = Blueprint("cart", __name__)


@blueprint.get("/gio-hang")
def cart() -> str:
    """Show what is in the cart, with the price per kilogram and what is left."""
    return _page(PlaceCartForm())


@blueprint.post("/gio-hang/them")
def add_to_cart() -> Response:
    """Put a listing into the cart from its page."""
    listing = public_listing(db.session(), request.form.get("listing", ""))
    kept = Cart.read(session)
    try:
        kept.add(listing.public_id, parse_quantity(listing, request.form.get("quantity", "")))
    except InvalidInput as refused:
        if wants_json():
            raise
        flash(_(refused.message), "error")
        return _back(safe_next(request.form.get("next")) or _product_url(listing.public_id))
    kept.write(session)
    flash(_("Đã bỏ %(title)s vào giỏ.", title=listing.title), "success")
    return _back(url_for("cart.cart"))


@blueprint.post("/gio-hang/sua")
def change_cart() -> Response | tuple[str, int]:
    """Change the quantities of the cart, or take a line out; a line that cannot be read keeps what it had."""
    kept = Cart.read(session)
    refusals: dict[str, str] = {}
    removed = request.form.get("remove")
    for public_id in list(kept.quantities):
        typed = request.form.get(f"quantity-{public_id}")
        if public_id == removed:
            kept.set(public_id, 0)
        elif typed is not None:
            try:
                kept.set(public_id, parse_quantity(public_listing(db.session(), public_id), typed))
            except InvalidInput as refused:
                refusals[public_id] = _(refused.message)
    kept.write(session)
    if refusals:
        return _page(PlaceCartForm(formdata=None), refusals=refusals), 422
    return _back(url_for("cart.cart"))


@blueprint.post("/gio-hang/dat")
def place_cart() -> Response | tuple[str, int]:
    """Place one cooperative's part of the cart: the stock is held from here on."""
    spend("30/minute", "place-cart")
    kept, cart_key = Cart.read(session), request.form.get("idempotency_key", "")
    key = f"{cart_key}:{request.form.get('cooperative', '')}"
    if placed := _placed_before(key):
        return placed
    seller = _seller(kept, request.form.get("cooperative", ""))
    if seller is None or cart_key != kept.key:
        flash(_("Giỏ hàng vừa đổi ở một trang khác. Bác xem lại giỏ rồi bấm đặt giúp em."), "warning")
        return _page(PlaceCartForm(formdata=None)), Conflict.status
    form = PlaceCartForm()
    buyer = current_buyer()
    if buyer is None and not form.validate():
        return _page(form), 422
    try:
        buyer = buyer or introduce_for_cart(
            form.name.data or "",
            form.phone.data or "",
            cart_key=cart_key,
            network_key=network_key(),
            clock=system_clock,
        )
        placed_order = submit_order(
            current_app.extensions["chophien_writer"],
            _request(seller, buyer, key),
            policy=current_policy(),
            clock=system_clock,
        )
    except SentToDesk as sent:
        _take_out(kept, seller)
        flash(_(sent.message), "warning")
        return _remembering(buyer, _back(url_for("cart.cart")))
    except DomainError as refused:
        blame(form, refused, _(refused.message))
        page = make_response(
            _page(form, short=refused if isinstance(refused, InsufficientStock) else None, buyer=buyer)
        )
        page.status_code = refused.status
        return _remembering(buyer, page)
    _take_out(kept, seller)
    return _remembering(buyer, _back(url_for("order_page.order", link_token=placed_order.link_token)))


def _page(
    form: PlaceCartForm,
    *,
    refusals: dict[str, str] | None = None,
    short: InsufficientStock | None = None,
    buyer: Buyer | None = None,
) -> str:
    kept = Cart.read(session)
    parts = load_cart(db.session(), kept.quantities, on=vietnam_date(system_clock()))
    context: dict[str, Any] = {
        "form": form,
        "parts": parts,
        "typed": {
            line.listing.public_id: type_quantity(line.quantity, line.listing.unit_quantity)
            for part in parts
            for line in part.lines
        },
        "key": kept.key,
        "buyer": buyer or current_buyer(),
        "refusals": refusals or {},
        "short_listing_id": short.details.get("listing_id") if short else None,
        "short_left": short.details.get("left") if short else None,
        "short_typed": _short_typed(parts, short),
        "hold_minutes": current_policy().hold_minutes,
    }
    return render_template("orders/cart/cart.html", **context)


def _short_typed(parts: Sequence[CartOfCooperative], short: InsufficientStock | None) -> str:
    for line in (line for part in parts for line in part.lines):
        if short and line.listing.id == short.details.get("listing_id"):
            return type_quantity(short.details["left"], line.listing.unit_quantity)
    return ""


def _placed_before(key: str) -> Response | None:
    """Return the way to the order that this very form already made, in this tab or another."""
    buyer = current_buyer()
    order = order_of_cart(db.session(), key, buyer.id) if buyer and key else None
    return _back(url_for("order_page.order", link_token=order.link_token)) if order else None


def _seller(kept: Cart, cooperative_id: str) -> CartOfCooperative | None:
    parts = load_cart(db.session(), kept.quantities, on=vietnam_date(system_clock()))
    return next((part for part in parts if str(part.cooperative.id) == cooperative_id), None)


def _request(seller: CartOfCooperative, buyer: Buyer, key: str) -> OrderRequest:
    return OrderRequest(
        scope=CART_SCOPE,
        key=key,
        cooperative_id=seller.cooperative.id,
        buyer=buyer_ref(buyer, network_key()),
        changes=tuple(LineChange("add", line.listing.id, line.quantity) for line in seller.lines),
    )


def _take_out(kept: Cart, seller: CartOfCooperative) -> None:
    for line in seller.lines:
        kept.set(line.listing.public_id, 0)
    kept.write(session)


def _remembering(buyer: Buyer | None, response: Response) -> Response:
    if buyer is not None and current_buyer() is None:
        remember_buyer(response, buyer)
    return response


def _product_url(public_id: str) -> str:
    return url_for("storefront.listing", public_id=public_id)


def _back(target: str) -> Response:
    return make_response(redirect(target, 303))
