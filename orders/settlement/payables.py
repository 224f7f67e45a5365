"""What may be paid out now: a payee's ledger balance, less what is too fresh and what is already being paid."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from orders.ledger.models import LedgerAccount, LedgerPosting
from orders.models import Order, Payout
from orders.states import PayoutState

PAYEE_TYPES = ("household", "host")


@dataclass(frozen=True, slots=True)
class Payable:
    """One payee's money in đồng. ``balance_vnd`` is the ledger's; ``fresh_vnd`` of it comes from goods delivered too recently."""

    payee_type: str
    payee_id: int
    account_id: int
    balance_vnd: int
    fresh_vnd: int
    drafted_vnd: int

    @property
    def payable_vnd(self) -> int:
        """What a new payout may take; never negative, so that a refund after a payout is netted from the next one."""
        return max(0, self.balance_vnd - max(0, self.fresh_vnd) - self.drafted_vnd)


def payables(session: Session, cooperative_id: int, *, settle_after_hours: int, now: datetime) -> list[Payable]:
    """Return every household and host of a cooperative with a ledger account, ordered by type and id.

    Goods delivered within ``settle_after_hours`` may still be complained about; their part waits.
    """
    kinds = case(
        (LedgerAccount.code.like("liability:household:%"), "household"),
        (LedgerAccount.code.like("liability:host:%"), "host"),
    )
    credit, debit = LedgerPosting.credit_account_id, LedgerPosting.debit_account_id
    signed = case((credit == LedgerAccount.id, LedgerPosting.amount_vnd), else_=-LedgerPosting.amount_vnd)
    since = now - timedelta(hours=settle_after_hours)
    fresh = case((Order.delivered_at > since, signed), else_=0)
    statement = (
        select(kinds, LedgerAccount.owner_id, LedgerAccount.id, func.sum(signed), func.sum(fresh))
        .join(LedgerPosting, (credit == LedgerAccount.id) | (debit == LedgerAccount.id))
        .outerjoin(Order, Order.id == LedgerPosting.order_id)
        .where(LedgerAccount.cooperative_id == cooperative_id, kinds.is_not(None))
        .group_by(kinds, LedgerAccount.owner_id, LedgerAccount.id)
        .order_by(kinds, LedgerAccount.owner_id)
    )
    drafted = _drafted(session, cooperative_id)
    return [
        Payable(kind, owner_id, account_id, int(balance), int(recent), drafted.get((kind, owner_id), 0))
        for kind, owner_id, account_id, balance, recent in session.execute(statement)
    ]


def payouts_between(
    session: Session, payee_type: str, payee_id: int, start: datetime, end: datetime | None
) -> tuple[int, int]:
    """Return what was paid to a payee in a span of time, and what is on its way to them now (đồng)."""
    in_span = Payout.paid_at >= start if end is None else (Payout.paid_at >= start) & (Payout.paid_at < end)
    paid = case((in_span & (Payout.state == PayoutState.PAID), Payout.amount_vnd), else_=0)
    sent = case((Payout.state.in_((PayoutState.APPROVED, PayoutState.SENT)), Payout.amount_vnd), else_=0)
    row = session.execute(
        select(func.coalesce(func.sum(paid), 0), func.coalesce(func.sum(sent), 0)).where(
            Payout.payee_type == payee_type, Payout.payee_id == payee_id
        )
    ).one()
    return int(row[0]), int(row[1])


def _drafted(session: Session, cooperative_id: int) -> dict[tuple[str, int], int]:
    # Approved payouts have already left the balance; drafts have only promised to.
    rows = session.execute(
        select(Payout.payee_type, Payout.payee_id, func.sum(Payout.amount_vnd))
        .where(Payout.cooperative_id == cooperative_id, Payout.state == PayoutState.DRAFT)
        .group_by(Payout.payee_type, Payout.payee_id)
    )
    return {(kind, payee_id): int(vnd) for kind, payee_id, vnd in rows}
