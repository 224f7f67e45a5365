"""Packing and sending: what goes into which box at its real weight, labels, carriers, delivered and come back."""

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import db, run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.quantity import parse_vnd
from orders.access import staff_order
from orders.cart import parse_measured
from orders.desk import deliver_by_staff, pack_by_staff, return_by_staff, ship_by_staff
from orders.desk_queries import loads_by_household, orders_on_the_way, orders_to_pack, packed_orders
from orders.forms import ReturnForm, ShipForm, blame
from orders.models import Order
from orders.queries import load_order_page
from shop.access import require_staff

blueprint = Blueprint("fulfilment", __name__, url_prefix="/htx")


@blueprint.get("/dong-goi")
def packing() -> str:
    """Show what each household brings to the table and what goes into each box."""
    session = db.session()
    cooperative = require_staff(session, require_user())
    return render_template(
        "orders/fulfilment/packing.html",
        rows=orders_to_pack(session, cooperative.id),
        loads=loads_by_household(session, cooperative.id),
    )


@blueprint.route("/dong-goi/<code>", methods=["GET", "POST"])
def pack(code: str) -> Response | str | tuple[str, int]:
    """Take the weight of each line as the scale shows it; the buyer pays the smaller of packed and ordered."""
    actor = require_user()
    found = staff_order(db.session(), actor, code)
    if request.method == "GET":
        return _pack_page(found, {})
    packed: dict[int, int] = {}
    errors: dict[str, str] = {}
    for line in found.lines:
        if not line.quantity:
            continue
        typed = request.form.get(f"line-{line.id}", "").strip()
        try:
            # Nothing of it in the box is an answer, and a field left empty is not.
            packed[line.id] = 0 if typed == "0" else parse_measured(line, typed)
        except InvalidInput as refused:
            errors[f"line-{line.id}"] = _(refused.message)
    if errors:
        return _pack_page(found, errors), 422
    try:
        run_in_write_transaction(lambda session: pack_by_staff(session, found, packed, actor=actor, clock=system_clock))
    except DomainError as refused:
        field = refused.details.get("field", "")
        return _pack_page(staff_order(db.session(), actor, code), {field: _(refused.message)}), refused.status
    flash(_("Đã đóng hộp đơn %(code)s.", code=found.code), "success")
    return _redirect(url_for("fulfilment.packing"))


@blueprint.get("/dong-goi/tem")
def labels() -> str:
    """Show a label for each packed box, to be printed: whom it goes to, what is in it, whose orchard it came from."""
    session = db.session()
    cooperative = require_staff(session, require_user())
    rows = packed_orders(session, cooperative.id)
    wanted = request.args.get("don")
    chosen = [row for row in rows if wanted in (None, row.order.code)]
    return render_template("orders/fulfilment/labels.html", rows=chosen, cooperative=cooperative)


@blueprint.get("/giao-hang")
def shipping() -> str:
    """Show what waits for its carrier and what is on its way."""
    session = db.session()
    cooperative = require_staff(session, require_user())
    return render_template(
        "orders/fulfilment/shipping.html",
        packed=packed_orders(session, cooperative.id),
        on_the_way=orders_on_the_way(session, cooperative.id),
        ship_form=ShipForm(formdata=None),
        return_form=ReturnForm(formdata=None),
    )


@blueprint.route("/giao-hang/<code>/gui", methods=["GET", "POST"])
def ship(code: str) -> Response | str | tuple[str, int]:
    """Hand a packed order to its carrier."""
    actor = require_user()
    found = staff_order(db.session(), actor, code)
    form = ShipForm()
    if request.method == "GET":
        return _form_page(found, form, "orders/fulfilment/ship.html")
    if not form.validate():
        return _form_page(found, form, "orders/fulfilment/ship.html"), 422
    try:
        run_in_write_transaction(
            lambda session: ship_by_staff(
                session,
                found,
                carrier=form.carrier.data or "",
                tracking_number=form.tracking_number.data or "",
                actor=actor,
                clock=system_clock,
            )
        )
    except InvalidInput as refused:
        blame(form, refused, _(refused.message))
        return _form_page(staff_order(db.session(), actor, code), form, "orders/fulfilment/ship.html"), refused.status
    flash(_("Đơn %(code)s đã lên đường.", code=found.code), "success")
    return _redirect(url_for("fulfilment.shipping"))


@blueprint.post("/giao-hang/<code>/da-giao")
def deliver(code: str) -> Response:
    """Record that the buyer has the goods; with pay on delivery, that the cash was taken."""
    actor = require_user()
    found = staff_order(db.session(), actor, code)
    run_in_write_transaction(lambda session: deliver_by_staff(session, found, actor=actor, clock=system_clock))
    flash(_("Đơn %(code)s đã giao xong.", code=found.code), "success")
    return _redirect(url_for("fulfilment.shipping"))


@blueprint.route("/giao-hang/<code>/quay-ve", methods=["GET", "POST"])
def come_back(code: str) -> Response | str | tuple[str, int]:
    """Record a parcel that came back unaccepted and what both ways cost."""
    actor = require_user()
    found = staff_order(db.session(), actor, code)
    form = ReturnForm()
    if request.method == "GET":
        return _form_page(found, form, "orders/fulfilment/come_back.html")
    if not form.validate():
        return _form_page(found, form, "orders/fulfilment/come_back.html"), 422
    try:
        cost_vnd = _cost(form)
        run_in_write_transaction(
            lambda session: return_by_staff(
                session, found, reason=form.reason.data or "", cost_vnd=cost_vnd, actor=actor, clock=system_clock
            )
        )
    except InvalidInput as refused:
        blame(form, refused, _(refused.message))
        page = _form_page(staff_order(db.session(), actor, code), form, "orders/fulfilment/come_back.html")
        return page, refused.status
    flash(_("Đã ghi đơn %(code)s quay về.", code=found.code), "success")
    return _redirect(url_for("fulfilment.shipping"))


def _cost(form: ReturnForm) -> int:
    typed = (form.cost.data or "").strip()
    try:
        return parse_vnd(typed) if typed else 0
    except InvalidInput as refused:
        raise InvalidInput(refused.message, field="cost") from refused


def _pack_page(found: Order, errors: dict[str, str]) -> str:
    return render_template(
        "orders/fulfilment/pack.html",
        page=load_order_page(db.session(), found),
        order=found,
        errors=errors,
        typed=request.form,
    )


def _form_page(found: Order, form: ShipForm | ReturnForm, template: str) -> str:
    return render_template(template, order=found, form=form)


def _redirect(target: str) -> Response:
    return make_response(redirect(target, 303))
