"""The live room's sockets: authenticate, check, hand over, acknowledge. Nothing is decided here.

Comments and taps go through the intake and are acknowledged after its commit; reading goes to the socket pool. Every handler
answers, so that a page never waits for nothing: ``{"ok": true, …}`` or ``{"ok": false, "error", "message"}``.
"""

import asyncio
import functools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import msgspec
import socketio
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.current import identify_caller
from app.clock import system_clock
from app.db import db
from app.error_pages import error_to_dict
from app.errors import Conflict, DomainError, Forbidden, InvalidInput, TooManyRequests
from app.metrics import refusals, viewers
from app.network import network_key
from app.realtime import Server
from app.rooms import LIVE_NAMESPACE
from app.writer import BatchWriter
from livestream.access import public_session, room_standing
from livestream.broadcast import Broadcaster, buyer_room, desk_of, room_of
from livestream.commands import MAX_COMMENT, OrderButton, PostComment, Sender
from livestream.desk_queries import buyer_of_comment, desk_view
from livestream.pacing import NETWORK, ROOM, SENDER, Pacer
from livestream.room_queries import own_order
from livestream.snapshots import view_for

log = structlog.get_logger(__name__)

REFRESH_AFTER_SECONDS = 0.15
VIEWERS_EVERY_SECONDS = 2.0
_COOKIES = ("chophien_buyer=", "chophien=", "remember_token=")

ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=60)]
Number = Annotated[int, msgspec.Meta(ge=0, le=2**53)]


class Join(msgspec.Struct, forbid_unknown_fields=True):
    """Enter a session's room; ``since`` is the last number this page has."""

    session: Annotated[str, msgspec.Meta(max_length=12)]
    since: Number | None = None


class Comment(msgspec.Struct, forbid_unknown_fields=True):
    """Say something."""

    client_id: ClientId
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=4 * MAX_COMMENT)]


class Tap(msgspec.Struct, forbid_unknown_fields=True):
    """Order, change or cancel with a button; ``quantity`` in base units, ``answers`` an unclear comment's number."""

    client_id: ClientId
    op: Literal["add", "set", "cancel"]
    offer_id: Number | None = None
    quantity: Annotated[int, msgspec.Meta(gt=0, le=10**9)] | None = None
    answers: Number | None = None


class Gap(msgspec.Struct, forbid_unknown_fields=True):
    """Ask for what was missed after a number."""

    since: Number


@dataclass(slots=True)
class _Person:
    """Who is at the other end of one socket, and where they are."""

    actor: Actor = ANONYMOUS
    network_key: str | None = None
    address: str = ""
    session_id: int | None = None
    sender: Sender | None = None
    at_desk: bool = False
    keys: list[str] = field(default_factory=list)


Handler = Callable[..., Awaitable[dict[str, Any]]]


def answering(handler: Handler) -> Handler:
    """Turn whatever a handler raises into an acknowledgement; a refusal is an answer and not an accident."""

    @functools.wraps(handler)
    async def wrapped(self: "LiveNamespace", sid: str, data: Any = None) -> dict[str, Any]:
        try:
            return await handler(self, sid, data)
        except DomainError as error:
            refusals.labels(error.code).inc()
            return error_to_dict(error)
        except msgspec.ValidationError as error:
            refusals.labels("invalid_input").inc()
            return error_to_dict(InvalidInput("Tin gửi lên chưa đúng. Bác tải lại trang giúp em.", why=str(error)))
        except Exception:
            log.exception("socket_command_failed", event=handler.__name__)
            return {"ok": False, "error": "unexpected", "message": "Có lỗi phía hệ thống, bác gửi lại giúp em."}

    return wrapped


