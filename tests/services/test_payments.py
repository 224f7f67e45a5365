"""Transfers find their orders, and no đồng is lost on the way, whatever is wrong with them."""

import pytest
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import db, write_transaction
from app.errors import Conflict, InvalidInput
from orders.balances import amount_due_vnd
from orders.expiring import expire_due_orders
from orders.lifecycle import cancel_order
from orders.models import BankTransaction, DeskTask, Order, Payment
from orders.payments.capturing import capture_payment
from orders.payments.providers import PROVIDERS, PaymentStart, vietqr_for_order
from orders.payments.transfers import (
    ignore_transaction,
    match_by_hand,
    return_transaction,
)
from orders.payments.vietqr import decode_payload
from shop.models import Cooperative, HarvestLot
from tests.ledger.books import balances
from tests.ledger.selling import Market
from tests.world import make_world


@pytest.fixture
def market(app, clock):
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    return Market(world, clock)


@pytest.fixture
def order_id(market):
    """3 kg at 38.000 and 20.000 of delivery: 134.000 are due."""
    placed = market.place((market.world.listing, 3000))
    market.check_out(placed)
    return placed


def books(market):
    db.session.rollback()
    return balances(db.session(), market.world)


def tasks(kind):
    db.session.rollback()
    return db.session.scalar(select(func.count(DeskTask.id)).where(DeskTask.kind == kind, DeskTask.state == "open"))


def test_the_exact_amount_confirms_the_order(market, order_id):
    row = market.pay(order_id)
    assert (row.state, row.state_reason, row.order_id) == ("matched", "exact", order_id)
    assert market.order(order_id).state == "confirmed"
    assert books(market) == {"asset:bank": 134_000, "liability:buyer_deposit": 134_000}


def test_too_little_keeps_the_order_open_and_shows_the_rest(market, order_id):
    code = market.order(order_id).code
    assert market.transfer(100_000, f"CP gui {code.lower()}").state == "partial"
    order = market.order(order_id)
    assert (order.state, amount_due_vnd(db.session(), order)) == ("pending", 34_000)
    view = vietqr_for_order(order, db.session.get_one(Cooperative, order.cooperative_id), 34_000)
    scanned = decode_payload(view.payload)
    assert (scanned.amount_vnd, scanned.purpose, scanned.account) == (34_000, code, "1012345678")
    assert market.transfer(34_000, code).state == "matched"
    assert market.order(order_id).state == "confirmed"
    with pytest.raises(Conflict):
        vietqr_for_order(order, db.session.get_one(Cooperative, order.cooperative_id), 0)


def test_too_much_confirms_and_the_excess_is_sent_back_once(market, order_id):
    row = market.transfer(150_000, market.order(order_id).code)
    assert (row.state, market.order(order_id).state) == ("matched", "confirmed")
    assert tasks("over_payment") == 1
    assert books(market)["liability:unmatched_receipts"] == 16_000
    with write_transaction() as session:
        return_transaction(session, row.id, actor=market.staff, clock=market.clock)
    assert tasks("over_payment") == 0
    assert books(market) == {"asset:bank": 134_000, "liability:buyer_deposit": 134_000}
    with write_transaction() as session, pytest.raises(Conflict):
        return_transaction(session, row.id, actor=market.staff, clock=market.clock)


def test_a_second_transfer_is_a_duplicate_and_goes_back(market, order_id):
    market.pay(order_id)
    again = market.transfer(134_000, market.order(order_id).code)
    assert (again.state, tasks("duplicate_transfer")) == ("duplicate", 1)
    with write_transaction() as session:
        return_transaction(session, again.id, actor=market.staff, clock=market.clock)
    assert db.session.get_one(BankTransaction, again.id).state == "refunded"
    assert books(market) == {"asset:bank": 134_000, "liability:buyer_deposit": 134_000}


def test_the_same_bank_line_again_changes_nothing(market, order_id):
    code = market.order(order_id).code
    first = market.transfer(134_000, code, reference="FT1")
    second = market.transfer(134_000, code, reference="FT1")
    assert first.id == second.id
    assert db.session.scalar(select(func.count(Payment.id))) == 1
    assert books(market)["asset:bank"] == 134_000
    with pytest.raises(Conflict):
        market.transfer(134_001, code, reference="FT1")


def test_late_money_takes_the_stock_again_when_it_is_still_there(market, order_id):
    market.clock.advance(minutes=31)
    with write_transaction() as session:
        assert expire_due_orders(session, clock=market.clock) == 1
    assert market.order(order_id).state == "expired"
    assert market.pay(order_id).state_reason == "late"
    assert market.order(order_id).state == "confirmed"


def test_late_money_for_sold_stock_becomes_a_task_and_stays_the_buyers(market, order_id):
    market.clock.advance(minutes=31)
    with write_transaction() as session:
        expire_due_orders(session, clock=market.clock)
    for _ in range(3):
        market.place((market.world.listing, 49_500), session_id=None)
    row = market.pay(order_id)
    assert (row.state, market.order(order_id).state, tasks("late_money")) == ("matched", "expired", 1)
    assert books(market)["liability:buyer_deposit"] == 134_000


