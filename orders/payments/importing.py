"""A statement file taken in: every line recorded at once and matched one by one, a line already settled passed over.

Recording needs no order and no stock, so a whole file is one short transaction. Matching locks both, so every line has a
transaction of its own: a sale goes on beside a long file, and a line that fails undoes no other. What was recorded and
not matched stays new; the same file taken in again matches it.
"""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import DomainError
from orders.payments.statements import Statement
from orders.payments.transfers import record_bank_transaction
from orders.states import BankTransactionState
from shop.models import Cooperative


@dataclass(slots=True)
class ImportResult:
    """What became of a file's lines; ``by_state`` counts those matched now by the lane they went to.

    ``waiting`` are the ids of the transfers to be matched, oldest first: the new ones and those an earlier import left;
    ``unmatched`` counts those of them whose matching failed, and ``refused`` says why a line was not recorded.
    """

    new: int = 0
    known: int = 0
    unmatched: int = 0
    waiting: list[int] = field(default_factory=list)
    by_state: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


def record_statement(
    session: Session, cooperative: Cooperative, statement: Statement, *, actor: Actor, clock: Clock
) -> ImportResult:
    """Record a statement's lines and book their money, and say which transfers have to be matched now."""
    result = ImportResult()
    for line in sorted(statement.lines, key=lambda line: line.transferred_at):
        try:
            row, new = record_bank_transaction(session, cooperative, line, source="csv", actor=actor, clock=clock)
        except DomainError as refused:
            result.refused.append(refused.message)
            continue
        result.new += new
        result.known += not new
        if row.state == BankTransactionState.NEW and row.id not in result.waiting:
            result.waiting.append(row.id)
    audit.record(
        session,
        "orders.statement.imported",
        "cooperative",
        cooperative.id,
        actor=actor,
        clock=clock,
        cooperative_id=cooperative.id,
        new=result.new,
        known=result.known,
    )
    return result
