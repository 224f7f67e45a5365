"""Refunds: never more than came in, from the deposit before delivery and from those who got their parts after it."""

import pytest
from sqlalchemy import select

from app.db import db, write_transaction
from app.errors import Conflict, IllegalTransition, InvalidInput
from orders.balances import amount_due_vnd
from orders.expiring import expire_due_orders
from orders.lifecycle import cancel_order
from orders.models import OrderEntry, Refund
from orders.refunding import (
    approve_refund,
    fail_refund,
    finish_refund,
    reject_refund,
    request_refund,
    submit_refund,
)
from tests.ledger.books import balances
from tests.ledger.selling import Market
from tests.world import make_world


@pytest.fixture
def market(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    return Market(world, clock)


def ask(market, order_id, *, reference="claim:1", reason="Vải dập", **what):
    with write_transaction() as session:
        refund = request_refund(
            session, order_id, reference=reference, reason=reason, actor=market.staff, clock=market.clock, **what
        )
        return refund.id


def step(market, use_case, refund_id):
    with write_transaction() as session:
        return use_case(session, refund_id, actor=market.staff_two, clock=market.clock).state


def books(market):
    db.session.rollback()
    return balances(db.session(), market.world)


def test_a_cancelled_paid_order_gets_everything_back(market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    market.pay(order_id)
    with write_transaction() as session:
        cancel_order(session, order_id, reason="Khách đổi ý", actor=market.staff, clock=market.clock)
    with pytest.raises(Conflict):
        ask(market, order_id, amount_vnd=134_001)
    refund_id = ask(market, order_id, reference="cancelled:1", amount_vnd=134_000)
    assert books(market) == {"asset:bank": 134_000, "liability:buyer_deposit": 134_000}
    assert step(market, approve_refund, refund_id) == "approved"
    assert books(market) == {"asset:bank": 134_000, "liability:refund_payable": 134_000}
    assert step(market, submit_refund, refund_id) == "submitted"
    assert step(market, fail_refund, refund_id) == "failed"
    assert step(market, submit_refund, refund_id) == "submitted"
    assert step(market, finish_refund, refund_id) == "done"
    assert books(market) == {}
    kinds = [
        entry.kind
        for entry in db.session.scalars(
            select(OrderEntry).where(OrderEntry.order_id == order_id).order_by(OrderEntry.id)
        )
    ]
    assert kinds[-5:] == ["refund_approved", "refund_submitted", "refund_failed", "refund_submitted", "refunded"]


def test_one_cause_is_refunded_once(market):
    order_id = market.sell((market.world.listing, 3000))
    line_id = market.lines(order_id)[0].id
    first = ask(market, order_id, line_quantities={line_id: 1000})
    assert ask(market, order_id, line_quantities={line_id: 1000}) == first
    for _ in range(2):
        assert step(market, approve_refund, first) == "approved"
    assert books(market)["liability:refund_payable"] == 38_000


def test_a_delivered_order_is_refunded_by_what_was_sold(market):
    order_id = market.sell((market.world.listing, 3000))
    line_id = market.lines(order_id)[0].id
    before = books(market)
    with pytest.raises(Conflict):
        ask(market, order_id, amount_vnd=10_000)
    with pytest.raises(InvalidInput):
        ask(market, order_id, line_quantities={line_id: 3001})
    with pytest.raises(InvalidInput):
        ask(market, order_id, line_quantities={line_id + 99: 1})
    refund_id = ask(market, order_id, line_quantities={line_id: 1500})
    assert db.session.get_one(Refund, refund_id).amount_vnd == 57_000
    step(market, approve_refund, refund_id)
    after = books(market)
    assert after["liability:refund_payable"] == 57_000
    assert after["liability:courier:xe-ha-lan"] == before["liability:courier:xe-ha-lan"] == 20_000
    taken = {code: before[code] - after[code] for code in before if before[code] != after[code]}
    assert sum(taken.values()) == 57_000
    assert taken["income:coop_fee"] == 57_000 * 8 // 100
    assert taken[f"liability:host:{market.world.host.id}"] == 57_000 * 5 // 100


def test_two_claims_together_cannot_take_more_than_was_sold(market):
    order_id = market.sell((market.world.listing, 3000))
    line_id = market.lines(order_id)[0].id
    one = ask(market, order_id, reference="claim:1", line_quantities={line_id: 2000})
    two = ask(market, order_id, reference="claim:2", line_quantities={line_id: 1000})
    step(market, approve_refund, two)
    step(market, approve_refund, one)
    with pytest.raises(InvalidInput):
        ask(market, order_id, reference="claim:3", line_quantities={line_id: 1})
    assert books(market)["liability:refund_payable"] == 114_000


def test_two_asked_at_once_are_stopped_before_they_exceed_the_payment_or_the_goods(market):
    order_id = market.sell((market.world.listing, 3000))
    line_id = market.lines(order_id)[0].id
    one = ask(market, order_id, reference="claim:1", line_quantities={line_id: 1700})
    with pytest.raises(Conflict):
        ask(market, order_id, reference="claim:2", line_quantities={line_id: 2000})
    two = ask(market, order_id, reference="claim:3", line_quantities={line_id: 1500})
    step(market, approve_refund, one)
    with pytest.raises(InvalidInput):
        step(market, approve_refund, two)
    assert db.session.get_one(Refund, two).state == "requested"


def test_what_was_packed_short_is_given_back_before_delivery(market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    market.pay(order_id)
    market.pack(order_id, 2800)
    assert market.order(order_id).total_vnd == 126_400
    refund_id = ask(market, order_id, reference="packing", amount_vnd=7_600)
    step(market, approve_refund, refund_id)
    assert amount_due_vnd(db.session(), market.order(order_id)) == 0
    market.ship(order_id)
    market.deliver(order_id)
    after = books(market)
    assert "liability:buyer_deposit" not in after
    assert after["liability:refund_payable"] == 7_600


def test_a_refund_that_was_rejected_stays_rejected(market):
    order_id = market.sell((market.world.listing, 3000))
    refund_id = ask(market, order_id, line_quantities={market.lines(order_id)[0].id: 1000})
    assert step(market, reject_refund, refund_id) == "rejected"
    with pytest.raises(IllegalTransition):
        step(market, approve_refund, refund_id)
    with pytest.raises(InvalidInput):
        ask(market, order_id, reference="other", reason=" ", line_quantities={market.lines(order_id)[0].id: 1000})


def test_a_refund_nobody_approved_is_withdrawn_when_the_rest_of_the_money_comes(market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    market.transfer(100_000, market.order(order_id).code)
    market.clock.advance(minutes=31)
    with write_transaction() as session:
        expire_due_orders(session, clock=market.clock)
    db.session.rollback()
    asked = db.session.scalars(select(Refund).where(Refund.order_id == order_id)).one()
    assert (asked.state, asked.amount_vnd) == ("requested", 100_000)
    market.transfer(34_000, market.order(order_id).code)
    assert market.order(order_id).state == "confirmed"
    assert db.session.get_one(Refund, asked.id).state == "rejected"
    market.pack(order_id)
    market.ship(order_id)
    market.deliver(order_id)
    assert "liability:buyer_deposit" not in books(market)


def test_a_refund_of_delivered_goods_is_no_new_debt(market):
    """The total of a delivered order does not shrink; what was given back for it is the buyer's to keep."""
    order_id = market.sell((market.world.listing, 3000))
    (line,) = market.lines(order_id)
    refund_id = ask(market, order_id, line_quantities={line.id: 1000})
    for use_case in (approve_refund, submit_refund, finish_refund):
        step(market, use_case, refund_id)
        assert amount_due_vnd(db.session(), market.order(order_id)) == 0
    assert db.session.get_one(Refund, refund_id).amount_vnd == 38_000


def test_money_given_back_before_delivery_is_due_again(market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    market.pay(order_id)
    step(market, approve_refund, ask(market, order_id, amount_vnd=34_000))
    assert amount_due_vnd(db.session(), market.order(order_id)) == 34_000
