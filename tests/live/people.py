"""Real socket clients, as people in a room."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import socketio

from tests.live.conftest import LiveServer

WAIT_SECONDS = 15.0
_ids = itertools.count(1)


class Person:
    """One connected page."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.items: list[dict[str, Any]] = []
        self.told: list[tuple[str, Any]] = []
        self.client.on("events", self.items.extend, namespace="/live")
        for event in ("answer", "order", "desk"):
            self.client.on(event, lambda data, event=event: self.told.append((event, data)), namespace="/live")

    async def call(self, event: str, data: Any = None) -> dict[str, Any]:
        return await self.client.call(event, data, namespace="/live", timeout=WAIT_SECONDS)

    async def say(self, text: str, client_id: str | None = None) -> dict[str, Any]:
        return await self.call("comment", {"client_id": client_id or f"t{next(_ids)}", "text": text})

    async def until(self, holds: Any) -> Any:
        """Wait until ``holds(self)`` gives something, and return it."""
        deadline = asyncio.get_running_loop().time() + WAIT_SECONDS
        while asyncio.get_running_loop().time() < deadline:
            if found := holds(self):
                return found
            await asyncio.sleep(0.02)
        raise AssertionError(f"it did not happen; heard {self.items[-5:]} and was told {self.told[-5:]}")

    def talk(self, seq: int) -> dict[str, Any] | None:
        return next((item for item in self.items if item["type"] == "talk" and item["seq"] == seq), None)


@asynccontextmanager
async def connected(
    server: LiveServer, cookie: str = "", transports: tuple[str, ...] = ("websocket",)
) -> AsyncIterator[Person]:
    person = Person()
    await person.client.connect(
        server.url, headers={"Cookie": cookie} if cookie else {}, namespaces=["/live"], transports=list(transports)
    )
    try:
        yield person
    finally:
        # A polling client would wait for its last long poll to run out; the server is told all the same.
        with suppress(TimeoutError):
            await asyncio.wait_for(person.client.disconnect(), 1.5)


@asynccontextmanager
async def joined(
    server: LiveServer, cookie: str = "", room: str = "live", transports: tuple[str, ...] = ("websocket",), **how: Any
) -> AsyncIterator[tuple[Person, dict[str, Any]]]:
    async with connected(server, cookie, transports) as person:
        view = await person.call("join", {"session": server.room(room)["public_id"], **how})
        assert view["ok"], view
        yield person, view
