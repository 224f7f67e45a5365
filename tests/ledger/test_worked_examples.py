"""The two orders worked out by hand in docs/money.md, through real rows on both databases."""

import pytest

from app.accounts.actor import SYSTEM
from app.db import write_transaction
from app.errors import Conflict, InvalidInput
from orders.ledger.posting import (
    post_delivered,
    post_payment_captured,
    post_payment_fee,
    post_refund_approved,
    post_refund_done,
)
from orders.ledger.reversals import quantities_by_lot, value_of
from orders.models import Refund
from tests.ledger.books import balances, postings_of, write_order, write_payment
from tests.world import make_world

pytestmark = pytest.mark.breaks_invariants  # Orders are written straight to the tables; only the books are tested.


def deliver_paid_order(session, world, clock, **rates):
    lot_a, lot_b = world.lots
    order = write_order(session, world, [(lot_a, 2000), (lot_b, 1000)], clock=clock, **rates)
    payment = write_payment(session, order, order.total_vnd, clock=clock)
    post_payment_captured(session, order, payment, actor=SYSTEM, clock=clock)
    post_payment_fee(session, order, payment, 6_000, actor=SYSTEM, clock=clock)
    post_delivered(session, order, actor=SYSTEM, clock=clock)
    return order


def write_refund(session, order, quantities, clock, number=1):
    refund = Refund(
        order_id=order.id, reference=f"claim:{number}", state="approved", reason="Vải hỏng", requested_at=clock(),
        amount_vnd=value_of(session, order, quantities), approved_at=clock(),
        line_quantities={str(line): {str(lot): grams for lot, grams in lots.items()} for line, lots in quantities.items()},
    )  # fmt: skip
    session.add(refund)
    session.flush()
    return refund


def test_first_example_gives_every_party_its_part(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        order = deliver_paid_order(session, world, clock)
    home_a, home_b, _ = world.households
    assert order.total_vnd == 170_000
    assert balances(session, world) == {
        "asset:stripe_clearing": 164_000,
        "expense:payment_fee": 6_000,
        f"liability:household:{home_a.id}": 87_000,
        f"liability:household:{home_b.id}": 43_500,
        f"liability:host:{world.host.id}": 7_500,
        "liability:courier:own": 20_000,
        "income:coop_fee": 12_000,
    }
    assert sorted(postings_of(session, f"order:{order.id}:delivered")) == sorted(
        ("liability:buyer_deposit", credit, vnd)
        for credit, vnd in [
            ("income:coop_fee", 12_000),
            (f"liability:host:{world.host.id}", 7_500),
            (f"liability:household:{home_a.id}", 87_000),
            (f"liability:household:{home_b.id}", 43_500),
            ("liability:courier:own", 20_000),
        ]
    )


def test_second_example_takes_a_spoiled_kilogram_back_from_whose_it_was(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        order = deliver_paid_order(session, world, clock, packing_vnd_per_kg=1_000, fee_bps=200, fee_bearer="pool")
        home_a, home_b, _ = world.households
        before = balances(session, world)
        refund = write_refund(session, order, {order.lines[0].id: {world.lots[0].id: 1000}}, clock)
        post_refund_approved(session, order, refund, actor=SYSTEM, clock=clock)
        approved = postings_of(session, f"refund:{refund.id}:approved")
        post_refund_done(session, order, refund, provider="card", actor=SYSTEM, clock=clock)
    assert before[f"liability:household:{home_a.id}"] == 83_000
    assert before[f"liability:household:{home_b.id}"] == 41_500
    assert before["income:packing"] == before["income:fee_recovered"] == 3_000
    assert sorted(approved) == sorted(
        (debit, "liability:refund_payable", vnd)
        for debit, vnd in [
            ("income:coop_fee", 4_000),
            (f"liability:host:{world.host.id}", 2_500),
            ("income:packing", 1_000),
            ("income:fee_recovered", 1_000),
            (f"liability:household:{home_a.id}", 41_500),
        ]
    )
    assert balances(session, world) == {
        "asset:stripe_clearing": 114_000,
        "expense:payment_fee": 6_000,
        f"liability:household:{home_a.id}": 41_500,
        f"liability:household:{home_b.id}": 41_500,
        f"liability:host:{world.host.id}": 5_000,
        "liability:courier:own": 20_000,
        "income:coop_fee": 8_000,
        "income:packing": 2_000,
        "income:fee_recovered": 2_000,
    }


def test_refunding_everything_in_odd_steps_leaves_nothing_with_anyone(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        order = deliver_paid_order(
            session, world, clock, price_vnd=38_499, packing_vnd_per_kg=777, fee_bps=133, fee_bearer="pool"
        )
        line_id = order.lines[0].id
        paid_back = 0
        for number, grams in enumerate((100, 333, 1567, 1000)):
            quantities = quantities_by_lot(session, order, {line_id: grams})
            assert sum(quantities[line_id].values()) == grams
            refund = write_refund(session, order, quantities, clock, number)
            paid_back += refund.amount_vnd
            post_refund_approved(session, order, refund, actor=SYSTEM, clock=clock)
        with pytest.raises(InvalidInput):
            quantities_by_lot(session, order, {line_id: 1})
    assert paid_back == order.goods_vnd
    assert balances(session, world) == {
        "asset:stripe_clearing": order.total_vnd - 6_000,
        "expense:payment_fee": 6_000,
        "liability:courier:own": 20_000,
        "liability:refund_payable": order.goods_vnd,
    }


def test_the_same_event_is_booked_once(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        order = deliver_paid_order(session, world, clock)
        first = post_delivered(session, order, actor=SYSTEM, clock=clock)
        second = post_delivered(session, order, actor=SYSTEM, clock=clock)
        assert first.id == second.id
    assert len(postings_of(session, f"order:{order.id}:delivered")) == 5


def test_an_order_that_is_not_fully_paid_earns_nothing(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        order = write_order(session, world, [(world.lots[0], 1000)], clock=clock)
        payment = write_payment(session, order, order.total_vnd - 1, clock=clock)
        post_payment_captured(session, order, payment, actor=SYSTEM, clock=clock)
        with pytest.raises(Conflict):
            post_delivered(session, order, actor=SYSTEM, clock=clock)
    assert balances(session, world) == {
        "asset:stripe_clearing": order.total_vnd - 1,
        "liability:buyer_deposit": order.total_vnd - 1,
    }


def test_a_refund_before_delivery_comes_from_the_deposit_and_never_exceeds_it(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        order = write_order(session, world, [(world.lots[0], 1000)], clock=clock)
        post_payment_captured(
            session,
            order,
            write_payment(session, order, 70_000, clock=clock, provider="cod"),
            actor=SYSTEM,
            clock=clock,
        )
        refund = Refund(
            order_id=order.id, reference="packing", state="approved", amount_vnd=70_001, reason="Thiếu cân",
            requested_at=clock(),
        )  # fmt: skip
        session.add(refund)
        session.flush()
        with pytest.raises(Conflict):
            post_refund_approved(session, order, refund, actor=SYSTEM, clock=clock)
        refund.amount_vnd = 4_000
        post_refund_approved(session, order, refund, actor=SYSTEM, clock=clock)
    assert balances(session, world) == {
        "asset:cod_in_hand:own": 70_000,
        "liability:buyer_deposit": 66_000,
        "liability:refund_payable": 4_000,
    }
