"""The buyer's order page: follow it, say where it goes, pay, cancel, complain. The link is the key to it."""

from collections.abc import Sequence
from contextlib import suppress
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
    send_file,
    url_for,
)
from flask_babel import gettext as _

from app.accounts.actor import Actor
from app.accounts.current import current_actor, current_buyer
from app.clock import system_clock
from app.db import current_policy, db, run_in_write_transaction
from app.errors import Conflict, DomainError, NotFound
from app.web import spend
from orders.access import claim_photo, line_of_order, order_by_link
from orders.balances import captured_vnd
from orders.claiming import claim_deadline, make_claim, may_claim
from orders.forms import CheckoutForm, ClaimForm, blame
from orders.models import Order
from orders.payments.providers import vietqr_for_order
from orders.queries import load_order_page, orders_of_buyer
from orders.states import OrderState
from orders.timeline import order_steps
from orders.views.checkout_fields import checkout_context, ward_label, whole_number
from orders.withdrawing import withdraw_order
from shop.photos import photo_path, prepare_photo
from shop.places import WardMatch

blueprint = Blueprint("order_page", __name__)


@blueprint.get("/don")
def own_orders() -> str:
    """List the orders of the guest whose cookie came along."""
    buyer = current_buyer()
    orders = orders_of_buyer(db.session(), buyer.id) if buyer else []
    return render_template("orders/order/own.html", orders=orders, buyer=buyer)


@blueprint.get("/don/<link_token>")
def order(link_token: str) -> str:
    """Show the order: where it stands, what is still to do, and how to pay."""
    found = order_by_link(db.session(), link_token)
    return render_order(found)


@blueprint.get("/don/<link_token>/moi")
def news(link_token: str) -> Response:
    """Tell a waiting page whether anything happened: nothing to show, or "open the order again"."""
    found = order_by_link(db.session(), link_token)
    paid_vnd = captured_vnd(db.session(), [found.id]).get(found.id, 0)
    changed = request.args.get("v") != _version(found, paid_vnd)
    # Not a reload: the page may be the answer to a refused form, which a reload would send again.
    again = {"HX-Redirect": url_for("order_page.order", link_token=found.link_token)}
    return Response(status=200, headers=again) if changed else Response(status=204)


@blueprint.post("/don/<link_token>/huy")
def cancel(link_token: str) -> Response:
    """Cancel an order that waits for its payment; a paid one is a matter for a person at the desk."""
    found = order_by_link(db.session(), link_token)
    try:
        run_in_write_transaction(
            lambda session: withdraw_order(session, found.id, actor=actor_on(found), clock=system_clock)
        )
    except Conflict as refused:
        flash(_(refused.message), "warning")
    else:
        flash(_("Đã hủy đơn. Hẹn bác phiên sau ạ."), "success")
    return to_order(found)


@blueprint.post("/don/<link_token>/khieu-nai")
def claim(link_token: str) -> Response | tuple[str, int]:
    """Take a complaint about delivered goods, with a photo."""
    spend("20/hour", "claim")
    found = order_by_link(db.session(), link_token)
    form = ClaimForm()
    if not form.validate():
        return render_order(found, claim_form=form), 422
    try:
        line = line_of_order(db.session(), found, whole_number(form.line.data)) if form.line.data else None
        picture = prepare_photo(form.photo.data.stream) if form.photo.data else None
        run_in_write_transaction(
            lambda session: make_claim(
                session,
                found.id,
                form.text.data or "",
                line_id=line.id if line else None,
                picture=picture,
                media_root=current_app.extensions["chophien"].media_root,
                policy=current_policy(),
                actor=actor_on(found),
                clock=system_clock,
            )
        )
    except NotFound:
        raise
    except DomainError as refused:
        blame(form, refused, _(refused.message), "text")
        return render_order(order_by_link(db.session(), link_token), claim_form=form), refused.status
    flash(_("Hợp tác xã đã nhận lời của bác và sẽ trả lời ngay trên trang này."), "success")
    return to_order(found)


@blueprint.get("/don/<link_token>/anh/<public_id>")
def claim_picture(link_token: str, public_id: str) -> Response:
    """Show a picture of a claim to whoever holds the order's link."""
    session = db.session()
    photo = claim_photo(session, order_by_link(session, link_token), public_id)
    path = photo_path(current_app.extensions["chophien"].media_root, photo.public_id, thumb=True)
    if not path.is_file():
        raise NotFound("Không tìm thấy ảnh này.")
    return send_file(path.resolve(), mimetype="image/webp", max_age=3600)


def render_order(
    found: Order,
    *,
    checkout: CheckoutForm | None = None,
    wards: Sequence[WardMatch] = (),
    claim_form: ClaimForm | None = None,
) -> str:
    session = db.session()
    page = load_order_page(session, found)
    pending = found.state == OrderState.PENDING
    is_owner = (buyer := current_buyer()) is not None and buyer.id == found.buyer_id
    context: dict[str, Any] = {
        "page": page,
        "order": found,
        "steps": order_steps(found, page.entries),
        "due_vnd": page.due_vnd,
        "is_owner": is_owner,
        "version": _version(found, page.paid_vnd),
        "wards": wards,
        "ward_label": ward_label,
        "claim_form": None,
        "checkout": None,
        "vietqr": None,
    }
    if pending:
        context |= checkout_context(found, checkout, is_owner=is_owner)
    if pending and found.payment_method == "vietqr" and context["due_vnd"]:
        with suppress(Conflict):
            context["vietqr"] = vietqr_for_order(found, page.cooperative, context["due_vnd"])
    if may_claim(found, policy=current_policy(), clock=system_clock):
        context["claim_form"] = claim_form or ClaimForm(formdata=None)
        context["claim_until"] = claim_deadline(found, policy=current_policy())
    return render_template("orders/order/order.html", **context)


def actor_on(found: Order) -> Actor:
    """Return who acts on the order: whoever is known, else the buyer it belongs to, by the link they hold."""
    actor = current_actor()
    known = actor.user_id is not None or actor.buyer_id == found.buyer_id
    return actor if known else Actor(name=found.buyer_name, buyer_id=found.buyer_id)


def _version(found: Order, paid_vnd: int) -> str:
    return f"{found.state}-{paid_vnd}-{int(found.updated_at.timestamp() * 1000)}"


def to_order(found: Order) -> Response:
    return make_response(redirect(url_for("order_page.order", link_token=found.link_token), 303))
