"""`flask --app wsgi start`, what `make run` ends in: the demo comes up, its crowd comes over real sockets, staff send it home."""

import http.cookiejar
import os
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet

from app.demo import DEMO_PASSWORD, DEMO_SIGN_INS
from livestream.demo.crowd import GUESTS

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 120


@dataclass
class Demo:
    """A demo server of its own and what it printed."""

    url: str
    folder: Path
    environment: dict[str, str]
    process: subprocess.Popen[bytes]

    @property
    def said(self) -> str:
        return (self.folder / "said.log").read_text(encoding="utf-8")

    def row(self, statement: str, *values: Any) -> Any:
        with sqlite3.connect(f"file:{self.folder / 'demo.db'}?mode=ro", uri=True, timeout=10) as connection:
            return connection.execute(statement, values).fetchone()[0]


class Visitor:
    """A browser without scripts: it keeps cookies and sends the form token of the page it is on."""

    def __init__(self, url: str) -> None:
        self._url = url
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.page = ""

    def get(self, path: str) -> str:
        with self._opener.open(f"{self._url}{path}", timeout=30) as response:
            self.page = response.read().decode()
        return self.page

    def post(self, path: str, **fields: str) -> str:
        token = re.search(r'name="csrf-token" content="([^"]+)"', self.page)
        assert token, "the page has no form token"
        body = urllib.parse.urlencode({"csrf_token": token.group(1), **fields}).encode()
        with self._opener.open(f"{self._url}{path}", data=body, timeout=30) as response:
            self.page = response.read().decode()
        return self.page


def wait_for(what: str, happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if happened():
            return
        time.sleep(0.3)
    pytest.fail(f"{what} did not happen within {PATIENCE_SECONDS} s")


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder = tmp_path_factory.mktemp("demo")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CHOPHIEN_")}
    environment |= {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "CHOPHIEN_DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "CHOPHIEN_MEDIA_ROOT": str(folder / "media"),
        "PYTHONUNBUFFERED": "1",
    }
    with (folder / "said.log").open("wb") as log:
        command = [sys.executable, "-m", "flask", "--app", "wsgi", "start"]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
        running = Demo(f"http://127.0.0.1:{port}", folder, environment, process)
        try:
            wait_for("the start", lambda: answers(running.url) or process.poll() is not None)
            assert process.poll() is None, running.said
            yield running
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(10)


def test_start_says_where_and_as_whom(demo: Demo) -> None:
    assert demo.url in demo.said
    for person in DEMO_SIGN_INS:
        assert re.search(rf"{person.identity}\s+{person.name}", demo.said)
    assert DEMO_PASSWORD in demo.said
    assert "Traceback" not in demo.said


def test_crowd_speaks_and_orders_until_staff_send_it_home(demo: Demo) -> None:
    names = [name for name, _phone in GUESTS]
    places = ", ".join("?" * len(names))

    def lines(kind: str) -> int:
        statement = f"SELECT count(*) FROM chat_message WHERE sender_name IN ({places}) AND kind {kind} 'order'"
        return demo.row(statement, *names)

    wait_for("talk", lambda: lines("<>") > 0)
    wait_for("an order of the crowd", lambda: lines("=") > 0)

    guest, staff = Visitor(demo.url), Visitor(demo.url)
    room = "/phien/" + demo.row("SELECT public_id FROM live_session WHERE state = 'live'")
    assert "Đám đông thử" not in guest.get(room)
    lan = next(person for person in DEMO_SIGN_INS if person.name == "Cô Lan")
    staff.get("/dang-nhap")
    staff.post("/dang-nhap", identity=lan.identity, passcode=lan.password)
    assert "Đám đông thử" in staff.get(room)
    staff.post("/phien/dam-dong-thu", on="0", next=room)
    wait_for("the crowd's leaving", lambda: "Đám đông thử: 0 người" in staff.get(room))
    held = f"SELECT count(*) FROM orders WHERE state = 'pending' AND buyer_name IN ({places})"
    wait_for("the crowd's giving back", lambda: demo.row(held, *names) == 0)


def test_production_refuses_a_database_with_demo_accounts(demo: Demo) -> None:
    settings = {
        "CHOPHIEN_ENV": "production",
        "CHOPHIEN_SECRET_KEY": secrets.token_urlsafe(48),
        "CHOPHIEN_DATA_KEYS": Fernet.generate_key().decode(),
        "CHOPHIEN_BASE_URL": "https://cho.example.vn",
    }
    done = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"],
        cwd=ROOT,
        env=demo.environment | settings,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert done.returncode == 1
    assert "demo's accounts" in done.stderr
    assert "Traceback" not in done.stderr


def test_server_ends_when_asked(demo: Demo) -> None:
    demo.process.send_signal(signal.SIGTERM)
    assert demo.process.wait(30) == 0
