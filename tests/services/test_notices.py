"""Who may publish to whom, who reads what, and that the first reading counts."""

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.actor import ANONYMOUS, Actor
from app.clock import FrozenClock
from app.db import db, write_transaction
from app.errors import Forbidden, InvalidInput, NotFound, SignInNeeded
from shop import access
from shop.models import MemberRole, Membership, Notice, NoticeReading, Village
from shop.notices import mark_read, publish_notice
from tests.world import World, make_user, make_world


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


@pytest.fixture
def leader(world: World, clock: FrozenClock) -> Actor:
    with write_transaction() as session:
        user = make_user(session, "Bác trưởng thôn", clock=clock)
        session.add(
            Membership(
                user_id=user.id, cooperative_id=world.cooperative.id, role=MemberRole.VILLAGE_LEADER,
                village_id=world.villages[0].id, created_at=clock(),
            )
        )  # fmt: skip
    return world.actor(user)


def publish(
    world: World, actor: Actor, clock: FrozenClock, village: Village | None = None, title: str = "Giờ thu mua"
) -> Notice:
    with write_transaction() as session:
        return publish_notice(
            session,
            world.cooperative,
            title,
            "5 giờ sáng\r\ntại nhà văn hóa",
            village=village,
            actor=actor,
            clock=clock,
        )


def sees(actor: Actor, notice: Notice) -> bool:
    try:
        return access.notice_for(db.session(), actor, notice.id).id == notice.id
    except NotFound:
        return False


def test_a_leader_publishes_to_the_own_village_only(world: World, leader: Actor, clock: FrozenClock) -> None:
    notice = publish(world, leader, clock, world.villages[0])
    assert notice.body == "5 giờ sáng\ntại nhà văn hóa"
    for village in (world.villages[1], None):
        with pytest.raises(Forbidden):
            publish(world, leader, clock, village)


def test_a_village_notice_reaches_its_village_and_the_cooperatives_people(
    world: World, leader: Actor, clock: FrozenClock
) -> None:
    of_village = publish(world, leader, clock, world.villages[0])
    of_all = publish(world, world.actor(world.staff), clock)
    first, second = world.actor(world.household_users[0]), world.actor(world.household_users[1])
    assert (sees(first, of_village), sees(second, of_village)) == (True, False)
    assert all(sees(actor, of_all) for actor in (first, second, leader, world.actor(world.host)))
    assert all(sees(actor, of_village) for actor in (leader, world.actor(world.staff)))
    with write_transaction() as session:
        stranger = world.actor(make_user(session, "Người ngoài", clock=clock))
    assert not sees(stranger, of_all)


def test_households_and_hosts_do_not_publish(world: World, clock: FrozenClock) -> None:
    for actor in (world.actor(world.household_users[0]), world.actor(world.host), ANONYMOUS):
        with pytest.raises(Forbidden):
            publish(world, actor, clock, world.villages[0])


def test_the_first_reading_counts(world: World, clock: FrozenClock) -> None:
    notice = publish(world, world.actor(world.staff), clock)
    reader = world.actor(world.household_users[0])
    read_at = clock()
    for _ in range(2):
        with write_transaction() as session:
            mark_read(session, notice, actor=reader, clock=clock)
        clock.advance(hours=1)
    assert db.session.scalars(select(NoticeReading.read_at)).all() == [read_at]
    with pytest.raises(SignInNeeded), write_transaction() as session:
        mark_read(session, notice, actor=ANONYMOUS, clock=clock)


@pytest.mark.parametrize("title", ["", "   ", "x" * 121])
def test_a_notice_needs_a_short_title(world: World, clock: FrozenClock, title: str) -> None:
    with pytest.raises(InvalidInput):
        publish(world, world.actor(world.staff), clock, title=title)
