"""A statement file taken in: its lines recorded, then matched one by one; a line already settled is passed over.

Nothing here may stop the sale, so no transaction is long: lines are recorded some dozens at a time, which needs no order
and no stock, and matching, which locks both, gives every line a transaction of its own. A line that fails undoes no
other. What was recorded and not matched stays new; the same file taken in again matches it.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import DomainError
from orders.payments.statements import Statement
from orders.payments.transfers import StatementLine, record_bank_transaction
from orders.states import BankTransactionState
from shop.models import Cooperative

_BATCH = 40
"""Lines recorded in one transaction: about 0.2 s on a small machine."""


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

    def add(self, batch: "ImportResult") -> None:
        """Count what became of the next lines of the same file."""
        self.new += batch.new
        self.known += batch.known
        self.waiting += [row_id for row_id in batch.waiting if row_id not in self.waiting]
        self.refused += batch.refused


def batches(statement: Statement) -> Iterator[Sequence[StatementLine]]:
    """Yield a statement's lines, oldest first, as many at a time as one transaction records."""
    lines = sorted(statement.lines, key=lambda line: line.transferred_at)
    for start in range(0, len(lines), _BATCH):
        yield lines[start : start + _BATCH]


def record_lines(
    session: Session, cooperative: Cooperative, lines: Sequence[StatementLine], *, actor: Actor, clock: Clock
) -> ImportResult:
    """Record lines of a statement and book their money, and say which transfers have to be matched now."""
    result = ImportResult()
    for line in lines:
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
