"""The staff's order desk: what waits for a person, every order of the cooperative, and one order with all its history."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import current_policy, db, run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.text import clean_line
from orders.access import line_of_order, staff_claim, staff_order, staff_task
from orders.cart import parse_measured
from orders.claiming import accept_claim, reject_claim
from orders.desk import cancel_by_staff, claim_task, close_task, confirm_cod, extend_by_staff
from orders.desk_queries import count_waiting, find_orders, open_claims, open_tasks, tasks_of_order
from orders.forms import AnswerForm, ReasonForm, ReturnForm, ShipForm, blame
from orders.models import Claim, Order
from orders.queries import count_by_state, load_order_page
from orders.states import OrderState
from shop.access import require_staff
from shop.models import Photo
from shop.views.common import sections

blueprint = Blueprint("order_desk", __name__, url_prefix="/htx")
_MAX_PAGE = 10_000


@blueprint.get("/don")
def orders() -> str:
    """List the cooperative's orders by state, and find one by code, phone or name."""
    session = db.session()
    cooperative = require_staff(session, require_user())
    state = request.args.get("trang-thai", "")
    text = clean_line(request.args.get("q", ""))[:80]
    page = min(_MAX_PAGE, max(1, request.args.get("page", 1, type=int)))
    chosen = state if state in set(OrderState) else None
    rows, pages = find_orders(session, cooperative.id, state=chosen, text=text, page=page)
    return render_template(
        "orders/desk/orders.html",
        rows=rows,
        page=page,
        pages=pages,
        state=chosen,
        text=text,
        counts=count_by_state(session, cooperative.id),
        states=list(OrderState),
    )


@blueprint.get("/don/<code>")
def order(code: str) -> str:
    """Show one order with everything about it."""
    return _page(_found(code))


@blueprint.post("/don/<code>/gia-han")
def extend(code: str) -> Response:
    """Give an unpaid order more time, once."""
    found, actor = _found(code), require_user()
    run_in_write_transaction(
        lambda session: extend_by_staff(session, found, policy=current_policy(), actor=actor, clock=system_clock)
    )
    flash(_("Đã gia hạn giữ hàng."), "success")
    return _to(found)


@blueprint.post("/don/<code>/xac-nhan")
def confirm(code: str) -> Response:
    """Confirm a pay-on-delivery order after speaking to the buyer."""
    found, actor = _found(code), require_user()
    run_in_write_transaction(lambda session: confirm_cod(session, found, actor=actor, clock=system_clock))
    flash(_("Đã xác nhận đơn %(code)s.", code=found.code), "success")
    return _to(found)


@blueprint.post("/don/<code>/huy")
def cancel(code: str) -> Response | tuple[str, int]:
    """Cancel an order with a reason."""
    found, actor = _found(code), require_user()
    form = ReasonForm()
    if not form.validate():
        return _page(found, reason_form=form), 422
    run_in_write_transaction(
        lambda session: cancel_by_staff(session, found, form.reason.data or "", actor=actor, clock=system_clock)
    )
    flash(_("Đã hủy đơn %(code)s.", code=found.code), "success")
    return _to(found)


@blueprint.get("/ban-chot-don")
def desk() -> str:
    """Show what waits for a person: comments, tasks by kind, complaints."""
    session = db.session()
    cooperative = require_staff(session, require_user())
    return render_template(
        "orders/desk/desk.html",
        tasks=open_tasks(session, cooperative.id),
        claims=open_claims(session, cooperative.id),
        counts=count_by_state(session, cooperative.id),
        sections=sections("chophien_desk_sections", cooperative),
    )


@blueprint.post("/ban-chot-don/viec/<int:task_id>/nhan")
def take(task_id: int) -> Response:
    """Take a task before ringing its buyer."""
    return _settle(task_id, "take")


@blueprint.post("/ban-chot-don/viec/<int:task_id>/xong")
def finish(task_id: int) -> Response:
    """Close a task as done."""
    return _settle(task_id, "done")


