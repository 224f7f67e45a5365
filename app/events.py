"""What happened, told after the commit: how a lower room lets an upper one know without importing it.

Events are frozen dataclasses defined by the package that publishes them. Subscribers emit (to sockets, to metrics); they
never change money or stock, and a failing one is logged without hurting the sale that is already committed.
"""

from collections import defaultdict
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.db import on_commit

E = TypeVar("E")


class EventBus:
    """Subscribers by event type, in the order they subscribed. One per application, filled by each ``wiring.py``."""

    def __init__(self) -> None:
        self._subscribers: dict[type[Any], list[Callable[[Any], None]]] = defaultdict(list)

    def subscribe(self, event_type: type[E], handler: Callable[[E], None]) -> None:
        """Call ``handler`` with every later event of exactly this type."""
        self._subscribers[event_type].append(handler)

    def clear(self) -> None:
        """Forget every subscriber; used when an application is built again in the same process."""
        self._subscribers.clear()

    def dispatch(self, happened: object) -> None:
        """Hand an event to its subscribers now."""
        for handler in self._subscribers[type(happened)]:
            handler(happened)


bus = EventBus()


def publish(session: Session, happened: object) -> None:
    """Publish an event once this session's write transaction has committed; nothing is published on rollback."""
    on_commit(session, lambda: bus.dispatch(happened))
