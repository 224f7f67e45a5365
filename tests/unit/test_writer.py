"""The intake: many commands one commit, one bad command alone, a full queue refuses at once, stopping finishes."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
from flask import Flask

from app.db import db, on_commit
from app.errors import BusyTryAgain, InsufficientStock
from app.writer import MAX_BATCH, BatchWriter


@pytest.fixture
def small_app(tmp_path: Path) -> Iterator[Flask]:
    """The least that a writer needs: an application with a database, no tables."""
    app = Flask("writer")
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path / 'writer.db'}"
    db.init_app(app)
    yield app
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def start(small_app: Flask) -> Iterator[Callable[..., BatchWriter]]:
    writers: list[BatchWriter] = []

    def build(process, capacity: int = 1000) -> BatchWriter:
        writer = BatchWriter(small_app, process, capacity=capacity)
        writers.append(writer)
        writer.start()
        return writer

    yield build
    for writer in writers:
        writer.stop()


class Gate:
    """A process that waits at its first batch, so that a queue can build up behind it."""

    def __init__(self) -> None:
        self.entered, self.open = threading.Event(), threading.Event()
        self.batches: list[list[object]] = []

    def __call__(self, _session, commands):
        self.entered.set()
        assert self.open.wait(10)
        self.batches.append(list(commands))
        return [f"did {command}" for command in commands]


def test_alone_a_command_goes_at_once(start):
    writer = start(lambda _session, commands: [command * 2 for command in commands])
    assert writer.call(21) == 42


def test_what_waits_goes_together_in_order(start):
    gate = Gate()
    writer = start(gate)
    futures = [writer.submit(0)]
    assert gate.entered.wait(10)
    futures += [writer.submit(number) for number in range(1, 101)]
    assert writer.depth == 100
    gate.open.set()
    assert [future.result(10) for future in futures] == [f"did {number}" for number in range(101)]
    assert [len(batch) for batch in gate.batches] == [1, MAX_BATCH, 100 - MAX_BATCH]
    assert [command for batch in gate.batches for command in batch] == list(range(101))


def test_a_refusal_is_the_answer_of_one_command_only(start):
    def process(_session, commands):
        return [InsufficientStock("Hết rồi.") if command == "much" else "held" for command in commands]

    writer = start(process)
    futures = [writer.submit(command) for command in ("little", "much", "little")]
    assert futures[0].result(10) == "held"
    with pytest.raises(InsufficientStock):
        futures[1].result(10)
    assert futures[2].result(10) == "held"


def test_one_bad_command_does_not_take_its_neighbours_down(start):
    gate = Gate()
    sizes: list[int] = []

    def process(session, commands):
        answers = gate(session, commands)
        sizes.append(len(commands))
        if "bad" in commands:
            raise ValueError("a bug")
        return answers

    writer = start(process)
    first = writer.submit("first")
    assert gate.entered.wait(10)
    futures = {command: writer.submit(command) for command in ("one", "bad", "two")}
    gate.open.set()
    assert first.result(10) == "did first"
    assert futures["one"].result(10) == "did one"
    assert futures["two"].result(10) == "did two"
    with pytest.raises(ValueError, match="a bug"):
        futures["bad"].result(10)
    assert sizes == [1, 3, 1, 1, 1]


def test_the_answer_comes_after_the_commit(start):
    order: list[str] = []

    def process(session, commands):
        on_commit(session, lambda: order.append("committed"))
        return list(commands)

    writer = start(process)
    future: Future[object] = writer.submit("x")
    future.add_done_callback(lambda _future: order.append("answered"))
    future.result(10)
    writer.stop()
    assert order == ["committed", "answered"]


def test_a_full_queue_refuses_at_once(start):
    gate = Gate()
    writer = start(gate, capacity=2)
    kept = [writer.submit(0)]
    assert gate.entered.wait(10)
    kept += [writer.submit(1), writer.submit(2)]
    with pytest.raises(BusyTryAgain):
        writer.submit(3)
    gate.open.set()
    assert [future.result(10) for future in kept] == ["did 0", "did 1", "did 2"]


def test_stopping_finishes_what_was_accepted_and_takes_no_more(start):
    gate = Gate()
    writer = start(gate)
    futures = [writer.submit(number) for number in range(5)]
    assert gate.entered.wait(10)
    stopper = threading.Thread(target=writer.stop)
    stopper.start()
    gate.open.set()
    stopper.join(10)
    assert [future.result(0) for future in futures] == [f"did {number}" for number in range(5)]
    with pytest.raises(BusyTryAgain):
        writer.submit("late")


def test_started_again_it_takes_commands_again(start):
    writer = start(lambda _session, commands: list(commands))
    writer.stop()
    assert not writer.running
    writer.start()
    assert writer.running
    assert writer.call("again") == "again"


def test_who_waited_too_long_is_told_to_look_first_and_what_had_not_begun_is_dropped(start):
    gate = Gate()
    writer = start(gate)
    begun = writer.submit("begun")
    assert gate.entered.wait(10)
    with pytest.raises(BusyTryAgain, match="xem lại đơn"):
        writer.call("late", timeout=0.05)
    gate.open.set()
    assert begun.result(10) == "did begun"
    assert writer.call("next") == "did next"
    assert gate.batches == [["begun"], ["next"]]


def test_a_command_whose_waiter_left_is_skipped_and_its_neighbours_are_answered(start):
    gate = Gate()
    writer = start(gate)
    futures = [writer.submit(0)]
    assert gate.entered.wait(10)
    futures += [writer.submit(number) for number in (1, 2, 3)]
    assert futures[2].cancel()
    assert not futures[0].cancel()
    gate.open.set()
    assert [futures[place].result(10) for place in (0, 1, 3)] == ["did 0", "did 1", "did 3"]
    assert gate.batches == [[0], [1, 3]]


def test_a_timeout_inside_the_work_is_not_taken_for_a_long_wait(start):
    def process(_session, _commands):
        raise TimeoutError("the work's own")

    with pytest.raises(TimeoutError, match="the work's own"):
        start(process).call("x")


def test_before_the_start_it_takes_nothing(small_app: Flask):
    with pytest.raises(BusyTryAgain):
        BatchWriter(small_app, lambda _session, commands: commands, capacity=1).submit("x")
