"""The demo cooperative: it loads through the real use cases, shows every state, and goes on with the days."""

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
from orders.invariants import check_all
from orders.models import BankTransaction, Claim, Order, Payout
from orders.states import OrderState
from shop.models import HarvestLot, Household, Listing, Pledge, Village


def count_rows() -> dict[str, int]:
    """Return how many rows each table holds."""
    return {
        table.name: db.session.scalar(sa.select(sa.func.count()).select_from(table)) or 0
        for table in db.metadata.sorted_tables
    }


def count_of(model: type, *conditions: sa.ColumnElement[bool]) -> int:
    """Return how many rows of a table meet the conditions."""
    return db.session.scalar(sa.select(sa.func.count()).select_from(model).where(*conditions)) or 0


def test_demo_shows_every_state_and_moves_on_with_the_days(app: Flask, clock: FrozenClock) -> None:
    assert load_demo(clock=clock)
    today = vietnam_date(clock())
    assert (count_of(Village), count_of(Household), count_of(Listing)) == (3, 12, 4)
    assert count_of(HarvestLot, HarvestLot.harvested_on == today, HarvestLot.weighed_at.is_not(None)) > 10
    assert count_of(Pledge, Pledge.for_date == today + timedelta(days=1)) > 5
    sessions = sorted(db.session.scalars(sa.select(LiveSession.state)))
    assert sessions == [SessionState.ENDED, SessionState.ENDED, SessionState.LIVE, SessionState.SCHEDULED]
    assert set(db.session.scalars(sa.select(Order.state))) == set(OrderState)
    assert set(db.session.scalars(sa.select(ChatMessage.kind))) >= {"order", "question", "unsure"}
    assert set(db.session.scalars(sa.select(Payout.state))) == {"sent", "paid"}
    assert count_of(Claim, Claim.state == "open") == 1
    assert count_of(BankTransaction, BankTransaction.state == "needs_review") == 1

    users = {user.us_phone_number: user for user in db.session.scalars(sa.select(User))}
    assert all(user.is_demo for user in users.values())
    for person in DEMO_SIGN_INS:
        user = users[parse_phone(person.identity)]
        assert user.name == person.name
        assert user.verify_and_update_password(person.password)

    before = count_rows()
    clock.advance(minutes=5)
    assert load_demo(clock=clock) == []
    assert count_rows() == before
    assert [result for result in check_all(db.session()) if not result.holds] == []

    clock.advance(days=1)
    assert any("lần cân" in line for line in load_demo(clock=clock))
    live = db.session.scalars(sa.select(LiveSession).where(LiveSession.state == SessionState.LIVE)).all()
    assert [vietnam_date(session.started_at) for session in live] == [vietnam_date(clock())]
