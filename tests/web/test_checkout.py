"""Checkout: the ward by any of its names, the fee before the button, the total that was seen, and who may pay at the door."""

import re

import pytest
from sqlalchemy import update

from app.accounts.models import Buyer
from app.clock import system_clock
from app.db import write_transaction
from orders.models import DeskTask
from tests.clients import browser
from tests.web.buying import ADDRESS, YEN_TU_WARD, buy, check_out, delivered, expired, fresh, hidden, order_at


@pytest.fixture
def address(world, client) -> str:
    return buy(client, world.listing, "3")


def test_without_scripts_the_total_with_the_fee_is_shown_before_it_is_agreed_to(client, address):
    typed = {**ADDRESS, "ward": "yen tu quang ninh", "shown_total": "114000"}
    first = client.post(f"{address}/dat", data=typed)
    assert first.status_code == 409
    assert "134.000" in first.text
    assert "20.000" in first.text
    assert hidden(first.text, "ward_code") == YEN_TU_WARD
    assert hidden(first.text, "shown_total") == "134000"
    assert order_at(address).ward_code is None
    assert check_out(client, address).status_code == 303
    order = order_at(address)
    assert (order.delivery_fee_vnd, order.total_vnd, order.payment_method) == (20_000, 134_000, "vietqr")
    assert order.ward_name == "Phường Yên Tử"


def test_what_was_typed_stays_when_the_form_is_refused(client, address):
    refused = client.post(f"{address}/dat", data={**ADDRESS, "recipient_phone": "12", "ward": "yen tu quang ninh"})
    assert refused.status_code in (409, 422)
    assert 'value="Số 5 ngõ 3"' in refused.text
    nothing = client.post(f"{address}/dat", data={})
    assert nothing.status_code == 422
    assert "Bác cho em xin tên người nhận" in nothing.text


def test_a_bad_phone_is_blamed_on_its_field(client, address):
    refused = check_out(client, address, recipient_phone="0912")
    assert refused.status_code == 422
    assert re.search(r'id="recipient_phone-error"', refused.text)


def test_a_name_of_several_wards_comes_back_as_a_choice(client, address):
    asked = client.post(f"{address}/dat", data={**ADDRESS, "ward": "tan an", "shown_total": "114000"})
    assert asked.status_code == 422
    codes = re.findall(r'name="ward_choice" value="(\d+)"', asked.text)
    assert len(codes) > 1
    chosen = client.post(
        f"{address}/dat",
        data={**ADDRESS, "ward": "tan an", "ward_searched": "tan an", "ward_choice": codes[1], "shown_total": "114000"},
    )
    assert chosen.status_code == 409
    assert hidden(chosen.text, "ward_code") == codes[1]


def test_an_old_name_finds_the_ward_of_today(client):
    found = client.get("/dia-chi?q=phuong nam uong bi").get_json()
    assert any(match["code"] == YEN_TU_WARD and "Phương Nam" in match["old_name"] for match in found)


def test_a_kept_code_does_not_outlive_the_words_beside_it(client, address):
    refused = client.post(
        f"{address}/dat",
        data={**ADDRESS, "ward": "cho khong co that", "ward_code": YEN_TU_WARD, "shown_total": "134000"},
    )
    assert refused.status_code == 422
    assert "chưa tìm thấy" in refused.text


def test_the_fee_is_told_before_the_button(client, address):
    quote = client.get(f"{address}/phi?ward={YEN_TU_WARD}").get_json()
    assert (quote["fee_vnd"], quote["total_vnd"]) == (20_000, 134_000)
    assert client.get(f"{address}/phi?ward=99999", headers={"Accept": "application/json"}).status_code == 422


def test_too_heavy_for_the_table_is_said_in_words(world, client):
    address = buy(client, world.listing, "25")
    refused = check_out(client, address)
    assert refused.status_code == 422
    assert "hẹn xe" in refused.text


def test_a_total_that_was_tampered_with_charges_nothing(client, address):
    refused = client.post(
        f"{address}/dat",
        data={**ADDRESS, "ward": "Phường Yên Tử, Quảng Ninh", "ward_code": YEN_TU_WARD, "shown_total": "1"},
    )
    assert refused.status_code == 409
    assert order_at(address).payment_method is None


@pytest.mark.parametrize("total", ["", "NaN", "-134000", "1e9", "134000.0", "9" * 30])
def test_a_total_that_is_no_number_charges_nothing(client, address, total):
    refused = client.post(f"{address}/dat", data={**ADDRESS, "ward": "yen tu quang ninh", "shown_total": total})
    assert refused.status_code == (422 if len(total) > 20 else 409)
    assert order_at(address).payment_method is None


def test_pay_on_delivery_waits_for_a_call_the_first_time(client, address):
    assert check_out(client, address, method="cod").status_code == 303
    assert order_at(address).state == "pending"
    assert fresh().query(DeskTask).filter_by(kind="confirm_cod").count() == 1
    assert "sẽ gọi số" in client.get(address).text


def test_pay_on_delivery_is_automatic_for_a_proven_phone_with_a_clean_history(world, client, address):
    check_out(client, address, method="cod")
    delivered(address, world)
    with write_transaction() as session:
        session.execute(update(Buyer).values(phone_verified_at=system_clock()))
    second = buy(client, world.listing, "2")
    assert check_out(client, second, method="cod").status_code == 303
    assert order_at(second).state == "confirmed"


def test_a_stranger_with_a_known_phone_is_trusted_with_nothing(world, app, client, address):
    check_out(client, address, method="cod")
    delivered(address, world)
    with write_transaction() as session:
        session.execute(update(Buyer).values(phone_verified_at=system_clock()))
    stranger = browser(app)
    theirs = buy(stranger, world.listing, "2")
    check_out(stranger, theirs, method="cod")
    assert order_at(theirs).state == "pending"
    assert address in client.get("/don").text
    assert address not in stranger.get("/don").text


def test_an_order_that_no_longer_waits_is_not_checked_out(client, address):
    expired(address)
    answer = client.post(f"{address}/dat", data={**ADDRESS, "ward": "yen tu quang ninh", "shown_total": "134000"})
    assert answer.status_code == 303
    assert "không còn chờ" in client.get(address).text
