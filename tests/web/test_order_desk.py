"""The order desk: everything that waits is seen, taken by one person, and settled with an entry in the audit."""

import pytest
from sqlalchemy import select

from app.accounts.actor import SYSTEM
from app.audit import AuditEntry
from app.clock import system_clock
from app.db import write_transaction
from app.policy import SalePolicy
from orders.claiming import make_claim
from orders.models import Claim, DeskTask, Order, OrderLine, Refund
from tests.clients import browser
from tests.web.buying import buy, check_out, delivered, expired, fresh, order_at, place, put_in, transfer
from tests.web.conftest import MAX_QUERIES


@pytest.fixture
def staff(world, signed_in):
    return signed_in(world.staff)


@pytest.fixture
def address(world, client) -> str:
    return buy(client, world.listing, "3")


def audited(action: str) -> int:
    return len(fresh().scalars(select(AuditEntry).where(AuditEntry.action == action)).all())


def complain(order: Order) -> int:
    with write_transaction() as session:
        claim = make_claim(
            session, order.id, "Dập mất 1 kg", line_id=None, picture=None, media_root=None, policy=SalePolicy(),
            actor=SYSTEM, clock=system_clock,
        )  # fmt: skip
        return claim.id


def test_orders_are_listed_by_state_with_their_counts(world, app, client, staff):
    expired(buy(browser(app), world.listing, "1", name="Anh Nam", phone="0987 654 321"))
    buy(client, world.listing, "3")
    buy(client, world.listing, "2")
    page = staff.get("/htx/don").text
    assert page.count('data-state="pending"') == 2
    only = staff.get("/htx/don?trang-thai=expired").text
    assert "Anh Nam" in only
    assert "Chị Hoa" not in only


@pytest.mark.parametrize("typed", ["chị hoa", "Hoa", "0912 345 678", "345678", "+84912345678"])
def test_an_order_is_found_by_name_and_phone(app, world, staff, address, typed):
    buy(browser(app), world.listing, "1", name="Anh Nam", phone="0987 654 321")
    page = staff.get("/htx/don", query_string={"q": typed}).text
    assert order_at(address).code in page
    assert "Anh Nam" not in page


def test_an_order_is_found_by_its_code_however_it_is_typed(staff, address):
    code = order_at(address).code
    assert "Chị Hoa" in staff.get("/htx/don", query_string={"q": f" {code[:4].lower()} {code[4:]}"}).text


@pytest.mark.parametrize("typed", ["%", "_", "100%", "'; DROP TABLE orders; --", "<script>alert(1)</script>", "\\"])
def test_a_search_is_only_words(staff, address, typed):
    answer = staff.get("/htx/don", query_string={"q": typed})
    assert answer.status_code == 200
    assert order_at(address).code not in answer.text
    assert "<script>alert" not in answer.text


@pytest.mark.parametrize("page", ["0", "-1", "999999999999999999999", "x"])
def test_an_odd_page_number_is_a_page(staff, address, page):
    assert staff.get(f"/htx/don?page={page}").status_code == 200


def test_staff_see_the_whole_phone_and_the_history(staff, client, address):
    check_out(client, address)
    page = staff.get(f"/htx/don/{order_at(address).code}").text
    assert "0912 345 678" in page
    assert "Ghi địa chỉ và cách trả tiền" in page


def test_a_hold_is_extended_once(staff, address):
    before = order_at(address).hold_expires_at
    code = order_at(address).code
    assert staff.post(f"/htx/don/{code}/gia-han").status_code == 303
    assert (order_at(address).hold_expires_at - before).total_seconds() == 1800
    assert staff.post(f"/htx/don/{code}/gia-han").status_code == 409
    assert audited("orders.order.extend") == 1


def test_pay_on_delivery_is_confirmed_after_the_call_and_its_task_is_done(world, client, staff, address):
    check_out(client, address, method="cod")
    assert "Gọi xác nhận trả tiền khi nhận" in staff.get("/htx/ban-chot-don").text
    code = order_at(address).code
    assert staff.post(f"/htx/don/{code}/xac-nhan").status_code == 303
    assert order_at(address).state == "confirmed"
    assert fresh().scalars(select(DeskTask)).one().state == "done"
    assert staff.post(f"/htx/don/{code}/xac-nhan").status_code == 409
    assert audited("orders.order.confirm_cod") == 1


def test_an_order_that_pays_by_transfer_is_not_confirmed_without_its_money(client, staff, address):
    check_out(client, address)
    assert staff.post(f"/htx/don/{order_at(address).code}/xac-nhan").status_code == 409
    assert order_at(address).state == "pending"


