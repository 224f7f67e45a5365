"""A household pledges, changes its mind, takes it back; and what that does to stock and listings."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import ANONYMOUS, Actor
from app.audit import AuditEntry
from app.clock import FrozenClock, vietnam_date
from app.db import database_scope, db, write_transaction
from app.errors import Conflict, Forbidden, InvalidInput
from shop.models import HarvestLot, Listing, ListingLot, Pledge, StockMovement
from shop.pledging import PledgedHarvest, cancel_pledge, pledge_harvest
from shop.stock import LotChange, move_stock
from tests.world import World, make_world

stock_without_orders = pytest.mark.breaks_invariants
"""The shop is tested alone: stock is held here for orders that are not there."""

KG = 1000


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock, lots_kg=())


def pledge(session: Session, world: World, kilograms: int, clock: FrozenClock, **changes) -> PledgedHarvest:
    return pledge_harvest(
        session,
        changes.get("household", world.households[0]),
        changes.get("grade", world.grade_one),
        kilograms * KG,
        for_date=changes.get("for_date", vietnam_date(clock()) + timedelta(days=1)),
        sale_percent=80,
        actor=changes.get("actor", world.actor(world.household_users[0])),
        clock=clock,
    )


def assert_movements_explain(lot_id: int) -> None:
    sums = db.session.execute(
        select(func.sum(StockMovement.delta_total), func.sum(StockMovement.delta_held)).where(
            StockMovement.lot_id == lot_id
        )
    ).one()
    lot = db.session.get_one(HarvestLot, lot_id, populate_existing=True)
    assert (lot.qty_total, lot.qty_held) == (sums[0] or 0, sums[1] or 0)


def test_a_pledge_puts_four_fifths_on_sale_in_every_listing_of_its_grade(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        made = pledge(session, world, 100, clock)
    lot = db.session.get_one(HarvestLot, made.lot_id)
    assert (lot.state, lot.qty_total, lot.best_before - lot.harvested_on) == ("pledged", 80 * KG, timedelta(days=3))
    fed = set(db.session.scalars(select(ListingLot.listing_id).where(ListingLot.lot_id == lot.id)))
    assert fed == {world.listing.id, world.box_listing.id}
    assert_movements_explain(lot.id)


def test_changing_a_pledge_moves_the_same_lot(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        first = pledge(session, world, 100, clock)
    for kilograms in (150, 40):
        with write_transaction() as session:
            again = pledge(session, world, kilograms, clock)
        assert again.lot_id == first.lot_id
        assert db.session.get_one(HarvestLot, first.lot_id).qty_total == kilograms * 800
    assert_movements_explain(first.lot_id)
    assert db.session.scalar(select(func.count(Pledge.id))) == 1


@stock_without_orders
@pytest.mark.breaks_invariants
def test_a_pledge_cannot_shrink_below_what_buyers_hold_nor_be_cancelled(world: World, clock: FrozenClock) -> None:
    actor = world.actor(world.household_users[0])
    with write_transaction() as session:
        made = pledge(session, world, 100, clock)
        move_stock(session, [LotChange(made.lot_id, "hold", "order:1", delta_held=41 * KG)], actor=actor, clock=clock)
    with pytest.raises(Conflict) as refused, write_transaction() as session:
        pledge(session, world, 50, clock)
    assert refused.value.details["least"] == 51_250
    assert "51,25" in refused.value.message
    with pytest.raises(Conflict), write_transaction() as session:
        cancel_pledge(
            session, world.households[0], world.grade_one, for_date=vietnam_date(clock()) + timedelta(days=1),
            actor=actor, clock=clock,
        )  # fmt: skip
    with write_transaction() as session:
        pledge(session, world, 52, clock)
    assert_movements_explain(made.lot_id)


def test_a_cancelled_pledge_takes_its_stock_away_and_can_be_renewed(world: World, clock: FrozenClock) -> None:
    actor = world.actor(world.household_users[0])
    tomorrow = vietnam_date(clock()) + timedelta(days=1)
    with write_transaction() as session:
        made = pledge(session, world, 100, clock)
    for _ in range(2):
        with write_transaction() as session:
            cancel_pledge(session, world.households[0], world.grade_one, for_date=tomorrow, actor=actor, clock=clock)
    lot = db.session.get_one(HarvestLot, made.lot_id)
    assert (lot.state, lot.qty_total) == ("closed", 0)
    with write_transaction() as session:
        pledge(session, world, 30, clock)
    lot = db.session.get_one(HarvestLot, made.lot_id, populate_existing=True)
    assert (lot.state, lot.qty_total) == ("pledged", 24 * KG)
    assert_movements_explain(lot.id)


@pytest.mark.parametrize("days", [-1, 4, 400])
def test_a_pledge_is_for_the_coming_days(world: World, clock: FrozenClock, days: int) -> None:
    with pytest.raises(InvalidInput) as refused, write_transaction() as session:
        pledge(session, world, 10, clock, for_date=vietnam_date(clock()) + timedelta(days=days))
    assert refused.value.details["field"] == "for_date"


@pytest.mark.parametrize("kilograms", [0, -5, 10**9])
def test_a_quantity_that_cannot_be_meant_is_refused(world: World, clock: FrozenClock, kilograms: int) -> None:
    with pytest.raises(InvalidInput), write_transaction() as session:
        pledge(session, world, kilograms, clock)
    assert db.session.scalar(select(func.count(HarvestLot.id))) == 0


def test_nobody_pledges_for_another_household(world: World, clock: FrozenClock) -> None:
    for actor in (world.actor(world.household_users[1]), world.actor(world.host), ANONYMOUS):
        with pytest.raises(Forbidden), write_transaction() as session:
            pledge(session, world, 10, clock, actor=actor)


def test_staff_pledging_for_a_household_is_written_where_the_household_reads_it(
    world: World, clock: FrozenClock
) -> None:
    with write_transaction() as session:
        pledge(session, world, 10, clock, actor=world.actor(world.staff))
    entry = db.session.scalars(select(AuditEntry).where(AuditEntry.household_id == world.households[0].id)).one()
    assert (entry.action, entry.actor_name) == ("shop.pledge.made", "Cô Lan")


def test_a_day_outside_every_season_is_refused(world: World, clock: FrozenClock) -> None:
    clock.advance(days=60)
    with pytest.raises(Conflict), write_transaction() as session:
        pledge(session, world, 10, clock)


def test_a_draft_listing_is_not_fed(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        session.get_one(Listing, world.box_listing.id).state = "draft"
        made = pledge(session, world, 10, clock)
    fed = set(db.session.scalars(select(ListingLot.listing_id).where(ListingLot.lot_id == made.lot_id)))
    assert fed == {world.listing.id}


def test_two_phones_of_one_household_make_one_pledge(app: Flask, world: World, clock: FrozenClock) -> None:
    together = Barrier(2, timeout=10)

    def tap(kilograms: int) -> int:
        with database_scope(app):
            together.wait()
            with write_transaction() as session:
                return pledge(session, world, kilograms, clock).lot_id

    with ThreadPoolExecutor(2) as phones:
        lot_ids = set(phones.map(tap, (60, 90), timeout=30))
    assert len(lot_ids) == 1
    lots = db.session.scalars(select(HarvestLot)).all()
    assert [lot.qty_total in (48 * KG, 72 * KG) for lot in lots] == [True]
    assert_movements_explain(lots[0].id)


def test_the_actor_is_kept_with_the_movement(world: World, clock: FrozenClock) -> None:
    actor: Actor = world.actor(world.household_users[0])
    with write_transaction() as session:
        pledge(session, world, 10, clock)
    assert db.session.scalars(select(StockMovement.actor_user_id)).all() == [actor.user_id]
