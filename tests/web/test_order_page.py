"""The order page: the link opens it, it says how to pay and where the parcel is, and takes cancellations and complaints."""

import io
import re
from datetime import timedelta

import pytest
import segno
from PIL import Image
from sqlalchemy import select, update

from app.clock import system_clock
from app.db import write_transaction
from orders.models import Claim, Order, OrderLine
from orders.payments.providers import vietqr_for_order
from orders.payments.vietqr import decode_payload
from shop.models import Photo
from tests.clients import browser
from tests.web.buying import buy, check_out, delivered, expired, fresh, order_at, transfer
from tests.web.conftest import MAX_QUERIES


@pytest.fixture
def address(world, client) -> str:
    return buy(client, world.listing, "3")


def picture(color: str = "red") -> io.BytesIO:
    out = io.BytesIO()
    Image.new("RGB", (800, 600), color).save(out, "JPEG")
    out.seek(0)
    return out


def test_a_new_order_shows_its_clock_its_lines_and_its_total(client, address):
    page = client.get(address).text
    assert "data-countdown=" in page
    assert "3\u00a0kg" in page
    assert "114.000\u00a0₫" in page
    assert order_at(address).code in page


@pytest.mark.parametrize("token", ["khong-co", "x" * 5000, "..%2f..%2fetc", "' OR 1=1 --", "<script>"])
def test_an_unknown_link_opens_nothing(world, client, address, token):
    assert client.get(f"/don/{token}").status_code == 404


def test_the_code_is_not_the_key(client, address):
    assert client.get(f"/don/{order_at(address).code}").status_code == 404


def test_vietqr_shows_the_very_account_amount_and_reference(world, client, address):
    check_out(client, address)
    page = client.get(address).text
    order = order_at(address)
    view = vietqr_for_order(order, world.cooperative, 134_000)
    assert view.svg in page
    read = decode_payload(view.payload)
    assert (read.account, read.amount_vnd, read.purpose) == (world.cooperative.bank_account, 134_000, order.code)
    copied = re.findall(r'data-copy="([^"]*)"', page)
    assert copied == ["134000", order.code, world.cooperative.bank_account]
    assert segno.make_qr(view.payload, error="m").version <= 10


def test_money_that_arrives_turns_the_page(world, client, address):
    check_out(client, address)
    version = re.search(r'hx-get="([^"]+)"', client.get(address).text)[1].replace("&amp;", "&")
    assert client.get(version).status_code == 204
    transfer(address, world)
    turned = client.get(version)
    assert turned.status_code == 200
    assert turned.headers["HX-Redirect"] == address
    page = client.get(address).text
    assert "Đã nhận tiền" in page
    assert "134.000" in page
    assert "data-copy" not in page


def test_part_of_the_money_shows_what_is_missing(world, client, address):
    check_out(client, address)
    transfer(address, world, 100_000)
    page = client.get(address).text
    assert "Còn thiếu" in page
    assert 'data-copy="34000"' in page


def test_a_part_payment_turns_the_waiting_page(world, client, address):
    check_out(client, address)
    version = re.search(r'hx-get="([^"]+)"', client.get(address).text)[1].replace("&amp;", "&")
    transfer(address, world, 100_000)
    assert client.get(version).headers.get("HX-Redirect") == address


def test_origin_is_told_once_the_order_is_certain(world, client, address):
    assert "từ vườn" not in client.get(address).text
    check_out(client, address)
    transfer(address, world)
    page = client.get(address).text
    assert "từ vườn Bà Mận, Thôn Đá Bạc" in page
    assert f"/lo/{world.lots[0].public_id}" in page


def test_packed_weight_carrier_and_delivery_are_followed(world, client, address):
    check_out(client, address, method="cod")
    delivered(address, world)
    page = client.get(address).text
    assert "Cân thực 3\u00a0kg" in page
    assert "Xe Ka Long" in page
    assert "0903 000 111" in page
    assert 'data-state="delivered"' in page


