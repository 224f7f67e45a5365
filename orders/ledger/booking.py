"""Writing in the books: one business event, one transaction, and never a change to what is written."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from orders.ledger.accounts import open_accounts
from orders.ledger.models import LedgerPosting, LedgerTransaction


@dataclass(frozen=True, slots=True)
class Entry:
    """One posting to be: ``amount_vnd`` moves from the credit account to the debit account, both named by code."""

    debit: str
    credit: str
    amount_vnd: int
    order_id: int | None = None
    order_line_id: int | None = None
    lot_id: int | None = None


def book(
    session: Session,
    cooperative_id: int,
    kind: str,
    reference: str,
    entries: Sequence[Entry],
    *,
    actor: Actor,
    clock: Clock,
    effective_at: datetime | None = None,
    reverses: LedgerTransaction | None = None,
) -> LedgerTransaction:
    """Book one business event under its unique reference and return its transaction.

    A reference that stands already is the same event told again: its transaction is returned and nothing is written.
    Parts of 0 đồng leave no posting. ``effective_at`` is when it happened (now unless told), in UTC.
    """
    known = find_booked(session, reference)
    if known is not None:
        return known
    now = clock()
    transaction = LedgerTransaction(
        cooperative_id=cooperative_id,
        kind=kind,
        reference=reference,
        reverses_id=reverses.id if reverses else None,
        effective_at=effective_at or now,
        recorded_at=now,
        actor_user_id=actor.user_id,
    )
    session.add(transaction)
    session.flush()
    real = [entry for entry in entries if entry.amount_vnd]
    ids = open_accounts(session, cooperative_id, {code for entry in real for code in (entry.debit, entry.credit)})
    rows = [
        {
            "transaction_id": transaction.id,
            "debit_account_id": ids[entry.debit],
            "credit_account_id": ids[entry.credit],
            "amount_vnd": entry.amount_vnd,
            "order_id": entry.order_id,
            "order_line_id": entry.order_line_id,
            "lot_id": entry.lot_id,
        }
        for entry in real
    ]
    if rows:
        session.execute(insert(LedgerPosting), rows)
    return transaction


def find_booked(session: Session, reference: str) -> LedgerTransaction | None:
    """Return the transaction of a business event, or None while it is not in the books."""
    return session.scalar(select(LedgerTransaction).where(LedgerTransaction.reference == reference))
