"""Planning and running sessions."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from app.audit import AuditEntry
from app.clock import FrozenClock
from app.db import db, write_transaction
from app.errors import Conflict, DomainError, Forbidden, IllegalTransition, InvalidInput
from livestream import hosting, sessions
from livestream.models import LiveSession, SessionEvent, SessionState
from livestream.queries import cooperative_sessions, host_sessions, past_sessions, upcoming_sessions
from shop.models import Membership
from tests.services.test_shelf import plan
from tests.world import World, make_user, make_world


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


def test_staff_plan_a_session_with_a_host_of_theirs(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        live = plan(session, world, clock, title="  Vải   sớm ", scheduled_at=clock() + timedelta(hours=2))
        assert (live.title, live.state, live.season_id) == ("Vải sớm", SessionState.SCHEDULED, world.season.id)
    (card,) = upcoming_sessions(db.session())
    assert (card.public_id, card.host_name, card.offers) == (live.public_id, "Út Vườn", 0)
    assert db.session.scalar(select(AuditEntry.action)) == "livestream.session.schedule"


@pytest.mark.parametrize(
    "changes",
    [
        {"title": "  "}, {"title": "x" * 121}, {"commission_bps": -1}, {"commission_bps": 3_001}, {"video_engine": "obs"},
        {"video_engine": "external", "embed_url": "https://evil.example/"}, {"video_engine": "external", "embed_url": None},
    ],
)  # fmt: skip
def test_what_cannot_be_meant_is_refused(world: World, clock: FrozenClock, changes: dict[str, object]) -> None:
    with pytest.raises(InvalidInput), write_transaction() as session:
        plan(session, world, clock, **changes)
    assert db.session.scalars(select(LiveSession)).all() == []


def test_a_time_long_past_and_a_person_who_is_no_host_are_refused(world: World, clock: FrozenClock) -> None:
    with pytest.raises(InvalidInput), write_transaction() as session:
        plan(session, world, clock, scheduled_at=clock() - timedelta(days=2))
    with pytest.raises(InvalidInput), write_transaction() as session:
        plan(session, world, clock, host_user_id=world.staff.id)
    with write_transaction() as session:
        session.execute(update(Membership).where(Membership.role == "host").values(active=False))
    with pytest.raises(InvalidInput), write_transaction() as session:
        plan(session, world, clock)


def test_only_staff_plan_and_call_off(world: World, clock: FrozenClock) -> None:
    for who in (world.host, world.household_users[0]):
        with pytest.raises(Forbidden), write_transaction() as session:
            plan(session, world, clock, actor=world.actor(who))
    with write_transaction() as session:
        live = plan(session, world, clock)
    with pytest.raises(Forbidden), write_transaction() as session:
        sessions.cancel_session(session, live, actor=world.actor(world.host), clock=clock)
    with write_transaction() as session:
        sessions.cancel_session(session, live, actor=world.actor(world.staff), clock=clock)
        sessions.cancel_session(session, live, actor=world.actor(world.staff), clock=clock)
    assert upcoming_sessions(db.session()) == []
    with pytest.raises(IllegalTransition), write_transaction() as session:
        hosting.go_live(session, live, actor=world.actor(world.host), clock=clock)


def test_a_session_runs_from_start_to_end(world: World, clock: FrozenClock) -> None:
    host = world.actor(world.host)
    with write_transaction() as session:
        live = plan(session, world, clock)
        with pytest.raises(IllegalTransition):
            hosting.end_session(session, live, actor=host, clock=clock)
        hosting.go_live(session, live, actor=host, clock=clock)
        started = live.started_at
        clock.advance(minutes=5)
        hosting.go_live(session, live, actor=host, clock=clock)
        assert live.started_at == started
        hosting.take_orders(session, live, open_for_orders=False, actor=host, clock=clock)
        hosting.take_orders(session, live, open_for_orders=False, actor=host, clock=clock)
        hosting.end_session(session, live, actor=host, clock=clock)
        hosting.end_session(session, live, actor=host, clock=clock)
        assert live.ended_at == clock()
    told = db.session.execute(select(SessionEvent.seq, SessionEvent.data).order_by(SessionEvent.seq)).all()
    assert [(seq, data["state"], data["taking_orders"]) for seq, data in told] == [
        (1, "live", True), (2, "live", False), (3, "ended", False),
    ]  # fmt: skip
    assert [card.public_id for card in past_sessions(db.session())] == [live.public_id]
    with pytest.raises(Conflict), write_transaction() as session:
        hosting.take_orders(session, live, open_for_orders=True, actor=host, clock=clock)


def test_the_plan_stands_once_it_has_begun(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    wishes = {
        "title": "Tên mới", "scheduled_at": clock() + timedelta(hours=1), "host_user_id": world.host.id,
        "commission_bps": 700, "video_engine": "external", "embed_url": "https://youtu.be/dQw4w9WgXcQ",
        "actor": staff, "clock": clock,
    }  # fmt: skip
    with write_transaction() as session:
        live = plan(session, world, clock)
        sessions.edit_session(session, live, **wishes)
        assert (live.title, live.commission_bps) == ("Tên mới", 700)
        assert live.embed_url == "https://www.youtube-nocookie.com/embed/dQw4w9WgXcQ?playsinline=1&rel=0"
        hosting.go_live(session, live, actor=staff, clock=clock)
    with pytest.raises(Conflict), write_transaction() as session:
        sessions.edit_session(session, live, **wishes)


def test_a_stranger_runs_nothing(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        live = plan(session, world, clock)
        stranger = world.actor(make_user(session, "Người lạ", clock=clock))
    for step in (hosting.go_live, hosting.end_session):
        with pytest.raises(DomainError), write_transaction() as session:
            step(session, live, actor=stranger, clock=clock)
    assert db.session.scalar(select(LiveSession.state)) == "scheduled"


def test_lists_keep_cooperatives_and_hosts_apart(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        plan(session, world, clock)
    assert len(cooperative_sessions(db.session(), world.cooperative.id)) == 1
    assert cooperative_sessions(db.session(), world.cooperative.id + 1) == []
    assert host_sessions(db.session(), world.staff.id) == []
    (own,) = host_sessions(db.session(), world.host.id)
    assert (own.card.commission_bps, own.earned_vnd, own.expected_vnd) == (500, 0, 0)
