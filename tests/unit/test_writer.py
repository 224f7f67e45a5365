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


def test_before_the_start_it_takes_nothing(small_app: Flask):
    with pytest.raises(BusyTryAgain):
        BatchWriter(small_app, lambda _session, commands: commands, capacity=1).submit("x")
