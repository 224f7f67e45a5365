"""Corners of placing and holding in which money, quotas or answers once went astray."""

import pytest
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import write_transaction
from app.errors import InsufficientStock
from orders.covering import cover_shortfall
from orders.expiring import expire_due_orders
from orders.fulfilling import pack_order
from orders.lifecycle import cancel_order, confirm_late_money, confirm_order
from orders.models import Allocation, DeskTask, Order, OrderLine, Refund, StockHold
from orders.requests import LineChange, OrderResult, SentToDesk
from shop.models import HarvestLot, SaleLimit
from tests.services.helpers import add, check_out, confirmed_order, new_buyer, pay, place, request_for
from tests.world import make_world


@pytest.fixture
def world(app, clock):
    with write_transaction() as session:
        return make_world(session, clock=clock)


def quota(**values):
    with write_transaction() as session:
        limit = SaleLimit(qty_taken=0, **values)
        session.add(limit)
        session.flush()
        return limit.id


def test_money_for_an_order_that_was_confirmed_and_cancelled_is_served_again(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 2000))
    with write_transaction() as session:
        cancel_order(session, order_id, reason="khách gọi", actor=SYSTEM, clock=clock)
        session.execute(Refund.__table__.update().values(state="rejected"))
    with write_transaction() as session:
        assert confirm_late_money(session, order_id, actor=SYSTEM, clock=clock)
        assert session.scalar(select(func.sum(Allocation.quantity))) == 2000
        assert session.scalar(select(func.count(DeskTask.id)).where(DeskTask.state == "open")) == 0


def test_an_order_packed_short_and_cancelled_comes_back_whole(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        (line_id,) = session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id))
        pack_order(session, order_id, {line_id: 2000}, actor=SYSTEM, clock=clock)
        cancel_order(session, order_id, reason="x", actor=SYSTEM, clock=clock)
        session.execute(Refund.__table__.update().values(state="rejected"))
    with write_transaction() as session:
        assert confirm_late_money(session, order_id, actor=SYSTEM, clock=clock)
        line = session.get(OrderLine, line_id)
        assert (line.quantity, line.billed_quantity, line.goods_vnd) == (3000, None, 114_000)
        assert session.get(Order, order_id).total_vnd == 134_000
        assert session.scalar(select(func.sum(Allocation.quantity))) == 3000


def test_a_quota_set_after_the_first_line_binds_what_is_added_then(world, clock):
    buyer = new_buyer(clock)
    place(clock, request_for(world, buyer, add(world.listing, 1000), key="0"))
    limit_id = quota(qty_limit=5000, per_buyer=3000)
    (first,) = place(clock, request_for(world, buyer, add(world.listing, 3000, sale_limit_id=limit_id), key="1"))
    (second,) = place(clock, request_for(world, buyer, add(world.listing, 3000, sale_limit_id=limit_id), key="2"))
    assert isinstance(first, OrderResult)
    assert isinstance(second, InsufficientStock)
    with write_transaction() as session:
        assert session.get(SaleLimit, limit_id).qty_taken == 3000
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 4000


def test_a_new_quota_serves_buyers_who_hold_under_the_old_one(world, clock):
    buyer = new_buyer(clock)
    old, new = quota(qty_limit=2000), quota(qty_limit=50_000)
    place(clock, request_for(world, buyer, add(world.listing, 2000, sale_limit_id=old), key="1"))
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 1000, sale_limit_id=new), key="2"))
    assert isinstance(placed, OrderResult)
    with write_transaction() as session:
        assert [session.get(SaleLimit, limit).qty_taken for limit in (old, new)] == [2000, 1000]


def test_cancel_and_order_again_in_one_batch_is_two_orders(world, clock):
    buyer = new_buyer(clock)
    place(clock, request_for(world, buyer, add(world.listing, 1000), key="1"))
    gone, fresh = place(
        clock,
        request_for(world, buyer, LineChange("cancel"), key="2"),
        request_for(world, buyer, add(world.listing, 2000), key="3"),
    )
    assert (gone.state, fresh.state) == ("cancelled", "pending")
    assert gone.order_id != fresh.order_id


def test_order_and_cancel_in_one_batch_holds_nothing(world, clock):
    buyer = new_buyer(clock)
    outcomes = place(
        clock,
        request_for(world, buyer, add(world.listing, 2000), key="1"),
        request_for(world, buyer, LineChange("cancel"), key="2"),
    )
    assert [outcome.state for outcome in outcomes] == ["cancelled", "cancelled"]
    with write_transaction() as session:
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 0
        assert session.scalars(select(StockHold.state)).all() == ["released"]


@pytest.mark.parametrize("change", ["set", "cancel"])
def test_changing_a_paid_order_is_for_the_desk_and_adding_opens_another(world, clock, change):
    buyer = new_buyer(clock)
    order_id = confirmed_order(world, clock, add(world.listing, 2000), buyer=buyer)
    quantity = 3000 if change == "set" else None
    (sent,) = place(clock, request_for(world, buyer, LineChange(change, world.listing.id, quantity), key="2"))
    assert isinstance(sent, SentToDesk)
    with write_transaction() as session:
        task = session.scalars(select(DeskTask)).one()
        assert (task.kind, task.order_id) == ("paid_order", order_id)
    (more,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="3"))
    assert more.order_id != order_id


def test_a_weigh_in_that_makes_a_part_paid_order_paid_confirms_it(world, clock):
    buyer = new_buyer(clock)
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 18_000)))
    check_out(clock, placed.order_id)
    with write_transaction() as session:
        order = session.get(Order, placed.order_id)
        pay(session, order, order.total_vnd - 10_000, clock=clock)
        spare = [lot for lot in session.scalars(select(HarvestLot)) if lot.qty_held == 0]
        for lot in spare:
            lot.state = "closed"
        (held,) = [lot.id for lot in session.scalars(select(HarvestLot)) if lot.qty_held]
    with write_transaction() as session:
        cover_shortfall(session, held, 1000, actor=SYSTEM, clock=clock)
    with write_transaction() as session:
        order = session.get(Order, placed.order_id)
        assert (order.state, order.goods_vnd) == ("confirmed", 646_000)
        assert session.scalars(select(Refund.amount_vnd)).all() == [28_000]
        clock.advance(hours=2)
        assert expire_due_orders(session, clock=clock) == 0


def test_a_cash_order_checked_out_again_is_called_again(world, clock):
    buyer = new_buyer(clock)
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 2000)))
    check_out(clock, placed.order_id, method="cod")
    with write_transaction() as session:
        session.scalars(select(DeskTask)).one().state = "dropped"
    place(clock, request_for(world, buyer, add(world.listing, 1000), key="2"))
    check_out(clock, placed.order_id, method="cod")
    with write_transaction() as session:
        assert session.scalars(select(DeskTask.state)).all() == ["open"]
        confirm_order(session, placed.order_id, actor=SYSTEM, clock=clock)
