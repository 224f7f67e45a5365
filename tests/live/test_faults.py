"""What goes wrong in a market: a server killed in a storm of orders, messages of a megabyte, packets that are none."""

import asyncio
import signal
from collections.abc import Callable

import aiohttp
import socketio.exceptions

from tests.live.conftest import LiveServer
from tests.live.people import Person, connected, joined

BUYERS = 40


def test_kill_9_in_an_order_storm_loses_no_acknowledged_order_and_doubles_none(
    make_server: Callable[..., LiveServer],
) -> None:
    server = make_server("fast")
    cookies = server.seed["buyers"][:BUYERS]
    room = server.room("storm")
    acknowledged: dict[str, dict[str, object]] = {}

    async def order(cookie: str, killing: asyncio.Event | None) -> None:
        person = Person()
        try:
            await person.client.connect(
                server.url, headers={"Cookie": cookie}, namespaces=["/live"], transports=["websocket"]
            )
            assert (await person.call("join", {"session": room["public_id"]}))["ok"]
            answer = await person.say("chốt A1 3kg", "storm-1")
        except (TimeoutError, socketio.exceptions.SocketIOError, aiohttp.ClientError):
            return
        finally:
            await person.client.disconnect()
        if answer["ok"]:
            acknowledged[cookie] = answer
            if killing is not None and len(acknowledged) >= BUYERS // 4:
                killing.set()

    async def storm() -> None:
        killing = asyncio.Event()
        orders = [asyncio.ensure_future(order(cookie, killing)) for cookie in cookies]
        await asyncio.wait_for(killing.wait(), 30)
        server.kill(signal.SIGKILL)
        await asyncio.wait(orders, timeout=30)
        for late in orders:
            late.cancel()

    asyncio.run(storm())
    before = dict(acknowledged)
    assert before
    held = dict(
        server.rows(
            "SELECT o.buyer_id, sum(l.quantity) FROM orders o JOIN order_line l ON l.order_id = o.id GROUP BY 1"
        )
    )
    for cookie in before:
        assert held[server.buyer_id(cookie)] == 3_000
    server.start()

    async def retry() -> None:
        await asyncio.gather(*(order(cookie, None) for cookie in cookies))

    asyncio.run(retry())
    assert set(acknowledged) == set(cookies)
    for cookie, answer in before.items():
        assert acknowledged[cookie] == answer, "a resent comment gets its first answer"
    held = dict(
        server.rows(
            "SELECT o.buyer_id, sum(l.quantity) FROM orders o JOIN order_line l ON l.order_id = o.id GROUP BY 1"
        )
    )
    assert {held[server.buyer_id(cookie)] for cookie in cookies} == {3_000}
    assert server.rows("SELECT sum(qty_held) FROM harvest_lot") == [(3_000 * BUYERS,)]
    numbers = [
        row[0] for row in server.rows("SELECT seq FROM chat_message WHERE session_id = ? ORDER BY seq", room["id"])
    ]
    assert len(numbers) == len(set(numbers)) == BUYERS


def test_a_megabyte_message_ends_only_its_own_connection(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with joined(live_server, live_server.new_buyer()) as (calm, _view):
            async with aiohttp.ClientSession() as http:
                address = live_server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
                async with http.ws_connect(address) as socket:
                    await socket.receive(timeout=5)
                    await socket.send_str("40/live,")
                    await socket.receive(timeout=5)
                    await socket.send_str('42/live,1["comment",{"client_id":"x","text":"' + "a" * 1_000_000 + '"}]')
                    ended = await _until_closed(socket)
                assert ended
            assert (await calm.say("phòng vẫn chạy"))["ok"]

    asyncio.run(scene())


def test_packets_that_are_none_harm_nobody(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with joined(live_server, live_server.new_buyer()) as (calm, _view):
            async with aiohttp.ClientSession() as http:
                address = live_server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
                for junk in (
                    "9",
                    "4",
                    "49",
                    '42/live,["comment"',
                    "42/nowhere,[]",
                    "45/live,3-[1]",
                    "\x00\x01",
                    "40/other,",
                ):
                    async with http.ws_connect(address) as socket:
                        await socket.receive(timeout=5)
                        await socket.send_str(junk)
                        await socket.send_bytes(b"\xff\xfe")
            assert (await calm.say("vẫn nói được nhé"))["ok"]

    asyncio.run(scene())


def test_compression_is_never_agreed(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with aiohttp.ClientSession() as http:
            address = live_server.url.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"
            async with http.ws_connect(address, compress=15) as socket:
                assert socket.compress == 0

    asyncio.run(scene())


def test_pages_answer_and_stream_beside_the_sockets(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with joined(live_server), aiohttp.ClientSession() as http:
            async with http.get(f"{live_server.url}/phien/{live_server.room()['public_id']}") as answer:
                assert answer.status == 200
                assert "Phiên live" in await answer.text()
            async with http.get(f"{live_server.url}/static/img/live-poster.svg") as answer:
                assert answer.status == 200
                assert len(await answer.read()) == int(answer.headers["Content-Length"])
            async with http.post(f"{live_server.url}/toi-la", data=b"x" * 300_000) as answer:
                assert answer.status == 400

    asyncio.run(scene())


def test_a_visitor_who_leaves_in_the_middle_strands_no_thread(live_server: LiveServer) -> None:
    async def scene() -> None:
        for _ in range(30):
            _reader, writer = await asyncio.open_connection("127.0.0.1", live_server.port)
            writer.write(b"GET /phien HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            await writer.drain()
            writer.close()
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{live_server.url}/phien", timeout=aiohttp.ClientTimeout(10)) as answer,
        ):
            assert answer.status == 200

    asyncio.run(scene())


def test_a_client_that_comes_and_goes_leaves_nothing_behind(live_server: LiveServer) -> None:
    async def scene() -> None:
        async with connected(live_server) as watcher:
            await watcher.call("join", {"session": live_server.room("storm")["public_id"]})
            for _ in range(5):
                async with joined(live_server, room="storm"):
                    pass
            count = await watcher.until(
                lambda p: [i["data"]["count"] for i in p.items if i["type"] == "viewers"][-1:] == [1] and [1]
            )
            assert count == [1]

    asyncio.run(scene())


async def _until_closed(socket: aiohttp.ClientWebSocketResponse) -> bool:
    for _ in range(20):
        message = await socket.receive(timeout=5)
        if message.type in (
            aiohttp.WSMsgType.CLOSE,
            aiohttp.WSMsgType.CLOSED,
            aiohttp.WSMsgType.CLOSING,
            aiohttp.WSMsgType.ERROR,
        ):
            return True
    return False
