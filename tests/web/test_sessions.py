"""Pages of sessions: the list, the room, the console, planning and the host's own sessions."""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from app.accounts.models import User
from app.clock import system_clock
from app.db import db, write_transaction
from app.policy import SalePolicy
from livestream import hosting, sessions, shelf
from livestream.commands import PostComment, Sender
from livestream.intake import process_intake
from livestream.models import ChatMessage, LiveSession, Offer
from shop.models import SaleLimit
from tests.web.conftest import MAX_QUERIES, QueryCount
from tests.world import World, make_buyer, make_user


@pytest.fixture
def live(world: World) -> LiveSession:
    staff, host = world.actor(world.staff), world.actor(world.host)
    with write_transaction() as session:
        live = sessions.schedule_session(
            session, world.cooperative.id, title="Vải <tối> nay", scheduled_at=system_clock(), host_user_id=world.host.id,
            commission_bps=500, video_engine="external", embed_url="https://youtu.be/dQw4w9WgXcQ", actor=staff,
            clock=system_clock,
        )  # fmt: skip
        offer = shelf.put_offer(
            session, live, world.listing.id, code="A1", price_vnd=38_000, actor=host, clock=system_clock
        )
        shelf.pin_offer(session, live, offer.id, actor=host, clock=system_clock)
    return live


def client_of(app: Flask, user: User | None = None) -> FlaskClient:
    client = app.test_client()
    if user is not None:
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"] = user.fs_uniquifier, True
    return client


def test_every_page_asks_little_of_the_database(
    app: Flask, world: World, live: LiveSession, count_queries: Callable[[], AbstractContextManager[QueryCount]]
) -> None:
    for path, user in (
        ("/phien", None),
        (f"/phien/{live.public_id}", None),
        (f"/phien/{live.public_id}", world.host),
        (f"/phien/{live.public_id}/dieu-khien", world.host),
        (f"/phien/{live.public_id}/dieu-khien", world.staff),
        ("/toi/phien", world.host),
        ("/htx/phien", world.staff),
        (f"/htx/phien/{live.public_id}", world.staff),
    ):
        client = client_of(app, user)
        with count_queries() as count:
            assert client.get(path).status_code == 200, path
        assert int(count) <= MAX_QUERIES, (path, count.statements)


@pytest.mark.parametrize(
    ("path", "who", "status"),
    [
        ("/phien/NOTHING222", None, 404),
        ("/phien/{live}/dieu-khien", None, 302),
        ("/phien/{live}/dieu-khien", "stranger", 403),
        ("/phien/{live}/dieu-khien", "household", 403),
        ("/toi/phien", None, 302),
        ("/htx/phien", "host", 403),
        ("/htx/phien", "household", 403),
        ("/htx/phien/{live}", "host", 404),
        ("/htx/phien/{live}", "stranger", 404),
    ],
)
def test_pages_open_only_to_those_they_are_for(
    app: Flask, world: World, live: LiveSession, path: str, who: str | None, status: int
) -> None:
    with write_transaction() as session:
        people = {
            None: None, "stranger": make_user(session, "Người lạ", clock=system_clock), "host": world.host,
            "household": world.household_users[0],
        }  # fmt: skip
    answer = client_of(app, people[who]).get(path.format(live=live.public_id))
    assert answer.status_code == status


@pytest.mark.parametrize(
    "action", ["len-song", "ket-thuc", "nhan-chot", "ghim", "gia", "suat", "mo-ma", "binh-luan/1/xong"]
)
@pytest.mark.parametrize("who", ["nobody", "stranger", "household"])
def test_actions_at_the_console_are_the_desks(
    app: Flask, world: World, live: LiveSession, action: str, who: str
) -> None:
    with write_transaction() as session:
        people = {
            "nobody": None, "stranger": make_user(session, "Người lạ", clock=system_clock),
            "household": world.household_users[0],
        }  # fmt: skip
    form = {"offer_id": "1", "price": "40000", "quota": "1", "open": "0"}
    client = client_of(app, people[who])
    answer = client.post(f"/phien/{live.public_id}/{action}", data=form, headers={"Accept": "application/json"})
    assert answer.status_code == (401 if who == "nobody" else 403)
    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalar(select(LiveSession.state)) == "scheduled"
    assert db.session.scalar(select(Offer.price_vnd)) == 38_000


