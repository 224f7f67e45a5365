"""What base.js does, in a real browser under the real content security policy, and what axe-core says of every macro."""

import re
import threading
import time

import pytest
from flask import render_template, request
from playwright.sync_api import expect
from werkzeug.serving import make_server

from tests.chromium import headless_chromium
from tests.web.frontend_pages import EVERYTHING, LIVE, ROOT, build_app, refuse, render

POLICY = (
    "default-src 'self'; base-uri 'self'; form-action 'self'; object-src 'none'; script-src 'self' 'nonce-nonce-of-this-answer'; "
    "style-src 'self'; img-src 'self' data: blob:; font-src 'self'"
)
CONSOLE_STYLES = """{% extends "layout.html" %}
{% block head %}<link rel="stylesheet" href="{{ asset("console.css") }}">{% endblock %}
{% block main %}<h1>Bàn chốt đơn</h1><div class="pulse"><span class="pulse__number"><b>312</b> người xem</span></div>
<div class="console"><section class="lane lane--person"><div class="lane__head"><h2>Cần người xem</h2>
<span class="lane__count">1</span></div><ul class="lane__list"><li class="lane__item lane__item--pinned">
<span class="lane__who">Nga</span><span class="lane__said">cho chị 2 nha</span><span class="lane__why">Không rõ mã</span>
</li><li class="lane__item lane__item--fresh">Lan<span class="lane__amount">{{ 114000 | vnd }}</span></li></ul></section></div>
{% endblock %}"""
HTMX = """{% extends "layout.html" %}{% block main %}
<form method="post" action="/ghi" hx-post="/ghi?cach=htmx" hx-target="#answer"><button id="send">Ghi</button></form>
<button id="remove" hx-post="/ghi?cach=nut" hx-target="#answer" data-confirm="Bỏ lô này?">Bỏ</button>
{% for status in (409, 422, 503) %}<button id="fail-{{ status }}" hx-post="/hong/{{ status }}" hx-target="#answer">Hỏng</button>
{% endfor %}<div id="answer"></div>{% endblock %}"""


@pytest.fixture(scope="module")
def posts():
    return []


@pytest.fixture(scope="module")
def address(posts):
    app = build_app()
    places = [("Trang chủ", "/", True, "home")] + [(f"Mục {number}", "/", False, "box") for number in range(6)]
    bodies = {
        "moi-thu": render(app, EVERYTHING, nav_items=places),
        "phien": render(app, LIVE),
        "ban": render(app, CONSOLE_STYLES),
        "phieu": refuse(app),
        "htmx": render(app, HTMX),
    }

    @app.get("/trang/<name>")
    def show(name):
        return bodies[name]

    @app.post("/ghi")
    def record():
        posts.append((request.args.get("cach", "trang"), request.headers.get("X-CSRFToken")))
        time.sleep(0.4)
        return '<p>Đã ghi. <time data-countdown="2126-01-01T00:00:00Z">mai</time></p>'

    @app.post("/hong/<int:status>")
    def fail(status):
        if status == 422:
            return "<p>Bác ghi số cân giúp em.</p>", status
        return render_template("error.html", status=status, code="refused", message="Còn 2 kg thôi ạ."), status

    @app.post("/lo")
    def change_lot():
        posts.append(("lô", request.form.get("id")))
        return "Đã đổi."

    @app.after_request
    def guard(response):
        response.headers["Content-Security-Policy"] = POLICY
        return response

    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join(10)


@pytest.fixture(scope="module")
def browser():
    with headless_chromium() as browser:
        yield browser


@pytest.fixture
def page(browser, address, posts):
    """A phone of 360 px that fails the test on any script error or breach of the content security policy."""
    posts.clear()
    context = browser.new_context(
        viewport={"width": 360, "height": 740},
        base_url=address,
        locale="vi-VN",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(10_000)
    page = context.new_page()
    trouble = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda told: trouble.append(told.text) if "Content Security Policy" in told.text else None)
    yield page
    context.close()
    assert trouble == []


def test_a_countdown_runs_on_the_servers_clock(page):
    page.goto("/trang/moi-thu")
    expect(page.locator("[data-countdown]").first).to_have_text(re.compile(r"^29:5\d$"))


def test_a_confirmed_form_is_asked_about_in_place_and_sent_once(page, posts):
    page.goto("/trang/moi-thu")
    form = page.locator("form[action='/lo'][method=post]")
    form.locator("button[type=submit]").click()
    question = form.locator(".ask")
    assert question.get_attribute("aria-label") == "Vải"
    assert question.locator("button").last.evaluate("button => document.activeElement === button")
    question.locator("button").last.click()
    assert form.locator(".ask").count() == 0
    assert posts == []
    form.locator("button[type=submit]").click()
    form.locator(".ask button").first.click()
    page.wait_for_url("**/lo")
    assert posts == [("lô", "Vải")]


def test_a_stepper_counts_within_its_limits(page):
    page.goto("/trang/moi-thu")
    number, down, up = page.locator("#quantity"), page.locator("[data-step=down]"), page.locator("[data-step=up]")
    up.click()
    assert number.input_value() == "4"
    for _ in range(3):
        down.click()
    assert number.input_value() == "1"
    assert down.is_disabled()
    number.fill("20")
    assert up.is_disabled()


