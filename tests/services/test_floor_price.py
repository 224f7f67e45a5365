"""A floor that one person alone cannot pass, for kilograms, boxes and counted pieces."""

from datetime import timedelta

import pytest
from flask import Flask

from app.accounts.actor import Actor
from app.clock import FrozenClock, vietnam_date
from app.db import db, write_transaction
from app.errors import Conflict, DomainError, Forbidden, InvalidInput
from shop.floor_price import (
    BelowFloorPrice,
    approve_price,
    floor_on,
    propose_price_below_floor,
    reject_price,
    require_price_allowed,
    set_floor,
)
from shop.listing import change_price
from shop.models import Listing, PriceApproval
from shop.unit_prices import least_unit_price, price_per_kilogram
from tests.world import World, make_world


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


def propose(
    world: World, actor: Actor, clock: FrozenClock, price_vnd: int = 25_000, reason: str = "Mưa, quả nứt"
) -> int:
    with write_transaction() as session:
        return propose_price_below_floor(
            session, world.listing, price_vnd, reason, for_date=vietnam_date(clock()), actor=actor, clock=clock
        ).id


def is_allowed(listing: Listing, price_vnd: int, clock: FrozenClock, days: int = 0) -> bool:
    try:
        require_price_allowed(db.session(), listing, price_vnd, on_date=vietnam_date(clock()) + timedelta(days=days))
    except BelowFloorPrice:
        return False
    return True


def test_the_floor_is_per_kilogram_whatever_the_unit(world: World, clock: FrozenClock) -> None:
    assert (is_allowed(world.listing, 30_000, clock), is_allowed(world.listing, 29_999, clock)) == (True, False)
    assert (is_allowed(world.box_listing, 150_000, clock), is_allowed(world.box_listing, 149_999, clock)) == (
        True,
        False,
    )
    assert is_allowed(world.honey_listing, 1, clock), "a grade without a floor has none"
    with write_transaction() as session:
        set_floor(
            session,
            world.honey_grade,
            140_000,
            valid_from=vietnam_date(clock()),
            actor=world.actor(world.staff),
            clock=clock,
        )
    assert (is_allowed(world.honey_listing, 140_000, clock), is_allowed(world.honey_listing, 139_999, clock)) == (
        True,
        False,
    )


def test_an_uneven_unit_is_rounded_to_the_safe_side() -> None:
    assert least_unit_price(30_001, 333, "weight") == 9_991
    assert least_unit_price(140_000, 2, "count") == 280_000
    assert (price_per_kilogram(200_000, 5000), price_per_kilogram(150_000, None)) == (40_000, None)


def test_a_floor_holds_from_its_day_until_the_next(world: World, clock: FrozenClock) -> None:
    today, staff = vietnam_date(clock()), world.actor(world.staff)
    with write_transaction() as session:
        for price_vnd in (34_000, 35_000):
            set_floor(
                session, world.grade_one, price_vnd, valid_from=today + timedelta(days=2), actor=staff, clock=clock
            )
    session = db.session()
    found = [floor_on(session, world.grade_one.id, today + timedelta(days=days)) for days in (-11, 0, 1, 2, 9)]
    assert found == [None, 30_000, 30_000, 35_000, 35_000]
    with pytest.raises(InvalidInput), write_transaction() as session:
        set_floor(session, world.grade_one, 1, valid_from=today - timedelta(days=1), actor=staff, clock=clock)
    with pytest.raises(Forbidden), write_transaction() as session:
        set_floor(session, world.grade_one, 1, valid_from=today, actor=world.actor(world.host), clock=clock)


def test_a_second_person_opens_one_price_for_one_day(world: World, clock: FrozenClock) -> None:
    proposal_id = propose(world, world.actor(world.staff), clock)
    assert not is_allowed(world.listing, 25_000, clock)
    for user in (world.staff, world.host):
        with pytest.raises(Forbidden), write_transaction() as session:
            approve_price(session, session.get_one(PriceApproval, proposal_id), actor=world.actor(user), clock=clock)
    with write_transaction() as session:
        approve_price(
            session, session.get_one(PriceApproval, proposal_id), actor=world.actor(world.staff_two), clock=clock
        )
    assert [is_allowed(world.listing, price, clock) for price in (24_999, 25_000, 27_000)] == [False, True, True]
    assert not is_allowed(world.listing, 25_000, clock, days=1)
    assert not is_allowed(world.box_listing, 125_000, clock), "the approval is of one listing"
    with pytest.raises(Conflict), write_transaction() as session:
        reject_price(
            session, session.get_one(PriceApproval, proposal_id), actor=world.actor(world.staff_two), clock=clock
        )
    with write_transaction() as session:
        change_price(
            session, session.get_one(Listing, world.listing.id), 25_000, actor=world.actor(world.staff), clock=clock
        )


def test_a_refused_price_stays_refused(world: World, clock: FrozenClock) -> None:
    proposal_id = propose(world, world.actor(world.staff), clock)
    with write_transaction() as session:
        reject_price(
            session, session.get_one(PriceApproval, proposal_id), actor=world.actor(world.staff_two), clock=clock
        )
    assert not is_allowed(world.listing, 25_000, clock)


@pytest.mark.parametrize(("price_vnd", "reason"), [(0, "x"), (-1, "x"), (10**12, "x"), (25_000, " ")])
def test_a_proposal_needs_a_price_and_a_reason(world: World, clock: FrozenClock, price_vnd: int, reason: str) -> None:
    with pytest.raises(DomainError):
        propose(world, world.actor(world.staff), clock, price_vnd, reason)
