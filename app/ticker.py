"""The room ticker: what happens in a room leaves in one frame a tick, in order, instead of one frame a message.

Fan-out then costs viewers x ticks, not viewers x messages. A quiet room is served at once: a tick only waits when the
last one was less than an interval ago. When writing to a room takes long, its interval grows to at most 250 ms.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

INTERVAL_SECONDS = 0.1
LONGEST_INTERVAL_SECONDS = 0.25
FORGET_SECONDS = 60

Item = dict[str, Any]
Send = Callable[[str, list[Item]], Awaitable[None]]
"""``send(room, items)`` writes one frame to everybody in the room."""


@dataclass(slots=True)
class _Room:
    items: list[Item] = field(default_factory=list)
    latest: dict[str, Item] = field(default_factory=dict)
    scheduled: bool = False
    sent_at: float = 0.0
    interval: float = INTERVAL_SECONDS


class RoomTicker:
    """Gathers what rooms are told. ``post`` and ``post_latest`` may be called from any thread once it has started."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._rooms: dict[str, _Room] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        """Bind to the running event loop; called in the server's start."""
        self._loop = asyncio.get_running_loop()

    def post(self, room: str, items: list[Item]) -> None:
        """Send these items, in this order, with the room's next tick."""
        self._call(self._gather, room, items, None)

    def post_latest(self, room: str, key: str, item: Item) -> None:
        """Send the newest item of this key with the next tick; an older one still waiting is replaced."""
        self._call(self._gather, room, [item], key)

    def _call(self, action: Callable[..., None], *arguments: Any) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action, *arguments)

    def _gather(self, name: str, items: list[Item], key: str | None) -> None:
        room = self._rooms.setdefault(name, _Room())
        if key is None:
            room.items.extend(items)
        else:
            room.latest[key] = items[0]
        if not room.scheduled and self._loop is not None:
            room.scheduled = True
            wait = max(0.0, room.sent_at + room.interval - self._loop.time())
            self._loop.call_later(wait, self._flush, name)

    def _flush(self, name: str) -> None:
        task = asyncio.ensure_future(self._send_all(name))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    async def _send_all(self, name: str) -> None:
        loop = asyncio.get_running_loop()
        room = self._rooms[name]
        items = room.items + list(room.latest.values())
        room.items, room.latest = [], {}
        started = loop.time()
        try:
            await self._send(name, items)
        finally:
            took = loop.time() - started
            room.sent_at = started
            room.interval = min(max(INTERVAL_SECONDS, 2 * took), LONGEST_INTERVAL_SECONDS)
            room.scheduled = False
            if room.items or room.latest:
                room.scheduled = True
                loop.call_later(max(0.0, started + room.interval - loop.time()), self._flush, name)
            else:
                loop.call_later(FORGET_SECONDS + 1, self._forget, name)

    def _forget(self, name: str) -> None:
        room = self._rooms.get(name)
        if room is None or room.scheduled or self._loop is None:
            return
        if self._loop.time() - room.sent_at > FORGET_SECONDS:
            del self._rooms[name]
