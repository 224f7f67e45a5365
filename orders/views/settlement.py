"""Settlement (quyết toán): who can be paid, batches that take two people, a file and codes for the bank."""

from collections.abc import Callable

from flask import Blueprint, Response, abort, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import current_policy, db, run_in_write_transaction
from app.text import fold
from orders.models import Payout
from orders.payments.banks import bank_of
from orders.payments.vietqr import build_payload, render_svg
from orders.reports.csv_text import Cell, csv_text
from orders.settlement.payables import payables
from orders.settlement.paying import (
    approve_batch,
    discard_batch,
    draft_batch,
    mark_failed,
    mark_paid,
    send_batch,
)
from orders.settlement.queries import PayoutRow, batch_payouts, batches, households_with_account, payee_names
from orders.views.downloads import csv_file
from shop.access import require_staff
from shop.models import Cooperative
from shop.payout_accounts import account_number

blueprint = Blueprint("settlement", __name__)

_STEPS: dict[str, Callable[..., None]] = {"duyet": approve_batch, "gui": send_batch, "bo": discard_batch}
_OUTCOMES: dict[str, Callable[..., Payout]] = {"da-tra": mark_paid, "chua-duoc": mark_failed}


@blueprint.get("/htx/quyet-toan")
def index() -> str:
    """Show what every payee is owed and may be paid now, and the batches so far."""
    session = db.session()
    cooperative = require_staff(session, require_user())
    now = system_clock()
    rows = payables(session, cooperative.id, settle_after_hours=current_policy().settle_after_hours, now=now)
    hosts = [row.payee_id for row in rows if row.payee_type == "host"]
    return render_template(
        "orders/settlement/index.html",
        rows=rows,
        names=payee_names(session, cooperative.id, hosts),
        with_account=households_with_account(session, cooperative.id, now),
        batches=batches(session, cooperative.id),
        hours=current_policy().settle_after_hours,
    )


@blueprint.post("/htx/quyet-toan")
def draft() -> BaseResponse:
    """Draft a batch of everything that may be paid now."""
    actor = require_user()

    def work(session: Session) -> str:
        cooperative = require_staff(session, actor)
        return draft_batch(session, cooperative, policy=current_policy(), actor=actor, clock=system_clock)[0].batch

    batch = run_in_write_transaction(work)
    flash(_("Đã lập đợt %(batch)s. Một người khác duyệt thì mới chi.", batch=batch), "success")
    return redirect(url_for("settlement.show", batch=batch))


@blueprint.get("/htx/quyet-toan/<batch>")
def show(batch: str) -> str:
    """Show one batch: each payee, the amount, and a code to pay it by once it is approved."""
    actor = require_user()
    cooperative, rows = _batch(batch)
    return render_template(
        "orders/settlement/batch.html",
        batch=batch,
        rows=rows,
        total_vnd=sum(row.payout.amount_vnd for row in rows),
        codes={row.payout.id: _code(row) for row in rows if row.payout.state in ("approved", "sent")},
        banks={row.payout.id: _bank(row) for row in rows},
        own=any(row.payout.drafted_by_id == actor.user_id for row in rows),
        cooperative=cooperative,
    )


@blueprint.post("/htx/quyet-toan/<batch>/<any(duyet, gui, bo):step>")
def change(batch: str, step: str) -> BaseResponse:
    """Approve a batch, hand it to the bank, or throw a draft away."""
    actor = require_user()
    run_in_write_transaction(
        lambda session: _STEPS[step](session, require_staff(session, actor), batch, actor=actor, clock=system_clock)
    )
    said = {
        "duyet": _("Đã duyệt. Tiền đã ghi ra khỏi nợ của từng hộ, chờ ngân hàng chuyển."),
        "gui": _("Đã ghi là gửi ngân hàng."),
        "bo": _("Đã bỏ đợt này, chưa có gì vào sổ."),
    }
    flash(said[step], "success")
    return redirect(url_for("settlement.index") if step == "bo" else url_for("settlement.show", batch=batch))


@blueprint.post("/htx/quyet-toan/khoan/<int:payout_id>/<any('da-tra', 'chua-duoc'):outcome>")
def settle(payout_id: int, outcome: str) -> BaseResponse:
    """Record that a payee has the money, or that it came back."""
    actor = require_user()

    def work(session: Session) -> str:
        cooperative = require_staff(session, actor)
        return _OUTCOMES[outcome](session, cooperative, payout_id, actor=actor, clock=system_clock).batch

    batch = run_in_write_transaction(work)
    flash(_("Đã ghi."), "success")
    return redirect(url_for("settlement.show", batch=batch))


@blueprint.get("/htx/quyet-toan/<batch>/ngan-hang.csv")
def bank_file(batch: str) -> Response:
    """Return the approved transfers of a batch as a file for the bank; account numbers leave the system only here."""
    _cooperative, rows = _batch(batch)
    lines: list[list[Cell]] = [
        [
            i,
            account_number(row.account),
            row.account.holder_name,
            row.account.bank_bin,
            _bank(row),
            row.payout.amount_vnd,
            _content(row),
        ]
        for i, row in enumerate(rows, start=1)
        if row.account is not None and row.payout.state in ("approved", "sent")
    ]
    columns = ["STT", "So tai khoan", "Ten nguoi nhan", "Ma ngan hang", "Ngan hang", "So tien", "Noi dung"]
    return csv_file(f"{batch}.csv", csv_text([], columns, lines))


def _batch(batch: str) -> tuple[Cooperative, list[PayoutRow]]:
    cooperative = require_staff(db.session(), require_user())
    rows = batch_payouts(db.session(), cooperative.id, batch)
    if not rows:
        abort(404)
    return cooperative, rows


def _bank(row: PayoutRow) -> str:
    bank = bank_of(row.account.bank_bin) if row.account else None
    return bank.name if bank else row.account.bank_bin if row.account else ""


def _content(row: PayoutRow) -> str:
    """Write what the payee reads on the transfer: no marks, at most 25 characters, as bank apps want it."""
    return f"TIEN VAI {fold(row.code).upper()} {row.payout.batch.split('-', 2)[2]}"[:25]


def _code(row: PayoutRow) -> str | None:
    if row.account is None:
        return None
    return render_svg(
        build_payload(row.account.bank_bin, account_number(row.account), row.payout.amount_vnd, _content(row))
    )
