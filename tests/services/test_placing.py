"""Placing orders: stock is taken with the order or not at all."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import write_transaction
from app.errors import Conflict, IdempotencyMismatch, InsufficientStock, InvalidInput
from app.policy import SalePolicy
from orders.models import DeskTask, Order, OrderLine, StockHoldLine
from orders.placing import place_orders
from orders.requests import Attribution, BuyerRef, LineChange, OrderRequest, OrderResult, SentToDesk
from shop.models import HarvestLot, SaleLimit
from tests.world import add_lot, make_buyer, make_world

POLICY = SalePolicy()


@pytest.fixture
def world(app, clock):
    with write_transaction() as session:
        return make_world(session, clock=clock)


@pytest.fixture
def buyer(world, clock):
    with write_transaction() as session:
        row = make_buyer(session, clock=clock)
        return BuyerRef(row.id, row.name, row.phone)


def request_for(world, buyer, *changes, key="1", session_id=7):
    attribution = Attribution(session_id, world.host.id, 500) if session_id else None
    return OrderRequest(f"test:{buyer.id}", key, world.cooperative.id, buyer, changes, attribution)


def add(listing, quantity, **more):
    return LineChange("add", listing.id, quantity, **more)


def place(clock, *requests, policy=POLICY):
    with write_transaction() as session:
        return place_orders(session, requests, policy=policy, actor=SYSTEM, clock=clock)


def counters(session):
    return [(lot.qty_held, lot.qty_sold) for lot in session.scalars(select(HarvestLot).order_by(HarvestLot.id))]


def test_an_order_holds_its_stock_until_the_clock_runs_out(world, buyer, clock):
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 3000)))
    assert isinstance(placed, OrderResult)
    assert placed.goods_vnd == 114_000
    assert placed.expires_at == clock() + timedelta(minutes=30)
    with write_transaction() as session:
        assert sum(held for held, _ in counters(session)) == 3000
        assert session.scalar(select(func.sum(StockHoldLine.quantity))) == 3000


def test_adding_to_the_live_order_keeps_one_order_and_renews_its_clock_up_to_the_ceiling(world, buyer, clock):
    (first,) = place(clock, request_for(world, buyer, add(world.listing, 2000)))
    clock.advance(minutes=20)
    (second,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="2"))
    assert second.order_id == first.order_id
    assert second.goods_vnd == 114_000
    assert second.expires_at == clock() + timedelta(minutes=30)
    clock.advance(minutes=25)
    (third,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="3"))
    assert third.expires_at == first.expires_at + timedelta(minutes=30)


def test_the_same_command_again_is_the_same_order(world, buyer, clock):
    request = request_for(world, buyer, add(world.listing, 2000))
    (first,) = place(clock, request)
    (again,) = place(clock, request)
    assert again == first
    twice = place(clock, replace(request, key="9"), replace(request, key="9"))
    assert twice[0] == twice[1]
    with write_transaction() as session:
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 4000


def test_the_same_key_with_another_body_is_refused(world, buyer, clock):
    place(clock, request_for(world, buyer, add(world.listing, 2000)))
    (refused,) = place(clock, request_for(world, buyer, add(world.listing, 5000)))
    assert isinstance(refused, IdempotencyMismatch)


def test_what_is_short_is_refused_with_what_is_left_and_nothing_is_taken(world, buyer, clock):
    policy = SalePolicy(desk_order_grams=10**9, unpaid_grams_per_buyer=10**9, unpaid_grams_per_phone=10**9)
    (refused,) = place(
        clock, request_for(world, buyer, add(world.honey_listing, 1), add(world.listing, 151_000)), policy=policy
    )
    assert isinstance(refused, InsufficientStock)
    (refused,) = place(clock, request_for(world, buyer, add(world.listing, 151_000), key="2"), policy=policy)
    assert refused.details["left"] == 150_000
    assert "150" in refused.message
    with write_transaction() as session:
        assert counters(session) == [(0, 0), (0, 0)]
        assert session.scalar(select(func.count(Order.id))) == 0


def test_one_buyers_refusal_never_undoes_a_neighbour(world, buyer, clock):
    with write_transaction() as session:
        other = make_buyer(session, clock=clock, name="Anh Nam", phone="+84987654321")
        other = BuyerRef(other.id, other.name, other.phone)
    outcomes = place(
        clock,
        request_for(world, buyer, add(world.listing, 3000)),
        request_for(world, other, add(world.honey_listing, 1)),
        request_for(world, other, add(world.listing, 1000), key="2"),
    )
    assert [type(outcome).__name__ for outcome in outcomes] == ["OrderResult", "InsufficientStock", "OrderResult"]


def test_set_and_cancel_give_stock_back(world, buyer, clock):
    place(clock, request_for(world, buyer, add(world.listing, 5000)))
    (changed,) = place(clock, request_for(world, buyer, LineChange("set", world.listing.id, 2000), key="2"))
    assert changed.goods_vnd == 76_000
    (latest,) = place(clock, request_for(world, buyer, LineChange("set", grams=1500), key="3"))
    assert latest.goods_vnd == 57_000
    (cancelled,) = place(clock, request_for(world, buyer, LineChange("cancel"), key="4"))
    assert cancelled.state == "cancelled"
    with write_transaction() as session:
        assert counters(session) == [(0, 0), (0, 0)]
    (fresh,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="5"))
    assert fresh.order_id != cancelled.order_id


def test_several_commands_of_one_buyer_in_one_batch_are_one_order(world, buyer, clock):
    outcomes = place(
        clock,
        request_for(world, buyer, add(world.listing, 2000), key="a"),
        request_for(world, buyer, add(world.listing, 1000), key="b"),
        request_for(world, buyer, LineChange("set", world.listing.id, 1000), key="c"),
        request_for(world, buyer, add(world.listing, 4000), key="d"),
    )
    assert len({outcome.order_id for outcome in outcomes}) == 1
    with write_transaction() as session:
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 5000
        assert session.scalar(select(func.sum(OrderLine.quantity))) == 5000


def test_changes_with_nothing_to_change_are_refused(world, buyer, clock):
    (refused,) = place(clock, request_for(world, buyer, LineChange("cancel")))
    assert isinstance(refused, Conflict)


@pytest.mark.parametrize("quantity", [0, -1000, 50])
def test_quantities_that_are_not_sold_are_refused(world, buyer, clock, quantity):
    (refused,) = place(clock, request_for(world, buyer, add(world.listing, quantity)))
    assert isinstance(refused, InvalidInput)


def test_a_box_comes_whole_from_one_household(world, buyer, clock):
    with write_transaction() as session:
        session.add_all([world.box_listing])
        add_lot(session, world, world.households[0], 7000, clock=clock, listing=world.box_listing)
        add_lot(session, world, world.households[1], 4000, clock=clock, listing=world.box_listing)
    (placed,) = place(clock, request_for(world, buyer, add(world.box_listing, 5000)))
    assert placed.goods_vnd == 200_000
    (refused,) = place(clock, request_for(world, buyer, add(world.box_listing, 5000), key="2"))
    assert isinstance(refused, InsufficientStock)
    assert refused.details["left"] == 0


def test_a_very_large_order_goes_to_the_desk_without_holding_stock(world, buyer, clock):
    request = request_for(world, buyer, add(world.listing, 60_000))
    (refused,) = place(clock, request)
    assert isinstance(refused, SentToDesk)
    (again,) = place(clock, request)
    assert isinstance(again, SentToDesk)
    with write_transaction() as session:
        assert session.scalar(select(func.count(DeskTask.id))) == 1
        assert counters(session) == [(0, 0), (0, 0)]


def test_unpaid_holds_are_capped_per_network_and_never_by_a_phone_that_others_typed(world, buyer, clock):
    policy = SalePolicy(unpaid_grams_per_address=15_000, unpaid_grams_per_phone=15_000)
    crowd = []
    with write_transaction() as session:
        for i in range(4):
            row = make_buyer(session, clock=clock, name=f"Khách {i}", phone="+84912345678")
            row.network_key = "same-network"
            crowd.append(BuyerRef(row.id, row.name, f"+8491234500{i}", network_key="same-network"))
    outcomes = place(clock, *[request_for(world, b, add(world.listing, 5000)) for b in crowd], policy=policy)
    assert [isinstance(outcome, OrderResult) for outcome in outcomes] == [True, True, True, False]
    strangers = [replace(b, phone=buyer.phone, network_key=None) for b in crowd]
    place(clock, *[request_for(world, b, add(world.listing, 5000), key="2") for b in strangers], policy=policy)
    (known,) = place(
        clock, request_for(world, replace(buyer, phone_verified=True), add(world.listing, 10_000)), policy=policy
    )
    assert isinstance(known, OrderResult)


def test_a_quota_and_a_per_buyer_limit_are_kept(world, buyer, clock):
    with write_transaction() as session:
        limit = SaleLimit(qty_limit=6000, qty_taken=0, per_buyer=4000)
        session.add(limit)
        session.flush()
        limit_id = limit.id
        other = make_buyer(session, clock=clock, name="Anh Nam", phone="+84987654321")
        other = BuyerRef(other.id, other.name, other.phone)
    (refused,) = place(clock, request_for(world, buyer, add(world.listing, 5000, sale_limit_id=limit_id)))
    assert refused.details["left"] == 4000
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 4000, sale_limit_id=limit_id), key="2"))
    assert isinstance(placed, OrderResult)
    (refused,) = place(clock, request_for(world, other, add(world.listing, 3000, sale_limit_id=limit_id)))
    assert refused.details["left"] == 2000
    place(clock, request_for(world, buyer, LineChange("cancel"), key="3"))
    with write_transaction() as session:
        assert session.get(SaleLimit, limit_id).qty_taken == 0


def test_a_hold_that_ran_out_serves_the_next_buyer_at_once(world, buyer, clock):
    policy = SalePolicy(desk_order_grams=10**9, unpaid_grams_per_buyer=10**9, unpaid_grams_per_phone=10**9)
    (first,) = place(clock, request_for(world, buyer, add(world.listing, 150_000)), policy=policy)
    clock.advance(minutes=31)
    with write_transaction() as session:
        other = make_buyer(session, clock=clock, name="Anh Nam", phone="+84987654321")
        other = BuyerRef(other.id, other.name, other.phone)
    (second,) = place(clock, request_for(world, other, add(world.listing, 150_000)), policy=policy)
    assert isinstance(second, OrderResult)
    with write_transaction() as session:
        assert session.get(Order, first.order_id).state == "expired"


def test_a_batch_issues_the_same_number_of_statements_whatever_its_size(world, clock, app):
    import sqlalchemy as sa

    from app.db import db

    counts = []
    for size in (1, 20):
        with write_transaction() as session:
            buyers = [
                make_buyer(session, clock=clock, name=f"K{size}-{i}", phone=f"+849{size:02}{i:06}") for i in range(size)
            ]
            refs = [BuyerRef(b.id, b.name, b.phone) for b in buyers]
        seen = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listener)
        outcomes = place(clock, *[request_for(world, b, add(world.listing, 1000)) for b in refs])
        sa.event.remove(db.engine, "before_cursor_execute", listener)
        assert all(isinstance(outcome, OrderResult) for outcome in outcomes)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_a_pledge_that_nobody_weighed_leaves_the_shop_when_its_day_is_over(world, buyer, clock):
    with write_transaction() as session:
        for lot in session.scalars(select(HarvestLot)):
            lot.state = "pledged"
    (today,) = place(clock, request_for(world, buyer, add(world.listing, 1000)))
    assert isinstance(today, OrderResult)
    clock.advance(hours=24)
    (refused,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="2", session_id=8))
    assert isinstance(refused, InsufficientStock)
