"""The double-entry ledger (sổ cái): accounts, transactions and postings that nobody can change.

A posting carries its debit and its credit account and one positive amount, so that an unbalanced entry cannot be written.
A correction is a new, opposite transaction. UPDATE and DELETE are refused by triggers on both databases.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BigId, UtcDateTime, db, one_of


class LedgerAccount(db.Model):
    """One account, by its code ("asset:bank", "liability:household:12"), within a cooperative."""

    __tablename__ = "ledger_account"
    __table_args__ = (
        one_of("type", ("asset", "liability", "income", "expense")),
        Index("uq_ledger_account_code", "cooperative_id", "code", unique=True),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    code: Mapped[str] = mapped_column(String(60))
    type: Mapped[str] = mapped_column(String(10))
    owner_id: Mapped[int | None] = mapped_column(BigId)
    """The household, host (user) or courier the account belongs to, where its code names one."""


class LedgerTransaction(db.Model):
    """One business event in the books; ``reference`` is unique, so an event is booked once."""

    __tablename__ = "ledger_transaction"
    __table_args__ = (Index("ix_ledger_transaction_effective", "cooperative_id", "effective_at"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    kind: Mapped[str] = mapped_column(String(40))
    reference: Mapped[str] = mapped_column(String(80), unique=True)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("ledger_transaction.id"), unique=True)
    effective_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))

    postings: Mapped[list["LedgerPosting"]] = relationship(order_by="LedgerPosting.id")


class LedgerPosting(db.Model):
    """``amount_vnd`` moves from the credit account to the debit account."""

    __tablename__ = "ledger_posting"
    __table_args__ = (
        CheckConstraint("amount_vnd > 0", name="positive"),
        CheckConstraint("debit_account_id <> credit_account_id", name="two_accounts"),
        Index("ix_ledger_posting_order", "order_id"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    transaction_id: Mapped[int] = mapped_column(ForeignKey("ledger_transaction.id"), index=True)
    debit_account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), index=True)
    credit_account_id: Mapped[int] = mapped_column(ForeignKey("ledger_account.id"), index=True)
    amount_vnd: Mapped[int] = mapped_column(BigId)
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"))
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"))
    lot_id: Mapped[int | None] = mapped_column(ForeignKey("harvest_lot.id"), index=True)
