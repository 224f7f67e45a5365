"""Bank transfers from the moment they are seen to the moment they are settled: recorded first, then matched.

Whatever a transfer turns out to be, its money is in the books and its row on the desk before any rule looks at it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.money import format_vnd
from app.states import Ignored, next_state
from app.text import clean_block, clean_line
from orders.ledger.posting import post_bank_received, post_bank_returned
from orders.lifecycle import open_task
from orders.locks import lock_bank_transaction, lock_orders
from orders.models import BankTransaction, DeskTask, Order
from orders.payments.capturing import receive_transfer
from orders.payments.matching import (
    IncomingTransfer,
    MatchDecision,
    MatchReason,
    decide_match,
    find_order_codes,
    normalise_content,
)
from orders.payments.queries import payable_orders, same_due_order_ids, unmatched_by_transaction
from orders.states import BANK_TRANSACTION_TABLE, BankTransactionEvent, BankTransactionState
from shop.models import Cooperative

_EVENTS = {
    BankTransactionState.MATCHED: BankTransactionEvent.MATCH,
    BankTransactionState.PARTIAL: BankTransactionEvent.MATCH_PART,
    BankTransactionState.NEEDS_REVIEW: BankTransactionEvent.ASK,
    BankTransactionState.IGNORED: BankTransactionEvent.IGNORE,
    BankTransactionState.DUPLICATE: BankTransactionEvent.MARK_DUPLICATE,
}


@dataclass(frozen=True, slots=True)
class StatementLine:
    """One movement of the cooperative's account as a statement or a webhook tells it; ``bank_reference`` is the bank's own."""

    account: str
    bank_reference: str
    direction: Literal["in", "out"]
    amount_vnd: int
    content: str
    transferred_at: datetime
    raw: str = ""


def record_bank_transaction(
    session: Session, cooperative: Cooperative, line: StatementLine, *, source: str, actor: Actor, clock: Clock
) -> tuple[BankTransaction, bool]:
    """Keep a statement line and book its money; return the row and whether it is new.

    The same account and bank reference is the same transfer: its row is returned and nothing changes. Raises
    ``Conflict`` when it comes back with another amount, and ``InvalidInput`` for an amount that is not positive.
    """
    if line.amount_vnd <= 0:
        raise InvalidInput("Số tiền của giao dịch phải lớn hơn 0.", field="amount")
    account = normalise_content(line.account)[:24]
    reference = clean_line(line.bank_reference)[:80]
    if not reference:
        raise InvalidInput("Giao dịch thiếu mã tham chiếu của ngân hàng.", field="bank_reference")
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    inserted = session.scalar(
        dialect.insert(BankTransaction)
        .values(
            cooperative_id=cooperative.id,
            source=source,
            account=account,
            bank_reference=reference,
            direction=line.direction,
            amount_vnd=line.amount_vnd,
            content=clean_block(line.content)[:4000],
            transferred_at=line.transferred_at,
            received_at=clock(),
            state=BankTransactionState.NEW,
            state_reason="",
            raw=line.raw[:8000],
        )
        .on_conflict_do_nothing(index_elements=["cooperative_id", "account", "bank_reference"])
        .returning(BankTransaction.id)
    )
    row = session.scalars(
        select(BankTransaction).where(
            BankTransaction.cooperative_id == cooperative.id,
            BankTransaction.account == account,
            BankTransaction.bank_reference == reference,
        )
    ).one()
    if (row.amount_vnd, row.direction) != (line.amount_vnd, line.direction):
        raise Conflict(
            f"Mã giao dịch {reference} đã có với số tiền {format_vnd(row.amount_vnd)}. Bác kiểm tra lại sao kê giúp em."
        )
    if inserted is not None and line.direction == "in" and account in our_accounts(cooperative):
        post_bank_received(session, row, actor=actor, clock=clock)
    return row, inserted is not None


def our_accounts(cooperative: Cooperative) -> set[str]:
    """Return the accounts that buyers of a cooperative pay into, as matching compares them."""
    return {normalise_content(cooperative.bank_account)} if cooperative.bank_account else set()


def match_transaction(session: Session, transaction_id: int, *, actor: Actor, clock: Clock) -> BankTransaction:
    """Let the rules decide what a new transfer pays; what they are not sure of waits for a person.

    A transfer that was decided before is returned as it is.
    """
    row = lock_bank_transaction(session, transaction_id)
    if row.state != BankTransactionState.NEW:
        return row
    named = _lock_named(session, row, find_order_codes(row.content))
    decision = _decide(session, row, row.content, named)
    _apply(session, row, decision, named, actor=actor, clock=clock)
    return row


def match_by_hand(
    session: Session, transaction_id: int, order_code: str, *, actor: Actor, clock: Clock
) -> BankTransaction:
    """Settle a transfer with the order a person found for it. Raises ``InvalidInput`` when no such order can be paid."""
    row = lock_bank_transaction(session, transaction_id)
    if row.direction != "in" or row.state not in (BankTransactionState.NEW, BankTransactionState.NEEDS_REVIEW):
        raise Conflict("Khoản chuyển này đã được xử lý rồi. Bác tải lại trang giúp em.")
    code = normalise_content(order_code)
    named = _lock_named(session, row, [code])
    if not named:
        raise InvalidInput("Không có đơn nào mang mã này. Bác xem lại mã đơn giúp em.", field="order_code")
    decision = _decide(session, row, code, named)
    if decision.state == BankTransactionState.NEEDS_REVIEW:
        raise Conflict("Đơn này không nhận tiền được nữa. Bác gọi khách rồi chuyển trả khoản này giúp em.")
    _apply(session, row, decision, named, actor=actor, clock=clock)
    _audit(session, row, "matched", actor=actor, clock=clock, order_code=code)
    return row


def ignore_transaction(session: Session, transaction_id: int, reason: str, *, actor: Actor, clock: Clock) -> None:
    """Put a transfer aside that is not for an order, with a reason; its money stays in the books as unmatched."""
    row = lock_bank_transaction(session, transaction_id)
    reason = clean_line(reason)
    if not reason:
        raise InvalidInput("Bác ghi lý do bỏ qua giúp em.", field="reason")
    if _turn(row, BankTransactionEvent.IGNORE):
        row.state_reason = reason[:200]
        _audit(session, row, "ignored", actor=actor, clock=clock, reason=reason)


def return_transaction(session: Session, transaction_id: int, *, actor: Actor, clock: Clock) -> None:
    """Record that money which belongs to no order has been sent back: all of it, or the excess of a matched transfer.

    Raises ``Conflict`` when nothing of the transfer is left to send back.
    """
    row = lock_bank_transaction(session, transaction_id)
    kept = unmatched_vnd(session, row)
    if row.direction != "in" or kept <= 0:
        raise Conflict("Khoản này không còn tiền nào cần trả lại.")
    if row.state not in (BankTransactionState.MATCHED, BankTransactionState.PARTIAL):
        _turn(row, BankTransactionEvent.REFUND)
    post_bank_returned(session, row, kept, actor=actor, clock=clock)
    for task in session.scalars(
        select(DeskTask).where(DeskTask.reference == f"bank:{row.id}:excess", DeskTask.state == "open")
    ):
        task.state, task.closed_at, task.closed_by_id = "done", clock(), actor.user_id
    _audit(session, row, "returned", actor=actor, clock=clock, amount_vnd=kept)
    session.flush()


def unmatched_vnd(session: Session, row: BankTransaction) -> int:
    """Return how much of a transfer is neither an order's nor sent back yet, in đồng."""
    return unmatched_by_transaction(session, [row]).get(row.id, 0)


