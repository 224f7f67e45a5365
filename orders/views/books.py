"""The ledger (sổ cái) for the cooperative's accountant: the trial balance, and every posting of an account."""

from collections.abc import Sequence

from flask import Blueprint, Response, abort, render_template, request
from flask_babel import gettext as _

from app.accounts.current import require_user
from app.db import db
from app.i18n import N_
from orders.ledger.accounts import ACCOUNT_NAMES, OWNED_NAMES
from orders.ledger.balances import AccountBalance, trial_balance
from orders.ledger.queries import PAGE, account_of, count_postings, postings
from orders.settlement.queries import payee_names
from orders.views.downloads import csv_download
from shop.access import require_staff

blueprint = Blueprint("books", __name__)

KINDS = {
    "bank_received": N_("Tiền vào ngân hàng"),
    "bank_returned": N_("Trả lại người gửi"),
    "payment_captured": N_("Tiền của đơn"),
    "payment_fee": N_("Phí cổng thanh toán"),
    "delivered": N_("Giao hàng"),
    "refund_approved": N_("Duyệt hoàn tiền"),
    "refund_done": N_("Đã hoàn tiền"),
    "refused": N_("Khách không nhận"),
    "remitted": N_("Người giao nộp tiền thu hộ"),
    "payout_approved": N_("Duyệt chi"),
    "payout_paid": N_("Đã chi"),
    "payout_failed": N_("Chi chưa được"),
}
TYPES = {"asset": N_("Tài sản"), "liability": N_("Nợ phải trả"), "income": N_("Thu"), "expense": N_("Chi phí")}


class Titles:
    """Names accounts for people: by the chart, and by whose they are."""

    def __init__(self, names: dict[tuple[str, int], str]) -> None:
        self._names = names

    def __call__(self, code: str) -> str:
        """Return an account's name in the visitor's language."""
        if code in ACCOUNT_NAMES:
            return _(ACCOUNT_NAMES[code])
        kind, _colon, owner = code.rpartition(":")
        payee = kind.rpartition(":")[2]
        name = self._names.get((payee, int(owner)), owner) if payee in ("household", "host") else owner
        return f"{_(OWNED_NAMES[kind])}: {name}"


@blueprint.get("/htx/so-cai")
def index() -> str:
    """Show the trial balance: every account, and that debits equal credits."""
    cooperative = require_staff(db.session(), require_user())
    rows = trial_balance(db.session(), cooperative.id)
    return render_template(
        "orders/books/index.html",
        rows=rows,
        title_of=_titles(cooperative.id, rows),
        types=TYPES,
    )


@blueprint.get("/htx/so-cai.csv")
def index_csv() -> Response:
    """Return the trial balance as a file."""
    cooperative = require_staff(db.session(), require_user())
    rows = trial_balance(db.session(), cooperative.id)
    title_of = _titles(cooperative.id, rows)
    return csv_download(
        "so-cai.csv",
        _("Tổng phát sinh Nợ, tổng phát sinh Có và số dư của từng tài khoản, tính bằng đồng."),
        cooperative.name,
        [_("Mã"), _("Tài khoản"), _("Loại"), _("Nợ"), _("Có"), _("Số dư")],
        [
            [row.code, title_of(row.code), _(TYPES[row.type]), row.debit_vnd, row.credit_vnd, row.balance_vnd]
            for row in rows
        ],
    )


@blueprint.get("/htx/so-cai/<int:account_id>")
def account(account_id: int) -> str:
    """Show one account's postings with their other sides, and the orders they are about."""
    cooperative = require_staff(db.session(), require_user())
    found = account_of(db.session(), cooperative.id, account_id)
    if found is None:
        abort(404)
    page = max(1, request.args.get("page", 1, type=int))
    accounts = trial_balance(db.session(), cooperative.id)
    return render_template(
        "orders/books/account.html",
        account=next(row for row in accounts if row.id == found.id),
        rows=postings(db.session(), found.id, page),
        title_of=_titles(cooperative.id, accounts),
        kinds=KINDS,
        page=page,
        pages=-(-count_postings(db.session(), found.id) // PAGE),
    )


def _titles(cooperative_id: int, accounts: Sequence[AccountBalance]) -> Titles:
    hosts = [int(row.code.rpartition(":")[2]) for row in accounts if row.code.startswith("liability:host:")]
    return Titles(payee_names(db.session(), cooperative_id, hosts))