def test_a_text_is_copied_and_the_button_says_so(page):
    page.goto("/trang/moi-thu")
    page.locator("[data-copy]").click()
    page.get_by_text("Đã chép").first.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == "Vải"


def test_a_chosen_photo_is_shown(page):
    page.goto("/trang/phieu")
    page.locator("input[type=file]").set_input_files(ROOT / "static/img/lychee.svg")
    picture = page.locator(".photo__picture")
    picture.wait_for()
    assert picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 0


def test_the_browser_comes_to_what_must_be_changed(page):
    page.goto("/trang/phieu")
    expect(page.locator(".form-errors")).to_be_focused()
    page.get_by_role("link", name="Số cân").click()
    assert page.evaluate("location.hash") == "#weight"


def test_a_form_on_its_way_is_not_sent_again_and_carries_the_token(page, posts):
    page.goto("/trang/htmx")
    page.evaluate("() => { const send = document.querySelector('#send'); send.click(); send.click(); send.click(); }")
    page.get_by_text("Đã ghi.").wait_for()
    assert posts == [("htmx", "token-of-this-visitor")]
    assert page.locator("#answer time").inner_text() != "mai", "what htmx brings is looked after too"
    page.locator("#send").click()
    expect(page.locator("form[data-sending]")).to_have_count(0)
    assert len(posts) == 2


def test_a_button_of_htmx_asks_first(page, posts):
    page.goto("/trang/htmx")
    page.locator("#remove").click()
    assert posts == []
    page.locator(".ask button").first.click()
    page.get_by_text("Đã ghi.").wait_for()
    assert posts == [("nut", "token-of-this-visitor")]


@pytest.mark.parametrize("status", [409, 503])
def test_a_refusal_in_the_background_says_its_own_sentence(page, status):
    page.goto("/trang/htmx")
    page.locator(f"#fail-{status}").click()
    expect(page.locator("#trouble")).to_have_text(re.compile("Còn 2 kg thôi ạ."))
    expect(page.locator("#answer")).to_be_empty()
    page.locator("#fail-422").click()
    expect(page.locator("#answer")).to_have_text("Bác ghi số cân giúp em.")


def test_the_chat_keeps_at_its_end_unless_somebody_reads_above(page):
    page.goto("/trang/phien")
    chat, newer = page.locator(".chat"), page.locator("#newer")
    say = """(chat, text) => {
        for (let i = 0; i < 20; i += 1) {
            const line = chat.querySelector(".chat__line").cloneNode(true);
            line.querySelector("[data-fill=text]").textContent = `${text} ${i}`;
            chat.append(line);
        }
    }"""
    chat.evaluate(say, "chốt A1")
    expect(chat.get_by_text("chốt A1 19")).to_be_in_viewport()
    assert newer.is_hidden()
    chat.evaluate("chat => { chat.scrollTop = 0; }")
    page.wait_for_timeout(100)
    chat.evaluate(say, "chốt B2")
    expect(newer).to_be_visible()
    assert chat.evaluate("chat => chat.scrollTop") == 0
    newer.click()
    expect(chat.get_by_text("chốt B2 19")).to_be_in_viewport()
    expect(newer).to_be_hidden()


def test_the_page_works_without_scripts(browser, address, posts):
    posts.clear()
    context = browser.new_context(viewport={"width": 360, "height": 740}, base_url=address, java_script_enabled=False)
    page = context.new_page()
    page.goto("/trang/moi-thu")
    assert page.locator("[data-countdown]").first.inner_text() == "20:45"
    assert not page.locator("[data-step=up]").is_visible()
    page.locator("form[action='/lo'][method=post] button").click()
    page.wait_for_url("**/lo")
    context.close()
    assert posts == [("lô", "Vải")]


@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("name", ["moi-thu", "phien", "ban", "phieu"])
def test_nothing_is_wider_than_the_screen_and_everything_can_be_hit(page, name, width):
    page.set_viewport_size({"width": width, "height": 740})
    page.goto(f"/trang/{name}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        """() => [...document.querySelectorAll("a, button, input:not([type=hidden]), select, summary")]
            .filter((element) => element.checkVisibility() && !element.closest(".visually-hidden, .skip, .tile, .choice, .tick"))
            .map((element) => [element.outerHTML.slice(0, 90), element.getBoundingClientRect()])
            .filter(([, box]) => box.height < 44 || box.width < 44)
            .map(([html, box]) => `${html} ${Math.round(box.width)} × ${Math.round(box.height)}`)"""
    )
    assert small == []


@pytest.mark.parametrize("name", ["moi-thu", "phien", "ban", "phieu"])
def test_axe_finds_nothing(page, name):
    page.goto(f"/trang/{name}")
    page.evaluate((ROOT / "node_modules/axe-core/axe.min.js").read_text())
    found = page.evaluate(
        "axe.run({ runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] })"
    )
    told = [
        f"{finding['impact']}: {finding['help']} → {[node['html'][:120] for node in finding['nodes']]}"
        for finding in found["violations"]
    ]
    assert told == []