@pytest.mark.parametrize("closed", ["expired", "cancelled"])
def test_late_money_for_an_order_without_an_address_waits_for_a_call(market, closed):
    """Nobody could send such a parcel: its money is the buyer's until somebody has asked where it goes."""
    order_id = market.place((market.world.listing, 3000))
    market.clock.advance(minutes=31)
    with write_transaction() as session:
        if closed == "expired":
            expire_due_orders(session, clock=market.clock)
        else:
            cancel_order(session, order_id, reason="Khách đổi ý", actor=market.staff, clock=market.clock)
    held = held_grams()
    row = market.transfer(114_000, market.order(order_id).code)
    assert (row.state, row.state_reason, market.order(order_id).state) == ("matched", "late", closed)
    assert held_grams() == held == 0
    assert books(market) == {"asset:bank": 114_000, "liability:buyer_deposit": 114_000}
    notes = select(DeskTask.note).where(DeskTask.kind == "late_money", DeskTask.state == "open")
    (note,) = db.session.scalars(notes)
    assert "địa chỉ" in note
    assert "hoàn tiền" in note


def held_grams():
    """Return what is held or sold of the whole harvest."""
    db.session.rollback()
    return db.session.scalar(select(func.sum(HarvestLot.qty_held + HarvestLot.qty_sold)))


def test_what_nobody_can_read_waits_for_a_person(market, order_id):
    row = market.transfer(134_000, "tien vai")
    assert (row.state, row.state_reason, row.order_id) == ("needs_review", "same_amount", None)
    with write_transaction() as session:
        with pytest.raises(InvalidInput):
            match_by_hand(session, row.id, "CPXXXXXXXXX", actor=market.staff, clock=market.clock)
        code = session.get_one(Order, order_id).code
        match_by_hand(session, row.id, f" {code.lower()} ", actor=market.staff, clock=market.clock)
    assert market.order(order_id).state == "confirmed"
    with write_transaction() as session, pytest.raises(Conflict):
        match_by_hand(session, row.id, code, actor=market.staff, clock=market.clock)


def test_a_transfer_put_aside_needs_a_reason_and_keeps_its_money_in_the_books(market):
    row = market.transfer(55_000, "lai tien gui")
    with write_transaction() as session:
        with pytest.raises(InvalidInput):
            ignore_transaction(session, row.id, "  ", actor=market.staff, clock=market.clock)
        ignore_transaction(session, row.id, "Lãi ngân hàng", actor=market.staff, clock=market.clock)
    assert db.session.get_one(BankTransaction, row.id).state_reason == "Lãi ngân hàng"
    assert books(market) == {"asset:bank": 55_000, "liability:unmatched_receipts": 55_000}


def test_money_for_an_order_without_an_address_keeps_the_hold_and_calls_a_person(market):
    order_id = market.place((market.world.listing, 3000))
    market.transfer(114_000, market.order(order_id).code)
    assert (market.order(order_id).state, tasks("paid_without_address")) == ("pending", 1)


def test_each_way_to_pay_says_whether_it_is_offered_and_what_comes_next(market, order_id):
    with write_transaction() as session:
        order, cooperative = session.get_one(Order, order_id), session.get_one(Cooperative, market.world.cooperative.id)
        assert [code for code, provider in PROVIDERS.items() if provider.is_offered(cooperative)] == ["vietqr", "cod"]
        scanned = decode_payload(PROVIDERS["vietqr"].begin(session, order, 134_000).vietqr.payload)
        assert (scanned.amount_vnd, scanned.purpose) == (134_000, order.code)
        assert PROVIDERS["cod"].begin(session, order, 134_000).vietqr is None
        cooperative.bank_account = None
        assert not PROVIDERS["vietqr"].is_offered(cooperative)
        with pytest.raises(Conflict):
            PROVIDERS["vietqr"].begin(session, order, 134_000)
        session.rollback()


class FakeCard:
    """A card gateway that says yes; what the real one must be able to do."""

    code = "fake"
    label = "Thẻ thử"

    def is_offered(self, cooperative):
        return True

    def begin(self, session, order, due_vnd):
        session.add(
            Payment(
                order_id=order.id, provider=self.code, state="pending", amount_vnd=due_vnd,
                provider_reference=f"fake-{order.id}", created_at=order.created_at,
            )
        )  # fmt: skip
        session.flush()
        return PaymentStart("Mời bác sang trang thẻ.", redirect_url="https://card.example/")


def test_a_gateway_behind_the_same_interface_captures_once(market, order_id):
    with write_transaction() as session:
        order = session.get_one(Order, order_id)
        assert FakeCard().begin(session, order, 134_000).redirect_url
    payment_id = db.session.scalars(select(Payment.id)).one()
    for _ in range(2):
        with write_transaction() as session:
            capture_payment(session, order_id, payment_id, actor=SYSTEM, clock=market.clock)
    assert market.order(order_id).state == "confirmed"
    assert books(market) == {"asset:stripe_clearing": 134_000, "liability:buyer_deposit": 134_000}
