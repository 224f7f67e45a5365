"""What people, machines and mischief send: a clear sentence, nothing half done, nothing lost.

Weights, quantities and totals that are none are tested beside their pages; here is what goes across them.
"""

import re
from threading import Barrier, Thread

import pytest
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import func, select

from app.accounts.current import BUYER_COOKIE
from app.accounts.models import Buyer
from app.db import db
from orders.models import Order
from shop.models import HarvestLot
from tests.clients import browser
from tests.web.buying import ADDRESS, WHO, buy, check_out, delivered, fresh, order_at, place, placing_form, put_in

NASTY = [
    "<script>alert('x')</script>",
    "'; DROP TABLE orders; --",
    '"><img src=x onerror=alert(1)>',
    "{{ 7 * 7 }} ${7*7} %(x)s %s",
    "Robert\u202etxt.exe \u200b",
    "🍒" * 20,
]
"""Texts that must come back as text: markup, SQL, template language, unseen characters."""
TAG = re.compile(r"<script>alert|<img src=x|onerror=alert\(1\)>", re.IGNORECASE)


def count(column) -> int:
    return fresh().scalar(select(func.count(column)))


def held() -> int:
    return fresh().scalar(select(func.sum(HarvestLot.qty_held)))


@pytest.mark.parametrize("text", NASTY)
def test_every_text_of_an_order_comes_back_as_text(world, client, signed_in, text):
    staff = signed_in(world.staff)
    address = buy(client, world.listing, "2", name=text)
    check_out(client, address, method="cod", recipient_name=text, street=text, note=text)
    order = order_at(address)
    assert order.street
    pages = [client.get(address), client.get("/don"), staff.get("/htx/don"), staff.get(f"/htx/don/{order.code}")]
    pages += [staff.get("/htx/ban-chot-don"), staff.get("/htx/don", query_string={"q": text})]
    delivered(address, world)
    client.post(f"{address}/khieu-nai", data={"text": text})
    pages += [client.get(address), staff.get("/htx/ban-chot-don"), staff.get("/htx/dong-goi/tem")]
    claim = re.search(r"/htx/khieu-nai/\d+", pages[-2].text)[0]
    answered = staff.post(claim, data={"decision": "reject", "answer": text})
    assert answered.status_code == 303
    pages += [client.get(address), staff.get(claim)]
    for page in pages:
        assert page.status_code == 200
        assert not TAG.search(page.text)
        assert "\u202e" not in page.text


@pytest.mark.parametrize("text", NASTY)
def test_a_refused_form_gives_the_text_back_escaped(world, client, text):
    put_in(client, world.listing, "1")
    refused = client.post("/gio-hang/dat", data={**placing_form(client), "name": text, "phone": text})
    assert refused.status_code == 422
    assert not TAG.search(refused.text)
    address = buy(client, world.listing, "1")
    asked = client.post(f"{address}/dat", data={**ADDRESS, "ward": text, "street": text, "shown_total": text})
    assert asked.status_code == 422
    assert not TAG.search(asked.text)


@pytest.mark.parametrize("field", ["recipient_name", "recipient_phone", "ward", "street", "note"])
def test_huge_and_empty_texts_are_refused_in_words(world, client, field):
    address = buy(client, world.listing, "2")
    typed = {**ADDRESS, "ward": "yen tu quang ninh", "shown_total": "96000"}
    huge = client.post(f"{address}/dat", data={**typed, field: "dài " * 5000})
    assert huge.status_code == 422
    if field != "note":
        assert client.post(f"{address}/dat", data={**typed, field: " \u200b\n "}).status_code == 422
    assert order_at(address).payment_method is None


@pytest.mark.parametrize("path", ["/gio-hang/them", "/gio-hang/sua", "/gio-hang/dat", "/don/khong-co/dat", "/toi-la"])
def test_a_post_of_nothing_is_never_our_fault(world, client, path):
    assert client.post(path, data={}).status_code < 500
    assert client.post(path, data=b"\xff\xfe\x00{", content_type="application/json").status_code < 500
    assert client.post(path, data={"listing": "x" * 10_000, "quantity": "\x00", "remove": "\x00"}).status_code < 500


def forged(app, secret: str, salt: str, payload: object) -> str:
    app_secret = app.config["SECRET_KEY"] if secret == "ours" else secret
    return URLSafeTimedSerializer(app_secret, salt=salt).dumps(payload)


