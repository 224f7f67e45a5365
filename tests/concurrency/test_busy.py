"""A database that others keep busy: whoever presses a button is served a little later or asked to try again, never a 500."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.clock import system_clock
from app.db import WRITE_OPTION, db, is_retryable, write_transaction
from app.policy import SalePolicy
from orders.models import Order
from orders.placing import place_orders
from orders.requests import BuyerRef, LineChange, OrderRequest
from shop.models import HarvestLot
from tests.clients import browser
from tests.world import World, make_buyer, make_world


@pytest.fixture
def world(app: Flask) -> World:
    with write_transaction() as session:
        return make_world(session, clock=system_clock)


def place_one(session: Session, world: World) -> Order:
    buyer = make_buyer(session, clock=system_clock)
    change = LineChange("add", world.listing.id, 1_000)
    ref = BuyerRef(buyer.id, buyer.name, buyer.phone)
    request = OrderRequest("busy", "1", world.cooperative.id, ref, (change,))
    (placed,) = place_orders(session, [request], policy=SalePolicy(), actor=SYSTEM, clock=system_clock)
    return session.get_one(Order, placed.order_id)


@contextmanager
def somebody_writing(table: str, seconds: float) -> Iterator[None]:
    """Let another connection hold the rows of a table (on SQLite: the whole database), for at most so long."""
    holding, done = threading.Event(), threading.Event()
    engine = sa.create_engine(db.engine.url.render_as_string(hide_password=False))
    locking = "" if engine.dialect.name == "sqlite" else "FOR UPDATE"

    def hold() -> None:
        with engine.connect().execution_options(**{WRITE_OPTION: True}) as connection:
            connection.exec_driver_sql(f'SELECT id FROM "{table}" {locking}')
            holding.set()
            done.wait(seconds)

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        assert holding.wait(10)
        yield
    finally:
        done.set()
        thread.join(30)
        engine.dispose()


def test_a_buyer_cancels_while_the_lots_are_being_written(app: Flask, world: World) -> None:
    with write_transaction() as session:
        order = place_one(session, world)
    with somebody_writing("harvest_lot", 4):
        answer = browser(app).post(f"/don/{order.link_token}/huy")
    assert answer.status_code == 303
    db.session.rollback()
    db.session.expire_all()
    assert db.session.get_one(Order, order.id).state == "cancelled"
    assert db.session.scalar(sa.select(sa.func.sum(HarvestLot.qty_held))) == 0


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_who_cannot_be_served_in_time_is_asked_to_try_again(app: Flask, world: World, accept: str) -> None:
    client = browser(app).sign_in(world.staff)
    with somebody_writing("user", 30):
        answer = client.post("/ngon-ngu", data={"language": "en"}, headers={"Accept": accept, "Accept-Language": "vi"})
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    if accept == "application/json":
        assert answer.json["error"] == "busy_try_again"
    else:
        assert "busy_try_again" in answer.text


def test_another_trouble_of_the_database_is_still_a_bug_to_be_seen(app: Flask) -> None:
    with pytest.raises(DBAPIError) as caught, db.engine.connect() as connection:
        connection.exec_driver_sql("SELECT nothing FROM nowhere")
    assert not is_retryable(caught.value)
    with app.test_request_context("/"), pytest.raises(DBAPIError):
        app.handle_user_exception(caught.value)
