"""The way of a cart into the intake: one guest and one order for each cart, however often it is sent at once."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import func, select

from app.accounts.models import Buyer
from app.db import database_scope, db, write_transaction
from app.errors import InvalidInput
from app.policy import SalePolicy
from orders.intake import CART_SCOPE, buyer_ref, introduce_for_cart, order_of_cart, submit_order
from orders.models import Order
from orders.requests import LineChange, OrderRequest, SentToDesk
from shop.models import HarvestLot
from tests.world import make_world

TABS = 6


@pytest.fixture
def world(app, clock):
    with write_transaction() as session:
        return make_world(session, clock=clock)


def introduce(clock, key: str = "gio-1", name: str = "Chị Hoa") -> Buyer:
    return introduce_for_cart(name, "0912 345 678", cart_key=key, network_key="mang", clock=clock)


def request_of(world, buyer: Buyer, quantity: int = 3000, key: str = "gio-1:1") -> OrderRequest:
    change = LineChange("add", world.listing.id, quantity)
    return OrderRequest(CART_SCOPE, key, world.cooperative.id, buyer_ref(buyer, "mang"), (change,))


def test_tabs_that_send_one_cart_at_once_are_one_guest_with_one_order(app, world, clock):
    writer = app.extensions["chophien_writer"]
    listing_id, cooperative_id = world.listing.id, world.cooperative.id
    db.session.remove()
    start, tokens = Barrier(TABS), []

    def tab() -> None:
        with database_scope(app):
            start.wait(10)
            buyer = introduce(clock)
            change = LineChange("add", listing_id, 3000)
            request = OrderRequest(CART_SCOPE, "gio-1:1", cooperative_id, buyer_ref(buyer, "mang"), (change,))
            tokens.append(submit_order(writer, request, policy=SalePolicy(), clock=clock).link_token)

    tabs = [Thread(target=tab) for _ in range(TABS)]
    for one in tabs:
        one.start()
    for one in tabs:
        one.join(30)
    assert len(tokens) == TABS
    assert len(set(tokens)) == 1
    with write_transaction() as session:
        assert session.scalar(select(func.count(Buyer.id))) == 1
        assert session.scalar(select(func.count(Order.id))) == 1
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 3000


def test_another_cart_is_another_guest_even_with_the_same_phone(world, clock):
    assert introduce(clock).id == introduce(clock).id
    assert introduce(clock).id != introduce(clock, key="gio-2").id


def test_a_refused_name_leaves_nothing_behind(world, clock):
    with pytest.raises(InvalidInput):
        introduce(clock, name=" ")
    assert db.session.scalar(select(func.count(Buyer.id))) == 0
    assert introduce(clock).name == "Chị Hoa"


def test_the_order_of_a_cart_is_found_by_its_own_buyer_only(app, world, clock):
    buyer, stranger = introduce(clock), introduce(clock, key="gio-2")
    placed = submit_order(app.extensions["chophien_writer"], request_of(world, buyer), policy=SalePolicy(), clock=clock)
    assert order_of_cart(db.session(), "gio-1:1", buyer.id).code == placed.code
    assert order_of_cart(db.session(), "gio-1:1", stranger.id) is None
    assert order_of_cart(db.session(), "gio-9:1", buyer.id) is None


def test_what_the_desk_must_decide_is_raised_after_its_task_is_kept(app, world, clock):
    with pytest.raises(SentToDesk):
        submit_order(
            app.extensions["chophien_writer"],
            request_of(world, introduce(clock), 60_000),
            policy=SalePolicy(),
            clock=clock,
        )
