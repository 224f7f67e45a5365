"""An order's way from hold to door, and every way back."""

import pytest
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import write_transaction
from app.errors import Conflict, IllegalTransition, InvalidInput
from orders.balances import amount_due_vnd
from orders.checkout import cod_standing
from orders.expiring import expire_due_orders
from orders.fulfilling import deliver_order, pack_order, return_order, ship_order
from orders.lifecycle import cancel_order, confirm_late_money, confirm_order, extend_hold
from orders.models import Allocation, DeskTask, Order, OrderLine, Payment
from shop.models import HarvestLot
from tests.services.helpers import POLICY, add, check_out, confirmed_order, new_buyer, pay, place, request_for
from tests.world import make_world


@pytest.fixture
def world(app, clock):
    with write_transaction() as session:
        return make_world(session, clock=clock)


def stock(session):
    return session.execute(
        select(func.sum(HarvestLot.qty_held), func.sum(HarvestLot.qty_sold), func.sum(HarvestLot.qty_lost))
    ).one()


def tasks(session):
    return sorted(session.scalars(select(DeskTask.kind)))


def packed(session, order_id, clock, **less):
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.quantity > 0)).all()
    weights = {line.id: line.quantity - less.get("short", 0) for line in lines}
    return pack_order(session, order_id, weights, actor=SYSTEM, clock=clock)


