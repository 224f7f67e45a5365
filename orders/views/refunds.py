"""Refunds (hoàn tiền) on the staff's desk: asked for, approved, sent, done."""

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import db, run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.ids import new_token
from app.quantity import parse_count, parse_kilograms, parse_vnd
from orders.access import staff_order
from orders.forms import blame
from orders.ledger.balances import order_deposit
from orders.ledger.line_shares import order_lines
from orders.models import Refund
from orders.money_forms import RefundForm
from orders.payments.access import staff_refund
from orders.payments.queries import PAGE, WAITING_REFUNDS, refund_counts, refunds
from orders.refunding import (
    approve_refund,
    fail_refund,
    finish_refund,
    reject_refund,
    request_refund,
    submit_refund,
)
from shop.access import require_staff

blueprint = Blueprint("refunds", __name__)

LANES = {
    "can-lam": WAITING_REFUNDS,
    "dang-chuyen": ("submitted",),
    "xong": ("done", "rejected", "external"),
}
_STEPS: dict[str, Callable[..., Refund]] = {
    "duyet": approve_refund,
    "khong": reject_refund,
    "chuyen": submit_refund,
    "xong": finish_refund,
    "chua-duoc": fail_refund,
}


@blueprint.get("/htx/hoan-tien")
def index() -> str:
    """Show the refunds of one lane, those that wait for the staff first."""
    cooperative = require_staff(db.session(), require_user())
    lane = request.args.get("nhom", "can-lam")
    lane = lane if lane in LANES else "can-lam"
    page = max(1, request.args.get("page", 1, type=int))
    counts = refund_counts(db.session(), cooperative.id)
    sizes = {name: sum(counts.get(state, 0) for state in states) for name, states in LANES.items()}
    return render_template(
        "orders/payments/refunds.html",
        lane=lane,
        lanes=sizes,
        rows=refunds(db.session(), cooperative.id, LANES[lane], page),
        page=page,
        pages=-(-sizes[lane] // PAGE),
    )


@blueprint.post("/htx/hoan-tien/<int:refund_id>/<any(duyet, khong, chuyen, xong, 'chua-duoc'):step>")
def change(refund_id: int, step: str) -> BaseResponse:
    """Take a refund one step further."""
    actor = require_user()

    def work(session: Session) -> str:
        refund = staff_refund(session, actor, refund_id)
        return _STEPS[step](session, refund.id, actor=actor, clock=system_clock).state

    state = run_in_write_transaction(work)
    flash(_("Đã ghi."), "success")
    lane = next(name for name, states in LANES.items() if state in states)
    return redirect(url_for("refunds.index", nhom=lane))


@blueprint.route("/htx/hoan-tien/don/<code>", methods=["GET", "POST"])
def ask(code: str) -> BaseResponse | tuple[str, int]:
    """Ask for a refund of an order: an amount before delivery, what was wrong of each line after it."""
    actor = require_user()
    order = staff_order(db.session(), actor, code)
    form = RefundForm()
    if form.validate_on_submit():

        def work(session: Session) -> int:
            found = staff_order(session, actor, code)
            quantities = _typed_quantities(session, found.id) if found.state == "delivered" else {}
            return request_refund(
                session,
                found.id,
                reference=f"desk:{form.idempotency_key.data}",
                reason=form.reason.data or "",
                amount_vnd=parse_vnd(form.amount.data) if form.amount.data else None,
                line_quantities=quantities or None,
                actor=actor,
                clock=system_clock,
            ).id

        try:
            run_in_write_transaction(work)
        except DomainError as refused:
            blame(form, refused, _(refused.message), fallback="amount")
        else:
            flash(_("Đã ghi đề nghị hoàn tiền. Bước sau là duyệt."), "success")
            return redirect(url_for("refunds.index"))
    form.idempotency_key.data = form.idempotency_key.data or new_token()
    order = staff_order(db.session(), actor, code)
    return render_template(
        "orders/payments/refund.html",
        form=form,
        order=order,
        lines=order_lines(db.session(), order.id),
        deposit_vnd=order_deposit(db.session(), order.id),
        typed=request.form,
    ), 422 if form.is_submitted() else 200


def _typed_quantities(session: Session, order_id: int) -> dict[int, int]:
    """Return what staff typed per line, in base units; kilograms where the unit is divisible, whole units otherwise."""
    quantities = {}
    for line in order_lines(session, order_id):
        typed = request.form.get(f"line-{line.id}", "").strip()
        if not typed:
            continue
        try:
            quantities[line.id] = parse_kilograms(typed) if line.divisible else parse_count(typed) * line.unit_quantity
        except InvalidInput as refused:
            raise InvalidInput(f"{line.title}: {refused.message}", field="amount") from None
    return quantities
