"""Reading the books in tests."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from orders.ledger.balances import trial_balance
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from tests.world import World


def balances(session: Session, world: World) -> dict[str, int]:
    """Return the balances that are not 0, by code, on each account's own side."""
    return {row.code: row.balance_vnd for row in trial_balance(session, world.cooperative.id) if row.balance_vnd}


def postings_of(session: Session, reference: str) -> list[tuple[str, str, int]]:
    """Return what one event booked, as (debit, credit, đồng)."""
    codes = dict(session.execute(select(LedgerAccount.id, LedgerAccount.code)).all())
    rows = session.execute(
        select(LedgerPosting.debit_account_id, LedgerPosting.credit_account_id, LedgerPosting.amount_vnd)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(LedgerTransaction.reference == reference)
        .order_by(LedgerPosting.id)
    )
    return [(codes[debit], codes[credit], vnd) for debit, credit, vnd in rows]
