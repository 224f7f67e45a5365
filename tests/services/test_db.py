"""The one door for writes: rolled back unless it ends well, never nested, never outside, retried only where that is safe."""

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError, IntegrityError, StatementError

from app import db as kernel
from app.accounts.models import Buyer, Role
from app.clock import FrozenClock
from app.db import (
    FairLock,
    WriteOutsideTransaction,
    database_scope,
    db,
    is_retryable,
    on_commit,
    run_in_write_transaction,
    write_transaction,
)
from app.errors import BusyTryAgain, InsufficientStock
from tests.world import make_buyer


def names() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Role.name).order_by(Role.name)))


def test_what_ends_well_is_kept(app: Flask):
    with write_transaction() as session:
        session.add(Role(name="a"))
    assert names() == ["a"]


@pytest.mark.parametrize("error", [ValueError, InsufficientStock, KeyboardInterrupt])
def test_anything_raised_rolls_everything_back(app: Flask, error: type[BaseException]):
    with pytest.raises(error), write_transaction() as session:
        session.add(Role(name="a"))
        session.flush()
        raise error("no")
    assert names() == []
    with write_transaction() as session:
        session.add(Role(name="b"))
    assert names() == ["b"], "the next one is not disturbed"


def test_a_broken_constraint_rolls_everything_back(app: Flask):
    with pytest.raises(IntegrityError), write_transaction() as session:
        session.add_all([Role(name="a"), Role(name="b")])
        session.flush()
        session.add(Role(name="a"))
    assert names() == []


def test_a_nested_one_is_a_programming_error(app: Flask):
    with pytest.raises(WriteOutsideTransaction), write_transaction() as session:
        session.add(Role(name="outer"))
        with write_transaction():
            raise AssertionError("never reached")
    assert names() == []


@pytest.mark.parametrize("how", ["orm", "core", "bulk", "engine"])
def test_a_write_outside_is_refused(app: Flask, how: str):
    if how == "engine":
        with db.engine.connect() as connection, pytest.raises(WriteOutsideTransaction):
            connection.execute(sa.insert(Role).values(name="a"))
        return
    with pytest.raises(WriteOutsideTransaction):
        if how == "orm":
            db.session.add(Role(name="a"))
            db.session.flush()
        elif how == "core":
            db.session.execute(sa.update(Role).values(name="a"))
        else:
            db.session.execute(sa.insert(Role), [{"name": "a"}, {"name": "b"}])
    db.session.rollback()
    assert names() == []


def test_after_a_write_transaction_writing_is_refused_again(app: Flask):
    with write_transaction() as session:
        session.add(Role(name="a"))
    with pytest.raises(WriteOutsideTransaction):
        db.session.execute(sa.delete(Role))
    db.session.rollback()


def test_what_waits_for_the_commit_sees_it_and_its_failures_hurt_nobody(app: Flask):
    seen: list[object] = []

    def look():
        with app.app_context():
            seen.append(names())

    def fail():
        raise RuntimeError("a socket is gone")

    with write_transaction() as session:
        session.add(Role(name="a"))
        on_commit(session, fail)
        on_commit(session, look)
        assert seen == []
    assert seen == [["a"]]


def test_nothing_is_told_after_a_rollback(app: Flask):
    seen: list[str] = []
    with pytest.raises(ValueError, match="no"), write_transaction() as session:
        on_commit(session, lambda: seen.append("told"))
        raise ValueError("no")
    assert seen == []
    with pytest.raises(WriteOutsideTransaction):
        on_commit(db.session(), lambda: None)


class Refused(Exception):
    def __init__(self, sqlstate: str | None = None, text: str = "") -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


def refused(sqlstate: str | None, text: str = "") -> DBAPIError:
    return DBAPIError("UPDATE", {}, Refused(sqlstate, text))


@pytest.mark.parametrize(
    ("error", "again"),
    [
        (refused("40001"), True),
        (refused("40P01"), True),
        (refused("55P03"), True),
        (refused(None, "database is locked"), True),
        (refused("23505"), False),
        (refused(None, "disk I/O error"), False),
    ],
)
def test_only_what_others_caused_is_tried_again(error: DBAPIError, again: bool):
    assert is_retryable(error) is again


