"""The live room and the console in a real browser: asked once, held in green, back after a crash, settled in two taps."""

import re
import signal
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from app import frontend
from tests.chromium import headless_chromium
from tests.live.conftest import ROOT, LiveServer

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
WAIT_MS = 20_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    frontend.build()
    with headless_chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def server(make_server: Callable[..., LiveServer]) -> LiveServer:
    return make_server("fast")


@pytest.fixture
def open_page(browser: Browser, server: LiveServer) -> Iterator[Callable[..., Page]]:
    contexts = []
    accidents: list[str] = []

    def opened(path: str, cookie: str = "", width: int = 360) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 740}, bypass_csp=False)
        contexts.append(context)
        if cookie:
            name, value = cookie.split("=", 1)
            context.add_cookies([{"name": name, "value": value, "url": server.url}])
        page = context.new_page()
        page.set_default_timeout(WAIT_MS)
        page.on("pageerror", lambda error: accidents.append(str(error)))
        page.on("console", lambda said: "Content Security Policy" in said.text and accidents.append(said.text))
        page.goto(server.url + path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert accidents == []


def room(server: LiveServer, name: str = "live") -> str:
    return f"/phien/{server.room(name)['public_id']}"


def say(page: Page, text: str) -> None:
    page.locator("#composer").wait_for(state="visible")
    page.fill("#say", text)
    page.keyboard.press("Enter")


def test_a_stranger_is_asked_once_and_then_holds(open_page: Callable[..., Page], server: LiveServer) -> None:
    page, other = open_page(room(server)), open_page(room(server))
    say(page, "chốt A1 3kg 0987654321")
    expect(page.locator("#contact")).to_be_visible(timeout=WAIT_MS)
    expect(page.locator("#contact-phone")).to_have_value("0987654321")
    page.fill("#contact-phone", "12")
    page.fill("#contact-name", "Chị Lụa")
    page.click("#contact button[type=submit]")
    expect(page.locator("#contact-error")).to_be_visible()
    page.fill("#contact-phone", "0987654321")
    page.click("#contact button[type=submit]")
    held = page.locator(".chat__line--held")
    expect(held).to_contain_text(re.compile(r"A1 · 3\skg · 114\.000\s₫ · giữ đến \d\d:\d\d"), timeout=WAIT_MS)
    expect(page.locator("#my-order")).to_contain_text("114.000")
    line = other.locator(".chat__line", has_text="Chị Lụa")
    expect(line).to_contain_text("09•••••321", timeout=WAIT_MS)
    expect(line).not_to_have_class(re.compile("held"))
    assert "0987654321" not in other.content()
    say(page, "thêm A1 1kg")
    expect(page.locator("#contact")).to_be_hidden()
    expect(page.locator("#my-order")).to_contain_text("152.000", timeout=WAIT_MS)


def test_buttons_order_change_and_cancel(open_page: Callable[..., Page], server: LiveServer) -> None:
    page = open_page(room(server), server.new_buyer())
    page.click("#pinned [data-more]")
    page.click("#pinned [data-order]")
    expect(page.locator("#my-order")).to_contain_text("57.000", timeout=WAIT_MS)
    page.click("#open-bag")
    expect(page.locator("#bag")).to_be_visible()
    page.click("#bag [data-order]")
    expect(page.locator("#my-order")).to_contain_text("114.000", timeout=WAIT_MS)
    page.click("[data-own-buttons] [data-change]")
    expect(page.locator("#say")).to_have_value("Sửa A1 thành ")
    page.locator("#say").press_sequentially("2kg")
    page.keyboard.press("Enter")
    expect(page.locator("#my-order")).to_contain_text("76.000", timeout=WAIT_MS)
    page.click("[data-own-buttons] [data-cancel]")
    expect(page.locator("#my-order")).to_be_empty(timeout=WAIT_MS)
    expect(page.locator("[data-own-buttons]")).to_have_count(0)


def test_after_a_crash_the_page_comes_back_and_sends_what_was_not_answered(
    open_page: Callable[..., Page], server: LiveServer
) -> None:
    cookie = server.new_buyer()
    page = open_page(room(server, "storm"), cookie)
    say(page, "xin chào cả nhà")
    expect(page.locator(".chat__line[data-seq]", has_text="xin chào cả nhà")).to_have_count(1, timeout=WAIT_MS)
    server.kill(signal.SIGKILL)
    expect(page.locator("#connection")).to_be_visible(timeout=WAIT_MS)
    say(page, "chốt A1 2kg")
    expect(page.locator(".chat__line", has_text="chốt A1 2kg")).to_contain_text("gửi lại khi có mạng")
    server.start()
    expect(page.locator(".chat__line--held")).to_have_count(1, timeout=3 * WAIT_MS)
    expect(page.locator("#connection")).to_be_hidden()
    expect(page.locator(".chat__line", has_text="xin chào cả nhà")).to_have_count(1)
    page.reload()
    expect(page.locator(".chat__line--held")).to_have_count(1, timeout=WAIT_MS)
    orders = server.rows("SELECT count(*) FROM orders WHERE buyer_id = ?", server.buyer_id(cookie))
    assert orders == [(1,)]


def test_the_host_sees_orders_questions_and_what_needs_a_person(
    open_page: Callable[..., Page], server: LiveServer
) -> None:
    console = open_page(f"{room(server, 'other')}/dieu-khien", server.seed["users"]["host"])
    expect(console.locator("#connection")).to_be_hidden(timeout=WAIT_MS)
    page = open_page(room(server, "other"), server.new_buyer())
    say(page, "chốt A1 3kg")
    expect(console.locator("#orders li")).to_contain_text("114.000", timeout=WAIT_MS)
    expect(console.locator("#held-vnd")).to_contain_text("114.000", timeout=WAIT_MS)
    expect(console.locator("#paid-vnd")).to_have_text(re.compile(r"^0\s₫$"))
    say(page, "chốt Z9 0912 000 111")
    expect(page.locator(".chat__line--ask")).to_have_count(1, timeout=WAIT_MS)
    expect(console.locator("#person li")).to_contain_text("0912 000 111", timeout=WAIT_MS)
    say(page, "bao giờ giao tới Hà Nội vậy shop?")
    expect(console.locator("#questions li")).to_have_count(1, timeout=WAIT_MS)
    console.reload()
    expect(console.locator("#person li")).to_have_count(1, timeout=WAIT_MS)
    console.locator("#questions button").click()
    expect(console.locator("#questions li")).to_have_count(0, timeout=WAIT_MS)
    console.locator("#person button").last.click()
    expect(console.locator("#person li")).to_have_count(0, timeout=WAIT_MS)
    console.reload()
    expect(console.locator("#person-count")).to_have_text("0", timeout=WAIT_MS)


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("place", ["room", "console"])
def test_axe_finds_nothing_serious(browser: Browser, server: LiveServer, width: int, place: str) -> None:
    cookie = server.new_buyer() if place == "room" else server.seed["users"]["host"]
    name, value = cookie.split("=", 1)
    context = browser.new_context(viewport={"width": width, "height": 740}, bypass_csp=True)
    context.add_cookies([{"name": name, "value": value, "url": server.url}])
    page = context.new_page()
    page.goto(server.url + room(server) + ("" if place == "room" else "/dieu-khien"))
    if place == "room":
        say(page, "chốt A1 1kg")
        expect(page.locator(".chat__line--held")).to_have_count(1, timeout=WAIT_MS)
        say(page, "chốt Z9")
        expect(page.locator(".chat__line--ask")).to_have_count(1, timeout=WAIT_MS)
    page.evaluate(AXE.read_text())
    found = page.evaluate("axe.run()")["violations"]
    serious = [(rule["id"], rule["nodes"][0]["html"]) for rule in found if rule["impact"] in ("serious", "critical")]
    assert serious == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
