"""The bank's transfers on the staff's desk: what came in, what it pays, what goes back, and statements taken in."""

from collections.abc import Sequence
from datetime import datetime, time
from functools import partial

import structlog
from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.actor import Actor
from app.accounts.current import require_user
from app.clock import VIETNAM, system_clock
from app.db import db, run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.ids import new_token
from app.quantity import parse_vnd
from orders.forms import blame
from orders.money_forms import (
    IgnoreForm,
    MatchForm,
    RemitForm,
    StatementColumnsForm,
    StatementFileForm,
    TransferForm,
    first_error,
)
from orders.payments.access import staff_transfer
from orders.payments.importing import ImportResult, batches, record_lines
from orders.payments.matching import REASON_SENTENCES
from orders.payments.queries import PAGE, WAITING_TRANSFERS, count_by_state, suggestions, transfers, waiting_counts
from orders.payments.remittances import cash_in_hand, record_remittance
from orders.payments.statements import Statement, decode_statement, read_statement
from orders.payments.transfers import (
    StatementLine,
    ignore_transaction,
    match_by_hand,
    match_transaction,
    record_bank_transaction,
    return_transaction,
)
from shop.access import require_staff
from shop.models import Cooperative

blueprint = Blueprint("payments", __name__)
log = structlog.get_logger(__name__)

LANES = {
    "can-xem": WAITING_TRANSFERS,
    "thieu": ("partial",),
    "da-khop": ("matched",),
    "da-tra": ("refunded",),
    "bo-qua": ("ignored",),
}
_FILE_SECONDS = 3600


