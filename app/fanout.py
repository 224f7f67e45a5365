"""Fan-out: one event to a room of thousands, encoded once and written straight to every connection.

python-socketio's own manager makes a task and a queue entry per viewer and frames the same text again for each of them,
which is some fifteen times the work. ``FanoutManager`` builds one WebSocket frame and hands the same bytes to every
transport. This is the only module that touches the inside of the libraries: the room tables of python-socketio and the
connection behind ``asgi.send``. ``unfit_reason`` checks that they are as expected; viewers that the fast way does not
reach (polling, TLS in this process, another server) are served by the stock manager, packet by packet.
"""

import asyncio
import inspect
import os
import struct
from collections import defaultdict
from typing import Any

import structlog
from engineio import packet as engineio_packet
from prometheus_client import Counter
from socketio import AsyncManager, AsyncRedisManager
from socketio import packet as socketio_packet

from app.metrics import registry

log = structlog.get_logger(__name__)

MAX_WAITING_BYTES = 1_000_000
"""A viewer who has this much unread is dropped; it comes back by itself and asks for what it missed."""
VIEWERS_A_TURN = 250
"""How many viewers are written to before the event loop may do something else."""

dropped_viewers = Counter(
    "chophien_dropped_viewers_total", "Viewers dropped because they did not read", registry=registry
)


class _Connection:
    """One viewer's transport and, on plain TCP, its file descriptor."""

    __slots__ = ("descriptor", "transport")

    def __init__(self, transport: Any) -> None:
        self.transport = transport
        raw = transport.get_extra_info("socket") if transport.get_extra_info("ssl_object") is None else None
        self.descriptor: int = raw.fileno() if raw is not None else -1

    def write(self, frame: bytes) -> None:
        """Write a whole frame without waiting: at once while nothing is queued, else behind what is."""
        transport = self.transport
        if transport.is_closing():
            return
        waiting = transport.get_write_buffer_size()
        if waiting == 0 and self.descriptor >= 0:
            try:
                sent = os.write(self.descriptor, frame)
            except BlockingIOError:
                sent = 0
            except OSError:
                transport.abort()
                return
            if sent < len(frame):
                transport.write(frame[sent:])
        elif waiting > MAX_WAITING_BYTES:
            dropped_viewers.inc()
            transport.abort()
        else:
            transport.write(frame)


class FanoutManager(AsyncManager):
    """python-socketio's manager with a fast ``emit``; rooms, callbacks and everything else stay its own."""

    def __init__(self) -> None:
        super().__init__()
        self._connections: dict[str, _Connection] = {}
        self._turns: defaultdict[tuple[str, Any], asyncio.Lock] = defaultdict(asyncio.Lock)

    async def emit(
        self,
        event: str,
        data: Any,
        namespace: str,
        room: Any = None,
        skip_sid: Any = None,
        callback: Any = None,
        to: Any = None,
        **kwargs: Any,
    ) -> None:
        """Send an event to one client, a room or a whole namespace; one event of a room at a time, so in order."""
        room = to or room
        arguments = list(data) if isinstance(data, tuple) else [] if data is None else [data]
        packet = self.server.packet_class(socketio_packet.EVENT, namespace=namespace, data=[event, *arguments])
        encoded = packet.encode()
        listed = hasattr(room, "__len__") and not isinstance(room, str)
        if callback is not None or listed or isinstance(encoded, list):
            await super().emit(event, data, namespace, room=room, skip_sid=skip_sid, callback=callback, **kwargs)
            return
        members = self.rooms.get(namespace, {}).get(room)
        if not members:
            return
        skipped = frozenset(skip_sid) if isinstance(skip_sid, list) else frozenset((skip_sid,))
        key = (namespace, room)
        async with self._turns[key]:
            await self._write_to(list(members.items()), skipped, encoded)
        if not self._turns[key].locked() and not self.rooms.get(namespace, {}).get(room):
            self._turns.pop(key, None)

    async def _write_to(self, members: list[tuple[str, str]], skipped: frozenset[Any], encoded: str) -> None:
        message = engineio_packet.Packet(engineio_packet.MESSAGE, encoded)
        frame = text_frame(message.encode())
        connections = self._connections
        others = []
        for number, (sid, engine_sid) in enumerate(members, start=1):
            if sid in skipped:
                continue
            connection = connections.get(engine_sid) or self._find_connection(engine_sid)
            if connection is None:
                others.append(engine_sid)
            else:
                connection.write(frame)
            if number % VIEWERS_A_TURN == 0:
                await asyncio.sleep(0)
        for engine_sid in others:
            await self.server._send_eio_packet(engine_sid, message)  # noqa: SLF001 -- the stock manager's own way.

    def _find_connection(self, engine_sid: str) -> _Connection | None:
        environ = self.server.environ.get(engine_sid)
        if environ is None:
            return None
        protocol = getattr(environ.get("asgi.send"), "__self__", None)
        transport = getattr(protocol, "transport", None)
        if not getattr(protocol, "accepted", False) or transport is None:
            return None
        connection = self._connections[engine_sid] = _Connection(transport)
        return connection

    def basic_disconnect(self, sid: str, namespace: str, **kwargs: Any) -> Any:
        """Forget the connection together with the client."""
        engine_sid = self.eio_sid_from_sid(sid, namespace)
        self._connections.pop(engine_sid, None)
        self._turns.pop((namespace, sid), None)
        return super().basic_disconnect(sid, namespace, **kwargs)


class RedisFanoutManager(AsyncRedisManager, FanoutManager):
    """The fast manager of one process among several: Redis carries events, each process writes to its own viewers."""


def text_frame(text: str) -> bytes:
    """Return an unmasked, unfragmented WebSocket text frame (RFC 6455, section 5.2)."""
    payload = text.encode()
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", 0x81, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", 0x81, 126, size) + payload
    return struct.pack("!BBQ", 0x81, 127, size) + payload


def unfit_reason() -> str | None:
    """Return why the fast manager cannot be used with the installed libraries, or None when it can."""
    try:
        from gunicorn.asgi.websocket import WebSocketProtocol  # noqa: PLC0415 -- Only this check needs gunicorn.
    except ImportError:
        return "gunicorn has no ASGI WebSocket protocol"
    expected = ["event", "data", "namespace", "room", "skip_sid", "callback", "to"]
    given = list(inspect.signature(AsyncManager.emit).parameters)[1:8]
    if given != expected:
        return f"AsyncManager.emit takes {given}"
    if not isinstance(getattr(AsyncManager(), "rooms", None), dict):
        return "AsyncManager keeps no table of rooms"
    opened = WebSocketProtocol(transport=object(), scope={}, app=None, log=None)
    if not hasattr(opened, "transport") or getattr(opened, "accepted", None) is not False:
        return "gunicorn's WebSocketProtocol has changed"
    sample = engineio_packet.Packet(engineio_packet.MESSAGE, "2[]").encode()
    if sample != "42[]":
        return f"an Engine.IO message is encoded as {sample!r}"
    return None


def build_manager(fanout: str, redis_url: str | None, channel: str) -> AsyncManager:
    """Return the manager that the settings ask for, or the stock one with a warning when the fast one is unfit."""
    reason = unfit_reason() if fanout == "fast" else None
    if reason:
        log.warning("fanout_stock", reason=reason, effect="rooms of more than a few hundred viewers will be slow")
    if fanout == "stock" or reason:
        return AsyncRedisManager(redis_url, channel=channel) if redis_url else AsyncManager()
    return RedisFanoutManager(redis_url, channel=channel) if redis_url else FanoutManager()
