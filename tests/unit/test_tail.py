"""The shared snapshot follows the room's news and is never older than them."""

import threading
import time
from typing import Any

from livestream.tail import Tail


def talk(seq: int) -> dict[str, Any]:
    return {"type": "talk", "seq": seq, "data": {}}


class Room:
    """A room whose state is loaded slowly; counts how often."""

    def __init__(self) -> None:
        self.seq = 5
        self.loads = 0

    def load(self, _session_id: int) -> dict[str, Any]:
        self.loads += 1
        seq = self.seq
        time.sleep(0.01)
        return {
            "seq": seq,
            "messages": [talk(seq)],
            "tail": [talk(seq)],
            "tail_from": seq - 1,
            "shelf": [{"id": 1, "left": 9}],
        }


def test_a_crowd_loads_once() -> None:
    room = Room()
    tail = Tail(room.load)
    seen: list[int] = []
    threads = [threading.Thread(target=lambda: seen.append(tail.shared(1)["seq"])) for _ in range(30)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [5] * 30
    assert room.loads == 1


def test_comments_are_followed_without_loading() -> None:
    room = Room()
    tail = Tail(room.load)
    tail.shared(1)
    tail.hear(1, [talk(6), talk(7)])
    value = tail.shared(1)
    assert value["seq"] == 7
    assert [item["seq"] for item in value["messages"]] == [5, 6, 7]
    assert room.loads == 1
    tail.count(1, {1: {"left": 4}})
    assert tail.shared(1)["shelf"] == [{"id": 1, "left": 4}]


def test_other_news_and_gaps_load_afresh() -> None:
    room = Room()
    tail = Tail(room.load)
    tail.shared(1)
    room.seq = 6
    tail.hear(1, [{"type": "pin", "seq": 6, "data": {}}])
    assert tail.shared(1)["seq"] == 6
    room.seq = 9
    tail.hear(1, [talk(9)])
    assert tail.shared(1)["seq"] == 9
    assert room.loads == 3


def test_a_value_loaded_while_news_came_is_not_kept_as_new() -> None:
    room = Room()
    started = threading.Event()

    def load(session_id: int) -> dict[str, Any]:
        started.set()
        return room.load(session_id)

    tail = Tail(load)
    loading = threading.Thread(target=tail.shared, args=(1,))
    loading.start()
    started.wait(2)
    room.seq = 6
    tail.hear(1, [talk(6)])
    loading.join()
    assert tail.shared(1)["seq"] == 6


def test_a_caller_who_has_it_all_gets_a_fresh_look() -> None:
    room = Room()
    tail = Tail(room.load)
    tail.shared(1)
    room.seq = 8
    assert tail.shared(1)["seq"] == 5
    assert tail.shared(1, newer_than=5)["seq"] == 8