@pytest.mark.parametrize(
    ("secret", "salt", "shape"),
    [
        ("not-ours", "guest-buyer", "token"),
        ("ours", "another-salt", "token"),
        ("ours", "guest-buyer", "id"),
        ("ours", "guest-buyer", "unknown"),
        ("", "", "plain"),
    ],
)
def test_a_forged_cookie_is_nobody(world, app, client, secret, salt, shape):
    address = buy(client, world.listing, "2")
    buyer = db.session.scalars(select(Buyer)).one()
    payload = {"token": buyer.token, "id": buyer.id, "unknown": "khong-co", "plain": buyer.token}[shape]
    cookie = payload if shape == "plain" else forged(app, secret, salt, payload)
    stranger = browser(app)
    stranger.set_cookie(BUYER_COOKIE, str(cookie))
    assert address not in stranger.get("/don").text
    put_in(stranger, world.listing, "1")
    assert 'name="phone"' in stranger.get("/gio-hang").text


def test_a_cookie_with_one_character_changed_is_nobody(world, app, client):
    address = buy(client, world.listing, "2")
    cookie = client.get_cookie(BUYER_COOKIE).value
    stranger = browser(app)
    for place_ in (0, len(cookie) // 2, len(cookie) - 2):
        changed = "A" if cookie[place_] != "A" else "B"
        stranger.set_cookie(BUYER_COOKIE, cookie[:place_] + changed + cookie[place_ + 1 :])
        assert address not in stranger.get("/don").text


def test_a_cart_that_was_written_by_hand_is_empty(world, app, client):
    for shape in ("x", 5, {"lines": 3}, {"lines": {"a": -1, "b": "1", "c": 10**15}, "key": "k"}, {"key": "k"}, None):
        with app.app_context(), client.session_transaction() as session:
            session["cart"] = shape
        page = client.get("/gio-hang")
        assert page.status_code == 200
        assert "Giỏ đang trống" in page.text


def test_another_buyers_link_lends_nothing_of_its_own(world, app, client):
    mine = buy(client, world.listing, "2")
    other = browser(app)
    theirs = buy(other, world.listing, "1", name="Anh Nam", phone="0987 654 321")
    token = theirs.rsplit("/", 1)[1]
    for guess in (token[:-1], token + "A", token.swapcase(), order_at(theirs).code, str(order_at(theirs).id)):
        for path in ("", "/moi", "/phi?ward=06832"):
            assert client.get(f"/don/{guess}{path}").status_code == 404
        for path in ("/dat", "/huy", "/khieu-nai"):
            assert client.post(f"/don/{guess}{path}", data=ADDRESS).status_code == 404
    assert theirs not in client.get("/don").text
    assert mine in client.get("/don").text


def test_a_stranger_who_types_a_known_phone_sees_and_spoils_nothing(world, app, client):
    mine = buy(client, world.listing, "2")
    stranger = browser(app)
    theirs = buy(stranger, world.listing, "1", name="Kẻ lạ")
    assert mine not in stranger.get("/don").text
    assert theirs not in client.get("/don").text
    assert (count(Buyer.id), count(Order.id)) == (2, 2)
    assert order_at(mine).buyer_name == "Chị Hoa"


def test_an_anonymous_crowd_cannot_hold_everything(world, app):
    """One network may hold so much unpaid and no more, however many names it thinks of."""
    taken = 0
    for number in range(8):
        anonymous = browser(app)
        put_in(anonymous, world.listing, "45")
        answer = place(anonymous, name=f"Khách {number}", phone=f"09120000{number:02}")
        taken += answer.status_code == 303
    assert taken == 3
    assert held() == 135_000


def test_a_crowd_behind_one_phone_is_capped_too(world, app):
    outcomes = []
    for number in range(4):
        anonymous = browser(app)
        put_in(anonymous, world.listing, "25")
        outcomes.append(place(anonymous, name=f"Khách {number}").status_code)
    assert outcomes == [303, 303, 409, 409]
    assert held() == 50_000


def test_two_tabs_that_place_the_same_form_at_the_same_moment_make_one_order(world, app, client):
    put_in(client, world.listing, "3")
    form, cookie = {**placing_form(client), **WHO}, client.get_cookie("chophien").value
    db.session.remove()
    start, answers = Barrier(4), []

    def tab() -> None:
        one = browser(app)
        one.set_cookie("chophien", cookie)
        start.wait(10)
        answers.append(one.post("/gio-hang/dat", data=form))

    tabs = [Thread(target=tab) for _ in range(4)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join(30)
    assert [answer.status_code for answer in answers] == [303] * 4
    assert len({answer.location for answer in answers}) == 1
    assert (count(Buyer.id), count(Order.id)) == (1, 1)
    assert held() == 3000


def test_a_form_without_its_token_is_refused(world, app, client):
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = put_in(client, world.listing, "1")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert "mở quá lâu" in answer.text