def test_the_room_shows_the_shelf_without_a_script_and_escapes_its_title(
    app: Flask, live: LiveSession, world: World
) -> None:
    page = client_of(app).get(f"/phien/{live.public_id}").get_data(as_text=True)
    assert "Vải &lt;tối&gt; nay" in page
    assert "<tối>" not in page
    assert f"/mat-hang/{world.listing.public_id}" in page
    assert 'src="https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?playsinline=1&amp;rel=0"' in page
    assert "dieu-khien" not in page
    assert "dieu-khien" in client_of(app, world.host).get(f"/phien/{live.public_id}").get_data(as_text=True)


def test_the_host_runs_the_session_from_the_console(app: Flask, world: World, live: LiveSession) -> None:
    client, base = client_of(app, world.host), f"/phien/{live.public_id}"
    offer_id = db.session.scalar(select(Offer.id))

    def state() -> LiveSession:
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(LiveSession, live.id)

    assert client.post(f"{base}/len-song").status_code == 302
    assert state().state == "live"
    assert client.post(f"{base}/gia", data={"offer_id": offer_id, "price": "40.000"}).status_code == 302
    assert client.post(f"{base}/suat", data={"offer_id": offer_id, "quota": "12,5"}).status_code == 302
    assert client.post(f"{base}/mo-ma", data={"offer_id": offer_id, "open": "0"}).status_code == 302
    assert client.post(f"{base}/nhan-chot", data={"open": "0"}).status_code == 302
    assert client.post(f"{base}/ghim", data={}).status_code == 302
    offer = state().offers[0]
    assert (offer.price_vnd, offer.is_open, state().taking_orders, state().pinned_offer_id) == (
        40_000,
        False,
        False,
        None,
    )
    assert db.session.get_one(SaleLimit, offer.sale_limit_id).qty_limit == 12_500
    assert client.post(f"{base}/ket-thuc").status_code == 302
    assert state().state == "ended"
    assert "Kết thúc phiên" not in client.get(f"{base}/dieu-khien").get_data(as_text=True)


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("gia", {"offer_id": "1", "price": ""}), ("gia", {"offer_id": "1", "price": "-5"}),
        ("gia", {"offer_id": "1", "price": "1e9"}), ("gia", {"offer_id": "x", "price": "40000"}),
        ("gia", {"offer_id": "1", "price": "1000"}), ("suat", {"offer_id": "1", "quota": "0"}),
        ("suat", {"offer_id": "1", "quota": "NaN"}), ("suat", {"offer_id": "1", "quota": "9" * 30}),
        ("ghim", {"offer_id": "1 OR 1=1"}), ("ghim", {"offer_id": "9" * 40}), ("mo-ma", {}),
    ],
)  # fmt: skip
def test_bad_input_at_the_console_changes_nothing_and_says_a_sentence(
    app: Flask, world: World, live: LiveSession, action: str, form: dict[str, str]
) -> None:
    client = client_of(app, world.host)
    answer = client.post(f"/phien/{live.public_id}/{action}", data=form, headers={"Accept": "application/json"})
    assert 400 <= answer.status_code < 500
    assert len(answer.get_json()["message"]) > 15
    page = client.post(f"/phien/{live.public_id}/{action}", data=form, follow_redirects=True)
    assert page.status_code == 200
    assert "message--clay" in page.get_data(as_text=True)
    assert db.session.scalar(select(Offer.price_vnd)) == 38_000


