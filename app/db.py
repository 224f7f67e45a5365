"""The database: one metadata, UTC at the type level, and the only way to write.

``write_transaction()`` is the single door for writes. It ends any read transaction, begins the write (SQLite:
``BEGIN IMMEDIATE`` behind a fair in-process lock, because SQLite's own busy retry starves; PostgreSQL: READ COMMITTED with
a 3 s ``lock_timeout``), commits, and then runs what was queued for after the commit. A write outside it raises
``WriteOutsideTransaction``, so that a forgotten transaction is a loud bug and not a silent one.
"""

import contextlib
import random
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from threading import Condition, Lock
from typing import Any, TypeVar

import structlog
from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import BigInteger, CheckConstraint, DateTime, Engine, Integer, MetaData, event
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator

from app.errors import BusyTryAgain

T = TypeVar("T")
log = structlog.get_logger(__name__)

WRITE_OPTION = "chophien_write"
MAX_ATTEMPTS = 3
_RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03"}  # serialisation failure, deadlock, lock timeout
_UNIQUE_VIOLATION = "23505"

BigId = BigInteger().with_variant(Integer, "sqlite")
"""Primary keys: 64 bits on PostgreSQL, SQLite's rowid on SQLite."""


class Base(DeclarativeBase):
    """Declarative base with one naming convention, so that every constraint can be named in a migration."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Return a check that a text column holds one of the known values; states are enforced by the database too."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_known")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC datetime on every database; a naive one is refused before it is stored."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a stored time must be aware")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


db = SQLAlchemy(model_class=Base, session_options={"expire_on_commit": False, "autoflush": True})


class WriteOutsideTransaction(RuntimeError):
    """Code tried to write without ``write_transaction()``; a programming error, never shown to a user."""


class FairLock:
    """A lock that serves its waiters in the order they came; ``acquire`` gives up after ``timeout`` seconds."""

    def __init__(self) -> None:
        self._mutex = Lock()
        self._waiters: deque[Condition] = deque()
        self._held = False

    def acquire(self, timeout: float) -> bool:
        with self._mutex:
            if not self._held and not self._waiters:
                self._held = True
                return True
            turn = Condition(self._mutex)
            self._waiters.append(turn)
            deadline = time.monotonic() + timeout
            while turn in self._waiters:
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    self._waiters.remove(turn)
                    return False
                turn.wait(remaining)
            return True

    def release(self) -> None:
        with self._mutex:
            if self._waiters:
                self._waiters.popleft().notify()
            else:
                self._held = False


_sqlite_write_lock = FairLock()
_SQLITE_LOCK_SECONDS = 10.0


def on_commit(session: Session, action: Callable[[], None]) -> None:
    """Queue an emit for after this write transaction commits. For what is nice to have; what must happen is an outbox row."""
    _write_state(session).append(action)


@contextlib.contextmanager
def write_transaction() -> Iterator[Session]:
    """Open the one write transaction of this entry point and commit it; anything raised rolls everything back."""
    session: Session = db.session()
    if session.info.get(WRITE_OPTION) is not None:
        raise WriteOutsideTransaction("a write transaction is already open; use cases take its session instead")
    session.rollback()
    # What was read before the transaction may be stale by now; everything is read again inside it.
    session.expire_all()
    engine = db.engine
    locked = engine.dialect.name == "sqlite"
    if locked and not _sqlite_write_lock.acquire(_SQLITE_LOCK_SECONDS):
        raise BusyTryAgain("Hệ thống đang bận, bác thử lại sau giây lát nhé.")
    after_commit: list[Callable[[], None]] = []
    session.info[WRITE_OPTION] = after_commit
    try:
        session.connection(execution_options={WRITE_OPTION: True})
        yield session
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info.pop(WRITE_OPTION, None)
        if locked:
            _sqlite_write_lock.release()
    for action in after_commit:
        try:
            action()
        except Exception:
            log.exception("after_commit_failed")


def run_in_write_transaction(work: Callable[[Session], T]) -> T:
    """Run ``work(session)`` in a write transaction, again at most twice when the database asks for a retry.

    Deadlock, serialisation failure, lock timeout and SQLite busy are retried with jitter; then ``BusyTryAgain`` (503).
    So is a unique key that somebody else took between our look and our write: the second look finds their row, and the same
    command sent twice at once answers the same. A domain refusal such as ``InsufficientStock`` is an answer and never retried.
    """
    for attempt in range(1, MAX_ATTEMPTS + 1):
        try:
            with write_transaction() as session:
                return work(session)
        except DBAPIError as error:
            taken = getattr(error.orig, "sqlstate", None) == _UNIQUE_VIOLATION
            if not (taken and attempt < MAX_ATTEMPTS) and not is_retryable(error):
                raise
            log.warning("write_retry", attempt=attempt, error=str(error.orig))
            time.sleep(random.uniform(0.01, 0.05) * attempt)  # noqa: S311 -- Jitter needs no secrecy.
    raise BusyTryAgain("Hệ thống đang bận, bác thử lại sau giây lát nhé.")


def is_retryable(error: DBAPIError) -> bool:
    """Tell whether the database refused only because others were writing."""
    if getattr(error.orig, "sqlstate", None) in _RETRYABLE_SQLSTATES:
        return True
    return "database is locked" in str(error.orig)


def _write_state(session: Session) -> list[Callable[[], None]]:
    state: list[Callable[[], None]] | None = session.info.get(WRITE_OPTION)
    if state is None:
        raise WriteOutsideTransaction("writing needs write_transaction()")
    return state


@event.listens_for(Engine, "connect")
def _prepare_connection(dbapi_connection: Any, _record: Any) -> None:
    if not type(dbapi_connection).__module__.startswith(("sqlite3", "pysqlite")):
        return
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    for pragma in ("journal_mode=WAL", "busy_timeout=5000", "foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITE_OPTION, False)
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
    elif writing:
        connection.exec_driver_sql("SET LOCAL lock_timeout = '3s'")


@event.listens_for(Engine, "before_execute")
def _refuse_stray_writes(connection: Connection, statement: Any, *_rest: Any) -> None:
    if getattr(statement, "is_dml", False) and not connection.get_execution_options().get(WRITE_OPTION, False):
        raise WriteOutsideTransaction(f"a write to the database outside write_transaction(): {statement}")


def engine_options(config: Any) -> dict[str, Any]:
    """Return SQLAlchemy engine options: the pool holds exactly the threads that may ask, waiting a bounded time."""
    options: dict[str, Any] = {"pool_size": config.pool_size, "max_overflow": 0, "pool_timeout": 10}
    if config.is_sqlite:
        options["connect_args"] = {"check_same_thread": False, "timeout": 5}
    else:
        options["pool_pre_ping"] = True
    return options


@contextlib.contextmanager
def database_scope(app: Any) -> Iterator[None]:
    """Push an application context for a thread that is not serving HTTP, and end its database session afterwards."""
    with app.app_context():
        try:
            yield
        finally:
            db.session.remove()


def current_policy() -> Any:
    """Return the ``SalePolicy`` of the running application; entry points pass it on as an argument."""
    return current_app.extensions["chophien"].policy