def _lock_named(session: Session, row: BankTransaction, codes: list[str]) -> list[Order]:
    if not codes:
        return []
    ids = session.scalars(select(Order.id).where(Order.cooperative_id == row.cooperative_id, Order.code.in_(codes)))
    return lock_orders(session, ids)


def _decide(session: Session, row: BankTransaction, content: str, named: list[Order]) -> MatchDecision:
    cooperative = session.get_one(Cooperative, row.cooperative_id)
    candidates = (
        named
        or session.scalars(
            select(Order).where(Order.id.in_(same_due_order_ids(session, row.cooperative_id, row.amount_vnd)))
        ).all()
    )
    transfer = IncomingTransfer("in" if row.direction == "in" else "out", row.account, row.amount_vnd, content)
    return decide_match(transfer, payable_orders(session, candidates), our_accounts=our_accounts(cooperative))


def _apply(
    session: Session, row: BankTransaction, decision: MatchDecision, named: list[Order], *, actor: Actor, clock: Clock
) -> None:
    if not _turn(row, _EVENTS[decision.state]):
        return
    row.state_reason = decision.reason
    order = next((order for order in named if order.code == decision.order_code), None)
    row.order_id = order.id if order else None
    session.flush()
    if order is None:
        return
    if decision.capture_vnd:
        receive_transfer(session, order, row, decision.capture_vnd, actor=actor, clock=clock)
    if decision.excess_vnd:
        twice = decision.reason == MatchReason.ALREADY_PAID
        said = "Khách chuyển thêm lần nữa cho đơn đã đủ tiền" if twice else "Khách chuyển thừa"
        note = f"{said}: chuyển trả {format_vnd(decision.excess_vnd)} cho người gửi ở mục chuyển khoản."
        kind = "duplicate_transfer" if twice else "over_payment"
        open_task(session, order, kind, f"bank:{row.id}:excess", note, clock=clock)
    session.flush()


def _turn(row: BankTransaction, event: BankTransactionEvent) -> bool:
    """Move the transfer's own state; False when the table says that it was done before."""
    state = next_state(BANK_TRANSACTION_TABLE, BankTransactionState(row.state), event)
    if isinstance(state, Ignored):
        return False
    row.state = state
    return True


def _audit(session: Session, row: BankTransaction, verb: str, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        f"orders.bank_transaction.{verb}",
        "bank_transaction",
        row.id,
        actor=actor,
        clock=clock,
        cooperative_id=row.cooperative_id,
        **details,
    )
