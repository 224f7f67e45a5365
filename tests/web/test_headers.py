"""What every answer carries, and what an error looks like as a page and as JSON."""

import re
from collections import defaultdict
from pathlib import Path

import pytest
from flask import Flask, abort

from app import errors, events, logs
from app.config import Config
from app.db import WriteOutsideTransaction
from app.error_pages import error_to_dict
from app.errors import DomainError, InsufficientStock, SignInNeeded
from app.factory import create_app
from tests.clients import browser, form_token

PAGES = ("/dang-nhap", "/quen-mat-khau", "/toi-la", "/khong-co-trang-nay")
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"


def directives(policy: str) -> dict[str, list[str]]:
    return {name: values for name, *values in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("path", PAGES)
def test_every_page_is_shut_to_strangers(app: Flask, path: str):
    answer = browser(app).get(path)
    policy = directives(answer.headers["Content-Security-Policy"])
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["object-src"] == ["'none'"]
    assert policy["form-action"] == ["'self'"]
    assert policy["base-uri"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", "ws://127.0.0.1:8000"]
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert "'unsafe-eval'" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("path", PAGES)
def test_scripts_carry_the_nonce_of_this_answer_and_nothing_is_inline(app: Flask, path: str):
    client = browser(app)
    first, second = client.get(path), client.get(path)
    nonces = [re.search(r"'nonce-([^']+)'", answer.headers["Content-Security-Policy"])[1] for answer in (first, second)]
    assert nonces[0] != nonces[1]
    scripts = re.findall(r"<script\b[^>]*>", first.text)
    assert scripts
    assert all(f'nonce="{nonces[0]}"' in script and "src=" in script for script in scripts)
    assert not re.search(r"\son[a-z]+=", first.text)
    assert not re.search(r"\sstyle=", first.text)
    assert "<style" not in first.text
    assert "javascript:" not in first.text


def test_no_template_has_inline_code():
    """The policy would silently switch it off in the browser; better to see it here."""
    inline = re.compile(r"""<style\b|\sstyle=["']|\son(?:click|change|submit|load|input|error)=|href=["']javascript:""")
    found = [str(path.relative_to(TEMPLATES)) for path in TEMPLATES.rglob("*.html") if inline.search(path.read_text())]
    assert found == []


def test_cookies_are_kept_from_scripts_and_other_sites(app: Flask):
    answer = browser(app).get("/dang-nhap")
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert "HttpOnly" in cookie
        assert "SameSite=Lax" in cookie


def test_static_files_may_be_cached(app: Flask):
    answer = browser(app).get("/static/img/logo.svg")
    assert answer.status_code == 200
    assert "no-store" not in answer.headers["Cache-Control"]


def test_metrics_are_for_this_machine_only(app: Flask):
    client = browser(app)
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "203.0.113.9"}).status_code == 404


@pytest.fixture
def second_app_allowed(app: Flask, monkeypatch: pytest.MonkeyPatch):
    """Building another application takes over the event bus and the log; give them back afterwards."""
    monkeypatch.setattr(events.bus, "_subscribers", defaultdict(list))
    yield
    logs.configure(app.extensions["chophien"])


def test_production_answers_to_its_own_name_only(second_app_allowed: None, tmp_path: Path):
    config = Config(
        environment="production",
        secret_key="s" * 40,
        data_keys=("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=",),
        database_url=f"sqlite:///{tmp_path / 'x.db'}",
        media_root=tmp_path / "media",
        base_url="https://vai.example.vn",
        demo=False,
        demo_crowd=False,
    )
    client = browser(create_app(config))
    answer = client.get("/healthz", base_url="https://vai.example.vn")
    assert answer.status_code == 200
    assert answer.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get("/healthz", base_url="https://evil.example").status_code == 400
    assert client.get("/healthz", base_url="http://127.0.0.1").status_code == 200


def test_the_health_check_answers(app: Flask):
    assert browser(app).get("/healthz").text == "ok"


def every_domain_error() -> list[type[DomainError]]:
    return [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, DomainError)]


def raising(app: Flask, error: Exception | int, path: str = "/healthz", **kwargs):
    """Ask for a page whose view fails in this way."""
    endpoint = "kernel.health"
    kept = app.view_functions[endpoint]

    def fail():
        if isinstance(error, int):
            abort(error)
        raise error

    app.view_functions[endpoint] = fail
    try:
        return browser(app).get(path, **kwargs)
    finally:
        app.view_functions[endpoint] = kept


@pytest.mark.parametrize("kind", every_domain_error(), ids=lambda kind: kind.__name__)
def test_each_refusal_is_a_page_and_json(app: Flask, kind: type[DomainError]):
    error = kind("Bác xem lại giúp em.", left=2)
    as_json = raising(app, error, headers={"Accept": "application/json"})
    assert as_json.status_code == kind.status
    assert as_json.json == error_to_dict(error)
    assert as_json.json["error"] == kind.code
    assert as_json.json["details"] == {"left": 2}
    page = raising(app, error)
    if issubclass(kind, SignInNeeded):
        assert page.location == "/dang-nhap?next=/healthz"
    else:
        assert page.status_code == kind.status
        assert "Bác xem lại giúp em." in page.text
        assert kind.code in page.text


