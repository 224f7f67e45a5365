"""The ASGI server: sockets on the event loop, Flask beside them in a bounded pool of threads.

One process serves both, so that a cooperative needs nothing but this program. Blocking work never runs on the loop:
pages go through ``a2wsgi``, socket commands through ``run_blocking`` or the intake. Threads and tasks start in the ASGI
lifespan and end there, never at import.
"""

import asyncio
import contextlib
import functools
import gc
import inspect
from collections.abc import Awaitable, Callable, Coroutine, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import socketio
import structlog
from a2wsgi import WSGIMiddleware
from flask import Flask

from app.db import database_scope
from app.fanout import build_manager
from app.metrics import loop_stall_seconds
from app.rooms import LIVE_NAMESPACE, TICK_EVENT, channel_of
from app.ticker import Item, RoomTicker

T = TypeVar("T")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

log = structlog.get_logger(__name__)

SOCKET_PATH = "/socket.io/"
MAX_MESSAGE_BYTES = 16 * 1024
STALL_SECONDS = 0.2
_STALL_PROBE_SECONDS = 0.1


class Server:
    """The ASGI callable, its socket server ``sio``, the room ``ticker`` and the pool for blocking socket work."""

    def __init__(self, app: Flask) -> None:
        config = app.extensions["chophien"]
        self.app = app
        self.sio = socketio.AsyncServer(
            async_mode="asgi",
            client_manager=build_manager(config.fanout, config.redis_url, channel_of(config.database_url)),
            cors_allowed_origins=None,
            max_http_buffer_size=MAX_MESSAGE_BYTES,
            transports=["websocket"] if config.redis_url else ["websocket", "polling"],
            http_compression=False,
            ping_interval=25,
            ping_timeout=20,
        )
        self.ticker = RoomTicker(self._send_tick)
        self._pages = WSGIMiddleware(app, workers=config.http_threads)
        self._pool = ThreadPoolExecutor(config.socket_threads, thread_name_prefix="socket")
        self._starting: list[Callable[[], Any]] = []
        self._stopping: list[Callable[[], Any]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    def on_startup(self, action: Callable[[], Any]) -> None:
        """Run ``action`` (plain or async) once, in order, before the server takes connections."""
        self._starting.append(action)

    def on_shutdown(self, action: Callable[[], Any]) -> None:
        """Run ``action`` (plain or async) once, in order, when the server ends."""
        self._stopping.append(action)

    async def run_blocking(self, work: Callable[..., T], *arguments: Any) -> T:
        """Run blocking work in the socket pool, inside an application context with its own database session."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._pool, functools.partial(self._in_scope, work, *arguments))

    def _in_scope(self, work: Callable[..., T], *arguments: Any) -> T:
        with database_scope(self.app):
            return work(*arguments)

    def post(self, room: str, items: list[Item]) -> None:
        """Send items, in order, with the room's next tick; from any thread."""
        self.ticker.post(room, items)

    def post_latest(self, room: str, key: str, item: Item) -> None:
        """Send the newest item of a key with the room's next tick; from any thread."""
        self.ticker.post_latest(room, key, item)

    def tell(self, room: str, event: str, data: Any) -> None:
        """Send one event to a room at once; from any thread."""
        self.call_soon(lambda: self.keep(self.sio.emit(event, data, room=room, namespace=LIVE_NAMESPACE)))

    def call_soon(self, action: Callable[[], Any]) -> None:
        """Run an action on the event loop soon; from any thread, and nothing when the server is not running."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def keep(self, work: Coroutine[Any, Any, Any]) -> None:
        """Run a coroutine to its end; on the event loop only."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _send_tick(self, room: str, items: list[Item]) -> None:
        await self.sio.emit(TICK_EVENT, items, room=room, namespace=LIVE_NAMESPACE)

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"].startswith(SOCKET_PATH):
            if scope["type"] == "websocket":
                scope = {**scope, "headers": _without_extensions(scope["headers"])}
            await self.sio.handle_request(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve_page(scope, receive, send)
        else:
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def _serve_page(self, scope: Message, receive: Receive, send: Send) -> None:
        """Run a page to its end even when the visitor leaves: else its thread would wait to write for ever."""
        gone = False

        async def send_while_there(message: Message) -> None:
            nonlocal gone
            if gone:
                return
            try:
                await send(message)
            except OSError:
                gone = True

        task = asyncio.ensure_future(self._pages(scope, receive, send_while_there))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await asyncio.shield(task)
        except asyncio.CancelledError:
            gone = True
            raise

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        try:
            self._loop = asyncio.get_running_loop()
            self.ticker.start()
            for action in self._starting:
                await _run(action)
            self.keep(_watch_stalls())
            # What stands now stands for good: the collector need not walk it again on every sweep.
            gc.collect()
            gc.freeze()
            gc.set_threshold(50_000, 20, 50)
        except Exception as error:
            log.exception("start_failed")
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        for action in self._stopping:
            try:
                await _run(action)
            except Exception:
                log.exception("stop_failed")
        for task in list(self._tasks):
            task.cancel()
        self._pool.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})


def build_server(app: Flask) -> Server:
    """Return the ASGI server around a Flask application; nothing runs until its lifespan starts."""
    server = Server(app)
    app.extensions["chophien_server"] = server
    return server


async def _run(action: Callable[[], Any]) -> None:
    """Run a start or stop action off the loop when it is plain, so that joining a thread cannot stall it."""
    if inspect.iscoroutinefunction(action):
        await action()
    else:
        await asyncio.get_running_loop().run_in_executor(None, action)


async def _watch_stalls() -> None:
    """Measure how late the loop wakes up; a stall over 200 ms freezes every viewer, so it is counted and told."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(asyncio.CancelledError):
        while True:
            before = loop.time()
            await asyncio.sleep(_STALL_PROBE_SECONDS)
            late = loop.time() - before - _STALL_PROBE_SECONDS
            if late > STALL_SECONDS:
                loop_stall_seconds.observe(late)
                log.warning("loop_stalled", ms=round(late * 1000))


def _without_extensions(headers: Any) -> list[tuple[bytes, bytes]]:
    """Drop the offer of permessage-deflate: it doubles a connection's memory and compresses per viewer."""
    return [(name, value) for name, value in headers if name.lower() != b"sec-websocket-extensions"]
