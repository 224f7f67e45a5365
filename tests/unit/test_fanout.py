"""One frame to every connection, over real TCP: whole for those who read, and the end for those who never do."""

import asyncio
import socket
from typing import Any

import pytest
import uvloop

from app.fanout import MAX_WAITING_BYTES, _Connection, text_frame


class Viewer(asyncio.Protocol):
    """The server's side of one connection."""

    def __init__(self, opened: asyncio.Queue[Any]) -> None:
        self.opened = opened
        self.lost = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.opened.put_nowait((transport, self))

    def connection_lost(self, _error: Exception | None) -> None:
        self.lost.set()


async def connection() -> tuple[_Connection, Viewer, socket.socket, asyncio.Server]:
    loop = asyncio.get_running_loop()
    opened: asyncio.Queue[Any] = asyncio.Queue()
    server = await loop.create_server(lambda: Viewer(opened), "127.0.0.1", 0)
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.setblocking(False)
    await loop.sock_connect(client, server.sockets[0].getsockname())
    transport, viewer = await opened.get()
    return _Connection(transport), viewer, client, server


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_a_slow_reader_gets_every_frame_whole_and_in_order(loop: str) -> None:
    async def scene() -> None:
        there, _viewer, client, server = await connection()
        frames = [text_frame(f"{n:06}" + "x" * 3_000) for n in range(250)]
        for frame in frames:
            there.write(frame)
        expected = b"".join(frames)
        got = bytearray()
        while len(got) < len(expected):
            got += await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 65_536), 5)
        assert bytes(got) == expected
        there.write(text_frame("last"))
        assert await asyncio.wait_for(asyncio.get_running_loop().sock_recv(client, 100), 5) == text_frame("last")
        client.close()
        server.close()

    _run(loop, scene())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_who_never_reads_is_dropped_after_a_bounded_buffer(loop: str) -> None:
    async def scene() -> None:
        there, viewer, client, server = await connection()
        frame = text_frame("x" * 20_000)
        most = 0
        for _ in range(2_000):
            there.write(frame)
            if there.transport.is_closing():
                break
            most = max(most, there.transport.get_write_buffer_size())
        else:
            raise AssertionError("forty megabytes were taken for somebody who reads nothing")
        assert MAX_WAITING_BYTES < most <= MAX_WAITING_BYTES + 2 * len(frame)
        await asyncio.wait_for(viewer.lost.wait(), 5)
        there.write(frame)
        client.close()
        server.close()

    _run(loop, scene())


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_who_has_gone_is_no_error(loop: str) -> None:
    async def scene() -> None:
        there, viewer, client, server = await connection()
        client.close()
        for _ in range(20):
            there.write(text_frame("x" * 5_000))
            await asyncio.sleep(0.005)
        await asyncio.wait_for(viewer.lost.wait(), 5)
        server.close()

    _run(loop, scene())


def _run(loop: str, scene: Any) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop if loop == "uvloop" else None) as runner:
        runner.run(asyncio.wait_for(scene, 20))
