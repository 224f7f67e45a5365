"""A listing from draft to sale to closing, and what feeds it."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import FrozenClock
from app.db import db, write_transaction
from app.errors import Conflict, Forbidden, InvalidInput
from shop.floor_price import BelowFloorPrice
from shop.listing import (
    Pack,
    SaleUnit,
    change_price,
    close_listing,
    create_listing,
    feed_listing,
    put_on_sale,
    stop_feeding,
)
from shop.models import HarvestLot, Listing, ListingLot, ListingPack
from shop.weighing import cover_with, weigh_in_lot
from tests.world import World, make_world

KILOGRAM = SaleUnit("kg", 1000, divisible=True)


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


def draft(session: Session, world: World, clock: FrozenClock, **changes) -> Listing:
    return create_listing(
        session,
        changes.get("grade", world.grade_one),
        world.season,
        title=changes.get("title", "Vải chín sớm hái sáng"),
        unit=changes.get("unit", KILOGRAM),
        price_vnd=changes.get("price_vnd", 40_000),
        packs=changes.get("packs", ()),
        actor=changes.get("actor", world.actor(world.staff)),
        clock=clock,
    )


def fed_by(listing_id: int) -> set[int]:
    return set(db.session.scalars(select(ListingLot.lot_id).where(ListingLot.listing_id == listing_id)))


def test_put_on_sale_it_is_fed_by_every_open_lot_of_its_grade(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with write_transaction() as session:
        session.get_one(HarvestLot, world.lots[1].id).state = "closed"
        listing = draft(session, world, clock, packs=[Pack("thùng", 10)])
    assert (listing.state, listing.weight_grams, fed_by(listing.id)) == ("draft", 1000, set())
    assert db.session.scalars(select(ListingPack.units).where(ListingPack.listing_id == listing.id)).all() == [10]
    for _ in range(2):
        with write_transaction() as session:
            put_on_sale(session, session.get_one(Listing, listing.id), actor=staff, clock=clock)
    assert fed_by(listing.id) == {world.lots[0].id}


def test_a_lot_taken_off_a_listing_stays_off_when_more_is_weighed(world: World, clock: FrozenClock) -> None:
    staff, lot = world.actor(world.staff), world.lots[0]
    with write_transaction() as session:
        listing = draft(session, world, clock)
        put_on_sale(session, listing, actor=staff, clock=clock)
        stop_feeding(session, listing, lot, actor=staff, clock=clock)
        weigh_in_lot(
            session, world.households[0], world.grade_one, 1000, harvested_on=lot.harvested_on, reference="w9",
            cover_shortfall=cover_with(()), actor=staff, clock=clock,
        )  # fmt: skip
    assert fed_by(listing.id) == {world.lots[1].id}
    with write_transaction() as session:
        feed_listing(session, listing, lot, rank=-1, actor=staff, clock=clock)
    assert fed_by(listing.id) == {world.lots[0].id, world.lots[1].id}


def test_only_lots_of_the_grade_and_open_ones_feed(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with pytest.raises(InvalidInput), write_transaction() as session:
        feed_listing(session, world.honey_listing, world.lots[0], actor=staff, clock=clock)
    with write_transaction() as session:
        lot = session.get_one(HarvestLot, world.lots[0].id)
        lot.state = "closed"
    with pytest.raises(Conflict), write_transaction() as session:
        feed_listing(session, world.box_listing, lot, actor=staff, clock=clock)


def test_a_draft_may_wait_below_the_floor_but_not_be_sold(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with write_transaction() as session:
        listing = draft(session, world, clock, price_vnd=29_000)
    with pytest.raises(BelowFloorPrice) as refused, write_transaction() as session:
        put_on_sale(session, session.get_one(Listing, listing.id), actor=staff, clock=clock)
    assert refused.value.details["least_vnd"] == 30_000
    with write_transaction() as session:
        change_price(session, session.get_one(Listing, listing.id), 30_000, actor=staff, clock=clock)
        put_on_sale(session, session.get_one(Listing, listing.id), actor=staff, clock=clock)
    with pytest.raises(BelowFloorPrice), write_transaction() as session:
        change_price(session, session.get_one(Listing, listing.id), 29_999, actor=staff, clock=clock)


def test_closing_twice_is_once_and_it_can_return(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    for act, state in ((close_listing, "closed"), (close_listing, "closed"), (put_on_sale, "on_sale")):
        with write_transaction() as session:
            act(session, session.get_one(Listing, world.listing.id), actor=staff, clock=clock)
        assert db.session.get_one(Listing, world.listing.id).state == state


@pytest.mark.parametrize(
    "changes",
    [
        {"title": " "},
        {"title": "x" * 121},
        {"unit": SaleUnit("", 1000, divisible=True)},
        {"unit": SaleUnit("kg", 0, divisible=True)},
        {"unit": SaleUnit("kg", -5, divisible=True)},
        {"price_vnd": 0},
        {"price_vnd": -38_000},
        {"packs": [Pack("thùng", 0)]},
    ],
)
def test_what_cannot_be_sold_is_refused(world: World, clock: FrozenClock, changes: dict) -> None:
    with pytest.raises(InvalidInput), write_transaction() as session:
        draft(session, world, clock, **changes)


def test_only_staff_list(world: World, clock: FrozenClock) -> None:
    for user in (world.host, world.household_users[0]):
        with pytest.raises(Forbidden), write_transaction() as session:
            draft(session, world, clock, actor=world.actor(user))