class LiveNamespace(socketio.AsyncNamespace):
    """The ``/live`` namespace: one room a session, one for its desk, one for each buyer's own pages."""

    def __init__(self, app: Flask, server: Server, writer: BatchWriter, broadcaster: Broadcaster) -> None:
        super().__init__(LIVE_NAMESPACE)
        self._app = app
        self._server = server
        self._writer = writer
        self._broadcaster = broadcaster
        self._people: dict[str, _Person] = {}
        self._paces = {"sender": Pacer(SENDER), "network": Pacer(NETWORK), "room": Pacer(ROOM)}
        self._beside_others = app.extensions["chophien"].redis_url is not None
        self._refresh_planned = False
        self._proxies: int = app.extensions["chophien"].trusted_proxies
        broadcaster.wake_with(lambda: server.call_soon(self._plan_refresh))

    async def start(self) -> None:
        """Begin telling rooms how many are watching; called in the server's start."""
        self._server.keep(self._tell_viewers())

    async def on_connect(self, sid: str, environ: dict[str, Any], _auth: Any = None) -> None:
        """Remember who opens the socket by the cookies of its handshake; forged ones count for nothing."""
        person = _Person(address=_address(environ, self._proxies))
        cookies = environ.get("HTTP_COOKIE", "")
        if any(name in cookies for name in _COOKIES):
            caller = await self._server.run_blocking(identify_caller, self._app, cookies, person.address)
            person.actor, person.network_key = caller.actor, caller.network_key
        self._people[sid] = person
        viewers.inc()

    async def on_disconnect(self, sid: str, _reason: Any = None) -> None:
        """Forget the person."""
        if self._people.pop(sid, None) is not None:
            viewers.dec()

    @answering
    async def on_join(self, sid: str, data: Any) -> dict[str, Any]:
        """Enter a session's room and get it as it stands, or what was missed since."""
        asked = msgspec.convert(data, Join)
        person = self._person(sid)
        await self._leave(sid, person)
        live_id, standing = await self._server.run_blocking(_look_up, asked.session, person.actor)
        person.session_id = live_id
        person.at_desk = standing.at_desk
        person.sender = await self._sender(sid, person, is_host=standing.is_host)
        await self._enter(sid, person, room_of(live_id))
        if person.actor.buyer_id is not None:
            await self._enter(sid, person, buyer_room(person.actor.buyer_id))
        if person.at_desk:
            await self._enter(sid, person, desk_of(live_id))
        view = await self._server.run_blocking(self._view, person, asked.since, -1)
        # News of another process may be on its way: the page asks once more after a moment.
        return {"ok": True, **view, "me": _me(person), "ask_again": self._beside_others}

    @answering
    async def on_gap(self, sid: str, data: Any) -> dict[str, Any]:
        """Give what was missed after a number, at once and not only after a reconnect."""
        asked = msgspec.convert(data, Gap)
        person = self._joined(sid)
        view = await self._server.run_blocking(self._view, person, asked.since, asked.since)
        return {"ok": True, **view}

    @answering
    async def on_comment(self, sid: str, data: Any) -> dict[str, Any]:
        """Take a comment; acknowledged after its commit with what it was read as."""
        asked = msgspec.convert(data, Comment)
        person = self._joined(sid)
        sender = self._paced(person)
        text = asked.text.strip()
        if not text or len(text) > MAX_COMMENT:
            raise InvalidInput(f"Bình luận dài từ 1 đến {MAX_COMMENT} chữ thôi ạ.", field="text")
        command = PostComment(person.session_id or 0, sender, asked.client_id, text, system_clock())
        return {"ok": True, **await self._carry_out(command)}

    @answering
    async def on_order(self, sid: str, data: Any) -> dict[str, Any]:
        """Take a tap that orders, changes or cancels; acknowledged after its commit."""
        asked = msgspec.convert(data, Tap)
        person = self._joined(sid)
        command = OrderButton(
            person.session_id or 0,
            self._paced(person),
            asked.client_id,
            asked.op,
            asked.offer_id,
            asked.quantity,
            system_clock(),
            asked.answers,
        )
        return {"ok": True, **await self._carry_out(command)}

    @answering
    async def on_mine(self, sid: str, _data: Any) -> dict[str, Any]:
        """Give the buyer's own unpaid order of this session as it stands."""
        person = self._joined(sid)
        if person.actor.buyer_id is None:
            return {"ok": True, "order": None}
        order = await self._server.run_blocking(_own_order, person.session_id, person.actor.buyer_id)
        return {"ok": True, "order": order}

    @answering
    async def on_desk(self, sid: str, _data: Any) -> dict[str, Any]:
        """Give the host and staff the desk's lanes, the last orders and the money; they survive a reload."""
        person = self._at_desk(sid)
        return {"ok": True, **await self._server.run_blocking(_desk, person.session_id)}

    @answering
    async def on_desk_order(self, sid: str, data: Any) -> dict[str, Any]:
        """Order for the buyer of an unclear comment, as the desk understood it."""
        asked = msgspec.convert(data, Tap)
        person = self._at_desk(sid)
        if asked.answers is None:
            raise InvalidInput("Thiếu bình luận cần xử lý.")
        sender = await self._server.run_blocking(_sender_of_comment, person.session_id, asked.answers)
        command = OrderButton(
            person.session_id or 0,
            sender,
            f"desk:{asked.client_id}",
            asked.op,
            asked.offer_id,
            asked.quantity,
            system_clock(),
            asked.answers,
            by=person.actor,
        )
        return {"ok": True, **await self._carry_out(command)}

    async def _carry_out(self, command: PostComment | OrderButton) -> dict[str, Any]:
        """Hand a command to the intake and return its answer, which comes after the commit.

        The same comment sent to two processes at once is refused to one of them by the table; asked again, it is known.
        """
        try:
            answer: dict[str, Any] = await asyncio.wrap_future(self._writer.submit(command))
        except IntegrityError:
            answer = await asyncio.wrap_future(self._writer.submit(command))
        return answer

    def _view(self, person: _Person, since: int | None, newer_than: int) -> dict[str, Any]:
        shared = self._broadcaster.tail.shared(person.session_id or 0, newer_than)
        sender_key = person.sender.key if person.sender and person.actor.buyer_id is not None else None
        return view_for(
            db.session(),
            shared,
            person.session_id or 0,
            since=since,
            buyer_id=person.actor.buyer_id,
            sender_key=sender_key,
            clock=system_clock,
        )

    def _person(self, sid: str) -> _Person:
        person = self._people.get(sid)
        if person is None:
            raise Conflict("Kết nối vừa bị ngắt, bác chờ trang nối lại nhé.")
        return person

    def _joined(self, sid: str) -> _Person:
        person = self._person(sid)
        if person.session_id is None:
            raise Conflict("Bác chưa vào phiên nào. Bác tải lại trang giúp em.")
        return person

    def _at_desk(self, sid: str) -> _Person:
        person = self._joined(sid)
        if not person.at_desk:
            raise Forbidden("Việc này chỉ người livestream và cán bộ hợp tác xã mới làm được.")
        return person

    def _paced(self, person: _Person) -> Sender:
        """Return the sender when they, their network and the room are not speaking too fast; the desk always may."""
        sender = person.sender
        if sender is None:
            raise Conflict("Bác chưa vào phiên nào. Bác tải lại trang giúp em.")
        now = time.monotonic()
        if person.at_desk:
            return sender
        if not self._paces["sender"].allow(sender.key, now) or not self._paces["network"].allow(
            sender.network_key, now
        ):
            raise TooManyRequests("Bác nhắn hơi nhanh, bác nghỉ tay vài giây rồi gửi lại giúp em.")
        if not self._paces["room"].allow(person.session_id, now):
            raise TooManyRequests("Phòng đang đông quá, bác gửi lại sau vài giây giúp em.")
        return sender

    async def _sender(self, sid: str, person: _Person, *, is_host: bool) -> Sender:
        if person.network_key is None:
            person.network_key = await self._server.run_blocking(network_key, person.address)
        actor = person.actor
        if person.at_desk:
            return Sender(f"u{actor.user_id}", actor.name, None, actor.user_id, person.network_key, True, is_host)
        if actor.buyer_id is not None:
            return Sender(f"b{actor.buyer_id}", actor.name, actor.buyer_id, None, person.network_key)
        return Sender(f"g{sid[:20]}", "Khách", None, None, person.network_key)

    async def _enter(self, sid: str, person: _Person, room: str) -> None:
        await self.enter_room(sid, room)
        person.keys.append(room)

    async def _leave(self, sid: str, person: _Person) -> None:
        for room in person.keys:
            await self.leave_room(sid, room)
        person.keys.clear()

    def _plan_refresh(self) -> None:
        if not self._refresh_planned:
            self._refresh_planned = True
            asyncio.get_running_loop().call_later(REFRESH_AFTER_SECONDS, lambda: self._server.keep(self._refresh()))

    async def _refresh(self) -> None:
        self._refresh_planned = False
        try:
            await self._server.run_blocking(self._broadcaster.refresh)
        except Exception:
            log.exception("refresh_failed")

    async def _tell_viewers(self) -> None:
        """Tell each room how many watch, when the number has changed; the true number of this process's sockets."""
        told: dict[int, int] = {}
        while True:
            await asyncio.sleep(VIEWERS_EVERY_SECONDS)
            now: dict[int, int] = {}
            for person in self._people.values():
                if person.session_id is not None:
                    now[person.session_id] = now.get(person.session_id, 0) + 1
            for session_id, count in now.items():
                if told.get(session_id) != count:
                    item = {"type": "viewers", "data": {"count": count}}
                    self._server.post_latest(room_of(session_id), "viewers", item)
            told = now