def test_who_must_say_a_name_first_is_led_there_and_back(app: Flask):
    answer = raising(app, SignInNeeded("Bác cho em biết tên.", needs="buyer"), "/healthz?ma=A1")
    assert answer.location == "/toi-la?next=/healthz?ma%3DA1"


@pytest.mark.parametrize("status", [400, 401, 403, 404, 405, 410, 413, 415, 418, 429, 500, 503])
@pytest.mark.parametrize("language", ["vi", "en"])
def test_each_http_error_has_a_page_in_both_languages(app: Flask, status: int, language: str):
    client = browser(app)
    with app.app_context(), client.session_transaction() as cookie:
        cookie["language"] = language
    kept = app.view_functions["kernel.health"]
    app.view_functions["kernel.health"] = lambda: abort(status)
    try:
        page = client.get("/healthz")
        data = client.get("/healthz", headers={"Accept": "application/json"})
    finally:
        app.view_functions["kernel.health"] = kept
    assert page.status_code == data.status_code == status
    assert f'<html lang="{language}"' in page.text
    assert data.json["error"] == f"http_{status}"
    assert data.json["message"] in page.text
    assert not re.search(r"Werkzeug|Traceback|The requested URL|server encountered", page.text)


def test_an_unexpected_error_is_a_calm_page(app: Flask):
    app.config["PROPAGATE_EXCEPTIONS"] = False
    try:
        page = raising(app, WriteOutsideTransaction("INSERT INTO user"))
        data = raising(app, ZeroDivisionError("secret detail"), headers={"Accept": "application/json"})
    finally:
        app.config["PROPAGATE_EXCEPTIONS"] = None
    assert page.status_code == 500
    assert "chưa có gì bị thay đổi" in page.text
    assert "INSERT INTO" not in page.text
    assert data.json["error"] == "unexpected"
    assert "secret" not in data.text
    assert re.search(r"unexpected · [0-9a-f]{8}", page.text), "the number of the request, for the help desk"
    assert re.fullmatch(r"[0-9a-f]{8}", data.json["details"]["request"])


def test_an_error_page_that_cannot_be_drawn_still_says_something(app: Flask):
    def broken():
        raise RuntimeError("the database is gone")

    app.extensions["chophien_navigation"].append(broken)
    try:
        answer = raising(app, InsufficientStock("Chỉ còn 2 kg.", left=2000))
    finally:
        app.extensions["chophien_navigation"].remove(broken)
    assert answer.status_code == 409
    assert "data-error-sentence" in answer.text


def test_busy_asks_to_come_back(app: Flask):
    assert raising(app, errors.BusyTryAgain("Hệ thống đang bận.")).headers["Retry-After"] == "2"


def test_a_wrong_method_says_which_are_right(app: Flask):
    answer = browser(app).post("/healthz")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_an_old_form_is_told_to_reload(app: Flask):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = browser(app)
        assert client.post("/ngon-ngu", data={"language": "en"}).status_code == 400
        data = client.post("/ngon-ngu", data={"language": "en"}, headers={"Accept": "application/json"})
        assert data.json["error"] == "form_expired"
        token = form_token(client.get("/dang-nhap"))
        assert client.post("/ngon-ngu", data={"language": "en", "csrf_token": token}).status_code == 302
        assert '<html lang="en"' in client.get("/dang-nhap").text
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


@pytest.mark.parametrize("target", ["https://evil.example", "//evil.example", "/\\evil.example", "/\tevil", "x", ""])
def test_changing_the_language_leads_nowhere_else(app: Flask, target: str):
    assert browser(app).post("/ngon-ngu", data={"language": "en", "next": target}).location == "/"


def test_an_unknown_language_is_refused(app: Flask):
    assert browser(app).post("/ngon-ngu", data={"language": "xx"}).status_code == 404


@pytest.mark.parametrize(
    "request_of",
    [
        {"path": "/mat-hang/a%00b"},
        {"path": "/?q=a%00b"},
        {"path": "/?q%00=a"},
        {"path": "/toi-la", "method": "POST", "data": {"name": "a\0b", "phone": "0912345678"}},
        {"path": "/toi-la", "method": "POST", "json": {"name": "a\0b", "phone": "0912345678"}},
        {"path": "/toi-la", "method": "POST", "data": rb'{"name": "\ud800"}', "content_type": "application/json"},
    ],
)
def test_text_that_no_database_holds_is_refused_at_the_door(app: Flask, request_of: dict):
    answer = browser(app).open(**request_of)
    assert answer.status_code == 400
    assert "Yêu cầu chưa đúng" in answer.text


def test_faces_and_flags_are_welcome(app: Flask):
    answer = browser(app).post("/toi-la", json={"name": "Hoa 🌸🇻🇳", "phone": "0912345678"})
    assert answer.json["name"] == "Hoa 🌸🇻🇳"
