"""The real server for socket tests: gunicorn with the real configuration, on a free loopback port, on its own database."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import redis
import sqlalchemy as sa

from tests.conftest import POSTGRES_URL, _postgres_url, skipped_databases

ROOT = Path(__file__).resolve().parents[2]
REDIS_URL = os.environ.get("CHOPHIEN_TEST_REDIS_URL", "redis://127.0.0.1:6379/0")
START_SECONDS = 90
BUYERS = 80


@dataclass
class LiveServer:
    """One gunicorn with one worker; killed by the ids of the processes it started."""

    folder: Path
    fanout: str
    seed: dict[str, Any]
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    buyers_given: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def database(self) -> Path:
        return self.folder / "live.db"

    def room(self, name: str = "live") -> dict[str, Any]:
        return self.seed["rooms"][name]

    def new_buyer(self) -> str:
        """The cookie of a buyer no other test has."""
        self.buyers_given += 1
        return self.seed["buyers"][self.buyers_given - 1]

    def buyer_id(self, cookie: str) -> int:
        return self.seed["buyer_ids"][self.seed["buyers"].index(cookie)]

    def start(self) -> None:
        self.port = self.port or _free_port()
        command = [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:server"]
        environment = _environment(f"sqlite:///{self.database}") | self.environment
        environment |= {"PORT": str(self.port), "CHOPHIEN_FANOUT": self.fanout, "CHOPHIEN_MEDIA_ROOT": str(self.folder)}
        self.log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True
        )
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                assert self.process.poll() is None, self.said()
                time.sleep(0.1)
        raise AssertionError(f"the server did not start in {START_SECONDS} s: {self.said()}")

    def kill(self, how: int = signal.SIGKILL) -> None:
        """End the server and its worker, which share a process group of their own."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)
        self.process = None
        self.log.close()

    def said(self) -> str:
        return (self.folder / "server.log").read_text()[-4000:]

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Read the database beside the server."""
        connection = sqlite3.connect(f"file:{self.database}?mode=ro", uri=True, timeout=10)
        try:
            return connection.execute(statement, values).fetchall()
        finally:
            connection.close()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment(database_url: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHOPHIEN_") and name != "PORT"}
    return kept | {
        "CHOPHIEN_DATABASE_URL": database_url,
        "CHOPHIEN_DEMO": "0",
        "CHOPHIEN_DEMO_CROWD": "0",
        "CHOPHIEN_LOG_LEVEL": "WARNING",
        "PYTHONUNBUFFERED": "1",
    }


@pytest.fixture(scope="session")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """A filled database to copy for each server, and who is in it."""
    database = tmp_path_factory.mktemp("live") / "seed.db"
    answer = _fill(f"sqlite:///{database}", BUYERS)
    with sqlite3.connect(database) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return database, answer


def _fill(database_url: str, buyers: int) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.live.seed", str(buyers)],
        cwd=ROOT, env=_environment(database_url), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture(scope="session")
def make_server(
    seeded: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., LiveServer]]:
    started: list[LiveServer] = []

    def make(fanout: str = "fast", **environment: str) -> LiveServer:
        folder = tmp_path_factory.mktemp(f"server-{fanout}")
        shutil.copy(seeded[0], folder / "live.db")
        server = LiveServer(folder, fanout, seeded[1], environment=environment)
        started.append(server)
        server.start()
        return server

    yield make
    for server in started:
        server.kill(signal.SIGTERM)


@pytest.fixture(scope="session", params=["fast", "stock"])
def live_server(request: pytest.FixtureRequest, make_server: Callable[..., LiveServer]) -> LiveServer:
    """The server of most tests, once with the fast fan-out and once with the library's own."""
    return make_server(request.param)


@pytest.fixture(scope="session")
def two_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[LiveServer, LiveServer]]:
    """Two processes on one PostgreSQL database, joined by Redis, as in production."""
    _require_redis()
    name = f"chophien_live_{os.getpid()}"
    database_url = make_postgres_database(name)
    servers = []
    try:
        seed = _fill(database_url, 6)
        for number in (1, 2):
            folder = tmp_path_factory.mktemp(f"beside-{number}")
            environment = {"CHOPHIEN_DATABASE_URL": database_url, "CHOPHIEN_REDIS_URL": REDIS_URL}
            servers.append(LiveServer(folder, "fast", seed, environment=environment))
            servers[-1].start()
        yield servers[0], servers[1]
    finally:
        for server in servers:
            server.kill(signal.SIGTERM)
        drop_postgres_database(name)


def _require_redis() -> None:
    try:
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=3).ping()
    except redis.ConnectionError as error:
        reason = f"{REDIS_URL} did not answer ({error}); set CHOPHIEN_TEST_REDIS_URL"
        skipped_databases["Redis"] = reason
        pytest.skip(reason)


def make_postgres_database(name: str) -> str:
    """Make an empty database and return its address; skips loudly where PostgreSQL does not answer."""
    return _postgres_url(POSTGRES_URL, name)


def drop_postgres_database(name: str) -> None:
    admin = sa.create_engine(POSTGRES_URL, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'))
    admin.dispose()