def _look_up(public_id: str, actor: Actor) -> tuple[int, Any]:
    session = db.session()
    live = public_session(session, public_id)
    return live.id, room_standing(session, live, actor)


def _own_order(session_id: int, buyer_id: int) -> dict[str, Any] | None:
    return own_order(db.session(), session_id, buyer_id)


def _desk(session_id: int) -> dict[str, Any]:
    return desk_view(db.session(), session_id)


def _sender_of_comment(session_id: int, seq: int) -> Sender:
    buyer = buyer_of_comment(db.session(), session_id, seq)
    return Sender(buyer.sender_key, buyer.name, buyer.buyer_id, None, buyer.network_key)


def _me(person: _Person) -> dict[str, Any]:
    return {
        "name": person.actor.name if person.actor is not ANONYMOUS else None,
        "buyer": person.actor.buyer_id is not None,
        "desk": person.at_desk,
    }


def _address(environ: dict[str, Any], proxies: int) -> str:
    """Return the visitor's address: the connection's own, or what the trusted number of proxies vouch for."""
    forwarded = [part.strip() for part in environ.get("HTTP_X_FORWARDED_FOR", "").split(",") if part.strip()]
    if proxies and len(forwarded) >= proxies:
        return forwarded[-proxies]
    client = environ.get("asgi.scope", {}).get("client")
    return str(client[0]) if client else "unknown"