def test_cancelling_needs_a_reason_and_leaves_a_refund_task(world, client, staff, address):
    check_out(client, address)
    transfer(address, world)
    code = order_at(address).code
    refused = staff.post(f"/htx/don/{code}/huy", data={"reason": "  "})
    assert refused.status_code == 422
    assert order_at(address).state == "confirmed"
    assert staff.post(f"/htx/don/{code}/huy", data={"reason": "Mưa <b>to</b>"}).status_code == 303
    assert order_at(address).state == "cancelled"
    page = staff.get(f"/htx/don/{code}").text
    assert "Mưa &lt;b&gt;to&lt;/b&gt;" in page
    assert "Cần hoàn tiền" in staff.get("/htx/ban-chot-don").text


def test_a_task_is_taken_by_one_person_and_closed(world, client, staff, signed_in):
    put_in(client, world.listing, "60")
    place(client)
    task = fresh().scalars(select(DeskTask)).one()
    other = signed_in(world.staff_two)
    assert staff.post(f"/htx/ban-chot-don/viec/{task.id}/nhan").status_code == 303
    assert "Cô Lan đang làm" in other.get("/htx/ban-chot-don").text
    assert other.post(f"/htx/ban-chot-don/viec/{task.id}/nhan").status_code == 409
    assert other.post(f"/htx/ban-chot-don/viec/{task.id}/xong").status_code == 409
    assert staff.post(f"/htx/ban-chot-don/viec/{task.id}/xong").status_code == 303
    assert staff.post(f"/htx/ban-chot-don/viec/{task.id}/bo").status_code == 409
    assert "Không có việc nào chờ" in staff.get("/htx/ban-chot-don").text
    assert (audited("orders.desk_task.claim"), audited("orders.desk_task.done")) == (1, 1)


def test_an_accepted_claim_owes_the_buyer_what_was_wrong(world, client, staff, address):
    check_out(client, address, method="cod")
    order = delivered(address, world)
    claim_id = complain(order)
    line_id = fresh().scalar(select(OrderLine.id).where(OrderLine.order_id == order.id))
    assert "Dập mất 1 kg" in staff.get("/htx/ban-chot-don").text
    url = f"/htx/khieu-nai/{claim_id}"
    accept = {"decision": "accept", "answer": "Xin lỗi bác"}
    too_much = staff.post(url, data={**accept, f"quantity-{line_id}": "4"})
    assert too_much.status_code == 422
    assert 'value="4"' in too_much.text
    assert staff.post(url, data=accept).status_code == 422
    assert staff.post(url, data={**accept, "answer": "", f"quantity-{line_id}": "1"}).status_code == 422
    assert staff.post(url, data={**accept, f"quantity-{line_id}": "1,0"}).status_code == 303
    refund = fresh().scalars(select(Refund)).one()
    assert (refund.amount_vnd, refund.state) == (38_000, "approved")
    assert staff.post(url, data={**accept, f"quantity-{line_id}": "1"}).status_code == 409
    page = client.get(address).text
    assert "Xin lỗi bác" in page
    assert "38.000" in page


def test_a_rejected_claim_answers_the_buyer(world, client, staff, address):
    check_out(client, address, method="cod")
    claim_id = complain(delivered(address, world))
    answered = staff.post(f"/htx/khieu-nai/{claim_id}", data={"decision": "reject", "answer": "Bác gửi ảnh giúp em ạ"})
    assert answered.status_code == 303
    assert "Bác gửi ảnh giúp em ạ" in client.get(address).text
    assert fresh().get(Claim, claim_id).state == "rejected"
    assert fresh().scalars(select(Refund)).all() == []


def test_the_staff_home_tells_what_waits(client, staff, address):
    page = staff.get("/htx").text
    assert "Chờ thanh toán" in page
    assert "/htx/ban-chot-don" in page


@pytest.mark.parametrize("path", ["/htx/don", "/htx/ban-chot-don", "/htx/don/{code}", "/htx/khieu-nai/{claim}"])
def test_the_desk_asks_little_of_the_database(world, client, staff, address, count_queries, path):
    check_out(client, address, method="cod")
    order = delivered(address, world)
    claim_id = complain(order)
    for kilograms in ("1", "2", "3"):
        check_out(client, buy(client, world.listing, kilograms), method="cod")
    with count_queries() as seen:
        assert staff.get(path.format(code=order.code, claim=claim_id)).status_code == 200
    assert int(seen) <= MAX_QUERIES, "\n".join(seen.statements)
