"""The cart: put aside, change, place once, whatever the browser does."""

import re

import pytest
from sqlalchemy import func, select

from app.accounts.models import Buyer
from app.writer import BatchWriter
from livestream.wiring import process_intake
from orders.models import DeskTask, Order, OrderLine
from shop.models import HarvestLot
from tests.clients import browser
from tests.web.buying import WHO, fresh, place, placing_form, put_in
from tests.web.conftest import MAX_QUERIES


def count(column) -> int:
    return fresh().scalar(select(func.count(column)))


def test_what_is_put_in_is_shown_with_price_per_kilogram_and_total(world, client):
    put_in(client, world.listing, "2,5")
    put_in(client, world.box_listing, "2")
    page = client.get("/gio-hang").text
    assert "95.000" in page
    assert "400.000" in page
    assert "495.000" in page
    assert "40.000\u00a0₫/kg" in page


def test_the_cart_holds_nothing_until_it_is_placed(world, client):
    put_in(client, world.listing, "10")
    assert fresh().scalar(select(func.sum(HarvestLot.qty_held))) == 0
    answer = place(client)
    assert answer.status_code == 303
    assert answer.location.startswith("/don/")
    assert fresh().scalar(select(func.sum(HarvestLot.qty_held))) == 10_000
    assert "Giỏ đang trống" in client.get("/gio-hang").text


def test_name_and_phone_are_asked_once(world, client):
    put_in(client, world.listing, "1")
    refused = client.post("/gio-hang/dat", data=placing_form(client))
    assert refused.status_code == 422
    assert "Bác cho em xin tên" in refused.text
    place(client)
    put_in(client, world.listing, "2")
    page = client.get("/gio-hang").text
    assert "Chị Hoa" in page
    assert 'name="phone"' not in page
    assert client.post("/gio-hang/dat", data=placing_form(client)).status_code == 303
    assert (count(Buyer.id), count(Order.id)) == (1, 2)


def test_two_tabs_with_the_same_cart_make_one_order(world, client):
    put_in(client, world.listing, "3")
    form = placing_form(client)
    first = client.post("/gio-hang/dat", data={**form, **WHO})
    second = client.post("/gio-hang/dat", data={**form, **WHO})
    assert first.location == second.location
    assert (count(Buyer.id), count(Order.id)) == (1, 1)


def test_two_tabs_that_send_before_either_has_its_cookie_make_one_order(world, app, client):
    put_in(client, world.listing, "3")
    form = placing_form(client)
    other_tab = browser(app)
    other_tab.set_cookie("chophien", client.get_cookie("chophien").value)
    first = client.post("/gio-hang/dat", data={**form, **WHO})
    second = other_tab.post("/gio-hang/dat", data={**form, **WHO})
    assert first.location == second.location
    assert (count(Buyer.id), count(Order.id), count(OrderLine.id)) == (1, 1, 1)


def test_a_form_of_an_older_cart_places_nothing(world, client):
    put_in(client, world.listing, "3")
    old = placing_form(client)
    put_in(client, world.listing, "1")
    answer = client.post("/gio-hang/dat", data={**old, **WHO})
    assert answer.status_code == 409
    assert "vừa đổi" in answer.text
    assert count(Order.id) == 0


def test_too_much_offers_what_is_left(world, client):
    put_in(client, world.box_listing, "1")
    refused = place(client)
    assert refused.status_code == 409
    assert "vừa hết" in refused.text
    assert count(Order.id) == 0
    client.post("/gio-hang/sua", data={"remove": world.box_listing.public_id})
    for _ in range(4):
        put_in(client, world.listing, "12")
        assert place(client).status_code == 303
    put_in(client, world.listing, "30")
    assert "Đang có 48" in place(client).text


def test_short_stock_is_one_tap_away(world, client, app):
    for name, phone, kilograms in (
        ("Anh A", "0912000001", "49"),
        ("Anh B", "0912000002", "49"),
        ("Anh C", "0912000003", "49"),
    ):
        buyer = browser(app)
        put_in(buyer, world.listing, kilograms)
        assert place(buyer, name=name, phone=phone).status_code == 303
    put_in(client, world.listing, "5")
    refused = place(client)
    assert refused.status_code == 409
    assert re.search(rf'name="quantity-{world.listing.public_id}" value="3"', refused.text)
    client.post("/gio-hang/sua", data={f"quantity-{world.listing.public_id}": "3"})
    assert place(client).status_code == 303


def test_a_very_large_order_goes_to_the_desk(world, client):
    put_in(client, world.listing, "60")
    answer = place(client)
    assert answer.status_code == 303
    assert answer.location == "/gio-hang"
    assert "bàn chốt đơn" in client.get("/gio-hang").text
    assert (count(Order.id), count(DeskTask.id)) == (0, 1)


def test_quantities_change_and_lines_go(world, client):
    put_in(client, world.listing, "2")
    put_in(client, world.honey_listing, "1")
    client.post("/gio-hang/sua", data={f"quantity-{world.listing.public_id}": "4"})
    assert "152.000" in client.get("/gio-hang").text
    client.post("/gio-hang/sua", data={"remove": world.listing.public_id})
    page = client.get("/gio-hang").text
    assert world.listing.title not in page
    assert world.honey_listing.title in page


@pytest.mark.parametrize("typed", ["", "0", "-3", "NaN", "inf", "1e9", "1,2,3", "ba kg", "9" * 40, "<b>1</b>", "1.5.2"])
def test_a_quantity_that_is_none_is_refused_in_words(world, client, typed):
    answer = put_in(client, world.listing, typed)
    assert answer.status_code == 303
    assert answer.location.endswith(world.listing.public_id)
    put_in(client, world.listing, "2")
    refused = client.post("/gio-hang/sua", data={f"quantity-{world.listing.public_id}": typed})
    assert refused.status_code == 422
    assert "Bác ghi số kg" in refused.text
    assert "76.000" in refused.text


@pytest.mark.parametrize("typed", ["1.5", "1,5", " 1,5 kg "])
def test_dot_and_comma_are_both_one_and_a_half(world, client, typed):
    put_in(client, world.listing, typed)
    assert "57.000" in client.get("/gio-hang").text


def test_whole_boxes_only(world, client):
    put_in(client, world.box_listing, "1,5")
    assert "Giỏ đang trống" in client.get("/gio-hang").text


def test_a_draft_or_unknown_listing_is_not_found(world, client):
    assert client.post("/gio-hang/them", data={"listing": "KHONGCO", "quantity": "1"}).status_code == 404


def test_the_cart_asks_little_of_the_database(world, client, count_queries):
    for listing in (world.listing, world.box_listing, world.honey_listing):
        put_in(client, listing, "1")
    with count_queries() as seen:
        client.get("/gio-hang")
    assert int(seen) <= MAX_QUERIES, seen.statements


@pytest.fixture
def writer(app, monkeypatch):
    """The intake's thread, which a server starts and plain tests do not."""
    running = BatchWriter(app, process_intake, capacity=10)
    monkeypatch.setitem(app.extensions, "chophien_writer", running)
    running.start()
    yield running
    running.stop()


def test_where_the_writer_runs_the_cart_joins_its_batch(world, client, writer):
    put_in(client, world.listing, "3")
    fresh()
    answer = place(client)
    assert answer.status_code == 303
    assert answer.location.startswith("/don/")
    put_in(client, world.listing, "60")
    assert place(client).location == "/gio-hang"
    assert (count(Order.id), count(DeskTask.id)) == (1, 1)
