"""Packing at the real weight, labels, sending, delivered and come back: as staff walk it."""

import pytest
from sqlalchemy import func, select

from app.clock import system_clock
from app.db import write_transaction
from orders.models import DeskTask, OrderLine, Payment
from shop.models import HarvestLot
from tests.web.buying import buy, check_out, confirmed, fresh, order_at, transfer
from tests.web.conftest import MAX_QUERIES
from tests.world import add_lot


@pytest.fixture
def staff(world, signed_in):
    return signed_in(world.staff)


@pytest.fixture
def address(world, client) -> str:
    address = buy(client, world.listing, "3")
    check_out(client, address)
    transfer(address, world)
    return address


def line_of(address: str) -> OrderLine:
    return fresh().scalars(select(OrderLine).where(OrderLine.order_id == order_at(address).id)).one()


def pack(staff, address: str, weight: str):
    return staff.post(f"/htx/dong-goi/{order_at(address).code}", data={f"line-{line_of(address).id}": weight})


def ship(staff, address: str):
    data = {"carrier": "Xe Ka Long", "tracking_number": "0903 000 111"}
    return staff.post(f"/htx/giao-hang/{order_at(address).code}/gui", data=data)


def test_the_packing_list_says_who_brings_what(world, client, staff, address):
    second = buy(client, world.listing, "4,5")
    check_out(client, second, method="cod")
    confirmed(second)
    page = staff.get("/htx/dong-goi").text
    assert "2 đơn chờ cân" in page
    assert "Bà Mận" in page
    for one in (address, second):
        assert order_at(one).code in page
    assert "7,5\u00a0kg" in page or "4,5\u00a0kg" in page


def test_less_in_the_box_costs_less_and_owes_the_difference(world, client, staff, address):
    assert pack(staff, address, "2,9").status_code == 303
    order = order_at(address)
    assert (order.state, order.goods_vnd, order.total_vnd) == ("packed", 110_200, 130_200)
    assert line_of(address).packed_quantity == 2900
    assert fresh().scalars(select(DeskTask)).one().kind == "refund_due"
    page = client.get(address).text
    assert "Cân thực 2,9\u00a0kg" in page
    assert "chỉ tính tiền 2,9\u00a0kg" in page


def test_more_in_the_box_is_a_gift(world, client, staff, address):
    pack(staff, address, "3.2")
    assert order_at(address).total_vnd == 134_000
    assert "quà của vườn" in client.get(address).text


@pytest.mark.parametrize("weight", ["", "-1", "NaN", "ba", "99", "1e2", "<b>"])
def test_a_weight_that_cannot_be_is_asked_again(world, staff, address, weight):
    refused = pack(staff, address, weight)
    assert refused.status_code == 422
    assert order_at(address).state == "confirmed"
    assert f'id="line-{line_of(address).id}-error"' in refused.text


def test_an_empty_box_is_no_box(world, staff, address):
    refused = pack(staff, address, "0")
    assert refused.status_code == 422
    assert "hủy đơn và gọi khách" in refused.text


def test_labels_say_where_it_goes_and_whose_it_is(world, staff, address):
    pack(staff, address, "3")
    page = staff.get("/htx/dong-goi/tem").text
    assert order_at(address).code in page
    assert "Số 5 ngõ 3, Phường Yên Tử" in page
    assert "Vườn Bà Mận, Thôn Đá Bạc" in page
    assert "không thu thêm" in page
    assert order_at(address).code not in staff.get("/htx/dong-goi/tem?don=CPKHONGCO").text


def test_sent_and_delivered_shares_the_money(world, staff, address):
    pack(staff, address, "3")
    nobody = staff.post(f"/htx/giao-hang/{order_at(address).code}/gui", data={"carrier": " "})
    assert nobody.status_code == 422
    assert ship(staff, address).status_code == 303
    assert "Xe Ka Long" in staff.get("/htx/giao-hang").text
    code = order_at(address).code
    assert staff.post(f"/htx/giao-hang/{code}/da-giao").status_code == 303
    assert order_at(address).state == "delivered"
    assert staff.post(f"/htx/giao-hang/{code}/da-giao").status_code == 303


def test_cash_is_taken_at_the_door(world, client, staff):
    address = buy(client, world.listing, "2")
    check_out(client, address, method="cod")
    confirmed(address)
    pack(staff, address, "2")
    assert "Thu hộ 96.000" in staff.get("/htx/giao-hang").text
    ship(staff, address)
    staff.post(f"/htx/giao-hang/{order_at(address).code}/da-giao")
    assert fresh().scalar(select(func.sum(Payment.amount_vnd))) == 96_000


def test_steps_out_of_order_are_refused(world, staff, address):
    code = order_at(address).code
    assert staff.post(f"/htx/giao-hang/{code}/da-giao").status_code == 409
    assert ship(staff, address).status_code == 409
    assert order_at(address).state == "confirmed"


def test_what_came_back_is_lost_until_somebody_says_otherwise(world, client, staff):
    address = buy(client, world.listing, "2")
    check_out(client, address, method="cod")
    confirmed(address)
    pack(staff, address, "2")
    ship(staff, address)
    url = f"/htx/giao-hang/{order_at(address).code}/quay-ve"
    odd = staff.post(url, data={"reason": "Không nghe máy", "cost": "nhiều lắm"})
    assert odd.status_code == 422
    assert 'value="nhiều lắm"' in odd.text
    assert staff.post(url, data={"reason": "Không nghe máy", "cost": "40.000"}).status_code == 303
    assert order_at(address).state == "returned"
    assert fresh().scalar(select(func.sum(HarvestLot.qty_lost))) == 2000
    assert "Hàng đã quay về" in client.get(address).text


@pytest.mark.parametrize("path", ["/htx/dong-goi", "/htx/dong-goi/tem", "/htx/giao-hang", "/htx/dong-goi/{code}"])
def test_fulfilment_asks_little_of_the_database(world, client, staff, address, count_queries, path):
    for kilograms in ("1", "2"):
        more = buy(client, world.listing, kilograms)
        check_out(client, more, method="cod")
        confirmed(more)
    pack(staff, more, "2")
    ship(staff, more)
    code = order_at(address).code
    with count_queries() as seen:
        assert staff.get(path.format(code=code)).status_code == 200
    assert int(seen) <= MAX_QUERIES, "\n".join(seen.statements)


def test_a_box_is_weighed_in_kilograms(world, client, staff):
    with write_transaction() as session:
        add_lot(session, world, world.households[2], 20_000, clock=system_clock, listing=world.box_listing)
    address = buy(client, world.box_listing, "2")
    check_out(client, address, method="cod")
    confirmed(address)
    assert "khách đặt 2\u00a0thùng = 10\u00a0kg" in staff.get(f"/htx/dong-goi/{order_at(address).code}").text
    pack(staff, address, "9,9")
    assert order_at(address).goods_vnd == 396_000
    assert "Cân thực 9,9\u00a0kg" in client.get(address).text
