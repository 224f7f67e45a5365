"""Row locks of the shop: pledges, then sale limits, then lots, each ordered by id (CONTRIBUTING has the whole order).

PostgreSQL takes ``FOR NO KEY UPDATE``, so that inserting a row that points at a lot never waits for a sale; on SQLite
the write transaction already excludes every other writer. Rows are returned as plain values, read under the lock.
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from shop.models import HarvestLot, Pledge, SaleLimit


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


class LockedPledge(NamedTuple):
    """A pledge as it stands under its lock."""

    id: int
    household_id: int
    grade_id: int
    for_date: date
    quantity: int
    state: str
    lot_id: int | None


def lock_sale_limits(session: Session, limit_ids: Iterable[int]) -> list[LockedSaleLimit]:
    """Lock quotas for a taking or a release and return them by id; unknown ids are simply absent."""
    return cast("list[LockedSaleLimit]", _lock(session, SaleLimit, LockedSaleLimit._fields, limit_ids))


def lock_lots(session: Session, lot_ids: Iterable[int]) -> list[LockedLot]:
    """Lock lots for a change of their counters and return them by id; unknown ids are simply absent."""
    return cast("list[LockedLot]", _lock(session, HarvestLot, LockedLot._fields, lot_ids))


def lock_pledge(session: Session, household_id: int, grade_id: int, for_date: date) -> LockedPledge | None:
    """Lock the one pledge of a household, grade and day, or return None. Pledges are locked before their lots."""
    columns = [getattr(Pledge, name) for name in LockedPledge._fields]
    statement = (
        select(*columns)
        .where(Pledge.household_id == household_id, Pledge.grade_id == grade_id, Pledge.for_date == for_date)
        .with_for_update(key_share=True)
    )
    return cast("LockedPledge | None", session.execute(statement).one_or_none())


def _lock(session: Session, model: Any, fields: Sequence[str], ids: Iterable[int]) -> list[Any]:
    wanted = sorted(set(ids))
    if not wanted:
        return []
    columns = [getattr(model, name) for name in fields]
    statement = select(*columns).where(model.id.in_(wanted)).order_by(model.id).with_for_update(key_share=True)
    return list(session.execute(statement).all())
