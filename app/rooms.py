"""How the rest of the house speaks to rooms: through the socket server of this process, or over Redis to those that have one.

A room is a name. What is posted leaves with the room's tick; what is told leaves at once. Both may be called from any thread
and never wait.
"""

from hashlib import sha256
from typing import Any, Protocol

import socketio

from app.ticker import Item

LIVE_NAMESPACE = "/live"
TICK_EVENT = "events"


def channel_of(database_url: str) -> str:
    """Return the Redis channel of an installation: those that share a Redis but no database never hear each other."""
    return f"chophien:{sha256(database_url.encode()).hexdigest()[:16]}"


class Rooms(Protocol):
    """Where news for rooms is handed in."""

    def post(self, room: str, items: list[Item]) -> None:
        """Send items, in order, with the room's next tick."""

    def post_latest(self, room: str, key: str, item: Item) -> None:
        """Send the newest item of a key with the next tick."""

    def tell(self, room: str, event: str, data: Any) -> None:
        """Send one event to a room at once."""


class RemoteRooms:
    """Rooms whose viewers are connected to other processes: used by web workers, jobs and commands beside Redis."""

    def __init__(self, redis_url: str, channel: str) -> None:
        self._manager = socketio.RedisManager(redis_url, channel=channel, write_only=True)

    def post(self, room: str, items: list[Item]) -> None:
        """Publish the items as one frame; the processes with viewers write it out."""
        self._manager.emit(TICK_EVENT, items, namespace=LIVE_NAMESPACE, room=room)

    def post_latest(self, room: str, key: str, item: Item) -> None:  # noqa: ARG002 -- There is no tick to wait for.
        """Publish the item at once."""
        self.post(room, [item])

    def tell(self, room: str, event: str, data: Any) -> None:
        """Publish one event."""
        self._manager.emit(event, data, namespace=LIVE_NAMESPACE, room=room)


class NoRooms:
    """Nobody is listening: a command line without Redis."""

    def post(self, room: str, items: list[Item]) -> None:
        """Tell nobody."""

    def post_latest(self, room: str, key: str, item: Item) -> None:
        """Tell nobody."""

    def tell(self, room: str, event: str, data: Any) -> None:
        """Tell nobody."""
