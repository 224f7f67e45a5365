"""The scale: pledges become lots, baskets of a day are one lot, shortfalls make orders give way, corrections are movements."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock, FrozenClock, vietnam_date
from app.db import db, write_transaction
from app.errors import Conflict, Forbidden, IdempotencyMismatch, InsufficientStock, InvalidInput
from shop.models import HarvestLot, ListingLot, Pledge, StockMovement, WeighIn
from shop.pledging import pledge_harvest
from shop.stock import LotChange, move_stock
from shop.weighing import correct_weigh_in, cover_with, record_loss, weigh_in_lot
from tests.world import World, make_world

stock_without_orders = pytest.mark.breaks_invariants
"""The shop is tested alone: stock is held here for orders that are not there."""

KG = 1000
nobody_gives_way = cover_with(())


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock, lots_kg=())


class ReleasesHolds:
    """A real, small handler: releases held stock of the lot by a movement, at most ``most`` base units a call."""

    def __init__(self, most: int = 10**9, name: str = "test") -> None:
        self.most, self.name = most, name
        self.asked: list[int] = []

    def __call__(self, session: Session, lot_id: int, missing: int, *, actor: Actor, clock: Clock) -> int:
        self.asked.append(missing)
        freed = min(missing, self.most)
        change = LotChange(lot_id, "release", f"{self.name}:{len(self.asked)}", delta_held=-freed)
        move_stock(session, [change], actor=actor, clock=clock)
        return freed


def weigh(session: Session, world: World, quantity: int, reference: str, clock: FrozenClock, **changes) -> HarvestLot:
    return weigh_in_lot(
        session,
        changes.get("household", world.households[0]),
        world.grade_one,
        quantity,
        harvested_on=changes.get("harvested_on", vietnam_date(clock())),
        reference=reference,
        cover_shortfall=changes.get("cover", nobody_gives_way),
        more_to_come=changes.get("more_to_come", False),
        actor=changes.get("actor", world.actor(world.staff)),
        clock=clock,
    )


def pledged_lot(world: World, clock: FrozenClock, kilograms: int, held: int = 0) -> int:
    with write_transaction() as session:
        made = pledge_harvest(
            session, world.households[0], world.grade_one, kilograms * KG, for_date=vietnam_date(clock()),
            sale_percent=80, actor=world.actor(world.household_users[0]), clock=clock,
        )  # fmt: skip
        if held:
            change = LotChange(made.lot_id, "hold", "order:1:hold:1", delta_held=held * KG)
            move_stock(session, [change], actor=world.actor(world.staff), clock=clock)
    return made.lot_id


def counters(lot_id: int) -> tuple[int, int, int, int]:
    lot = db.session.get_one(HarvestLot, lot_id, populate_existing=True)
    found = (lot.qty_total, lot.qty_held, lot.qty_sold, lot.qty_lost)
    sums = db.session.execute(
        select(
            *(func.sum(getattr(StockMovement, f"delta_{name}")) for name in ("total", "held", "sold", "lost"))
        ).where(StockMovement.lot_id == lot_id)
    ).one()
    assert found == tuple(value or 0 for value in sums), "movements must explain the counters"
    return found


@stock_without_orders
def test_a_pledge_becomes_a_weighed_lot_with_its_true_weight(world: World, clock: FrozenClock) -> None:
    lot_id = pledged_lot(world, clock, 100, held=30)
    with write_transaction() as session:
        lot = weigh(session, world, 96_500, "w1", clock)
    assert (lot.id, lot.state, lot.weighed_at) == (lot_id, "weighed", clock())
    assert counters(lot_id) == (96_500, 30 * KG, 0, 0)
    assert db.session.scalars(select(Pledge.state)).one() == "weighed"


def test_a_walk_in_gets_a_lot_that_feeds_the_listings_on_sale(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        lot = weigh(session, world, 12_300, "w1", clock)
    assert counters(lot.id)[0] == 12_300
    fed = set(db.session.scalars(select(ListingLot.listing_id).where(ListingLot.lot_id == lot.id)))
    assert fed == {world.listing.id, world.box_listing.id}


def test_the_second_basket_of_the_day_joins_the_lot(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        first = weigh(session, world, 20 * KG, "w1", clock)
    with write_transaction() as session:
        second = weigh(session, world, 15 * KG, "w2", clock)
    assert first.id == second.id
    assert counters(first.id)[0] == 35 * KG
    with write_transaction() as session:
        other_day = weigh(session, world, 5 * KG, "w3", clock, harvested_on=vietnam_date(clock()) - timedelta(days=1))
    assert other_day.id != first.id


@stock_without_orders
def test_while_more_is_to_come_the_pledge_stays_on_sale(world: World, clock: FrozenClock) -> None:
    lot_id = pledged_lot(world, clock, 100, held=70)
    handler = ReleasesHolds()
    with write_transaction() as session:
        lot = weigh(session, world, 50 * KG, "w1", clock, more_to_come=True, cover=cover_with([handler]))
    assert (lot.state, handler.asked) == ("pledged", [])
    assert counters(lot_id)[:2] == (80 * KG, 70 * KG)
    with write_transaction() as session:
        lot = weigh(session, world, 45 * KG, "w2", clock, cover=cover_with([handler]))
    assert (lot.state, handler.asked) == ("weighed", [])
    assert counters(lot_id)[:2] == (95 * KG, 70 * KG)


def test_the_same_weighing_sent_twice_is_one_and_with_another_weight_is_refused(
    world: World, clock: FrozenClock
) -> None:
    for _ in range(2):
        with write_transaction() as session:
            lot = weigh(session, world, 20 * KG, "w1", clock)
    assert counters(lot.id)[0] == 20 * KG
    with pytest.raises(IdempotencyMismatch), write_transaction() as session:
        weigh(session, world, 21 * KG, "w1", clock)


@stock_without_orders
def test_weighed_short_the_orders_give_way_before_the_lot_is_lowered(world: World, clock: FrozenClock) -> None:
    lot_id = pledged_lot(world, clock, 100, held=70)
    handler = ReleasesHolds()
    with write_transaction() as session:
        weigh(session, world, 60 * KG, "w1", clock, cover=cover_with([handler]))
    assert handler.asked == [10 * KG]
    assert counters(lot_id) == (60 * KG, 60 * KG, 0, 0)


@stock_without_orders
def test_handlers_are_asked_in_turn_for_what_is_still_missing(world: World, clock: FrozenClock) -> None:
    lot_id = pledged_lot(world, clock, 100, held=70)
    first, second, third = ReleasesHolds(4 * KG, "first"), ReleasesHolds(name="second"), ReleasesHolds(name="third")
    with write_transaction() as session:
        weigh(session, world, 60 * KG, "w1", clock, cover=cover_with([first, second, third]))
    assert (first.asked, second.asked, third.asked) == ([10 * KG], [6 * KG], [])
    assert counters(lot_id) == (60 * KG, 60 * KG, 0, 0)


@stock_without_orders
def test_a_shortfall_nobody_can_cover_is_recorded_and_never_breaks_the_lot(world: World, clock: FrozenClock) -> None:
    lot_id = pledged_lot(world, clock, 100, held=70)
    with write_transaction() as session:
        weigh(session, world, 60 * KG, "w1", clock)
    assert counters(lot_id) == (70 * KG, 70 * KG, 0, 0)
    assert db.session.scalars(select(WeighIn.quantity)).all() == [60 * KG]


def test_a_correction_is_a_further_weighing_and_a_movement(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with write_transaction() as session:
        lot = weigh(session, world, 20 * KG, "w1", clock)
    for _ in range(2):
        with write_transaction() as session:
            correct_weigh_in(
                session, session.get_one(HarvestLot, lot.id), 18_500, "Trừ bì sọt", reference="c1",
                cover_shortfall=nobody_gives_way, actor=staff, clock=clock,
            )  # fmt: skip
    assert db.session.scalars(select(WeighIn.quantity).order_by(WeighIn.id)).all() == [20 * KG, -1_500]
    assert counters(lot.id)[0] == 18_500


def test_a_correction_needs_a_reason_and_a_weighed_lot(world: World, clock: FrozenClock) -> None:
    lot_id = pledged_lot(world, clock, 10)
    for reason, refusal in (("  ", InvalidInput), ("Cân lại", Conflict)):
        with pytest.raises(refusal), write_transaction() as session:
            correct_weigh_in(
                session, session.get_one(HarvestLot, lot_id), 5 * KG, reason, reference="c1",
                cover_shortfall=nobody_gives_way, actor=world.actor(world.staff), clock=clock,
            )  # fmt: skip


@stock_without_orders
def test_a_loss_takes_free_stock_first_and_then_what_gives_way(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with write_transaction() as session:
        lot = weigh(session, world, 20 * KG, "w1", clock)
        move_stock(session, [LotChange(lot.id, "hold", "order:1", delta_held=12 * KG)], actor=staff, clock=clock)

    def lose(quantity: int, reference: str, handlers: list) -> None:
        with write_transaction() as session:
            record_loss(
                session, session.get_one(HarvestLot, lot.id), quantity, "Dập khi bốc xếp", reference=reference,
                cover_shortfall=cover_with(handlers), actor=staff, clock=clock,
            )  # fmt: skip

    for _ in range(2):
        lose(5 * KG, "l1", [])
    assert counters(lot.id) == (20 * KG, 12 * KG, 0, 5 * KG)
    with pytest.raises(InsufficientStock):
        lose(5 * KG, "l2", [])
    assert counters(lot.id) == (20 * KG, 12 * KG, 0, 5 * KG)
    lose(5 * KG, "l2", [ReleasesHolds()])
    assert counters(lot.id) == (20 * KG, 10 * KG, 0, 10 * KG)


@pytest.mark.parametrize("quantity", [0, -1, 10**12])
def test_a_weight_that_cannot_be_meant_is_refused(world: World, clock: FrozenClock, quantity: int) -> None:
    with pytest.raises(InvalidInput), write_transaction() as session:
        weigh(session, world, quantity, "w1", clock)


def test_only_staff_weigh(world: World, clock: FrozenClock) -> None:
    for user in (world.household_users[0], world.host):
        with pytest.raises(Forbidden), write_transaction() as session:
            weigh(session, world, KG, "w1", clock, actor=world.actor(user))


@stock_without_orders
def test_stock_refuses_to_oversell_and_a_movement_that_moves_nothing(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with write_transaction() as session:
        lot = weigh(session, world, 10 * KG, "w1", clock)
        other = weigh(session, world, 10 * KG, "w2", clock, household=world.households[1])
    changes = [
        LotChange(lot.id, "hold", "o1", delta_held=4 * KG),
        LotChange(other.id, "hold", "o1", delta_held=11 * KG),
    ]
    with pytest.raises(InsufficientStock), write_transaction() as session:
        move_stock(session, changes, actor=staff, clock=clock)
    assert counters(lot.id)[1] == counters(other.id)[1] == 0
    with pytest.raises(ValueError), write_transaction() as session:
        move_stock(session, [LotChange(lot.id, "hold", "o2")], actor=staff, clock=clock)
    with write_transaction() as session:
        changes = [
            LotChange(lot.id, "hold", "o3", delta_held=10 * KG),
            LotChange(lot.id, "release", "o3", delta_held=-3 * KG),
        ]
        move_stock(session, changes, actor=staff, clock=clock)
    assert counters(lot.id)[1] == 7 * KG