def test_the_buyer_cancels_while_nothing_is_paid(client, address):
    assert "Hủy đơn này" in client.get(address).text
    client.post(f"{address}/huy")
    assert order_at(address).state == "cancelled"
    assert "đã hủy" in client.get(address).text
    client.post(f"{address}/huy")
    assert order_at(address).state == "cancelled"


def test_a_paid_order_is_not_cancelled_by_a_button(world, client, address):
    check_out(client, address)
    transfer(address, world, 100_000)
    client.post(f"{address}/huy")
    assert order_at(address).state == "pending"
    assert "gọi hợp tác xã" in client.get(address).text


def test_an_expired_order_says_so_and_offers_to_choose_again(client, address):
    expired(address)
    page = client.get(address).text
    assert "Giờ giữ hàng đã hết" in page
    assert "Xong, đặt hàng" not in page


def test_the_phone_is_whole_for_its_owner_and_masked_for_others_with_the_link(world, app, client, address):
    check_out(client, address)
    assert "0912 345 678" in client.get(address).text
    shared = browser(app).get(address).text
    assert "09•• ••• 678" in shared
    assert "0912 345 678" not in shared


def test_a_claim_with_a_photo_reaches_the_cooperative_and_its_photo_stays_private(world, app, client, address):
    check_out(client, address, method="cod")
    order = delivered(address, world)
    line_id = fresh().scalar(select(OrderLine.id).where(OrderLine.order_id == order.id))
    sent = client.post(
        f"{address}/khieu-nai",
        data={"text": "Dập 1 kg <b>ạ</b>", "line": str(line_id), "photo": (picture(), "dap.jpg")},
        content_type="multipart/form-data",
    )
    assert sent.status_code == 303
    page = client.get(address).text
    assert "Dập 1 kg &lt;b&gt;ạ&lt;/b&gt;" in page
    photo = fresh().scalars(select(Photo)).one()
    assert client.get(f"{address}/anh/{photo.public_id}").mimetype == "image/webp"
    assert browser(app).get(f"/anh/{photo.public_id}").status_code == 404


def test_a_claim_says_nothing_or_names_another_orders_line(world, client, address):
    other = buy(client, world.listing, "1")
    check_out(client, address, method="cod")
    delivered(address, world)
    other_line = fresh().scalar(select(OrderLine.id).where(OrderLine.order_id == order_at(other).id))
    assert client.post(f"{address}/khieu-nai", data={"text": " "}).status_code == 422
    assert client.post(f"{address}/khieu-nai", data={"text": "Thiếu", "line": str(other_line)}).status_code == 404
    assert client.post(f"{address}/khieu-nai", data={"text": "Thiếu", "line": "1 OR 1"}).status_code == 404
    assert fresh().query(Claim).count() == 0


def test_a_claim_file_that_is_no_picture_keeps_what_was_told(world, client, address):
    check_out(client, address, method="cod")
    delivered(address, world)
    refused = client.post(
        f"{address}/khieu-nai",
        data={"text": "Dập nhiều quá", "photo": (io.BytesIO(b"<?php system('id'); ?>"), "a.jpg")},
        content_type="multipart/form-data",
    )
    assert refused.status_code == 422
    assert "Dập nhiều quá" in refused.text
    assert "không phải ảnh" in refused.text


def test_claims_end_with_their_window(world, client, address):
    check_out(client, address, method="cod")
    delivered(address, world)
    assert "Hàng có vấn đề?" in client.get(address).text
    with write_transaction() as session:
        session.execute(update(Order).values(delivered_at=system_clock() - timedelta(hours=49)))
    assert "Hàng có vấn đề?" not in client.get(address).text
    refused = client.post(f"{address}/khieu-nai", data={"text": "Muộn rồi"})
    assert refused.status_code == 409


@pytest.mark.parametrize("stage", ["new", "checked_out", "paid", "delivered"])
def test_the_page_asks_little_of_the_database(world, client, address, count_queries, stage):
    if stage == "delivered":
        check_out(client, address, method="cod")
        delivered(address, world)
    elif stage != "new":
        check_out(client, address)
    if stage == "paid":
        transfer(address, world)
    with count_queries() as seen:
        client.get(address)
    assert int(seen) <= MAX_QUERIES, "\n".join(seen.statements)
