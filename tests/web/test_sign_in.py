"""Signing in as a person does it: by phone or e-mail, with a password or a code, and a second factor for who wants one."""

import re
import time
from dataclasses import replace
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter
from sqlalchemy import event, select

from app.accounts import security
from app.accounts.actor import SYSTEM
from app.accounts.models import User
from app.accounts.people import create_person, make_administrator, set_password
from app.audit import AuditEntry
from app.clock import system_clock
from app.db import db, write_transaction
from app.outbox import OutboxMessage, deliver_due
from app.web import limiter, public_url
from shop.models import MemberRole, Membership
from tests.clients import Browser, browser, form_token
from tests.world import make_world

GOOD = "vải chín sớm 2026!"


@pytest.fixture
def lan(app: Flask) -> User:
    with write_transaction() as session:
        return create_person(
            session,
            "Cô Lan",
            phone="0912 345 678",
            email="Lan@Example.com",
            password=GOOD,
            actor=SYSTEM,
            clock=system_clock,
        )


@pytest.fixture
def limits(app: Flask):
    """The limits on guessing, which other tests do without."""
    app.config["RATELIMIT_ENABLED"] = True
    limiter.storage.reset()
    yield
    app.config["RATELIMIT_ENABLED"] = False


def attempt(client: Browser, identity: str, passcode: str, **more: str):
    return client.post("/dang-nhap", data={"identity": identity, "passcode": passcode, **more})


def signed_in(client: Browser) -> bool:
    return client.get("/tai-khoan").status_code == 200


def last_message(app: Flask, kind: str) -> dict:
    return db.session.scalar(
        select(OutboxMessage).where(OutboxMessage.kind == kind).order_by(OutboxMessage.id.desc())
    ).payload


def code_in(message: dict) -> str:
    return re.search(r"\b(\d{6})\b", message["text"])[1]


@pytest.mark.parametrize(
    "identity", ["0912345678", "+84 912 345 678", "0912.345.678", "lan@example.com", " LAN@example.COM "]
)
def test_phone_or_email_with_password(app: Flask, lan: User, identity: str):
    client = browser(app)
    answer = attempt(client, identity, GOOD)
    assert answer.status_code == 302
    assert answer.location == "/vao"
    assert client.get("/vao").location == "/"
    page = client.get("/tai-khoan")
    assert "Cô Lan" in page.text
    assert "0912 345 678" in page.text


def test_the_page_speaks_vietnamese_and_keeps_what_was_typed(app: Flask, lan: User):
    client = browser(app)
    page = client.get("/dang-nhap")
    assert "Số điện thoại hoặc e-mail" in page.text
    assert "Gửi mã cho tôi" in page.text
    refused = attempt(client, "0912345678", "sai rồi mà")
    assert "chưa đúng" in refused.text
    assert 'value="0912345678"' in refused.text
    assert "sai rồi mà" not in refused.text
    assert not signed_in(client)


def test_a_stranger_learns_nothing_about_who_exists(app: Flask, lan: User):
    def sentences(identity: str, passcode: str) -> list[str]:
        return re.findall(r'role="alert".*?</div>', attempt(browser(app), identity, passcode).text, re.DOTALL)

    known, unknown = sentences("0912345678", "sai rồi mà"), sentences("0987654321", "sai rồi mà")
    assert known == unknown != []


def test_a_disabled_account_stays_out(app: Flask, lan: User):
    with write_transaction() as session:
        session.get_one(User, lan.id).active = False
    client = browser(app)
    attempt(client, "0912345678", GOOD)
    assert not signed_in(client)


@pytest.mark.parametrize("identity", ["", "x" * 5000, "' OR 1=1 --", "<script>alert(1)</script>", "0" * 60, "@", "a@b"])
def test_odd_identities_are_only_refused(app: Flask, lan: User, identity: str):
    answer = attempt(browser(app), identity, "' OR ''='")
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text


def test_each_lands_where_their_work_is(app: Flask, lan: User):
    client = browser(app).sign_in(lan)
    offers = app.extensions["chophien_landing"]
    offers[:0] = [lambda: None, lambda: "/tai-khoan"]
    try:
        assert client.get("/vao").location == "/tai-khoan"
    finally:
        del offers[:2]
    assert "/dang-nhap" in browser(app).get("/vao").location


