"""Two people pressing the same button at the same moment move the money once, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import database_scope, db, run_in_write_transaction, write_transaction
from app.errors import DomainError
from orders.invariants import check_all
from orders.models import BankTransaction, Payment, Payout, Refund
from orders.payments.transfers import StatementLine, match_transaction, record_bank_transaction
from orders.refunding import approve_refund, request_refund
from orders.settlement.paying import draft_batch
from shop.models import Cooperative
from tests.ledger.payouts import give_account
from tests.ledger.selling import POLICY, Market
from tests.world import make_world

PEOPLE = 4


@pytest.fixture
def market(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    market = Market(world, clock)
    for household in world.households[:2]:
        give_account(market, household)
    return market


def together(app, work):
    """Run the same work in several threads at once; return what each got, refusals included."""
    db.session.remove()
    barrier = Barrier(PEOPLE)

    def one(number):
        with database_scope(app):
            barrier.wait(10)
            try:
                return run_in_write_transaction(lambda session: work(session, number))
            except DomainError as refused:
                return refused

    with ThreadPoolExecutor(PEOPLE) as pool:
        return list(pool.map(one, range(PEOPLE)))


def all_hold():
    return all(result.holds for result in check_all(db.session()))


def test_the_same_webhook_four_times_is_one_payment(app, market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    code, cooperative_id = market.order(order_id).code, market.world.cooperative.id

    def work(session, number):
        line = StatementLine("1012345678", "FT77", "in", 134_000, code, market.clock())
        cooperative = session.get_one(Cooperative, cooperative_id)
        row, _ = record_bank_transaction(session, cooperative, line, source="test", actor=SYSTEM, clock=market.clock)
        return match_transaction(session, row.id, actor=SYSTEM, clock=market.clock).state

    assert together(app, work) == ["matched"] * PEOPLE
    assert db.session.scalar(select(func.count(BankTransaction.id))) == 1
    assert db.session.scalar(select(func.sum(Payment.amount_vnd))) == 134_000
    assert market.order(order_id).state == "confirmed"
    assert all_hold()


def test_four_transfers_for_one_order_pay_it_once(app, market):
    order_id = market.place((market.world.listing, 3000))
    market.check_out(order_id)
    code, cooperative_id = market.order(order_id).code, market.world.cooperative.id

    def work(session, number):
        line = StatementLine("1012345678", f"FT{number}", "in", 134_000, code, market.clock())
        cooperative = session.get_one(Cooperative, cooperative_id)
        row, _ = record_bank_transaction(session, cooperative, line, source="test", actor=SYSTEM, clock=market.clock)
        return match_transaction(session, row.id, actor=SYSTEM, clock=market.clock).state

    assert sorted(together(app, work)) == ["duplicate"] * (PEOPLE - 1) + ["matched"]
    assert db.session.scalar(select(func.sum(Payment.amount_vnd))) == 134_000
    assert all_hold()


def test_four_refunds_of_everything_give_it_back_once(app, market):
    order_id = market.sell((market.world.listing, 3000))
    line_id = market.lines(order_id)[0].id

    def work(session, number):
        refund = request_refund(
            session, order_id, reference=f"claim:{number}", reason="Dập", line_quantities={line_id: 3000},
            actor=SYSTEM, clock=market.clock,
        )  # fmt: skip
        return approve_refund(session, refund.id, actor=SYSTEM, clock=market.clock).state

    results = together(app, work)
    assert [result for result in results if isinstance(result, str)] == ["approved"]
    assert db.session.scalar(select(func.sum(Refund.amount_vnd))) == 114_000
    assert all_hold()


def test_four_drafts_promise_the_same_money_once(app, market):
    market.sell((market.world.listing, 3000))
    market.clock.advance(days=3)
    cooperative_id = market.world.cooperative.id

    def work(session, number):
        cooperative = session.get_one(Cooperative, cooperative_id)
        return draft_batch(session, cooperative, policy=POLICY, actor=market.staff, clock=market.clock)[0].batch

    results = together(app, work)
    assert len([result for result in results if isinstance(result, str)]) == 1, results
    assert db.session.scalar(select(func.sum(Payout.amount_vnd))) == 114_000 * 92 // 100
