"""Paying out what the ledger owes: two people, an account in use, goods past complaint, and a statement that adds up."""

import pytest
from sqlalchemy import func, select

from app.db import db, write_transaction
from app.errors import Conflict, Forbidden, NotFound
from orders.invariants import check_all
from orders.ledger.balances import account_balances
from orders.models import Payout
from orders.refunding import approve_refund, request_refund
from orders.settlement.paying import (
    approve_batch,
    discard_batch,
    draft_batch,
    mark_failed,
    mark_paid,
    send_batch,
)
from orders.settlement.statement import household_statement
from shop.models import Cooperative, HarvestLot, Household
from tests.ledger.payouts import give_account
from tests.ledger.selling import POLICY, Market
from tests.world import add_lot, make_world


@pytest.fixture
def market(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    market = Market(world, clock)
    for household in world.households[:2]:
        give_account(market, household)
    return market


def act(market, use_case, *args, by=None):
    with write_transaction() as session:
        cooperative = session.get_one(Cooperative, market.world.cooperative.id)
        policy = {"policy": POLICY} if use_case is draft_batch else {}
        return use_case(session, cooperative, *args, actor=by or market.staff, clock=market.clock, **policy)


def owed(market, household):
    db.session.rollback()
    code = f"liability:household:{household.id}"
    return account_balances(db.session(), market.world.cooperative.id, [code])[code]


def statement_of(market, household):
    db.session.rollback()
    return household_statement(
        db.session(),
        db.session.get_one(Household, household.id),
        market.world.season,
        policy=POLICY,
        clock=market.clock,
    )


def test_money_waits_until_nobody_may_complain_any_more(market):
    market.sell((market.world.listing, 3000))
    with pytest.raises(Conflict):
        act(market, draft_batch)
    market.clock.advance(hours=49)
    payouts = act(market, draft_batch)
    assert {payout.payee_type for payout in payouts} == {"household", "host"}
    assert sum(payout.amount_vnd for payout in payouts) == 114_000 * 92 // 100
    assert len({payout.batch for payout in payouts}) == 1
    with pytest.raises(Conflict):
        act(market, draft_batch)


def test_the_one_who_drafted_may_not_approve(market):
    market.sell((market.world.listing, 3000))
    market.clock.advance(days=3)
    batch = act(market, draft_batch)[0].batch
    with pytest.raises(Forbidden):
        act(market, approve_batch, batch)
    act(market, approve_batch, batch, by=market.staff_two)
    act(market, approve_batch, batch, by=market.staff_two)
    with pytest.raises(Conflict):
        act(market, discard_batch, batch)
    with pytest.raises(NotFound):
        act(market, send_batch, "QT-0-20200101-1")


def test_a_payout_leaves_the_payee_then_the_bank_and_a_failed_one_comes_back(market):
    market.sell((market.world.listing, 3000))
    (household,) = [home for home in market.world.households if owed(market, home)]
    share = owed(market, household)
    market.clock.advance(days=3)
    payouts = act(market, draft_batch)
    batch = payouts[0].batch
    mine = next(payout for payout in payouts if payout.payee_type == "household")
    act(market, approve_batch, batch, by=market.staff_two)
    assert owed(market, household) == 0
    assert statement_of(market, household).in_transit_vnd == share
    act(market, send_batch, batch)
    act(market, mark_failed, mine.id)
    assert owed(market, household) == share
    again = act(market, draft_batch)
    assert [(payout.payee_id, payout.amount_vnd) for payout in again] == [(household.id, share)]
    act(market, approve_batch, again[0].batch, by=market.staff_two)
    act(market, send_batch, again[0].batch)
    for _ in range(2):
        act(market, mark_paid, again[0].id)
    assert (owed(market, household), statement_of(market, household).paid_out_vnd) == (0, share)
    assert all(result.holds for result in check_all(db.session()))


def test_a_refund_after_the_payout_is_netted_from_the_next_one(market):
    order_id = market.sell((market.world.listing, 3000))
    (household,) = [home for home in market.world.households if owed(market, home)]
    market.clock.advance(days=3)
    batch = act(market, draft_batch)[0].batch
    act(market, approve_batch, batch, by=market.staff_two)
    line_id = market.lines(order_id)[0].id
    with write_transaction() as session:
        refund = request_refund(
            session, order_id, reference="claim:1", reason="Dập", line_quantities={line_id: 1000},
            actor=market.staff, clock=market.clock,
        )  # fmt: skip
        approve_refund(session, refund.id, actor=market.staff_two, clock=market.clock)
    assert owed(market, household) < 0
    with pytest.raises(Conflict):
        act(market, draft_batch)
    statement = statement_of(market, household)
    assert statement.to_come_vnd == statement.shares_vnd - statement.refunds_vnd - statement.in_transit_vnd < 0


def test_a_balance_that_fell_after_the_draft_stops_the_approval(market):
    order_id = market.sell((market.world.listing, 3000))
    market.clock.advance(days=3)
    batch = act(market, draft_batch)[0].batch
    line_id = market.lines(order_id)[0].id
    with write_transaction() as session:
        refund = request_refund(
            session, order_id, reference="claim:1", reason="Dập", line_quantities={line_id: 1000},
            actor=market.staff, clock=market.clock,
        )  # fmt: skip
        approve_refund(session, refund.id, actor=market.staff, clock=market.clock)
    with pytest.raises(Conflict):
        act(market, approve_batch, batch, by=market.staff_two)
    act(market, discard_batch, batch)
    assert db.session.scalar(select(func.count(Payout.id))) == 0
    assert act(market, draft_batch)


def test_without_an_account_in_use_nothing_is_paid_and_a_changed_one_stops_the_batch(market):
    third = market.world.households[2]
    with write_transaction() as session:
        lot = add_lot(session, market.world, third, 5000, clock=market.clock, listing=market.world.honey_listing)
    market.sell((market.world.honey_listing, 2), commission_bps=0)
    market.clock.advance(days=3)
    assert owed(market, third) == 300_000 * 92 // 100
    with pytest.raises(Conflict):
        act(market, draft_batch)
    give_account(market, third)
    with pytest.raises(Conflict):
        act(market, draft_batch)
    market.clock.advance(hours=49)
    batch = act(market, draft_batch)[0].batch
    give_account(market, third, "99998888")
    market.clock.advance(hours=49)
    give_account(market, third, "77776666")
    with pytest.raises(Conflict):
        act(market, approve_batch, batch, by=market.staff_two)
    assert db.session.get_one(HarvestLot, lot.id).qty_sold == 2


def test_a_statement_adds_up_to_the_dong_and_keeps_the_stages_apart(market):
    first, second, _ = market.world.households
    market.sell((market.world.listing, 3300))
    for grams in (19_700, 19_700, 19_800, 19_700, 19_800):
        market.sell((market.world.listing, grams), session_id=None)
    paid = market.place((market.world.listing, 2000))
    market.check_out(paid)
    market.pay(paid)
    market.place((market.world.listing, 1000))
    statements = [statement_of(market, home) for home in (first, second)]
    for home, statement in zip((first, second), statements, strict=True):
        assert statement.delivered.value_vnd == statement.deducted_vnd + statement.shares_vnd
        assert statement.delivered.value_vnd == sum(line.value_vnd for line in statement.lines)
        assert statement.to_come_vnd == statement.waiting_vnd == statement.shares_vnd == owed(market, home)
        assert statement.carried_vnd == 0
    assert sum(statement.delivered.grams for statement in statements) == 102_000
    assert sum(statement.delivered.value_vnd for statement in statements) == 102 * 38_000
    assert sum(statement.paid.grams for statement in statements) == 2000
    assert sum(statement.held.grams for statement in statements) == 1000
    assert sum(statement.held.value_vnd for statement in statements) == 38_000
    hosts = [d for statement in statements for d in statement.deductions if d.kind == "host"]
    assert {deduction.owner for deduction in hosts} == {"Út Vườn"}
    assert sum(deduction.amount_vnd for deduction in hosts) == 33 * 3_800 * 5 // 100
