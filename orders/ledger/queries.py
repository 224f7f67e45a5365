"""The books as pages show them: one account's postings, each with its other side and the order it is about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.models import Order

PAGE = 50


@dataclass(frozen=True, slots=True)
class PostingRow:
    """One posting seen from an account; ``debit_vnd`` or ``credit_vnd`` is 0."""

    at: datetime
    kind: str
    reference: str
    other_code: str
    other_id: int
    debit_vnd: int
    credit_vnd: int
    order_code: str | None


def account_of(session: Session, cooperative_id: int, account_id: int) -> LedgerAccount | None:
    """Return an account of this cooperative, or None."""
    return session.scalar(
        select(LedgerAccount).where(LedgerAccount.id == account_id, LedgerAccount.cooperative_id == cooperative_id)
    )


def count_postings(session: Session, account_id: int) -> int:
    """Return how many postings touch an account."""
    return session.scalar(select(func.count(LedgerPosting.id)).where(_touches(account_id))) or 0


def postings(session: Session, account_id: int, page: int) -> list[PostingRow]:
    """Return a page of an account's postings, the newest first."""
    debit, credit = aliased(LedgerAccount), aliased(LedgerAccount)
    rows: Sequence[tuple[LedgerPosting, LedgerTransaction, LedgerAccount, LedgerAccount, str | None]] = session.execute(
        select(LedgerPosting, LedgerTransaction, debit, credit, Order.code)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(debit, debit.id == LedgerPosting.debit_account_id)
        .join(credit, credit.id == LedgerPosting.credit_account_id)
        .outerjoin(Order, Order.id == LedgerPosting.order_id)
        .where(_touches(account_id))
        .order_by(LedgerPosting.id.desc())
        .offset(PAGE * (page - 1))
        .limit(PAGE)
    ).all()
    result = []
    for posting, transaction, debit_account, credit_account, code in rows:
        mine = posting.debit_account_id == account_id
        other = credit_account if mine else debit_account
        result.append(
            PostingRow(
                transaction.effective_at,
                transaction.kind,
                transaction.reference,
                other.code,
                other.id,
                posting.amount_vnd if mine else 0,
                0 if mine else posting.amount_vnd,
                code,
            )
        )
    return result


def _touches(account_id: int) -> ColumnElement[bool]:
    return or_(LedgerPosting.debit_account_id == account_id, LedgerPosting.credit_account_id == account_id)