@pytest.mark.parametrize(
    ("role", "address"),
    [
        (MemberRole.HOUSEHOLD, "/ho"),
        (MemberRole.STAFF, "/htx"),
        (MemberRole.HOST, "/toi/phien"),
        (MemberRole.VILLAGE_LEADER, "/thon"),
        (MemberRole.COMMUNITY_TEAM, "/to-cong-nghe"),
    ],
)
def test_every_role_lands_at_its_own_work(app: Flask, lan: User, role: MemberRole, address: str):
    with write_transaction() as session:
        world = make_world(session, clock=system_clock)
        membership = Membership(
            user_id=lan.id,
            cooperative_id=world.cooperative.id,
            role=role,
            household_id=world.households[0].id if role == MemberRole.HOUSEHOLD else None,
            village_id=world.villages[0].id if role == MemberRole.VILLAGE_LEADER else None,
            created_at=system_clock(),
        )
        session.add(membership)
    client = browser(app)
    assert attempt(client, "0912345678", GOOD).location == "/vao"
    assert client.get("/vao").location == address
    assert client.get(address).status_code == 200
    with write_transaction() as session:
        session.get_one(Membership, membership.id).active = False
    assert client.get("/vao").location == "/"


def test_the_administrator_lands_at_the_administration(app: Flask, lan: User):
    with write_transaction() as session:
        make_administrator(session, session.get_one(User, lan.id), actor=SYSTEM, clock=system_clock)
    client = browser(app).sign_in(lan)
    assert client.get("/vao").location == "/quan-tri"
    assert client.get("/quan-tri").status_code == 200


def test_the_link_of_an_invitation_is_ours_whatever_host_was_asked(app: Flask):
    with write_transaction() as session:
        world = make_world(session, clock=system_clock)
    client = browser(app).sign_in(world.staff)
    cookie = client.get_cookie(app.config["SESSION_COOKIE_NAME"])
    client.set_cookie(cookie.key, cookie.value, domain="evil.example")
    page = client.post(
        "/htx/nguoi", data={"role": "host", "household": "", "village": ""}, base_url="http://evil.example"
    )
    assert page.status_code == 200
    link = re.search(r'data-copy="([^"]*)"', page.text)[1]
    assert link.startswith(public_url("/loi-moi/"))
    assert "evil.example" not in page.text


def test_signing_out_ends_it_and_only_by_post(app: Flask, lan: User):
    client = browser(app)
    attempt(client, "0912345678", GOOD)
    assert client.get("/dang-xuat").status_code == 405
    assert client.post("/dang-xuat").status_code == 302
    assert not signed_in(client)


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
    ],
)
def test_next_leads_only_to_our_own_paths(app: Flask, lan: User, target: str):
    for client, place in ((browser(app), "form"), (browser(app), "query")):
        where = {"query_string": {"next": target}} if place == "query" else {}
        data = {"identity": "0912345678", "passcode": GOOD} | ({"next": target} if place == "form" else {})
        answer = client.post("/dang-nhap", data=data, **where)
        location = answer.headers.get("Location", "/").replace("\\", "/")
        assert urlsplit(urljoin("http://localhost/dang-nhap", location))[:2] == ("http", "localhost"), location


def test_next_brings_back_to_where_one_was(app: Flask, lan: User):
    client = browser(app)
    asked = client.get("/tai-khoan?x=1")
    assert asked.status_code == 302
    assert "/dang-nhap" in asked.location
    page = client.get(asked.location)
    wanted = re.findall(r'name="next" value="([^"]+)"', page.text)[-1]
    assert attempt(client, "0912345678", GOOD, next=wanted).location == "/tai-khoan?x=1"


def test_a_planted_session_gains_nothing(app: Flask, lan: User):
    """Whoever knows the cookie and form token of before the sign-in must not be signed in, nor keep a valid token."""
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        victim = browser(app)
        token = form_token(victim.get("/dang-nhap"))
        planted = victim.get_cookie("chophien").value
        answer = attempt(victim, "0912345678", GOOD, csrf_token=token)
        assert answer.status_code == 302
        assert victim.get_cookie("chophien").value != planted
        attacker = browser(app)
        attacker.set_cookie("chophien", planted)
        assert not signed_in(attacker)
        assert victim.post("/dang-xuat", data={}).status_code in (302, 400)
        assert victim.post("/ngon-ngu", data={"language": "en", "csrf_token": token}).status_code == 400
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_without_the_form_token_nothing_happens(app: Flask, lan: User):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        client = browser(app)
        assert attempt(client, "0912345678", GOOD).status_code == 400
        assert not signed_in(client)
    finally:
        app.config["WTF_CSRF_ENABLED"] = False


