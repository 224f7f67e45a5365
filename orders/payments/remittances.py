"""Couriers handing over the cash they collected at the door: a transfer that pays no order but empties their hands."""

from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.money import format_vnd
from app.states import Ignored, next_state
from orders.ledger.accounts import COURIER_FEE, UNMATCHED_RECEIPTS, cod_account, courier_name
from orders.ledger.balances import account_balances, trial_balance
from orders.ledger.booking import Entry, book
from orders.locks import lock_bank_transaction
from orders.payments.queries import unmatched_by_transaction
from orders.states import BANK_TRANSACTION_TABLE, BankTransactionEvent, BankTransactionState

_PREFIX = "asset:cod_in_hand:"


def cash_in_hand(session: Session, cooperative_id: int) -> dict[str, int]:
    """Return the đồng that each courier has collected and not handed over, by the courier's short name."""
    return {
        row.code.removeprefix(_PREFIX): row.balance_vnd
        for row in trial_balance(session, cooperative_id)
        if row.code.startswith(_PREFIX) and row.balance_vnd > 0
    }


def record_remittance(
    session: Session, transaction_id: int, courier: str, *, fee_vnd: int = 0, actor: Actor, clock: Clock
) -> None:
    """Settle a transfer with the cash of a courier, who may have kept ``fee_vnd`` of it.

    Raises ``Conflict`` for a transfer that was settled before, and ``InvalidInput`` for more than the courier holds.
    """
    row = lock_bank_transaction(session, transaction_id)
    state = next_state(BANK_TRANSACTION_TABLE, BankTransactionState(row.state), BankTransactionEvent.MATCH)
    if isinstance(state, Ignored) or not unmatched_by_transaction(session, [row]).get(row.id):
        raise Conflict("Khoản chuyển này đã được xử lý rồi. Bác tải lại trang giúp em.")
    hand = cod_account(courier)
    held = account_balances(session, row.cooperative_id, [hand])[hand]
    if fee_vnd < 0 or row.amount_vnd + fee_vnd > held:
        raise InvalidInput(f"Người giao này chỉ còn giữ {format_vnd(held)} tiền thu hộ.", field="courier")
    row.state, row.state_reason = state, f"Tiền thu hộ: {courier_name(courier)}"
    session.flush()
    events = (
        (f"remit:{row.id}", Entry(UNMATCHED_RECEIPTS, hand, row.amount_vnd)),
        (f"remit:{row.id}:fee", Entry(COURIER_FEE, hand, fee_vnd)),
    )
    for reference, entry in events:
        if entry.amount_vnd:
            book(session, row.cooperative_id, "remitted", reference, [entry], actor=actor, clock=clock)
    audit.record(
        session,
        "orders.bank_transaction.remitted",
        "bank_transaction",
        row.id,
        actor=actor,
        clock=clock,
        cooperative_id=row.cooperative_id,
        courier=courier_name(courier),
        amount_vnd=row.amount_vnd,
        fee_vnd=fee_vnd,
    )
