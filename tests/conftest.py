"""Test databases and applications.

Tests of use cases, the ledger and concurrency run on SQLite and on PostgreSQL; the others on SQLite. A database that does not
answer is skipped loudly at the end of the run. Every test starts from an empty schema made by the real migrations.
"""

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import hypothesis
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_migrate import upgrade

from app.clock import FrozenClock
from app.config import Config
from app.db import db
from app.factory import create_app
from orders.invariants import check_all
from tests.clients import Browser

POSTGRES_URL = os.environ.get("CHOPHIEN_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
BOTH_DATABASES = ("services", "ledger", "concurrency")
NOW = datetime(2026, 5, 30, 12, 0, tzinfo=UTC)
"""19:00 in Vietnam on an evening of the early lychee season."""

# A busy machine is slow now and then; examples are judged by what they find, not by how long they take. The same examples
# every time: a test that fails only sometimes would be worse than one that looks a little less far.
hypothesis.settings.register_profile("chophien", deadline=None, derandomize=True)
hypothesis.settings.load_profile("chophien")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "breaks_invariants: the test leaves the books broken on purpose")


skipped_databases: dict[str, str] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "app" in metafunc.fixturenames or "database" in metafunc.fixturenames:
        folder = Path(str(metafunc.definition.path)).parent.name
        kinds = ["sqlite", "postgresql"] if folder in BOTH_DATABASES else ["sqlite"]
        metafunc.parametrize("database_kind", kinds, indirect=True, scope="session")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for kind, reason in skipped_databases.items():
        terminalreporter.write_sep("!", f"{kind} WAS NOT TESTED: {reason}", red=True, bold=True)


@pytest.fixture(scope="session")
def database_kind(request: pytest.FixtureRequest) -> str:
    return request.param


def _postgres_url(admin_url: str, name: str) -> str:
    try:
        admin = sa.create_engine(admin_url, isolation_level="AUTOCOMMIT", connect_args={"connect_timeout": 3})
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
            connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
        admin.dispose()
    except sa.exc.OperationalError as error:
        reason = f"{admin_url} did not answer ({str(error.orig).splitlines()[0]}); set CHOPHIEN_TEST_POSTGRES_URL"
        skipped_databases["PostgreSQL"] = reason
        pytest.skip(reason)
    return sa.engine.make_url(admin_url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session")
def database_app(database_kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """One migrated application a database kind; ``app`` empties it before each test."""
    root = tmp_path_factory.mktemp(database_kind)
    if database_kind == "sqlite":
        url = f"sqlite:///{root / 'test.db'}"
    else:
        url = _postgres_url(POSTGRES_URL, f"chophien_test_{os.getpid()}")
    config = replace(
        Config(environment="test", database_url=url, media_root=root / "media", demo=False, demo_crowd=False),
        log_level="WARNING",
    )
    app = create_app(config)
    app.test_client_class = Browser
    app.config["WTF_CSRF_ENABLED"] = False
    app.config["RATELIMIT_ENABLED"] = False
    with app.app_context():
        upgrade()
        db.session.remove()
        if database_kind == "sqlite":
            with db.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
            shutil.copy(root / "test.db", root / "empty.db")
    yield app
    with app.app_context():
        db.engine.dispose()
    if database_kind == "postgresql":
        admin = sa.create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            connection.execute(sa.text(f'DROP DATABASE IF EXISTS "chophien_test_{os.getpid()}" WITH (FORCE)'))
        admin.dispose()


def empty_database(app: Flask) -> None:
    """Bring the database back to the freshly migrated schema."""
    with app.app_context():
        engine = db.engine
        if engine.dialect.name == "sqlite":
            engine.dispose()
            path = Path(engine.url.database)
            for suffix in ("-wal", "-shm"):
                path.with_name(path.name + suffix).unlink(missing_ok=True)
            shutil.copy(path.parent / "empty.db", path)
            return
        # Deleting beats TRUNCATE by far on tables that are nearly empty; the replica role passes the append-only triggers.
        deletes = "; ".join(f'DELETE FROM "{table.name}"' for table in db.metadata.sorted_tables)
        with engine.begin() as connection:
            connection.exec_driver_sql(f"SET LOCAL session_replication_role = replica; {deletes}")


@pytest.fixture
def app(database_app: Flask) -> Iterator[Flask]:
    """The application on an empty database, with its context pushed."""
    empty_database(database_app)
    with database_app.app_context():
        yield database_app
        db.session.remove()


@pytest.fixture
def clock() -> FrozenClock:
    return FrozenClock(NOW)


@pytest.fixture(autouse=True)
def books_hold(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every test that used a database: every promise about stock, orders and money still stands.

    A test that breaks one on purpose says so with the ``breaks_invariants`` mark.
    """
    uses_database = "app" in request.fixturenames
    if uses_database:
        request.getfixturevalue("app")
    yield
    if not uses_database or request.node.get_closest_marker("breaks_invariants"):
        return
    db.session.rollback()
    db.session.expire_all()
    broken = [result for result in check_all(db.session()) if not result.holds]
    db.session.rollback()
    assert broken == []