@blueprint.post("/ban-chot-don/viec/<int:task_id>/bo")
def drop(task_id: int) -> Response:
    """Close a task as nothing to do."""
    return _settle(task_id, "drop")


@blueprint.route("/khieu-nai/<int:claim_id>", methods=["GET", "POST"])
def claim(claim_id: int) -> Response | str | tuple[str, int]:
    """Decide a complaint: refund what was wrong by quantity, or answer why not."""
    session, actor = db.session(), require_user()
    found = staff_claim(session, actor, claim_id)
    form = AnswerForm()
    if request.method == "GET":
        return _claim_page(found, form)
    if not form.validate():
        return _claim_page(found, form), 422
    wanted_by = session.get_one(Order, found.order_id)
    accepted, answer = request.form.get("decision") == "accept", form.answer.data or ""

    def work(writing: Session) -> None:
        if accepted:
            accept_claim(writing, found, quantities, answer, actor=actor, clock=system_clock)
        else:
            reject_claim(writing, found, answer, actor=actor, clock=system_clock)

    try:
        quantities = _typed_quantities(wanted_by) if accepted else {}
        run_in_write_transaction(work)
    except DomainError as refused:
        blame(form, refused, _(refused.message))
        return _claim_page(staff_claim(db.session(), actor, claim_id), form), refused.status
    flash(_("Đã trả lời khách."), "success")
    return _redirect(url_for("order_desk.desk"))


def staff_section(cooperative: Any) -> str:
    """Return what the staff's home shows of orders: how many in each state, and what waits at the desk."""
    session = db.session()
    tasks, claims = count_waiting(session, cooperative.id)
    counts = count_by_state(session, cooperative.id)
    return render_template("orders/desk/_staff_home.html", counts=counts, tasks=tasks, claims=claims)


def _found(code: str) -> Order:
    return staff_order(db.session(), require_user(), code)


def _page(found: Order, *, reason_form: ReasonForm | None = None) -> str:
    session = db.session()
    return render_template(
        "orders/desk/order.html",
        page=load_order_page(session, found),
        order=found,
        is_owner=True,
        tasks=tasks_of_order(session, found),
        reason_form=reason_form or ReasonForm(formdata=None),
        ship_form=ShipForm(formdata=None),
        return_form=ReturnForm(formdata=None),
    )


def _claim_page(found: Claim, form: AnswerForm) -> str:
    session = db.session()
    order_ = session.get_one(Order, found.order_id)
    photo = session.get(Photo, found.photo_id) if found.photo_id else None
    return render_template(
        "orders/desk/claim.html",
        claim=found,
        order=order_,
        page=load_order_page(session, order_),
        photo=photo.public_id if photo else None,
        form=form,
        typed=request.form,
    )


def _typed_quantities(wanted_by: Order) -> dict[int, int]:
    """Return what staff typed to be refunded, in base units by order line id; empty fields are nothing."""
    quantities = {}
    for name, typed in request.form.items():
        number = name.removeprefix("quantity-")
        if name.startswith("quantity-") and number.isascii() and number.isdigit() and typed.strip() not in ("", "0"):
            line = line_of_order(db.session(), wanted_by, int(number[:15]))
            quantities[line.id] = parse_measured(line, typed)
    if not quantities:
        raise InvalidInput("Bác ghi hoàn lại bao nhiêu giúp em, ví dụ 1,5.", field="quantity")
    return quantities


def _settle(task_id: int, what: str) -> Response:
    actor = require_user()
    task = staff_task(db.session(), actor, task_id)

    def work(session: Session) -> None:
        if what == "take":
            claim_task(session, task.id, actor=actor, clock=system_clock)
        else:
            close_task(session, task.id, dropped=what == "drop", actor=actor, clock=system_clock)

    run_in_write_transaction(work)
    return _redirect(url_for("order_desk.desk"))


def _to(found: Order) -> Response:
    return _redirect(url_for("order_desk.order", code=found.code))


def _redirect(target: str) -> Response:
    return make_response(redirect(target, 303))
