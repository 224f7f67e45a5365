"""A pledge sold and then weighed short: orders move, unpaid ones give way, paid ones get a task."""

import pytest
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import write_transaction
from orders.covering import cover_shortfall
from orders.models import Allocation, DeskTask, Order, OrderLine
from shop.models import HarvestLot
from tests.services.helpers import add, confirmed_order, new_buyer, place, request_for
from tests.world import add_lot, make_world


@pytest.fixture
def world(app, clock):
    """One lot of 10 kg and nothing else."""
    with write_transaction() as session:
        return make_world(session, clock=clock, lots_kg=(10,))


def buyers(clock, count):
    return [new_buyer(clock, name=f"Khách {i}", phone=f"+8498765432{i}") for i in range(count)]


def cover(world, clock, missing):
    with write_transaction() as session:
        return cover_shortfall(session, world.lots[0].id, missing, actor=SYSTEM, clock=clock)


def committed(session, lot):
    row = session.get(HarvestLot, lot.id)
    return row.qty_held, row.qty_sold


def test_orders_move_to_another_household_without_the_buyers_noticing(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 6000))
    with write_transaction() as session:
        spare = add_lot(session, world, world.households[1], 20_000, clock=clock)
    assert cover(world, clock, 4000) == 4000
    with write_transaction() as session:
        assert committed(session, world.lots[0]) == (0, 2000)
        assert committed(session, spare) == (0, 4000)
        parts = dict(session.execute(select(Allocation.household_id, Allocation.quantity)).all())
        assert parts == {world.households[0].id: 2000, world.households[1].id: 4000}
        assert session.get(Order, order_id).goods_vnd == 228_000
        assert session.scalar(select(func.count(DeskTask.id))) == 0


def test_unpaid_orders_give_way_newest_first(world, clock):
    first, second = buyers(clock, 2)
    (old,) = place(clock, request_for(world, first, add(world.listing, 5000)))
    (new,) = place(clock, request_for(world, second, add(world.listing, 4000)))
    assert cover(world, clock, 4000) == 4000
    with write_transaction() as session:
        assert session.get(Order, old.order_id).goods_vnd == 190_000
        gone = session.get(Order, new.order_id)
        assert (gone.state, gone.total_vnd) == ("cancelled", 0)
        assert committed(session, world.lots[0]) == (5000, 0)


def test_a_paid_order_gives_way_last_and_its_buyer_is_owed_the_difference(world, clock):
    paid_buyer, unpaid = buyers(clock, 2)
    order_id = confirmed_order(world, clock, add(world.listing, 6000), buyer=paid_buyer)
    place(clock, request_for(world, unpaid, add(world.listing, 3000)))
    assert cover(world, clock, 5000) == 5000
    with write_transaction() as session:
        order = session.get(Order, order_id)
        assert order.state == "confirmed"
        assert order.goods_vnd == 152_000
        assert session.scalar(select(OrderLine.quantity).where(OrderLine.order_id == order_id)) == 4000
        assert committed(session, world.lots[0]) == (0, 4000)
        assert sorted(session.scalars(select(DeskTask.kind))) == ["refund_due", "short_weigh_in"]


def test_boxes_give_way_whole(world, clock):
    with write_transaction() as session:
        lot = add_lot(session, world, world.households[0], 20_000, clock=clock, listing=world.box_listing)
    first, second = buyers(clock, 2)
    place(clock, request_for(world, first, add(world.box_listing, 10_000)))
    place(clock, request_for(world, second, add(world.box_listing, 5000)))
    with write_transaction() as session:
        freed = cover_shortfall(session, lot.id, 2000, actor=SYSTEM, clock=clock)
    assert freed == 5000
    with write_transaction() as session:
        assert committed(session, lot) == (10_000, 0)


def test_nothing_sold_means_nothing_to_cover(world, clock):
    assert cover(world, clock, 4000) == 0
