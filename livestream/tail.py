"""What every joining viewer is given alike, kept in memory: a crowd that comes at once must not ask the database each.

The value is loaded once and then follows the news of this process; what it cannot follow makes it be loaded again. So it is
never older than what the room has already heard.
"""

import time
from collections.abc import Callable, Sequence
from threading import Lock
from typing import Any

Snapshot = dict[str, Any]

KEPT_MESSAGES = 50
KEPT_ITEMS = 400


class Tail:
    """Shared snapshots by session. ``seconds`` bounds what news does not tell: prices of the shop, another process's news."""

    def __init__(self, load: Callable[[int], Snapshot], seconds: float = 1.0) -> None:
        self._load = load
        self._seconds = seconds
        self._guard = Lock()
        self._values: dict[int, tuple[float, Snapshot]] = {}
        self._heard: dict[int, int] = {}
        self._loading: dict[int, Lock] = {}

    def shared(self, session_id: int, newer_than: int = -1) -> Snapshot:
        """Return the room's snapshot, not older than the room's last news here; one caller loads, others wait for it.

        ``newer_than`` is a number the caller has: a value that does not go beyond it is loaded afresh.
        """
        asked = time.monotonic()
        with self._guard:
            loading = self._loading.setdefault(session_id, Lock())
        with loading:
            value = self._usable(session_id, asked, newer_than)
            while value is None:
                loaded_at = time.monotonic()
                loaded = self._load(session_id)
                with self._guard:
                    self._values[session_id] = (loaded_at, loaded)
                value = self._usable(session_id, asked, newer_than)
            return value

    def hear(self, session_id: int, items: Sequence[dict[str, Any]]) -> None:
        """Follow the room's news: comments are added, anything else makes the value be loaded again."""
        if not items:
            return
        with self._guard:
            self._heard[session_id] = max(self._heard.get(session_id, 0), items[-1]["seq"])
            if session_id not in self._values:
                return
            loaded_at, value = self._values[session_id]
            follows = items[0]["seq"] == value["seq"] + 1 and all(item["type"] == "talk" for item in items)
            if not follows:
                del self._values[session_id]
                return
            tail = [*value["tail"], *items][-KEPT_ITEMS:]
            fresh = {
                "seq": items[-1]["seq"],
                "messages": [*value["messages"], *items][-KEPT_MESSAGES:],
                "tail": tail,
                "tail_from": max(value["tail_from"], tail[0]["seq"] - 1),
            }
            self._values[session_id] = (loaded_at, {**value, **fresh})

    def count(self, session_id: int, left: dict[int, dict[str, Any]]) -> None:
        """Follow the stock: ``left`` holds what changed of each offer, by offer id."""
        with self._guard:
            if session_id not in self._values:
                return
            loaded_at, value = self._values[session_id]
            shelf = [{**offer, **left.get(offer["id"], {})} for offer in value["shelf"]]
            self._values[session_id] = (loaded_at, {**value, "shelf": shelf})

    def _usable(self, session_id: int, asked: float, newer_than: int) -> Snapshot | None:
        with self._guard:
            loaded_at, value = self._values.get(session_id, (0.0, None))
            if value is None or value["seq"] < self._heard.get(session_id, 0):
                return None
            if loaded_at >= asked:
                return value
            return value if asked - loaded_at < self._seconds and value["seq"] > newer_than else None