def test_comments_are_settled_from_the_console(app: Flask, world: World, live: LiveSession) -> None:
    with write_transaction() as session:
        hosting.go_live(
            session, session.get_one(LiveSession, live.id), actor=world.actor(world.host), clock=system_clock
        )
        buyer = make_buyer(session, clock=system_clock)
        sender = Sender(f"b{buyer.id}", buyer.name, buyer.id)
        said = PostComment(live.id, sender, "c1", "chốt Z9 0912 345 678", system_clock())
        (answer,) = process_intake(session, [said], handlers={}, policy=SalePolicy(), clock=system_clock)
    client = client_of(app, world.host)
    assert client.post(f"/phien/{live.public_id}/binh-luan/{answer['seq']}/nhan").status_code == 302
    wanted = {"Accept": "application/json"}
    assert client.post(f"/phien/{live.public_id}/binh-luan/{answer['seq']}/xong", headers=wanted).status_code == 204
    assert client.post(f"/phien/{live.public_id}/binh-luan/{answer['seq']}/xong", headers=wanted).status_code == 409
    assert client.post(f"/phien/{live.public_id}/binh-luan/{answer['seq']}/gi-do", headers=wanted).status_code == 404
    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalar(select(ChatMessage.desk_state)) == "resolved"


def test_staff_plan_a_session_and_fill_its_shelf(app: Flask, world: World) -> None:
    client = client_of(app, world.staff)
    when = (system_clock() + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M")
    form = {
        "title": "Vải sớm chủ nhật", "scheduled_at": when, "host": world.host.id, "commission": "7,5",
        "video_engine": "poster", "embed_url": "",
    }  # fmt: skip
    answer = client.post("/htx/phien", data=form)
    assert answer.status_code == 302, re.findall(r"field__error.*?<span>(.*?)</span>", answer.get_data(as_text=True))
    live = db.session.scalars(select(LiveSession)).one()
    assert (live.title, live.commission_bps, live.host_user_id) == ("Vải sớm chủ nhật", 750, world.host.id)
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert 'value="7,50"' in page
    put = {"listing": world.listing.id, "code": "a1", "price": "38.000"}
    assert client.post(f"/htx/phien/{live.public_id}/ke", data=put).status_code == 302
    again = client.post(f"/htx/phien/{live.public_id}/ke", data=put | {"listing": world.honey_listing.id})
    assert again.status_code == 422
    assert "Mã A1 đã có trên kệ" in again.get_data(as_text=True)
    assert client.post(f"/htx/phien/{live.public_id}", data=form | {"commission": "5"}).status_code == 302
    db.session.rollback()
    db.session.expire_all()
    assert db.session.scalar(select(LiveSession.commission_bps)) == 500
    assert client.post(f"/htx/phien/{live.public_id}/huy").status_code == 302
    assert client.get("/phien").get_data(as_text=True).count("Vải sớm chủ nhật") == 0


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"title": ""}, "đặt tên phiên"), ({"commission": "nhiều"}, "phần trăm"), ({"commission": "-1"}, "phần trăm"),
        ({"commission": "31"}, "Hoa hồng từ 0 đến 30%"), ({"scheduled_at": "hôm qua"}, "field__error"),
        ({"scheduled_at": "2001-01-01T10:00"}, "Giờ hẹn đã qua"), ({"host": "999"}, "field__error"),
        ({"video_engine": "external", "embed_url": "https://evil.example/x"}, "YouTube hoặc Facebook"),
    ],
)  # fmt: skip
def test_a_refused_plan_keeps_what_was_typed(app: Flask, world: World, changed: dict[str, str], said: str) -> None:
    form = {
        "title": "Vải sớm & mật ong", "scheduled_at": "2030-01-01T20:00", "host": str(world.host.id), "commission": "5",
        "video_engine": "poster", "embed_url": "",
    }  # fmt: skip
    answer = client_of(app, world.staff).post("/htx/phien", data=form | changed)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert said in page
    if "title" not in changed:
        assert 'value="Vải sớm &amp; mật ong"' in page
    assert db.session.scalars(select(LiveSession)).all() == []


def test_forms_need_their_token(app: Flask, world: World, live: LiveSession) -> None:
    app.config["WTF_CSRF_ENABLED"] = True
    try:
        answer = client_of(app, world.host).post(f"/phien/{live.public_id}/len-song")
    finally:
        app.config["WTF_CSRF_ENABLED"] = False
    assert answer.status_code == 400
    assert db.session.scalar(select(LiveSession.state)) == "scheduled"
