"""What rooms hear of what happened: news after the commit, counters when they changed, each viewer only what is theirs.

Use cases publish events and never see a socket. Room news leaves in the order of its numbers with the room's tick. Stock and
money are not sent with every order: what changed is gathered, read once from the database and sent as the newest value.
"""

from collections.abc import Callable
from threading import Lock
from typing import Any

from app.clock import system_clock, vietnam_date
from app.db import db
from app.events import EventBus
from app.rooms import Rooms
from livestream.room_log import BuyerNews, DeskNews, RoomNews
from livestream.room_queries import load_shelves, money_of_session, open_sessions_selling, stock_left
from livestream.tail import Tail
from orders.events import OrderConfirmed, OrderHeld, OrderReleased, PaymentReceived, StockChanged

REFRESH_SECONDS = 0.15


def room_of(session_id: int) -> str:
    """Return the room of everybody who watches a session."""
    return f"room:{session_id}"


def desk_of(session_id: int) -> str:
    """Return the room of a session's host and staff."""
    return f"desk:{session_id}"


def buyer_room(buyer_id: int) -> str:
    """Return the room of one buyer's open pages."""
    return f"buyer:{buyer_id}"


class Broadcaster:
    """Turns events into what rooms are told. Counters are gathered here and sent by ``refresh``."""

    def __init__(self, rooms: Rooms, tail: Tail) -> None:
        self._rooms = rooms
        self.tail = tail
        self._lock = Lock()
        self._listings: set[int] = set()
        self._sessions: set[int] = set()
        self._wake: Callable[[], None] = lambda: None

    def subscribe(self, bus: EventBus) -> None:
        """Listen to the livestream's own events and to what orders publish."""
        bus.subscribe(RoomNews, self._tell_room)
        bus.subscribe(DeskNews, self._tell_desk)
        bus.subscribe(BuyerNews, lambda news: self._rooms.tell(buyer_room(news.buyer_id), news.event, news.data))
        bus.subscribe(OrderHeld, lambda event: self._count(session_id=event.session_id))
        bus.subscribe(OrderConfirmed, lambda event: self._tell_buyer(event, "confirmed"))
        bus.subscribe(OrderReleased, lambda event: self._tell_buyer(event, event.state))
        bus.subscribe(PaymentReceived, lambda event: self._tell_buyer(event, "paid"))
        bus.subscribe(StockChanged, lambda event: self._count(listing_ids=event.listing_ids))

    def speak_through(self, rooms: Rooms) -> None:
        """Send from now on through other rooms: the socket server of this process, once there is one."""
        self._rooms = rooms

    def wake_with(self, wake: Callable[[], None]) -> None:
        """Call ``wake`` (from any thread) whenever counters have changed and ``refresh`` should be called soon."""
        self._wake = wake

    def refresh(self) -> None:
        """Read what changed since the last time and send it; needs an application context."""
        with self._lock:
            listings, sessions = self._listings, self._sessions
            self._listings, self._sessions = set(), set()
        session = db.session()
        if listings:
            session_ids = open_sessions_selling(session, listings)
            today = vietnam_date(system_clock())
            for session_id, shelf in load_shelves(session, session_ids).items() if session_ids else ():
                changed = [entry for entry in shelf if entry.listing_id in listings]
                left = stock_left(session, changed, on=today)
                told = {
                    entry.offer_id: {"left": left[entry.offer_id], "left_text": entry.say(left[entry.offer_id])}
                    for entry in changed
                }
                self.tail.count(session_id, told)
                for offer_id, numbers in told.items():
                    item = {"type": "stock", "data": {"id": offer_id, **numbers}}
                    self._rooms.post_latest(room_of(session_id), f"stock:{offer_id}", item)
        for session_id in sessions:
            self._rooms.tell(
                desk_of(session_id), "desk", {"event": "money", "data": money_of_session(session, session_id)}
            )

    def _tell_room(self, news: RoomNews) -> None:
        self.tail.hear(news.session_id, news.items)
        self._rooms.post(room_of(news.session_id), list(news.items))

    def _tell_desk(self, news: DeskNews) -> None:
        self._rooms.tell(desk_of(news.session_id), "desk", {"event": news.event, "data": news.data})

    def _tell_buyer(self, event: Any, state: str) -> None:
        self._rooms.tell(buyer_room(event.buyer_id), "order", {"code": event.code, "state": state})
        self._count(session_id=event.session_id)

    def _count(self, *, session_id: int | None = None, listing_ids: frozenset[int] = frozenset()) -> None:
        with self._lock:
            self._listings |= listing_ids
            if session_id is not None:
                self._sessions.add(session_id)
        self._wake()
