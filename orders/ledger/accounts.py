"""The chart of accounts: what each account is called, and the accounts of a cooperative found or opened by code.

docs/money.md says what every account means; a code that is not of that chart is refused.
"""

import re
from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.i18n import N_
from app.text import fold
from orders.ledger.models import LedgerAccount

BANK = "asset:bank"
STRIPE_CLEARING = "asset:stripe_clearing"
BUYER_DEPOSIT = "liability:buyer_deposit"
UNMATCHED_RECEIPTS = "liability:unmatched_receipts"
REFUND_PAYABLE = "liability:refund_payable"
PAYOUT_IN_TRANSIT = "liability:payout_in_transit"
COOP_FEE = "income:coop_fee"
PACKING = "income:packing"
FEE_RECOVERED = "income:fee_recovered"
PAYMENT_FEE = "expense:payment_fee"
FX = "expense:fx"
DISPUTE = "expense:dispute"
COURIER_FEE = "expense:courier_fee"
FAILED_DELIVERY = "expense:failed_delivery"
PACKING_LOSS = "expense:packing_loss"

ACCOUNT_NAMES = {
    BANK: N_("Tiền gửi ngân hàng"),
    STRIPE_CLEARING: N_("Tiền thẻ chờ về"),
    BUYER_DEPOSIT: N_("Tiền người mua ứng trước"),
    UNMATCHED_RECEIPTS: N_("Tiền vào chưa khớp đơn"),
    REFUND_PAYABLE: N_("Tiền phải hoàn"),
    PAYOUT_IN_TRANSIT: N_("Khoản chi đang chuyển"),
    COOP_FEE: N_("Phần hợp tác xã"),
    PACKING: N_("Tiền đóng gói"),
    FEE_RECOVERED: N_("Phí thanh toán thu lại"),
    PAYMENT_FEE: N_("Phí cổng thanh toán"),
    FX: N_("Chênh lệch tỷ giá"),
    DISPUTE: N_("Phí khiếu nại thẻ"),
    COURIER_FEE: N_("Phí thu hộ"),
    FAILED_DELIVERY: N_("Chi phí giao không thành"),
    PACKING_LOSS: N_("Tổn thất đóng gói"),
}
"""What the accountant reads; accounts of one household, host or courier are named after their owner."""
OWNED_NAMES = {
    "asset:cod_in_hand": N_("Tiền thu hộ đang ở người giao"),
    "liability:household": N_("Phải trả hộ"),
    "liability:host": N_("Phải trả người livestream"),
    "liability:courier": N_("Phải trả người giao"),
}
OWN_COURIER = "own"
"""The cooperative's own people, when no carrier is named."""
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_MAX_COURIER = 36


def household_account(household_id: int) -> str:
    """Return the account that says what is owed to a household."""
    return f"liability:household:{household_id}"


def host_account(user_id: int) -> str:
    """Return the account that says what is owed to a host."""
    return f"liability:host:{user_id}"


def courier_name(carrier: str) -> str:
    """Return the carrier as account codes write it: folded, so that "Xe Hà Lan" and "xe ha lan" are one courier."""
    return _NOT_SLUG.sub("-", fold(carrier)).strip("-")[:_MAX_COURIER] or OWN_COURIER


def courier_account(carrier: str) -> str:
    """Return the account that says what is owed to a courier for delivering."""
    return f"liability:courier:{courier_name(carrier)}"


def cod_account(carrier: str) -> str:
    """Return the account that says what cash a courier has collected and not handed over."""
    return f"asset:cod_in_hand:{courier_name(carrier)}"


def payee_account(payee_type: str, payee_id: int) -> str:
    """Return the account a payout to a household or a host is taken from."""
    return {"household": household_account, "host": host_account}[payee_type](payee_id)


def account_type(code: str) -> str:
    """Return asset, liability, income or expense; raises ``ValueError`` for a code outside the chart."""
    kind, _, owner = code.rpartition(":")
    if code not in ACCOUNT_NAMES and (kind not in OWNED_NAMES or not owner):
        raise ValueError(f"no such account in the chart: {code}")
    return code.partition(":")[0]


def open_accounts(session: Session, cooperative_id: int, codes: Iterable[str]) -> dict[str, int]:
    """Return the ids of a cooperative's accounts by code, opening those it does not have yet.

    New ones are inserted in the order of their codes and give way to a row that another transaction has just written.
    """
    wanted = sorted(set(codes))
    known = _ids(session, cooperative_id, wanted)
    missing = [code for code in wanted if code not in known]
    if not missing:
        return known
    rows = [
        {"cooperative_id": cooperative_id, "code": code, "type": account_type(code), "owner_id": _owner_id(code)}
        for code in missing
    ]
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    session.execute(dialect.insert(LedgerAccount).on_conflict_do_nothing(), rows)
    return known | _ids(session, cooperative_id, missing)


def lock_accounts(session: Session, account_ids: Iterable[int]) -> None:
    """Lock accounts by id while their balance decides something, as it does for a payout.

    A posting that only adds to an account never waits for this: it points at the row and changes nothing in it.
    """
    wanted = sorted(set(account_ids))
    statement = select(LedgerAccount.id).where(LedgerAccount.id.in_(wanted)).order_by(LedgerAccount.id)
    session.execute(statement.with_for_update(key_share=True)).all()


def _ids(session: Session, cooperative_id: int, codes: list[str]) -> dict[str, int]:
    rows = session.execute(
        select(LedgerAccount.code, LedgerAccount.id).where(
            LedgerAccount.cooperative_id == cooperative_id, LedgerAccount.code.in_(codes)
        )
    )
    return {row.code: row.id for row in rows}


def _owner_id(code: str) -> int | None:
    owner = code.rpartition(":")[2]
    return int(owner) if code.startswith(("liability:household:", "liability:host:")) else None