@blueprint.get("/htx/chuyen-khoan")
def index() -> str:
    """Show the transfers of one lane, those that need a person first."""
    cooperative = require_staff(db.session(), require_user())
    lane = request.args.get("nhom", "can-xem")
    lane = lane if lane in LANES else "can-xem"
    page = max(1, request.args.get("page", 1, type=int))
    counts = count_by_state(db.session(), cooperative.id)
    rows = transfers(db.session(), cooperative.id, LANES[lane], page)
    return render_template(
        "orders/payments/transfers.html",
        lane=lane,
        lanes={name: sum(counts.get(state, 0) for state in states) for name, states in LANES.items()},
        rows=rows,
        ideas=suggestions(db.session(), cooperative.id, rows) if lane == "can-xem" else {},
        reasons=REASON_SENTENCES,
        couriers=cash_in_hand(db.session(), cooperative.id) if lane == "can-xem" else {},
        page=page,
        pages=-(-sum(counts.get(state, 0) for state in LANES[lane]) // PAGE),
        match_form=MatchForm(formdata=None),
        ignore_form=IgnoreForm(formdata=None),
    )


@blueprint.post("/htx/chuyen-khoan/<int:transaction_id>/khop")
def match(transaction_id: int) -> BaseResponse:
    """Settle a transfer with the order a person found for it."""
    form, actor = MatchForm(), require_user()

    def work(session: Session) -> str:
        row = staff_transfer(session, actor, transaction_id)
        return match_by_hand(session, row.id, form.order_code.data or "", actor=actor, clock=system_clock).state

    return _act(form, work, _("Đã ghi khoản này cho đơn."))


@blueprint.post("/htx/chuyen-khoan/<int:transaction_id>/bo-qua")
def ignore(transaction_id: int) -> BaseResponse:
    """Put a transfer aside with a reason."""
    form, actor = IgnoreForm(), require_user()

    def work(session: Session) -> None:
        row = staff_transfer(session, actor, transaction_id)
        ignore_transaction(session, row.id, form.reason.data or "", actor=actor, clock=system_clock)

    return _act(form, work, _("Đã để khoản này sang một bên."))


@blueprint.post("/htx/chuyen-khoan/<int:transaction_id>/thu-ho")
def remit(transaction_id: int) -> BaseResponse:
    """Settle a transfer with the cash that a courier collected."""
    form, actor = RemitForm(), require_user()

    def work(session: Session) -> None:
        row = staff_transfer(session, actor, transaction_id)
        fee = parse_vnd(form.fee.data) if form.fee.data else 0
        record_remittance(session, row.id, form.courier.data or "", fee_vnd=fee, actor=actor, clock=system_clock)

    return _act(form, work, _("Đã ghi tiền thu hộ của người giao."))


@blueprint.post("/htx/chuyen-khoan/<int:transaction_id>/tra-lai")
def send_back(transaction_id: int) -> BaseResponse:
    """Record that what no order needs of a transfer was sent back."""
    actor = require_user()

    def work(session: Session) -> None:
        row = staff_transfer(session, actor, transaction_id)
        return_transaction(session, row.id, actor=actor, clock=system_clock)

    return _act(None, work, _("Đã ghi là trả lại tiền cho người gửi."))


@blueprint.route("/htx/chuyen-khoan/ghi", methods=["GET", "POST"])
def record() -> BaseResponse | tuple[str, int]:
    """Record one transfer typed off the bank's app, and let the rules match it."""
    actor = require_user()
    cooperative = require_staff(db.session(), actor)
    account = cooperative.bank_account or ""
    form = TransferForm()
    if form.validate_on_submit():

        def work(session: Session) -> str:
            line = StatementLine(
                account=account,
                bank_reference=form.bank_reference.data or f"tay:{form.idempotency_key.data}",
                direction="in",
                amount_vnd=parse_vnd(form.amount.data or ""),
                content=form.content.data or "",
                transferred_at=datetime.combine(form.transferred_on.data, time(12), VIETNAM),
            )
            ours = require_staff(session, actor)
            row, _new = record_bank_transaction(session, ours, line, source="desk", actor=actor, clock=system_clock)
            return match_transaction(session, row.id, actor=actor, clock=system_clock).state

        try:
            state = run_in_write_transaction(work)
        except DomainError as refused:
            blame(form, refused, _(refused.message), fallback="amount")
        else:
            matched = state in ("matched", "partial")
            flash(_("Đã ghi và khớp đơn.") if matched else _("Đã ghi, khoản này cần người xem."), "success")
            return redirect(url_for("payments.index", nhom="da-khop" if state == "matched" else "can-xem"))
    form.idempotency_key.data = form.idempotency_key.data or new_token()
    form.transferred_on.data = form.transferred_on.data or system_clock().astimezone(VIETNAM).date()
    return render_template("orders/payments/record.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/htx/chuyen-khoan/nhap", methods=["GET", "POST"])
def upload() -> str | tuple[str, int]:
    """Take a statement file and show how it is understood, before anything is recorded."""
    cooperative = require_staff(db.session(), require_user())
    form = StatementFileForm()
    if form.validate_on_submit():
        try:
            text = decode_statement(form.file.data.read())
            statement = read_statement(text, default_account=cooperative.bank_account or "")
        except DomainError as refused:
            blame(form, refused, _(refused.message), fallback="file")
        else:
            columns = StatementColumnsForm(formdata=None, data={"file": _signer().dumps(text), **statement.columns})
            return _preview(columns, statement)
    return render_template("orders/payments/upload.html", form=form), 422 if form.is_submitted() else 200


@blueprint.post("/htx/chuyen-khoan/nhap/ghi")
def take_in() -> str | BaseResponse | tuple[str, int]:
    """Show the file again with other columns, or record it and match every line."""
    actor = require_user()
    cooperative = require_staff(db.session(), actor)
    form = StatementColumnsForm()
    try:
        text = _signer().loads(form.file.data or "", max_age=_FILE_SECONDS)
    except BadSignature:
        raise InvalidInput("Tệp này để lâu quá rồi. Bác chọn lại tệp sao kê giúp em.") from None
    account = cooperative.bank_account or ""
    guessed = read_statement(text, default_account=account)
    form.offer(guessed.headings, _("không có"))
    if not form.validate():
        return _preview(form, guessed), 422
    try:
        statement = read_statement(text, default_account=account, columns=form.columns())
    except InvalidInput as refused:
        form.form_errors.append(_(refused.message))
        return _preview(form, guessed), 422
    if "record" not in request.form:
        return _preview(form, statement)

    result = _record_all(statement, actor)
    _match_each(result, actor)
    return render_template("orders/payments/imported.html", result=result, bad_rows=statement.bad_rows)


def staff_section(cooperative: Cooperative) -> str:
    """Return the money card of the staff's home page: what waits, and where the books are."""
    incoming, outgoing = waiting_counts(db.session(), cooperative.id)
    return render_template("orders/payments/_staff_home.html", transfers=incoming, refunds=outgoing)


def _preview(form: StatementColumnsForm, statement: Statement) -> str:
    form.offer(statement.headings, _("không có"))
    return render_template("orders/payments/preview.html", form=form, statement=statement)


def _record_all(statement: Statement, actor: Actor) -> ImportResult:
    result = ImportResult()
    for lines in batches(statement):

        def work(session: Session, lines: Sequence[StatementLine] = lines) -> ImportResult:
            return record_lines(session, require_staff(session, actor), lines, actor=actor, clock=system_clock)

        result.add(run_in_write_transaction(work))
    return result


def _match_each(result: ImportResult, actor: Actor) -> None:
    """Match what was recorded, each transfer in a short transaction of its own, so that buyers are served in between."""
    for transaction_id in result.waiting:
        match = partial(match_transaction, transaction_id=transaction_id, actor=actor, clock=system_clock)
        try:
            result.by_state[run_in_write_transaction(match).state] += 1
        except Exception:
            # The transfer stays new, on the desk and for the next import; the lines after it are not its hostages.
            log.exception("transfer_not_matched", transaction_id=transaction_id)
            result.unmatched += 1


def _act(form: MatchForm | IgnoreForm | RemitForm | None, work: object, said: str) -> BaseResponse:
    """Run what a button of the list does and go back to the list with a sentence."""
    back = redirect(url_for("payments.index"))
    if form is not None and not form.validate_on_submit():
        flash(first_error(form) or _("Bác tải lại trang giúp em."), "error")
        return back
    try:
        run_in_write_transaction(work)  # type: ignore[arg-type]
    except InvalidInput as refused:
        flash(_(refused.message), "error")
    else:
        flash(said, "success")
    return back


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="bank-statement")
