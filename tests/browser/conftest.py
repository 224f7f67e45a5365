"""Headless Chromium against the real server on the demo cooperative; screenshots go to a folder that git ignores."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from tests.chromium import headless_chromium

ROOT = Path(__file__).resolve().parents[2]
SHOTS = Path(__file__).parent / "screenshots"
START_SECONDS = 60
PHONE, DESKTOP = {"width": 360, "height": 780}, {"width": 1280, "height": 900}


@dataclass
class DemoServer:
    """The server on a demo database of its own; ended by the id of the process group it was started in."""

    folder: Path
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "flask", "--app", "wsgi", "prepare"],
            cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=180, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-3000:]

    def start(self) -> None:
        self.log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "gunicorn.conf.py", "wsgi:server"],
            cwd=ROOT, env=self.environment, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.url}/healthz", timeout=2):
                    return
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.log").read_text()[-3000:]
                time.sleep(0.1)
        raise AssertionError("the server did not start")

    def stop(self) -> None:
        if self.process is None:
            return
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)
        self.log.close()


@pytest.fixture(scope="session")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoServer]:
    folder = tmp_path_factory.mktemp("browser")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CHOPHIEN_")}
    server = DemoServer(folder, port)
    server.environment = kept | {
        "PORT": str(port),
        "CHOPHIEN_DATABASE_URL": f"sqlite:///{folder / 'demo.db'}",
        "CHOPHIEN_MEDIA_ROOT": str(folder / "media"),
        "CHOPHIEN_DEMO_CROWD": "0",
        "CHOPHIEN_LOG_LEVEL": "WARNING",
    }
    server.prepare()
    server.start()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with headless_chromium() as browser:
        yield browser


@dataclass
class Person:
    """Someone with a browser of their own on a phone. Errors of the page's scripts fail the test."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)

    def go(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, phone: str) -> "Person":
        page = self.go("/dang-nhap")
        page.get_by_label("Số điện thoại hoặc e-mail").fill(phone)
        page.get_by_label("Mật khẩu hoặc mã").fill("qua ngot dau mua")
        page.get_by_role("button", name="Đăng nhập", exact=True).click()
        page.wait_for_url(lambda url: "/dang-nhap" not in url)
        return self

    def shoot(self, name: str) -> None:
        """Save the page as a phone and as a desk see it; nothing may be wider than the screen."""
        SHOTS.mkdir(exist_ok=True)
        for size in (PHONE, DESKTOP):
            self.page.set_viewport_size(size)
            self.page.wait_for_timeout(150)
            width = self.page.evaluate("document.documentElement.scrollWidth")
            self.page.screenshot(path=str(SHOTS / f"{name}-{size['width']}.png"), full_page=True)
            assert width <= size["width"], f"{name} is {width} px wide on a {size['width']} px screen"
        self.page.set_viewport_size(PHONE)


@pytest.fixture
def person(chromium: Browser, demo_server: DemoServer) -> Iterator[Callable[[], Person]]:
    contexts: list[BrowserContext] = []
    people: list[Person] = []

    def make() -> Person:
        context = chromium.new_context(viewport=PHONE, locale="vi-VN", timezone_id="Asia/Ho_Chi_Minh")
        context.set_default_timeout(20_000)
        contexts.append(context)
        someone = Person(context.new_page(), demo_server.url)
        someone.page.on("pageerror", lambda error: someone.errors.append(str(error)))
        people.append(someone)
        return someone

    yield make
    for context in contexts:
        context.close()
    assert [error for someone in people for error in someone.errors] == []
