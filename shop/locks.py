"""Row locks of the shop: household, sale limits, lots, each ordered by id (CONTRIBUTING has the whole order).

PostgreSQL takes ``FOR NO KEY UPDATE``, so that inserting a row that points at a lot never waits for a sale; on SQLite
the write transaction already excludes every other writer. Rows are returned as plain values, read under the lock.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import HarvestLot, Household, SaleLimit


class LockedLot(NamedTuple):
    """A lot as it stands under its lock; quantities in base units."""

    id: int
    household_id: int
    state: str
    best_before: date
    qty_total: int
    qty_held: int
    qty_sold: int
    qty_lost: int
    grade_id: int
    season_id: int


class LockedSaleLimit(NamedTuple):
    """A quota as it stands under its lock; quantities in base units."""

    id: int
    qty_limit: int
    qty_taken: int
    per_buyer: int | None
    starts_at: datetime | None
    ends_at: datetime | None


def lock_sale_limits(session: Session, limit_ids: Iterable[int]) -> list[LockedSaleLimit]:
    """Lock quotas for a taking or a release and return them by id; unknown ids are simply absent."""
    return cast("list[LockedSaleLimit]", _lock(session, SaleLimit, LockedSaleLimit._fields, limit_ids))


def lock_lots(session: Session, lot_ids: Iterable[int]) -> list[LockedLot]:
    """Lock lots for a change of their counters and return them by id; unknown ids are simply absent."""
    return cast("list[LockedLot]", _lock(session, HarvestLot, LockedLot._fields, lot_ids))


def lock_household(session: Session, household_id: int) -> None:
    """Lock a household while its pledges, lots or payout accounts change; taken before every other lock of the shop."""
    session.execute(select(Household.id).where(Household.id == household_id).with_for_update(key_share=True))


def _lock(session: Session, model: Any, fields: Sequence[str], ids: Iterable[int]) -> list[Any]:
    wanted = sorted(set(ids))
    if not wanted:
        return []
    columns = [getattr(model, name) for name in fields]
    statement = select(*columns).where(model.id.in_(wanted)).order_by(model.id).with_for_update(key_share=True)
    return list(session.execute(statement).all())
