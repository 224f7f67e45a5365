"""The two orders worked out by hand in docs/money.md, sold through the real use cases on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from app.accounts.actor import SYSTEM
from app.clock import vietnam_date
from app.db import db, write_transaction
from app.errors import Conflict, InvalidInput
from orders.ledger.posting import post_delivered, post_payment_fee
from orders.models import Order, Payment, RateCard
from orders.payments.capturing import capture_payment
from orders.refunding import approve_refund, finish_refund, request_refund, submit_refund
from tests.ledger.books import balances, postings_of
from tests.ledger.selling import Market
from tests.world import add_lot, make_world


@pytest.fixture
def market(app, clock):
    """Household A has 2 kg that must go first, B has plenty."""
    with write_transaction() as session:
        world = make_world(session, clock=clock, lots_kg=())
        for household, kilograms, days in ((world.households[0], 2, 1), (world.households[1], 100, 3)):
            best = vietnam_date(clock()) + timedelta(days=days)
            add_lot(session, world, household, kilograms * 1000, clock=clock, best_before=best)
    return Market(world, clock)


def pay_by_card(market, order_id, amount_vnd, fee_vnd=6_000):
    with write_transaction() as session:
        payment = Payment(
            order_id=order_id, provider="card", state="pending", amount_vnd=amount_vnd, created_at=market.clock()
        )
        session.add(payment)
        session.flush()
        capture_payment(session, order_id, payment.id, actor=SYSTEM, clock=market.clock)
        order = session.get_one(Order, order_id)
        post_payment_fee(session, order, payment, fee_vnd, actor=SYSTEM, clock=market.clock)


def deliver_three_kilograms(market, price_vnd=50_000, **rates):
    """Sell 2 kg of A's and 1 kg of B's by card and bring them to the door; the gateway keeps 6.000."""
    with write_transaction() as session:
        session.execute(update(RateCard).values(rates or {"coop_bps": 800}))
    order_id = market.place((market.world.listing, 3000), price_vnd=price_vnd)
    order = market.check_out(order_id)
    pay_by_card(market, order_id, order.total_vnd)
    market.pack(order_id)
    market.ship(order_id)
    market.deliver(order_id)
    return market.order(order_id)


def refund(market, order, quantity, number=1):
    """Refund a part of the only line to the end and return what the buyer got."""
    line_id = market.lines(order.id)[0].id
    with write_transaction() as session:
        asked = request_refund(
            session, order.id, reference=f"claim:{number}", reason="Vải hỏng", line_quantities={line_id: quantity},
            actor=market.staff, clock=market.clock,
        )  # fmt: skip
        for step in (approve_refund, submit_refund, finish_refund):
            step(session, asked.id, actor=market.staff, clock=market.clock)
        return asked


def books(market):
    db.session.rollback()
    return balances(db.session(), market.world)


def test_first_example_gives_every_party_its_part(market):
    order = deliver_three_kilograms(market)
    home_a, home_b, _ = market.world.households
    host = market.world.host
    assert order.total_vnd == 170_000
    assert books(market) == {
        "asset:stripe_clearing": 164_000,
        "expense:payment_fee": 6_000,
        f"liability:household:{home_a.id}": 87_000,
        f"liability:household:{home_b.id}": 43_500,
        f"liability:host:{host.id}": 7_500,
        "liability:courier:xe-ha-lan": 20_000,
        "income:coop_fee": 12_000,
    }
    assert sorted(postings_of(db.session(), f"order:{order.id}:delivered")) == sorted(
        ("liability:buyer_deposit", credit, vnd)
        for credit, vnd in [
            ("income:coop_fee", 12_000),
            (f"liability:host:{host.id}", 7_500),
            (f"liability:household:{home_a.id}", 87_000),
            (f"liability:household:{home_b.id}", 43_500),
            ("liability:courier:xe-ha-lan", 20_000),
        ]
    )


def test_second_example_takes_a_spoiled_kilogram_back_from_whose_it_was(market):
    order = deliver_three_kilograms(market, packing_vnd_per_kg=1_000, fee_bps=200, fee_bearer="pool")
    home_a, home_b, _ = market.world.households
    host = market.world.host
    before = books(market)
    assert before[f"liability:household:{home_a.id}"] == 83_000
    assert before[f"liability:household:{home_b.id}"] == 41_500
    assert before["income:packing"] == before["income:fee_recovered"] == 3_000
    asked = refund(market, order, {market.world.lots[0].id: 1000})
    assert asked.amount_vnd == 50_000
    assert sorted(postings_of(db.session(), f"refund:{asked.id}:approved")) == sorted(
        (debit, "liability:refund_payable", vnd)
        for debit, vnd in [
            ("income:coop_fee", 4_000),
            (f"liability:host:{host.id}", 2_500),
            ("income:packing", 1_000),
            ("income:fee_recovered", 1_000),
            (f"liability:household:{home_a.id}", 41_500),
        ]
    )
    assert books(market) == {
        "asset:stripe_clearing": 114_000,
        "expense:payment_fee": 6_000,
        f"liability:household:{home_a.id}": 41_500,
        f"liability:household:{home_b.id}": 41_500,
        f"liability:host:{host.id}": 5_000,
        "liability:courier:xe-ha-lan": 20_000,
        "income:coop_fee": 8_000,
        "income:packing": 2_000,
        "income:fee_recovered": 2_000,
    }


def test_refunding_everything_in_odd_steps_leaves_nothing_with_anyone(market):
    order = deliver_three_kilograms(market, price_vnd=38_499, packing_vnd_per_kg=777, fee_bps=133, fee_bearer="pool")
    paid_back = sum(
        refund(market, order, grams, number).amount_vnd for number, grams in enumerate((100, 333, 1567, 1000))
    )
    assert paid_back == order.goods_vnd
    with pytest.raises(InvalidInput):
        refund(market, order, 1, 5)
    assert books(market) == {
        "asset:stripe_clearing": order.delivery_fee_vnd - 6_000,
        "expense:payment_fee": 6_000,
        "liability:courier:xe-ha-lan": 20_000,
    }


def test_the_same_event_is_booked_once(market):
    order = deliver_three_kilograms(market)
    before = books(market)
    with write_transaction() as session:
        again = session.get_one(Order, order.id)
        first = post_delivered(session, again, actor=SYSTEM, clock=market.clock)
        second = post_delivered(session, again, actor=SYSTEM, clock=market.clock)
        assert first.id == second.id
    assert books(market) == before


def test_an_order_that_is_not_fully_paid_earns_nothing(market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    market.transfer(100_000, market.order(order_id).code)
    with write_transaction() as session, pytest.raises(Conflict):
        post_delivered(session, session.get_one(Order, order_id), actor=SYSTEM, clock=market.clock)
    assert books(market) == {"asset:bank": 100_000, "liability:buyer_deposit": 100_000}


def test_cash_is_the_couriers_until_it_is_handed_over(market):
    market.sell((market.world.listing, 1000), method="cod")
    found = books(market)
    assert found["asset:cod_in_hand:xe-ha-lan"] == 58_000
    assert "liability:buyer_deposit" not in found
    assert db.session.scalars(select(Payment.provider)).all() == ["cod"]