def test_a_new_password_ends_every_other_session(app: Flask, lan: User):
    one, other = browser(app), browser(app)
    attempt(one, "0912345678", GOOD)
    attempt(other, "lan@example.com", GOOD)
    fresh = "mật khẩu thật mới"
    answer = one.post(
        "/tai-khoan/mat-khau",
        data={"password": GOOD, "new_password": fresh, "new_password_confirm": fresh},
    )
    assert answer.status_code == 302, answer.text
    assert signed_in(one)
    assert not signed_in(other)
    assert not signed_in_with(app, GOOD)
    assert signed_in_with(app, fresh)
    assert "vừa được đổi" in last_message(app, "mail")["text"]


def signed_in_with(app: Flask, password: str) -> bool:
    client = browser(app)
    attempt(client, "0912345678", password)
    return signed_in(client)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("ngắn", "ít nhất 8"),
        ("12345678", "dễ đoán"),
        ("matkhau123", "dễ đoán"),
        ("0912345678", "đừng giống"),
        ("aaaaaaaaaa", "dễ đoán"),
    ],
)
def test_easy_passwords_are_refused_with_the_reason(app: Flask, lan: User, password: str, reason: str):
    client = browser(app).sign_in(lan)
    answer = client.post(
        "/tai-khoan/mat-khau",
        data={"password": GOOD, "new_password": password, "new_password_confirm": password},
    )
    assert reason in answer.text
    assert signed_in_with(app, GOOD)


def test_the_forgotten_password_comes_by_letter_and_its_link_works_once(app: Flask, lan: User):
    client = browser(app)
    client.post("/quen-mat-khau", data={"email": "lan@example.com"})
    letter = last_message(app, "mail")
    assert letter["to"] == "lan@example.com"
    path = re.search(r"https?://[^/]+(/quen-mat-khau/\S+)", letter["text"])[1]
    assert client.get(path).status_code == 200
    fresh = "mật khẩu thật mới"
    assert client.post(path, data={"password": fresh, "password_confirm": fresh}).status_code == 302
    assert signed_in_with(app, fresh)
    client.post(path, data={"password": "một mật khẩu khác", "password_confirm": "một mật khẩu khác"})
    assert signed_in_with(app, fresh)


def test_whoever_asks_for_the_letter_does_not_decide_where_it_leads(app: Flask, lan: User):
    browser(app).post("/quen-mat-khau", data={"email": "lan@example.com"}, base_url="http://evil.example")
    text = last_message(app, "mail")["text"]
    assert "evil.example" not in text
    assert app.extensions["chophien"].base_url in text


def test_the_language_is_kept_with_the_person(app: Flask, lan: User):
    client = browser(app)
    attempt(client, "0912345678", GOOD)
    client.post("/ngon-ngu", data={"language": "en"})
    elsewhere = browser(app)
    attempt(elsewhere, "0912345678", GOOD)
    assert '<html lang="en"' in elsewhere.get("/tai-khoan").text


def test_a_letter_is_only_sent_to_who_exists_and_the_page_does_not_tell(app: Flask, lan: User):
    known = browser(app).post("/quen-mat-khau", data={"email": "lan@example.com"}).text
    unknown = browser(app).post("/quen-mat-khau", data={"email": "ai@example.com"}).text
    assert db.session.query(OutboxMessage).count() == 1
    assert "Nếu lan@example.com có trong hệ thống" in known
    assert "Nếu ai@example.com có trong hệ thống" in unknown


@pytest.mark.parametrize(("identity", "kind"), [("lan@example.com", "mail"), ("0912345678", "sms")])
def test_a_one_time_code_signs_in_once(app: Flask, lan: User, identity: str, kind: str):
    client = browser(app)
    page = client.post("/dang-nhap/gui-ma", data={"identity": identity})
    assert "em đã gửi mã" in page.text
    code = code_in(last_message(app, kind))
    assert attempt(client, identity, code).status_code == 302
    assert signed_in(client)
    again = browser(app)
    attempt(again, identity, code)
    assert not signed_in(again), "a code is good for one sign-in"


def test_asking_a_code_for_nobody_says_the_same_and_sends_nothing(app: Flask, lan: User):
    page = browser(app).post("/dang-nhap/gui-ma", data={"identity": "0987654321"})
    assert "em đã gửi mã" in page.text
    assert db.session.query(OutboxMessage).count() == 0


