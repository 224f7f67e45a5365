"""The demo cooperative: it loads through the real use cases, shows every state, and loading again changes nothing."""

from datetime import timedelta

import sqlalchemy as sa
from flask import Flask

from app.accounts.models import User
from app.clock import FrozenClock, vietnam_date
from app.db import db
from app.demo import DEMO_SIGN_INS
from app.phones import parse_phone
from livestream.demo.loading import load_demo
from livestream.models import ChatMessage, LiveSession, SessionState
from orders.models import Order
from shop.models import HarvestLot, Household, Listing, Pledge, Village


def count_rows() -> dict[str, int]:
    """Return how many rows each table holds."""
    return {
        table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in db.metadata.sorted_tables
    }


def test_demo_has_something_true_for_every_page(app: Flask, clock: FrozenClock) -> None:
    assert load_demo(clock=clock)
    today = vietnam_date(clock())
    count = lambda model: db.session.scalar(sa.select(sa.func.count()).select_from(model))  # noqa: E731
    assert (count(Village), count(Household)) == (3, 12)
    assert count(Listing) == 4
    assert db.session.scalar(sa.select(sa.func.count()).where(HarvestLot.harvested_on == today)) > 10
    assert db.session.scalar(sa.select(sa.func.count()).where(Pledge.for_date == today + timedelta(days=1))) > 5
    sessions = db.session.scalars(sa.select(LiveSession.state)).all()
    assert sorted(sessions) == [SessionState.ENDED, SessionState.LIVE, SessionState.SCHEDULED]
    states = set(db.session.scalars(sa.select(Order.state)))
    assert states == {"pending", "confirmed", "packed", "shipped", "delivered", "returned", "expired", "cancelled"}
    kinds = set(db.session.scalars(sa.select(ChatMessage.kind)))
    assert {"order", "question", "unsure"} <= kinds


def test_loading_again_changes_nothing(app: Flask, clock: FrozenClock) -> None:
    load_demo(clock=clock)
    before = count_rows()
    clock.advance(minutes=5)
    assert load_demo(clock=clock) == []
    assert count_rows() == before


def test_the_next_day_brings_a_new_harvest_and_a_new_session(app: Flask, clock: FrozenClock) -> None:
    load_demo(clock=clock)
    clock.advance(days=1)
    done = load_demo(clock=clock)
    assert any("lần cân" in line for line in done)
    live = db.session.scalars(sa.select(LiveSession).where(LiveSession.state == SessionState.LIVE)).all()
    assert [vietnam_date(session.started_at) for session in live] == [vietnam_date(clock())]


def test_everyone_named_can_sign_in_and_is_marked_as_demo(app: Flask, clock: FrozenClock) -> None:
    load_demo(clock=clock)
    users = {user.us_phone_number: user for user in db.session.scalars(sa.select(User))}
    assert all(user.is_demo for user in users.values())
    for person in DEMO_SIGN_INS:
        user = users[parse_phone(person.identity)]
        assert user.name == person.name
        assert user.verify_and_update_password(person.password)
