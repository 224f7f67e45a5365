"""Guests buy with a name and a phone: a signed cookie is all they are, and a typed phone opens nothing."""

import re

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.current import BUYER_COOKIE, current_actor, current_buyer, identify_caller
from app.accounts.models import Buyer, OneTimeCode
from app.db import db
from app.outbox import OutboxMessage
from tests.clients import Browser, browser

HOA = {"name": "Chị Hoa", "phone": "0912 345 678"}


def introduce(client: Browser, **given: str):
    return client.post("/toi-la", data=HOA | given)


def buyers() -> list[Buyer]:
    db.session.rollback()
    return list(db.session.scalars(select(Buyer).order_by(Buyer.id)))


def sent_code() -> str:
    text = db.session.scalar(select(OutboxMessage.payload).order_by(OutboxMessage.id.desc()))["text"]
    return re.search(r"\b(\d{6})\b", text)[1]


def test_a_name_and_a_phone_once(app: Flask):
    client = browser(app)
    answer = introduce(client, next="/gio-hang")
    assert answer.status_code == 302
    assert answer.location == "/gio-hang"
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith(f"{BUYER_COOKIE}=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Max-Age=34560000" in cookie
    [buyer] = buyers()
    assert (buyer.name, buyer.phone, buyer.phone_verified_at) == ("Chị Hoa", "+84912345678", None)
    assert buyer.network_key not in (None, "127.0.0.1")
    assert 'value="Chị Hoa"' in client.get("/toi-la").text


def test_json_for_the_live_room(app: Flask):
    client = browser(app)
    answer = client.post("/toi-la", json=HOA)
    assert answer.json == {"ok": True, "name": "Chị Hoa", "phone": "0912 345 678"}
    refused = client.post("/toi-la", json=HOA | {"phone": "12"})
    assert refused.status_code == 422
    assert refused.json["details"]["field"] == "phone"


def test_the_same_browser_stays_the_same_buyer(app: Flask):
    client = browser(app)
    introduce(client)
    introduce(client, name="Hoa ở Uông Bí")
    assert [buyer.name for buyer in buyers()] == ["Hoa ở Uông Bí"]


def test_a_known_phone_typed_by_a_stranger_gives_nothing(app: Flask):
    known, stranger = browser(app), browser(app)
    introduce(known)
    prove(known)
    introduce(stranger)
    first, second = buyers()
    assert first.phone == second.phone
    assert first.phone_verified_at is not None
    assert second.phone_verified_at is None
    assert first.token != second.token


def prove(client: Browser) -> None:
    client.post("/toi-la/gui-ma")
    assert client.post("/toi-la/ma", data={"code": sent_code()}).status_code == 302


def test_another_phone_is_unproven_again(app: Flask):
    client = browser(app)
    introduce(client)
    prove(client)
    introduce(client, name="Hoa")
    assert buyers()[0].phone_verified_at is not None
    introduce(client, phone="0987654321")
    assert buyers()[0].phone_verified_at is None


@pytest.mark.parametrize("spoil", ["flip", "swap", "empty", "other key", "nonsense", "json"])
def test_forged_cookies_count_for_nothing(app: Flask, spoil: str):
    client = browser(app)
    introduce(client)
    good = client.get_cookie(BUYER_COOKIE).value
    [buyer] = buyers()
    other_key = "ImFiYyI.aW9.abc"
    forged = {
        "flip": good[:-1] + ("A" if good[-1] != "A" else "B"),
        "swap": good.replace(good.split(".")[0], "IjEi"),
        "empty": "",
        "other key": other_key,
        "nonsense": "\u0111\u00e2y không phải cookie".encode().hex(),
        "json": f'"{buyer.token}"',
    }[spoil]
    thief = browser(app)
    thief.set_cookie(BUYER_COOKIE, forged)
    assert thief.get("/toi-la").status_code == 200
    assert 'value="Chị Hoa"' not in thief.get("/toi-la").text
    assert thief.get("/toi-la/ma").location.startswith("/toi-la?")


def test_who_is_asking(app: Flask):
    client = browser(app)
    introduce(client)
    [buyer] = buyers()
    cookie = f"{BUYER_COOKIE}={client.get_cookie(BUYER_COOKIE).value}"
    caller = identify_caller(app, cookie, "203.0.113.7")
    nobody = identify_caller(app, "", "203.0.113.7")
    assert (caller.actor.buyer_id, caller.actor.name) == (buyer.id, "Chị Hoa")
    assert (nobody.actor.buyer_id, nobody.actor.user_id) == (None, None)
    assert caller.network_key == nobody.network_key
    with app.test_request_context(headers={"Cookie": cookie}):
        assert current_buyer().id == buyer.id
        assert current_actor().buyer_id == buyer.id


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": ""}, "xin tên"),
        ({"name": "   "}, "xin tên"),
        ({"name": "x" * 81}, "Tên dài quá"),
        ({"phone": ""}, "số điện thoại"),
        ({"phone": "091234"}, "thiếu hoặc thừa chữ số"),
        ({"phone": "'; DROP TABLE buyer; --"}, "số điện thoại"),
    ],
)
def test_a_refused_form_keeps_what_was_typed_and_says_what_to_change(app: Flask, given: dict, sentence: str):
    client = browser(app)
    answer = introduce(client, **given)
    assert answer.status_code == 422
    assert sentence in answer.text
    kept = (HOA | given)["name" if "phone" in given else "phone"]
    assert f'value="{kept}"' in answer.text
    assert buyers() == []


def test_html_in_a_name_stays_text(app: Flask):
    client = browser(app)
    introduce(client, name='<script>alert("Hoa")</script>')
    assert "<script>alert" not in client.get("/toi-la").text


def test_five_tries_and_then_no_more(app: Flask):
    client = browser(app)
    introduce(client)
    client.post("/toi-la/gui-ma")
    code = sent_code()
    wrong = f"{(int(code) + 1) % 1_000_000:06}"
    for _ in range(5):
        assert client.post("/toi-la/ma", data={"code": wrong}).status_code == 422
    assert client.post("/toi-la/ma", data={"code": code}).status_code == 409
    assert buyers()[0].phone_verified_at is None
    assert db.session.scalar(select(OneTimeCode.tries)) == 5


def test_a_new_code_ends_the_old_one_and_three_an_hour_is_all(app: Flask):
    client = browser(app)
    introduce(client)
    client.post("/toi-la/gui-ma")
    old = sent_code()
    client.post("/toi-la/gui-ma")
    fresh = sent_code()
    if old != fresh:
        assert client.post("/toi-la/ma", data={"code": old}).status_code == 422
    assert client.post("/toi-la/gui-ma").status_code == 302
    assert client.post("/toi-la/gui-ma").status_code == 429
    stranger = browser(app)
    introduce(stranger)
    assert stranger.post("/toi-la/gui-ma").status_code == 429, "the phone is rung no more, whoever asks"


def test_a_landline_gets_no_code(app: Flask):
    client = browser(app)
    introduce(client, phone="0203 385 1234")
    assert client.post("/toi-la/gui-ma").status_code == 422


def test_the_code_itself_is_nowhere_in_the_database(app: Flask):
    client = browser(app)
    introduce(client)
    client.post("/toi-la/gui-ma")
    code = sent_code()
    row = db.session.scalar(select(OneTimeCode))
    assert code not in row.code_hash
    assert len(row.code_hash) == 64