def test_confirming_sells_what_was_held_and_names_whose_fruit_it_is(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        assert stock(session) == (0, 3000, 0)
        allocations = session.scalars(select(Allocation)).all()
        assert sum(a.quantity for a in allocations) == 3000
        assert session.get(Order, order_id).hold_expires_at is None


def test_confirming_twice_changes_nothing(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        confirm_order(session, order_id, actor=SYSTEM, clock=clock)
        assert stock(session) == (0, 3000, 0)


def test_an_unpaid_order_expires_and_gives_its_stock_back_once(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    with write_transaction() as session:
        assert expire_due_orders(session, clock=clock) == 0
    clock.advance(minutes=30)
    with write_transaction() as session:
        assert expire_due_orders(session, clock=clock) == 1
        assert expire_due_orders(session, clock=clock) == 0
        assert session.get(Order, placed.order_id).state == "expired"
        assert stock(session) == (0, 0, 0)


def test_an_expired_order_that_was_partly_paid_becomes_a_refund_task(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    with write_transaction() as session:
        pay(session, session.get(Order, placed.order_id), 50_000, clock=clock)
    clock.advance(minutes=31)
    with write_transaction() as session:
        expire_due_orders(session, clock=clock)
        assert tasks(session) == ["refund_due"]


def test_late_money_is_served_at_the_old_price_when_stock_is_left(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    clock.advance(minutes=31)
    with write_transaction() as session:
        expire_due_orders(session, clock=clock)
        world_listing = session.get(type(world.listing), world.listing.id)
        world_listing.price_vnd = 60_000
    with write_transaction() as session:
        assert confirm_late_money(session, placed.order_id, actor=SYSTEM, clock=clock)
        order = session.get(Order, placed.order_id)
        assert (order.state, order.goods_vnd, order.hold_attempt) == ("confirmed", 114_000, 2)
        assert stock(session) == (0, 3000, 0)


def test_late_money_without_stock_becomes_a_task_and_changes_nothing(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    clock.advance(minutes=31)
    with write_transaction() as session:
        expire_due_orders(session, clock=clock)
        for lot in session.scalars(select(HarvestLot)):
            lot.state = "closed"
    with write_transaction() as session:
        assert not confirm_late_money(session, placed.order_id, actor=SYSTEM, clock=clock)
        assert session.get(Order, placed.order_id).state == "expired"
        assert tasks(session) == ["late_money"]


def test_cancelling_a_paid_order_returns_the_stock_and_asks_for_the_refund(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        cancel_order(session, order_id, reason="khách đổi ý", actor=SYSTEM, clock=clock)
        cancel_order(session, order_id, reason="khách đổi ý", actor=SYSTEM, clock=clock)
        assert stock(session) == (0, 0, 0)
        assert tasks(session) == ["refund_due"]
        assert session.scalar(select(func.sum(Allocation.quantity))) == 0


def test_staff_extend_a_hold_once(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    with write_transaction() as session:
        order = extend_hold(session, placed.order_id, policy=POLICY, actor=SYSTEM, clock=clock)
        assert (order.hold_expires_at - clock()).total_seconds() == 3600
    with pytest.raises(Conflict), write_transaction() as session:
        extend_hold(session, placed.order_id, policy=POLICY, actor=SYSTEM, clock=clock)


def test_a_total_the_buyer_did_not_see_stops_the_order(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    with pytest.raises(Conflict) as refused:
        check_out(clock, placed.order_id, shown_total=114_000)
    assert refused.value.details["total_vnd"] == 134_000
    order = check_out(clock, placed.order_id, shown_total=134_000)
    assert (order.delivery_fee_vnd, order.total_vnd, order.payment_method) == (20_000, 134_000, "vietqr")


def test_an_unknown_ward_is_refused_with_the_field_to_mend(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    with pytest.raises(InvalidInput) as refused:
        check_out(clock, placed.order_id, ward_code="99999")
    assert refused.value.details["field"] == "ward"


def test_changing_an_order_after_checkout_asks_for_checkout_again(world, clock):
    buyer = new_buyer(clock)
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 3000)))
    check_out(clock, placed.order_id)
    (changed,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="2"))
    assert changed.total_vnd == changed.goods_vnd == 152_000
    with write_transaction() as session:
        order = session.get(Order, placed.order_id)
        assert order.payment_method is None
        assert order.street == "Thôn Đá Bạc"


def test_cash_on_delivery_waits_for_a_call_until_the_buyer_is_known(world, clock):
    buyer = new_buyer(clock)
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 3000)))
    order = check_out(clock, placed.order_id, method="cod")
    assert order.state == "pending"
    with write_transaction() as session:
        assert tasks(session) == ["confirm_cod"]
        confirm_order(session, order.id, actor=SYSTEM, clock=clock)
        packed(session, order.id, clock)
        ship_order(session, order.id, carrier="Xe khách Hà Lan", tracking_number="", actor=SYSTEM, clock=clock)
        deliver_order(session, order.id, actor=SYSTEM, clock=clock)
        payment = session.scalars(select(Payment)).one()
        assert (payment.provider, payment.amount_vnd) == ("cod", 134_000)
        session.get(type(world.host), world.host.id)
    with write_transaction() as session:
        from app.accounts.models import Buyer

        session.get(Buyer, buyer.id).phone_verified_at = clock()
    (second,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="2"))
    assert check_out(clock, second.order_id, method="cod").state == "confirmed"
    stranger = new_buyer(clock, name="Người lạ", phone=buyer.phone)
    (third,) = place(clock, request_for(world, stranger, add(world.listing, 1000)))
    assert check_out(clock, third.order_id, method="cod").state == "pending"


def test_a_buyer_who_refused_a_parcel_pays_first_next_time(world, clock):
    buyer = new_buyer(clock)
    (placed,) = place(clock, request_for(world, buyer, add(world.listing, 2000)))
    order = check_out(clock, placed.order_id, method="cod")
    with write_transaction() as session:
        confirm_order(session, order.id, actor=SYSTEM, clock=clock)
        packed(session, order.id, clock)
        ship_order(session, order.id, carrier="Nhà xe", tracking_number="", actor=SYSTEM, clock=clock)
        return_order(session, order.id, reason="không nghe máy", cost_vnd=40_000, actor=SYSTEM, clock=clock)
        assert stock(session) == (0, 0, 2000)
    (second,) = place(clock, request_for(world, buyer, add(world.listing, 1000), key="2"))
    with write_transaction() as session:
        standing = cod_standing(session, session.get(Order, second.order_id), policy=POLICY)
    assert not standing.offered


def test_packing_bills_the_real_weight_and_asks_to_refund_the_difference(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        order = packed(session, order_id, clock, short=200)
        assert order.goods_vnd == 106_400
        assert order.total_vnd == 126_400
        assert stock(session) == (0, 2800, 200)
        assert session.scalar(select(func.sum(Allocation.quantity))) == 2800
        assert tasks(session) == ["refund_due"]


def test_overweight_is_given_never_charged(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        order = packed(session, order_id, clock, short=-300)
        assert order.goods_vnd == 114_000
        assert stock(session) == (0, 3000, 0)


@pytest.mark.parametrize("weights", [{}, {"all": -5}, {"all": 10**9}, {"all": 0}])
def test_impossible_weights_are_refused(world, clock, weights):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        line_ids = session.scalars(select(OrderLine.id).where(OrderLine.order_id == order_id)).all()
    given = dict.fromkeys(line_ids, weights["all"]) if weights else {}
    with pytest.raises(InvalidInput), write_transaction() as session:
        pack_order(session, order_id, given, actor=SYSTEM, clock=clock)


def test_an_unpaid_order_cannot_be_packed_and_a_sent_one_not_cancelled(world, clock):
    (placed,) = place(clock, request_for(world, new_buyer(clock), add(world.listing, 3000)))
    with pytest.raises(IllegalTransition), write_transaction() as session:
        packed(session, placed.order_id, clock)
    order_id = confirmed_order(world, clock, add(world.listing, 1000), buyer=new_buyer(clock, phone="+84987654321"))
    with write_transaction() as session:
        packed(session, order_id, clock)
        ship_order(session, order_id, carrier="GHN", tracking_number="X1", actor=SYSTEM, clock=clock)
    with pytest.raises(IllegalTransition), write_transaction() as session:
        cancel_order(session, order_id, reason="", actor=SYSTEM, clock=clock)


def test_delivery_books_everyones_share(world, clock):
    order_id = confirmed_order(world, clock, add(world.listing, 3000))
    with write_transaction() as session:
        packed(session, order_id, clock)
        ship_order(session, order_id, carrier="GHN", tracking_number="X1", actor=SYSTEM, clock=clock)
        order = deliver_order(session, order_id, actor=SYSTEM, clock=clock)
        deliver_order(session, order_id, actor=SYSTEM, clock=clock)
        assert order.state == "delivered"
        assert amount_due_vnd(session, order) == 0
