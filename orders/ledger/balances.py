"""Balances, read from the postings: a balance is never stored, so it can never disagree with them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, or_, select
from sqlalchemy.orm import Session

from orders.ledger.accounts import BUYER_DEPOSIT
from orders.ledger.models import LedgerAccount, LedgerPosting


@dataclass(frozen=True, slots=True)
class AccountBalance:
    """One line of the trial balance in đồng: all debits, all credits, and what is left on the side the account grows on."""

    id: int
    code: str
    type: str
    debit_vnd: int
    credit_vnd: int

    @property
    def balance_vnd(self) -> int:
        """Positive on the account's own side: debit for assets and expenses, credit for liabilities and income."""
        difference = self.debit_vnd - self.credit_vnd
        return difference if self.type in ("asset", "expense") else -difference


def trial_balance(session: Session, cooperative_id: int) -> list[AccountBalance]:
    """Return every account of a cooperative with its sums, ordered by code."""
    return _read(session, _balances().where(LedgerAccount.cooperative_id == cooperative_id))


def account_balances(session: Session, cooperative_id: int, codes: Collection[str]) -> dict[str, int]:
    """Return the balances in đồng of accounts by code, on their own side; an account never used is 0."""
    statement = _balances().where(LedgerAccount.cooperative_id == cooperative_id, LedgerAccount.code.in_(codes))
    found = {row.code: row.balance_vnd for row in _read(session, statement)}
    return {code: found.get(code, 0) for code in codes}


def order_deposit(session: Session, order_id: int) -> int:
    """Return what an order still has in deposit: captured, less refunded from it, less recognised at delivery (đồng)."""
    sums = select(
        func.coalesce(func.sum(_when_account(LedgerPosting.credit_account_id)), 0)
        - func.coalesce(func.sum(_when_account(LedgerPosting.debit_account_id)), 0)
    ).where(LedgerPosting.order_id == order_id)
    return int(session.scalar(sums) or 0)


def _when_account(column: Any) -> ColumnElement[int]:
    deposits = select(LedgerAccount.id).where(LedgerAccount.code == BUYER_DEPOSIT)
    return case((column.in_(deposits), LedgerPosting.amount_vnd), else_=0)


def _balances() -> Select[int, str, str, int, int]:
    def side(column: Any) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((column == LedgerAccount.id, LedgerPosting.amount_vnd), else_=0)), 0)

    return (
        select(
            LedgerAccount.id,
            LedgerAccount.code,
            LedgerAccount.type,
            side(LedgerPosting.debit_account_id),
            side(LedgerPosting.credit_account_id),
        )
        .outerjoin(
            LedgerPosting,
            or_(
                LedgerPosting.debit_account_id == LedgerAccount.id, LedgerPosting.credit_account_id == LedgerAccount.id
            ),
        )
        .group_by(LedgerAccount.id, LedgerAccount.code, LedgerAccount.type)
        .order_by(LedgerAccount.code)
    )


def _read(session: Session, statement: Select[int, str, str, int, int]) -> list[AccountBalance]:
    return [
        AccountBalance(account_id, code, account_type, int(debit), int(credit))
        for account_id, code, account_type, debit, credit in session.execute(statement)
    ]
