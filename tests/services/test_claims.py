"""Claims: made in time about what was delivered, answered once, refunded by quantity to the đồng."""

import io
from datetime import timedelta

import pytest
from PIL import Image
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.audit import AuditEntry
from app.db import db, write_transaction
from app.errors import Conflict, InvalidInput
from orders.claiming import accept_claim, claim_deadline, make_claim, may_claim, reject_claim
from orders.models import Claim, Order, OrderLine, Refund
from shop.models import Photo
from shop.photos import photo_path, prepare_photo
from tests.ledger.selling import POLICY, Market
from tests.world import make_world


@pytest.fixture
def world(app, clock):
    with write_transaction() as session:
        return make_world(session, clock=clock)


@pytest.fixture
def market(world, clock) -> Market:
    return Market(world, clock)


@pytest.fixture
def delivered(market) -> int:
    """The id of an order of 3 kg that its buyer has."""
    return market.sell((market.world.listing, 3000))


def claim(order_id: int, clock, text: str = "Dập 1 kg", **more) -> Claim:
    more = {"line_id": None, "picture": None, "media_root": None, **more}
    with write_transaction() as session:
        return make_claim(session, order_id, text, policy=POLICY, actor=SYSTEM, clock=clock, **more)


def line_id_of(order_id: int) -> int:
    return db.session.scalar(select(OrderLine.id).where(OrderLine.order_id == order_id))


def accept(claim_id: int, quantities, world, clock, answer: str = "Xin lỗi bác") -> Refund:
    with write_transaction() as session:
        found = session.get_one(Claim, claim_id)
        return accept_claim(session, found, quantities, answer, actor=world.actor(world.staff), clock=clock)


def test_an_accepted_claim_is_an_approved_refund_of_that_quantity(world, delivered, clock):
    made = claim(delivered, clock, line_id=line_id_of(delivered))
    refund = accept(made.id, {line_id_of(delivered): 1000}, world, clock)
    assert (refund.amount_vnd, refund.state, refund.reference) == (38_000, "approved", f"claim:{made.id}")
    with write_transaction() as session:
        decided = session.get_one(Claim, made.id)
        assert (decided.state, decided.answer, decided.decided_by_id) == ("accepted", "Xin lỗi bác", world.staff.id)
        actions = session.scalars(select(AuditEntry.action)).all()
    assert "orders.claim.accepted" in actions


def test_two_claims_never_refund_more_than_was_delivered(world, delivered, clock):
    line_id = line_id_of(delivered)
    first, second = claim(delivered, clock), claim(delivered, clock, "Dập nữa")
    accept(first.id, {line_id: 2000}, world, clock)
    with pytest.raises(InvalidInput):
        accept(second.id, {line_id: 1001}, world, clock)
    accept(second.id, {line_id: 1000}, world, clock)
    assert db.session.scalar(select(func.sum(Refund.amount_vnd))) == 114_000


def test_a_claim_is_decided_once(world, delivered, clock):
    made = claim(delivered, clock)
    with write_transaction() as session:
        reject_claim(session, session.get_one(Claim, made.id), "Bác gửi ảnh giúp em", actor=SYSTEM, clock=clock)
    with pytest.raises(Conflict):
        accept(made.id, {line_id_of(delivered): 1000}, world, clock)
    assert db.session.scalar(select(func.count(Refund.id))) == 0


@pytest.mark.parametrize("wrong", [{}, {"line": 0}, {"line": 3001}])
def test_an_impossible_quantity_decides_nothing(world, delivered, clock, wrong):
    made = claim(delivered, clock)
    quantities = {line_id_of(delivered): wrong["line"]} if wrong else {}
    with pytest.raises(InvalidInput):
        accept(made.id, quantities, world, clock)
    with write_transaction() as session:
        assert session.get_one(Claim, made.id).state == "open"


def test_an_answer_is_always_given(world, delivered, clock):
    made = claim(delivered, clock)
    with pytest.raises(InvalidInput), write_transaction() as session:
        reject_claim(session, session.get_one(Claim, made.id), "  ", actor=SYSTEM, clock=clock)


def test_the_window_opens_at_delivery_and_closes(market, clock):
    order_id = market.place((market.world.listing, 2000))
    market.check_out(order_id)
    market.pay(order_id)
    market.pack(order_id)
    market.ship(order_id)
    with pytest.raises(Conflict):
        claim(order_id, clock)
    market.deliver(order_id)
    with write_transaction() as session:
        order = session.get_one(Order, order_id)
        assert claim_deadline(order, policy=POLICY) == clock() + timedelta(hours=48)
    clock.advance(hours=48)
    assert may_claim(order, policy=POLICY, clock=clock)
    claim(order_id, clock)
    clock.advance(seconds=1)
    assert not may_claim(order, policy=POLICY, clock=clock)
    with pytest.raises(Conflict):
        claim(order_id, clock, "Muộn")


def test_saying_it_twice_is_one_claim_and_an_order_has_only_so_many(world, delivered, clock):
    assert claim(delivered, clock).id == claim(delivered, clock).id
    for number in range(4):
        claim(delivered, clock, f"Thêm {number}")
    with pytest.raises(Conflict):
        claim(delivered, clock, "Thêm nữa")


def test_a_claim_names_only_lines_of_its_own_order(market, delivered, clock):
    other = market.place((market.world.listing, 1000))
    with pytest.raises(InvalidInput):
        claim(delivered, clock, line_id=line_id_of(other))


def test_a_claims_photo_is_kept_for_those_concerned_only(world, delivered, clock, tmp_path):
    raw = io.BytesIO()
    Image.new("RGB", (900, 700), "red").save(raw, "JPEG")
    raw.seek(0)
    made = claim(delivered, clock, picture=prepare_photo(raw), media_root=tmp_path)
    with write_transaction() as session:
        photo = session.get_one(Photo, made.photo_id)
        assert not photo.is_public
    assert photo_path(tmp_path, photo.public_id).is_file()
