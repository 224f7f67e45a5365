"""The room's log: every change of a session is an event with a number, so that nobody misses one and nobody sees it twice.

Numbers are allotted by one ``UPDATE … RETURNING`` on the session row. It is the last lock a transaction takes: two
transactions of one room commit in the order of their numbers, and the row is held no longer than its own commit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import insert, update
from sqlalchemy.orm import Session

from app.clock import Clock, epoch_ms
from app.events import publish
from livestream.models import LiveSession, SessionEvent


@dataclass(frozen=True, slots=True)
class RoomNews:
    """Items for everybody in a session's room, published after the commit: ``{type, seq, at, data}`` each, in order."""

    session_id: int
    items: tuple[dict[str, Any], ...]


@dataclass(frozen=True, slots=True)
class DeskNews:
    """What only the host and staff are told, at once and without a number: their page asks again after a break."""

    session_id: int
    event: str
    data: Any


@dataclass(frozen=True, slots=True)
class BuyerNews:
    """What only one buyer is told, on every page they have open."""

    buyer_id: int
    event: str
    data: Any


def allot_numbers(session: Session, session_id: int, count: int) -> range:
    """Take the next ``count`` numbers of a session's log; locks the session row until the commit."""
    statement = (
        update(LiveSession)
        .where(LiveSession.id == session_id)
        .values(last_seq=LiveSession.last_seq + count)
        .returning(LiveSession.last_seq)
        .execution_options(synchronize_session=False)
    )
    last = session.execute(statement).scalar_one()
    return range(last - count + 1, last + 1)


def append_events(
    session: Session, session_id: int, events: Sequence[tuple[str, dict[str, Any]]], *, clock: Clock
) -> range:
    """Append ``(type, data)`` events to the log and publish them to the room after the commit; returns their numbers.

    Call it last in a use case: it takes the lock of the session row. ``data`` is what every viewer may read.
    """
    session.flush()
    numbers = allot_numbers(session, session_id, len(events))
    at_ms = epoch_ms(clock())
    rows = [
        {"session_id": session_id, "seq": seq, "type": kind, "at_ms": at_ms, "data": data}
        for seq, (kind, data) in zip(numbers, events, strict=True)
    ]
    session.execute(insert(SessionEvent), rows)
    items = tuple(room_item(kind, seq, at_ms, data) for seq, (kind, data) in zip(numbers, events, strict=True))
    publish(session, RoomNews(session_id, items))
    return numbers


def room_item(kind: str, seq: int, at_ms: int, data: dict[str, Any]) -> dict[str, Any]:
    """Return one item as viewers get it; ``at`` in wall-clock milliseconds."""
    return {"type": kind, "seq": seq, "at": at_ms, "data": data}
