"""What the settlement page shows: batches of payouts with their payees and where the money goes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from orders.models import Payout
from shop.models import Household, PayoutAccount

RECENT = 20


@dataclass(frozen=True, slots=True)
class BatchRow:
    """One batch: who drafted and approved it, and how many of its payouts are in each state."""

    batch: str
    drafted_at: datetime
    total_vnd: int
    count: int
    states: dict[str, int]


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """One payout with its payee by name and the account it goes to."""

    payout: Payout
    payee: str
    code: str
    account: PayoutAccount | None


def batches(session: Session, cooperative_id: int) -> list[BatchRow]:
    """Return the latest batches of a cooperative."""
    rows = session.execute(
        select(
            Payout.batch, Payout.state, func.min(Payout.drafted_at), func.sum(Payout.amount_vnd), func.count(Payout.id)
        )
        .where(Payout.cooperative_id == cooperative_id)
        .group_by(Payout.batch, Payout.state)
    ).all()
    found: dict[str, list[tuple[str, datetime, int, int]]] = {}
    for batch, state, drafted_at, total, count in rows:
        found.setdefault(batch, []).append((state, drafted_at, int(total), int(count)))
    result = [
        BatchRow(
            batch,
            min(row[1] for row in parts),
            sum(row[2] for row in parts),
            sum(row[3] for row in parts),
            {row[0]: row[3] for row in parts},
        )
        for batch, parts in found.items()
    ]
    return sorted(result, key=lambda row: (row.drafted_at, row.batch), reverse=True)[:RECENT]


def batch_payouts(session: Session, cooperative_id: int, batch: str) -> list[PayoutRow]:
    """Return the payouts of one batch, households by their code, then hosts; empty for an unknown batch."""
    rows: Sequence[tuple[Payout, Household | None, User | None, PayoutAccount | None]] = session.execute(
        select(Payout, Household, User, PayoutAccount)
        .outerjoin(Household, (Payout.payee_type == "household") & (Household.id == Payout.payee_id))
        .outerjoin(User, (Payout.payee_type == "host") & (User.id == Payout.payee_id))
        .outerjoin(PayoutAccount, PayoutAccount.id == Payout.payout_account_id)
        .where(Payout.cooperative_id == cooperative_id, Payout.batch == batch)
    ).all()
    result = [
        PayoutRow(
            payout,
            household.name if household else user.name if user else "",
            household.code if household else "",
            account,
        )
        for payout, household, user, account in rows
    ]
    return sorted(result, key=lambda row: (row.payout.payee_type == "host", row.code, row.payout.id))


def payee_names(session: Session, cooperative_id: int, host_ids: Sequence[int]) -> dict[tuple[str, int], str]:
    """Return the names of a cooperative's households and of hosts, by payee type and id."""
    names: dict[tuple[str, int], str] = {}
    for household_id, code, name in session.execute(
        select(Household.id, Household.code, Household.name).where(Household.cooperative_id == cooperative_id)
    ):
        names["household", household_id] = f"{code} · {name}"
    if host_ids:
        for user_id, name in session.execute(select(User.id, User.name).where(User.id.in_(host_ids))):
            names["host", user_id] = name
    return names


def households_with_account(session: Session, cooperative_id: int, now: datetime) -> set[int]:
    """Return the households that money can be sent to now."""
    return set(
        session.scalars(
            select(PayoutAccount.household_id)
            .join(Household, Household.id == PayoutAccount.household_id)
            .where(
                Household.cooperative_id == cooperative_id,
                PayoutAccount.state == "approved",
                PayoutAccount.usable_from <= now,
            )
        )
    )
