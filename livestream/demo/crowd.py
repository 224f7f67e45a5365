"""A small scripted crowd for the demo's live session: buyers who chat and order over real sockets.

They come in the way anybody does, through the page that asks for a name and a phone and then a WebSocket, so that what
the demo shows is the real thing. They order little and take it back within minutes, so the shelf never runs empty for the
people who try the demo. Staff switch them off and on; production never starts them.
"""

import asyncio
import contextlib
import random
import re
from dataclasses import dataclass
from typing import Any

import aiohttp
import socketio
import structlog
from sqlalchemy import select

from app.db import db
from app.ids import new_token
from app.realtime import Server
from app.rooms import LIVE_NAMESPACE
from livestream.demo.people import SLUG
from livestream.models import LiveSession
from livestream.states import ON_AIR
from shop.models import Cooperative

log = structlog.get_logger(__name__)

GUESTS = (
    ("Chị Mai", "0900 000 401"),
    ("Anh Tú", "0900 000 402"),
    ("Cô Xuân", "0900 000 403"),
    ("Bé Bông", "0900 000 404"),
    ("Chú Lực", "0900 000 405"),
    ("Thảo Vy", "0900 000 406"),
)
TALK = (
    "Vải đỏ đẹp quá", "Quả to thế này ngọt lắm đây", "Chào cả nhà", "Năm ngoái mình mua rồi, ngon lắm", "Xem cùng cả nhà nè",
    "Út nói chuyện vui ghê", "Hái sáng nay phải không ạ?", "Ship Đà Nẵng mấy ngày tới em?", "Loại 2 có bị dập không shop?",
    "Mật ong để được bao lâu ạ?", "Cho xem gần quả vải với",
)  # fmt: skip
ORDERS = (
    "chốt A1 2kg", "a1 1 ký nha", "lấy A2 3kg", "chot a2 2kg", "B1 1 chai", "cho mình 1kg A1", "A1 1,5kg", "lấy 2 ký a2 đi em",
)  # fmt: skip
UNCLEAR = ("cho mình ít vải", "lấy như hôm trước", "2 nha")
PAUSE_SECONDS = (4.0, 11.0)
"""How long one guest is silent between two lines: six of them make a line every second or two."""
TIRED_PAUSE_SECONDS = (25.0, 70.0)
"""The same once a guest has said ``LIVELY_LINES``: a demo left running over night must not fill its own database."""
LIVELY_LINES = 40
ORDERS_A_VISIT = 3
CHANGE_OF_MIND = 0.2
"""How often a guest with an order gives it back instead of saying something else."""
LOOK_AGAIN_SECONDS = 5.0
_CSRF = re.compile(r'name="csrf-token" content="([^"]+)"')


@dataclass(frozen=True, slots=True)
class Room:
    """Where the crowd goes: the live session's public id."""

    public_id: str


class Crowd:
    """The guests of one server. ``on`` is the switch; they come and go within seconds of its turning."""

    def __init__(self, server: Server, base_url: str, *, seed: int | None = None) -> None:
        self.on = True
        self.present = 0
        self._server = server
        self._base_url = base_url
        self._dice = random.Random(seed)  # noqa: S311 -- What a demo guest says is no secret.

    async def start(self) -> None:
        """Let every guest come in, each on a task of its own; called in the server's start."""
        for name, phone in GUESTS:
            self._server.keep(self._live(name, phone))

    async def _live(self, name: str, phone: str) -> None:
        await asyncio.sleep(self._dice.uniform(1, 6))
        while True:
            room = await self._server.run_blocking(find_room) if self.on else None
            if room is not None:
                try:
                    await self._visit(room, name, phone)
                except (aiohttp.ClientError, socketio.exceptions.SocketIOError, OSError, TimeoutError) as error:
                    log.info("crowd_guest_left", guest=name, why=str(error))
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _visit(self, room: Room, name: str, phone: str) -> None:
        # An "unsafe" jar keeps cookies for addresses given as numbers, such as 127.0.0.1.
        jar = aiohttp.CookieJar(unsafe=True)
        patience = aiohttp.ClientTimeout(total=None, connect=10)
        async with aiohttp.ClientSession(cookie_jar=jar, timeout=patience) as browser:
            await self._introduce(browser, name, phone)
            guest = socketio.AsyncClient(reconnection=False, http_session=browser)
            try:
                await guest.connect(self._base_url, namespaces=[LIVE_NAMESPACE], transports=["websocket"])
                self.present += 1
                await self._ask(guest, "join", {"session": room.public_id})
                await self._talk(guest, room)
            finally:
                self.present = max(0, self.present - 1)
                with contextlib.suppress(Exception):
                    await guest.disconnect()

    async def _introduce(self, browser: aiohttp.ClientSession, name: str, phone: str) -> None:
        async with browser.get(f"{self._base_url}/toi-la") as page:
            found = _CSRF.search(await page.text())
        headers = {"X-CSRFToken": found.group(1) if found else ""}
        body = {"name": name, "phone": phone}
        async with browser.post(f"{self._base_url}/toi-la", json=body, headers=headers) as answer:
            answer.raise_for_status()

    async def _talk(self, guest: socketio.AsyncClient, room: Room) -> None:
        spoken = orders = 0
        holding = False
        while self.on and guest.connected:
            await asyncio.sleep(self._dice.uniform(*(PAUSE_SECONDS if spoken < LIVELY_LINES else TIRED_PAUSE_SECONDS)))
            if holding and self._dice.random() < CHANGE_OF_MIND:
                answer = await self._ask(guest, "order", {"client_id": new_token(), "op": "cancel"})
                holding = False
            else:
                answer = await self._say(guest, self._line(ordering=not holding and orders < ORDERS_A_VISIT))
                if answer.get("status") == "held":
                    holding, orders = True, orders + 1
            spoken += 1
            if not answer.get("ok") and await self._server.run_blocking(find_room) != room:
                return
        if holding and guest.connected:
            await self._ask(guest, "order", {"client_id": new_token(), "op": "cancel"})

    def _line(self, *, ordering: bool) -> str:
        kinds, weights = (TALK, ORDERS, UNCLEAR), ((5, 4, 1) if ordering else (8, 0, 1))
        return self._dice.choice(self._dice.choices(kinds, weights)[0])

    async def _say(self, guest: socketio.AsyncClient, text: str) -> dict[str, Any]:
        return await self._ask(guest, "comment", {"client_id": new_token(), "text": text})

    async def _ask(self, guest: socketio.AsyncClient, event: str, data: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = await guest.call(event, data, namespace=LIVE_NAMESPACE, timeout=10)
        return answer


def find_room() -> Room | None:
    """Return the demo's session that is on air, or None; blocking."""
    public_id = db.session.scalar(
        select(LiveSession.public_id)
        .join(Cooperative, Cooperative.id == LiveSession.cooperative_id)
        .where(Cooperative.slug == SLUG, LiveSession.state.in_(ON_AIR))
        .order_by(LiveSession.id.desc())
        .limit(1)
    )
    return Room(public_id) if public_id else None