def test_a_wrong_or_old_code_is_refused(app: Flask, lan: User, monkeypatch: pytest.MonkeyPatch):
    client = browser(app)
    client.post("/dang-nhap/gui-ma", data={"identity": "lan@example.com"})
    code = code_in(last_message(app, "mail"))
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    attempt(client, "lan@example.com", wrong)
    assert not signed_in(client)
    later = time.time() + security.CODE_SECONDS + 61
    monkeypatch.setattr(security.TOTP, "now", staticmethod(lambda: later))
    attempt(client, "lan@example.com", code)
    assert not signed_in(client)


def test_without_a_gateway_nobody_waits_for_a_text_message(app: Flask, lan: User, monkeypatch: pytest.MonkeyPatch):
    production = replace(app.extensions["chophien"], environment="production")
    monkeypatch.setitem(app.extensions, "chophien", production)
    answers = [browser(app).post("/dang-nhap/gui-ma", data={"identity": who}) for who in ("0912345678", "0987654321")]
    assert [answer.status_code for answer in answers] == [409, 409], "for known and unknown numbers alike"
    assert "chưa gửi được tin nhắn" in answers[0].text
    assert browser(app).post("/dang-nhap/gui-ma", data={"identity": "lan@example.com"}).status_code == 200
    assert last_message(app, "mail")["to"] == "lan@example.com"


def test_a_link_cannot_sign_in(app: Flask, lan: User):
    client = browser(app)
    client.post("/dang-nhap/gui-ma", data={"identity": "lan@example.com"})
    letter = last_message(app, "mail")
    assert "http" not in letter["text"]
    assert client.get(f"/dang-nhap/duong-dan?id={lan.fs_uniquifier}&code={code_in(letter)}").status_code == 404


def set_up_second_factor(client: Browser) -> tuple[str, str]:
    """Switch the second factor on as the page leads; return the secret the app would keep and the code it took."""
    page = client.post("/tai-khoan/lop-bao-ve", data={"setup": "authenticator"})
    assert page.status_code == 200
    secret = re.search(r'data-copy="([A-Z2-7\- ]+)"', page.text)[1]
    action = re.search(r'action="(/tai-khoan/lop-bao-ve/[^"]+)"', page.text)[1]
    code = app_code(secret)
    done = client.post(action, data={"code": code})
    assert done.status_code == 302
    assert done.location.endswith("/tai-khoan")
    return secret, code


def app_code(secret: str, at: float | None = None) -> str:
    totp = security.TOTP(key=secret, format="base32")
    return totp.generate(at if at is not None else time.time()).token


def test_the_second_factor_is_asked_for_and_each_code_counts_once(app: Flask, lan: User):
    secret, used = set_up_second_factor(browser(app).sign_in(lan))
    client = browser(app)
    first = attempt(client, "0912345678", GOOD)
    assert "/dang-nhap/ma-ung-dung" in first.location
    assert not signed_in(client)
    client.post("/dang-nhap/ma-ung-dung", data={"code": "000000"})
    assert not signed_in(client)
    client.post("/dang-nhap/ma-ung-dung", data={"code": used})
    assert not signed_in(client), "the code of the set-up was used already"
    assert client.post("/dang-nhap/ma-ung-dung", data={"code": app_code(secret, time.time() + 30)}).status_code == 302
    assert signed_in(client)
    stored = db.session.scalar(select(User.tf_totp_secret).where(User.id == lan.id))
    assert secret.replace("-", "") not in stored, "the secret is encrypted at rest"


def test_a_recovery_code_opens_once_when_the_phone_is_lost(app: Flask, lan: User):
    client = browser(app).sign_in(lan)
    set_up_second_factor(client)
    page = client.post("/tai-khoan/ma-du-phong", data={"generate_new_codes": "1"})
    codes = re.findall(r"<code[^>]*>([0-9a-f-]+)</code>", page.text)
    assert len(codes) == 6
    kept = db.session.scalar(select(User.mf_recovery_codes).where(User.id == lan.id))
    assert not set(codes) & set(kept), "recovery codes are encrypted at rest"
    for expected in (True, False):
        other = browser(app)
        attempt(other, "0912345678", GOOD)
        other.post("/dang-nhap/ma-du-phong", data={"code": codes[0]})
        assert signed_in(other) is expected