def test_a_retry_starts_clean_and_ends_after_three(app: Flask, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(kernel.time, "sleep", lambda _seconds: None)
    tries: list[int] = []

    def fail_twice(session):
        tries.append(len(tries) + 1)
        session.add(Role(name=f"try {len(tries)}"))
        session.flush()
        if len(tries) < 3:
            raise refused("40P01")
        return "done"

    assert run_in_write_transaction(fail_twice) == "done"
    assert names() == ["try 3"]

    def always(_session):
        tries.append(0)
        raise refused("40001")

    tries.clear()
    with pytest.raises(BusyTryAgain):
        run_in_write_transaction(always)
    assert len(tries) == 3


def test_a_key_somebody_else_just_took_is_looked_for_again_and_then_an_error(app: Flask):
    tries: list[int] = []

    def insert_or_find(_session):
        tries.append(1)
        if len(tries) == 1:
            raise refused("23505")
        return "found theirs"

    assert run_in_write_transaction(insert_or_find) == "found theirs"
    tries.clear()

    def always(_session):
        tries.append(1)
        raise refused("23505")

    with pytest.raises(DBAPIError):
        run_in_write_transaction(always)
    assert len(tries) == 3


@pytest.mark.parametrize("error", [InsufficientStock("Chỉ còn 2 kg."), refused("23503")])
def test_an_answer_is_never_tried_again(app: Flask, error: Exception):
    tries: list[int] = []

    def once(_session):
        tries.append(1)
        raise error

    with pytest.raises(type(error)):
        run_in_write_transaction(once)
    assert tries == [1]


def test_a_row_held_too_long_is_busy_and_not_an_error(app: Flask, clock: FrozenClock):
    """PostgreSQL gives up a lock after 3 s; SQLite's writers stand in line in this process and lose nothing."""
    with write_transaction() as session:
        buyer_id = make_buyer(session, clock=clock).id
    holding, release = threading.Event(), threading.Event()

    def hold():
        with database_scope(app), write_transaction() as session:
            session.execute(sa.update(Buyer).where(Buyer.id == buyer_id).values(name="first"))
            holding.set()
            release.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert holding.wait(10)
    try:
        if db.engine.dialect.name == "postgresql":
            started = time.monotonic()
            with pytest.raises(DBAPIError) as error, write_transaction() as session:
                session.execute(sa.update(Buyer).where(Buyer.id == buyer_id).values(name="second"))
            assert is_retryable(error.value)
            assert 2 < time.monotonic() - started < 8
            release.set()
        else:
            threading.Timer(0.3, release.set).start()
            with write_transaction() as session:
                session.execute(sa.update(Buyer).where(Buyer.id == buyer_id).values(name="second"))
    finally:
        release.set()
        thread.join(10)
    expected = "first" if db.engine.dialect.name == "postgresql" else "second"
    db.session.rollback()
    assert db.session.scalar(sa.select(Buyer.name)) == expected


def test_readers_never_wait_for_a_writer(app: Flask):
    with write_transaction() as session:
        session.add(Role(name="a"))
    inside, release = threading.Event(), threading.Event()

    def hold():
        with database_scope(app), write_transaction() as session:
            session.execute(sa.update(Role).values(name="b"))
            inside.set()
            release.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    assert inside.wait(10)
    started = time.monotonic()
    seen = names()
    waited = time.monotonic() - started
    release.set()
    thread.join(10)
    assert seen == ["a"]
    assert waited < 1
    assert names() == ["b"]


def test_many_threads_lose_no_update(app: Flask):
    with write_transaction() as session:
        session.add(Role(name="counter", description="0"))
    failures: list[BaseException] = []

    def add_ten():
        try:
            for _ in range(10):
                with database_scope(app):
                    run_in_write_transaction(add_one)
        except BaseException as error:  # noqa: BLE001 -- Shown by the assertion below.
            failures.append(error)

    def add_one(session):
        role = session.scalar(sa.select(Role).where(Role.name == "counter").with_for_update())
        role.description = str(int(role.description) + 1)

    threads = [threading.Thread(target=add_ten) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    db.session.rollback()
    assert db.session.scalar(sa.select(Role.description)) == "60"


def test_the_lock_serves_in_the_order_of_coming():
    lock = FairLock()
    assert lock.acquire(1)
    order: list[int] = []

    def wait_turn(number: int):
        assert lock.acquire(10)
        order.append(number)
        lock.release()

    threads = []
    for number in range(8):
        thread = threading.Thread(target=wait_turn, args=(number,))
        thread.start()
        threads.append(thread)
        deadline = time.monotonic() + 5
        while len(lock._waiters) <= number and time.monotonic() < deadline:
            time.sleep(0.001)
    lock.release()
    for thread in threads:
        thread.join(10)
    assert order == list(range(8))
    assert lock.acquire(0.1), "it is free again"


def test_who_gives_up_waiting_does_not_keep_the_lock():
    lock = FairLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.05)
    lock.release()
    assert lock.acquire(0.1)
    lock.release()


VIETNAM = timezone(timedelta(hours=7))


def test_time_is_stored_as_utc_and_comes_back_aware(app: Flask, clock: FrozenClock):
    evening = datetime(2026, 5, 30, 19, 0, tzinfo=VIETNAM)
    with write_transaction() as session:
        make_buyer(session, clock=clock).phone_verified_at = evening
    db.session.expire_all()
    stored = db.session.scalar(sa.select(Buyer.phone_verified_at))
    assert stored == evening
    assert stored.tzinfo is UTC
    assert db.session.scalar(sa.select(sa.func.count()).where(Buyer.phone_verified_at == evening)) == 1


def test_a_naive_time_is_refused_before_it_is_stored(app: Flask, clock: FrozenClock):
    with pytest.raises(StatementError, match="must be aware"), write_transaction() as session:
        make_buyer(session, clock=clock).phone_verified_at = datetime(2026, 5, 30, 19, 0)  # noqa: DTZ001
        session.flush()


def test_the_connection_is_set_up_as_promised(app: Flask):
    if db.engine.dialect.name == "sqlite":
        settings = {
            pragma: db.session.execute(sa.text(f"PRAGMA {pragma}")).scalar()
            for pragma in ("journal_mode", "synchronous", "foreign_keys")
        }
        assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
        return
    with write_transaction() as session:
        assert session.execute(sa.text("SHOW lock_timeout")).scalar() == "3s"
        assert session.execute(sa.text("SHOW transaction_isolation")).scalar() == "read committed"
    assert db.session.execute(sa.text("SHOW lock_timeout")).scalar() == "0"
