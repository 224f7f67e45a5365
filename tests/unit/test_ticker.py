"""The room ticker: one frame a tick, in order, at once when the room was quiet."""

import asyncio
import threading
from typing import Any

from app.fanout import text_frame, unfit_reason
from app.ticker import INTERVAL_SECONDS, LONGEST_INTERVAL_SECONDS, RoomTicker


def test_a_quiet_room_is_served_at_once_and_a_busy_one_by_the_tick() -> None:
    async def scene() -> None:
        frames: list[tuple[float, list[Any]]] = []
        loop = asyncio.get_running_loop()

        async def send(room: str, items: list[Any]) -> None:
            frames.append((loop.time(), items))

        ticker = RoomTicker(send)
        ticker.start()
        started = loop.time()
        ticker.post("r", [{"n": 0}])
        await asyncio.sleep(0.03)
        assert [items for _at, items in frames] == [[{"n": 0}]]
        for n in range(1, 51):
            ticker.post("r", [{"n": n}])
            await asyncio.sleep(0.005)
        await asyncio.sleep(2 * INTERVAL_SECONDS)
        assert [item["n"] for _at, items in frames for item in items] == list(range(51))
        assert len(frames) <= 2 + (loop.time() - started) / INTERVAL_SECONDS
        assert len(frames) >= 3

    asyncio.run(scene())


def test_only_the_newest_counter_of_a_key_is_sent() -> None:
    async def scene() -> None:
        frames: list[list[Any]] = []

        async def send(room: str, items: list[Any]) -> None:
            frames.append(items)

        ticker = RoomTicker(send)
        ticker.start()
        ticker.post("r", [{"first": True}])
        await asyncio.sleep(0.02)
        for left in (5, 4, 3):
            ticker.post_latest("r", "stock:1", {"left": left})
        ticker.post_latest("r", "stock:2", {"left": 9})
        ticker.post("r", [{"talk": 1}])
        await asyncio.sleep(2 * INTERVAL_SECONDS)
        assert frames == [[{"first": True}], [{"talk": 1}, {"left": 3}, {"left": 9}]]

    asyncio.run(scene())


def test_a_slow_room_ticks_slower_and_one_frame_at_a_time() -> None:
    async def scene() -> None:
        sending, most, frames = 0, 0, 0

        async def send(room: str, items: list[Any]) -> None:
            nonlocal sending, most, frames
            sending += 1
            most = max(most, sending)
            await asyncio.sleep(0.2)
            sending -= 1
            frames += 1

        ticker = RoomTicker(send)
        ticker.start()
        for _ in range(60):
            ticker.post("r", [{}])
            await asyncio.sleep(0.01)
        await asyncio.sleep(LONGEST_INTERVAL_SECONDS + 0.3)
        assert most == 1
        assert frames <= 5

    asyncio.run(scene())


def test_other_threads_may_post_and_a_failed_frame_does_not_end_the_room() -> None:
    async def scene() -> None:
        heard: list[Any] = []

        async def send(room: str, items: list[Any]) -> None:
            heard.extend(items)
            if len(heard) == 1:
                raise ConnectionError("gone")

        ticker = RoomTicker(send)
        ticker.start()
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)
        ticker.post("r", [{"n": 0}])
        await asyncio.sleep(0.02)
        threads = [threading.Thread(target=ticker.post, args=("r", [{"n": n}])) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        await asyncio.sleep(2 * INTERVAL_SECONDS)
        assert sorted(item["n"] for item in heard) == list(range(9))

    asyncio.run(scene())


def test_frames_are_those_of_the_standard() -> None:
    assert text_frame("42") == b"\x81\x0242"
    assert text_frame("a" * 126)[:4] == b"\x81\x7e\x00\x7e"
    assert text_frame("a" * 65_536)[:10] == b"\x81\x7f" + (65_536).to_bytes(8, "big")
    assert text_frame("ạ")[1] == 3


def test_the_fast_fan_out_fits_the_installed_libraries() -> None:
    assert unfit_reason() is None
