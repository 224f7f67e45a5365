"""A statement file taken in: every line recorded and matched, a line already known passed over."""

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict
from orders.payments.statements import Statement
from orders.payments.transfers import match_transaction, record_bank_transaction
from shop.models import Cooperative


@dataclass(slots=True)
class ImportResult:
    """What became of a file's lines; ``by_state`` counts the new ones by the lane they went to."""

    new: int = 0
    known: int = 0
    by_state: Counter[str] = field(default_factory=Counter)
    refused: list[str] = field(default_factory=list)


def import_statement(
    session: Session, cooperative: Cooperative, statement: Statement, *, actor: Actor, clock: Clock
) -> ImportResult:
    """Record and match a statement's lines, oldest first, in one transaction; the same file twice has no effect."""
    result = ImportResult()
    for line in sorted(statement.lines, key=lambda line: line.transferred_at):
        try:
            row, new = record_bank_transaction(session, cooperative, line, source="csv", actor=actor, clock=clock)
        except Conflict as refused:
            result.refused.append(refused.message)
            continue
        if not new:
            result.known += 1
            continue
        result.new += 1
        result.by_state[match_transaction(session, row.id, actor=actor, clock=clock).state] += 1
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