def test_the_second_factor_needs_a_fresh_sign_in_to_be_changed(app: Flask, lan: User):
    client = browser(app).sign_in(lan)
    with app.app_context(), client.session_transaction() as cookie:
        cookie["fs_paa"] = time.time() - 3 * 3600
        cookie.pop("fs_gexp", None)
    answer = client.get("/tai-khoan/lop-bao-ve")
    assert answer.status_code == 302
    assert "/tai-khoan/xac-nhan" in answer.location
    page = client.get(answer.location)
    assert "Xác nhận lại" in page.text
    confirmed = client.post(answer.location, data={"passcode": GOOD})
    assert confirmed.status_code == 302
    assert confirmed.location.endswith("/tai-khoan/lop-bao-ve")
    assert client.get("/tai-khoan/lop-bao-ve").status_code == 200


def test_guessing_is_stopped(app: Flask, lan: User, limits: None):
    client = browser(app)
    answers = [attempt(client, "0912345678", f"đoán thử {number}").status_code for number in range(21)]
    assert answers[:20] == [200] * 20
    assert answers[20] == 429
    assert attempt(client, "0912 345 678", GOOD).status_code == 429, (
        "another spelling of the number is the same account"
    )
    assert attempt(client, "lan@example.com", GOOD).status_code == 302


def test_codes_are_not_sent_without_end(app: Flask, lan: User, limits: None):
    client = browser(app)
    answers = [client.post("/dang-nhap/gui-ma", data={"identity": "0912345678"}).status_code for _ in range(6)]
    assert answers == [200] * 5 + [429]


def test_without_redis_people_still_sign_in_by_password(
    app: Flask, lan: User, limits: None, monkeypatch: pytest.MonkeyPatch
):
    """Nothing answers on that port: passwords work uncounted, a code whose second use could not be seen does not."""
    client = browser(app)
    client.post("/dang-nhap/gui-ma", data={"identity": "lan@example.com"})
    code = code_in(last_message(app, "mail"))
    gone = storage_from_string("redis://127.0.0.1:1", socket_connect_timeout=1)
    monkeypatch.setattr(limiter, "_storage", gone)
    monkeypatch.setattr(limiter, "_limiter", FixedWindowRateLimiter(gone))
    assert attempt(client, "lan@example.com", code).status_code == 503
    assert not signed_in(client)
    assert attempt(client, "0912345678", GOOD).status_code == 302
    assert signed_in(client)


def test_checking_a_password_holds_no_write_lock(app: Flask, lan: User):
    """A sign-in hashes for tens of milliseconds; orders must not wait for that."""
    begun: list[str] = []

    def remember(_connection, _cursor, statement, *_rest):
        if statement.startswith("BEGIN IMMEDIATE"):
            begun.append(statement)

    event.listen(db.engine, "before_cursor_execute", remember)
    try:
        client = browser(app)
        attempt(client, "0912345678", "sai rồi mà")
        attempt(client, "0912345678", GOOD)
    finally:
        event.remove(db.engine, "before_cursor_execute", remember)
    assert signed_in(client)
    assert begun == []


def test_the_letters_leave_through_the_outbox(app: Flask, lan: User):
    browser(app).post("/dang-nhap/gui-ma", data={"identity": "lan@example.com"})
    shown: list[dict] = []
    assert deliver_due({"mail": shown.append}, clock=system_clock) == 1
    assert shown[0]["subject"] == "Mã đăng nhập Chợ Phiên"
    assert deliver_due({"mail": shown.append}, clock=system_clock) == 0


def test_setting_a_password_for_somebody_is_on_record(app: Flask, lan: User):
    with write_transaction() as session:
        set_password(session, session.get_one(User, lan.id), "mật khẩu thật mới", actor=SYSTEM, clock=system_clock)
    actions = db.session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    assert actions == ["accounts.user.created", "accounts.user.password_set"]


@pytest.mark.parametrize(
    "path", ["/dang-nhap", "/tai-khoan", "/tai-khoan/lop-bao-ve", "/tai-khoan/ma-du-phong", "/toi-la"]
)
def test_no_page_asks_the_database_much(app: Flask, lan: User, path: str):
    client = browser(app) if path == "/dang-nhap" else browser(app).sign_in(lan)
    asked: list[str] = []

    def remember(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    event.listen(db.engine, "before_cursor_execute", remember)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(db.engine, "before_cursor_execute", remember)
    assert len([statement for statement in asked if statement.startswith("SELECT")]) <= 15
