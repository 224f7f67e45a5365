"""The money pages of the staff: transfers, statements taken in, refunds, settlement and the books, in a browser."""

import io
import itertools
import re
from datetime import timedelta

import pytest
from sqlalchemy import event, func, select

from app.clock import FrozenClock, system_clock
from app.db import db, write_transaction
from orders.models import BankTransaction, Order, Payout, Refund
from orders.payments.statements import MAX_BYTES
from orders.payments.transfers import match_transaction
from shop.models import Cooperative
from tests.ledger.books import balances
from tests.ledger.payouts import give_account
from tests.ledger.selling import Market
from tests.web.conftest import MAX_QUERIES
from tests.world import YEN_TU, add_lot, make_world

STAFF_PAGES = (
    "/htx", "/htx/chuyen-khoan", "/htx/chuyen-khoan/ghi", "/htx/chuyen-khoan/nhap", "/htx/hoan-tien", "/htx/quyet-toan",
    "/htx/so-cai", "/htx/bao-cao", "/htx/bao-cao?theo=nong-san", "/htx/bao-cao?theo=phien", "/htx/bao-cao?theo=nguoi-live",
)  # fmt: skip


@pytest.fixture
def market(app):
    """A cooperative that sold three days ago, so that payouts are due now; its clock then stands at the present."""
    clock = FrozenClock(system_clock() - timedelta(days=4))
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    market = Market(world, clock)
    for household in world.households[:2]:
        give_account(market, household)
    market.sell((world.listing, 3000))
    clock.now = system_clock()
    with write_transaction() as session:
        add_lot(session, world, world.households[1], 50_000, clock=clock)
    return market


@pytest.fixture
def staff(market, signed_in):
    return signed_in(market.world.staff)


@pytest.fixture
def second(market, signed_in):
    return signed_in(market.world.staff_two)


def fresh(model, row_id):
    db.session.rollback()
    db.session.expire_all()
    return db.session.get_one(model, row_id)


@pytest.mark.parametrize("page", STAFF_PAGES)
def test_every_money_page_opens_with_few_queries(staff, count_queries, page):
    staff.get(page)
    with count_queries() as count:
        answer = staff.get(page)
    assert answer.status_code == 200, answer.text
    assert int(count) <= MAX_QUERIES, count.statements


def test_a_household_may_not_see_the_cooperatives_money(market, signed_in, client):
    household = signed_in(market.world.household_users[0])
    for page in STAFF_PAGES:
        assert household.get(page).status_code == 403, page
        assert client.get(page).status_code in (302, 401), page


def test_staff_match_by_hand_and_put_aside(market, staff):
    order_id = market.place((market.world.listing, 1000))
    market.check_out(order_id)
    row = market.transfer(58_000, "tien vai thieu ma")
    page = staff.get("/htx/chuyen-khoan").text
    code = market.order(order_id).code
    assert f"Đúng là đơn {code}" in page
    answer = staff.post(f"/htx/chuyen-khoan/{row.id}/khop", data={"order_code": "CP123"}, follow_redirects=True)
    assert "Không có đơn nào mang mã này" in answer.text
    staff.post(f"/htx/chuyen-khoan/{row.id}/khop", data={"order_code": code})
    assert fresh(Order, order_id).state == "confirmed"
    stray = market.transfer(5_000, "lai")
    assert "Bác ghi lý do giúp em" in staff.post(f"/htx/chuyen-khoan/{stray.id}/bo-qua", follow_redirects=True).text
    staff.post(f"/htx/chuyen-khoan/{stray.id}/bo-qua", data={"reason": "<b>Lãi</b>"})
    assert "&lt;b&gt;Lãi&lt;/b&gt;" in staff.get("/htx/chuyen-khoan?nhom=bo-qua").text
    over = market.transfer(9_000, "khong biet")
    staff.post(f"/htx/chuyen-khoan/{over.id}/tra-lai")
    assert fresh(BankTransaction, over.id).state == "refunded"


def test_a_courier_hands_the_collected_cash_over(market, staff):
    market.sell((market.world.listing, 1000), method="cod")
    row = market.transfer(50_000, "nop tien thu ho")
    assert "xe-ha-lan, đang giữ 58.000" in staff.get("/htx/chuyen-khoan").text
    url = f"/htx/chuyen-khoan/{row.id}/thu-ho"
    answer = staff.post(url, data={"courier": "xe-ha-lan", "fee": "8.001"}, follow_redirects=True)
    assert "chỉ còn giữ 58.000" in answer.text
    staff.post(url, data={"courier": "xe-ha-lan", "fee": "8.000"})
    db.session.rollback()
    found = balances(db.session(), market.world)
    assert "asset:cod_in_hand:xe-ha-lan" not in found
    assert found["expense:courier_fee"] == 8_000
    assert "liability:unmatched_receipts" not in found
    assert staff.post(url, data={"courier": "xe-ha-lan"}).status_code == 409
    assert "Tiền thu hộ: xe-ha-lan" in staff.get("/htx/chuyen-khoan?nhom=da-khop").text


def test_another_cooperatives_transfer_does_not_exist(market, staff):
    row = market.transfer(5_000, "lai")
    with write_transaction() as session:
        stranger = make_other(session)
        session.get_one(BankTransaction, row.id).cooperative_id = stranger
    for step in ("khop", "bo-qua", "tra-lai", "thu-ho"):
        answer = staff.post(
            f"/htx/chuyen-khoan/{row.id}/{step}", data={"order_code": "CP1", "reason": "x", "courier": "own"}
        )
        assert answer.status_code == 404


def make_other(session):
    other = Cooperative(slug="khac", name="HTX Khác", created_at=system_clock(), **YEN_TU)
    session.add(other)
    session.flush()
    return other.id


def test_a_typed_transfer_is_recorded_once_however_often_it_is_sent(market, staff):
    order_id = market.place((market.world.listing, 1000))
    market.check_out(order_id)
    code = market.order(order_id).code
    form = {
        "amount": "58.000",
        "content": f"chuyen tien {code}",
        "transferred_on": "2026-05-30",
        "idempotency_key": "k1",
    }
    refused = staff.post("/htx/chuyen-khoan/ghi", data={**form, "amount": "nhiều lắm"})
    assert refused.status_code == 422
    assert "nhiều lắm" in refused.text
    for _ in range(2):
        assert staff.post("/htx/chuyen-khoan/ghi", data=form).status_code == 302
    assert fresh(Order, order_id).state == "confirmed"
    assert db.session.scalar(select(func.count(BankTransaction.id)).where(BankTransaction.source == "desk")) == 1


def statement_file(code, encoding="utf-8-sig"):
    rows = (
        "SAO KÊ TÀI KHOẢN 1012345678\r\n"
        "Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Số dư;Diễn giải\r\n"
        f"30/05/2026 19:05;FT901;;58.000;1.000.000;{code} chuyen tien\r\n"
        "30/05/2026 19:06;FT902;12.000;;988.000;phi tin nhan\r\n"
        "30/05/2026 19:07;FT903;;7.000,50;995.000;le\r\n"
        '31/02/2026;FT904;;5.000;995.000;"=HYPERLINK(""http://x"")"\r\n'
        '30/05/2026 19:08;FT905;;6.000;995.000;"=1+1"\r\n'
    )
    return io.BytesIO(rows.encode(encoding))


def upload(staff, stream):
    return staff.post(
        "/htx/chuyen-khoan/nhap", data={"file": (stream, "sao-ke.csv")}, content_type="multipart/form-data"
    )


def chosen(page):
    """Return the preview's form as a browser would send it back."""
    fields = {"file": re.search(r'name="file" value="([^"]+)"', page)[1]}
    for name, options in re.findall(r'<select[^>]*name="(\w+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        fields[name] = re.search(r'<option selected value="(-?\d+)"', options)[1]
    return fields


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16"])
def test_a_statement_is_shown_before_it_is_taken_in_and_twice_is_once(market, staff, encoding):
    order_id = market.place((market.world.listing, 1000))
    market.check_out(order_id)
    preview = upload(staff, statement_file(market.order(order_id).code, encoding))
    assert preview.status_code == 200
    before = db.session.scalar(select(func.count(BankTransaction.id)))
    assert "Dòng 5: số tiền “7.000,50” không phải số đồng nguyên" in preview.text
    assert "Dòng 6: ngày “31/02/2026” không đọc được" in preview.text
    fields = chosen(preview.text)
    assert (fields["date"], fields["reference"], fields["credit"], fields["content"]) == ("0", "1", "3", "5")
    look = staff.post("/htx/chuyen-khoan/nhap/ghi", data={**fields, "look": "1"})
    assert look.status_code == 200
    assert db.session.scalar(select(func.count(BankTransaction.id))) == before
    done = staff.post("/htx/chuyen-khoan/nhap/ghi", data={**fields, "record": "1"})
    assert done.status_code == 200, done.text
    db.session.rollback()
    assert db.session.scalar(select(func.count(BankTransaction.id))) == before + 3
    assert fresh(Order, order_id).state == "confirmed"
    again = staff.post("/htx/chuyen-khoan/nhap/ghi", data={**fields, "record": "1"})
    assert again.status_code == 200
    db.session.rollback()
    assert db.session.scalar(select(func.count(BankTransaction.id))) == before + 3


def paid_lines(market, count):
    """Return as many checked-out orders of 1 kg, and the statement in which each of them is paid."""
    orders = [market.place((market.world.listing, 1000)) for _ in range(count)]
    for order_id in orders:
        market.check_out(order_id)
    lines = ["Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Số dư;Diễn giải"] + [
        f"30/05/2026 19:{minute:02};FT8{minute:02};;58.000;1.000.000;{market.order(order_id).code}"
        for minute, order_id in enumerate(orders)
    ]
    return orders, "\n".join(lines)


def take_in(staff, text):
    preview = upload(staff, io.BytesIO(text.encode()))
    return staff.post("/htx/chuyen-khoan/nhap/ghi", data={**chosen(preview.text), "record": "1"})


def test_a_long_statement_is_recorded_in_short_steps(market, staff):
    """However long the file, nobody waits for more than some dozens of its lines."""
    heading = "Ngày giao dịch;Số tham chiếu;Ghi nợ;Ghi có;Số dư;Diễn giải"
    lines = [f"30/05/2026 19:{n % 60:02};FT7{n:03};;{1000 + n};1.000.000;le" for n in range(90)]
    recorded = []

    def note(connection):
        csv = select(func.count(BankTransaction.id)).where(BankTransaction.source == "csv")
        recorded.append(connection.scalar(csv))

    event.listen(db.engine, "commit", note)
    try:
        page = take_in(staff, "\n".join([heading, *lines]))
    finally:
        event.remove(db.engine, "commit", note)
    assert (page.status_code, fresh_states()) == (200, ["needs_review"] * 90)
    steps = sorted({0, *recorded})
    assert max(after - before for before, after in itertools.pairwise(steps)) <= 50
    assert steps[-1] == 90


def test_each_line_of_a_statement_is_matched_in_a_transaction_of_its_own(market, staff):
    """The sale goes on beside a long file: no lock is held from one line to the next."""
    orders, text = paid_lines(market, 4)
    confirmed_at_commit = []

    def note(connection):
        statement = select(func.count(Order.id)).where(Order.id.in_(orders), Order.state == "confirmed")
        confirmed_at_commit.append(connection.scalar(statement))

    event.listen(db.engine, "commit", note)
    try:
        assert take_in(staff, text).status_code == 200
    finally:
        event.remove(db.engine, "commit", note)
    assert sorted(set(confirmed_at_commit)) == [0, 1, 2, 3, 4]


def test_a_line_that_fails_undoes_no_other_and_is_matched_when_the_file_comes_again(market, staff, monkeypatch):
    orders, text = paid_lines(market, 3)

    def fails_once(session, transaction_id, **keywords):
        row = match_transaction(session, transaction_id, **keywords)
        if row.order_id == orders[1]:
            raise RuntimeError("the machine stopped in the middle of this line")
        return row

    with monkeypatch.context() as patch:
        patch.setattr("orders.views.transfers.match_transaction", fails_once)
        page = take_in(staff, text)
    assert page.status_code == 200
    assert "1 khoản chưa khớp xong" in page.text
    assert [fresh(Order, order_id).state for order_id in orders] == ["confirmed", "pending", "confirmed"]
    assert fresh_states() == ["matched", "new", "matched"]
    again = take_in(staff, text)
    assert again.status_code == 200
    assert "chưa khớp xong" not in again.text
    assert fresh(Order, orders[1]).state == "confirmed"
    assert fresh_states() == ["matched", "matched", "matched"]
    assert balances(db.session(), market.world)["asset:bank"] == 134_000 + 3 * 58_000


def fresh_states():
    """Return the states of what statements brought in, in the order of the bank's references."""
    db.session.rollback()
    csv = select(BankTransaction.state).where(BankTransaction.source == "csv")
    return list(db.session.scalars(csv.order_by(BankTransaction.bank_reference)))


def test_files_that_are_no_statement_are_refused_in_words(staff):
    assert upload(staff, io.BytesIO(b"")).status_code == 422
    assert "Em không thấy bảng giao dịch" in upload(staff, io.BytesIO(b"a,b\n1,2\n")).text
    assert "Tệp sao kê lớn quá" in upload(staff, io.BytesIO(b"x" * (MAX_BYTES + 1))).text
    assert upload(staff, io.BytesIO(bytes(range(256)) * 40)).status_code == 422
    forged = staff.post("/htx/chuyen-khoan/nhap/ghi", data={"file": "abc", "record": "1"})
    assert forged.status_code == 422


def test_a_refund_walks_its_steps(market, staff, second):
    order_id = market.sell((market.world.listing, 2000))
    order = market.order(order_id)
    line = market.lines(order_id)[0]
    url = f"/htx/hoan-tien/don/{order.code}"
    assert staff.get(url).status_code == 200
    refused = staff.post(url, data={"reason": "Dập", f"line-{line.id}": "2,5", "idempotency_key": "r1"})
    assert refused.status_code == 422
    assert 'value="2,5"' in refused.text
    for _ in range(2):
        assert (
            staff.post(url, data={"reason": "Dập", f"line-{line.id}": "0,5", "idempotency_key": "r2"}).status_code
            == 302
        )
    db.session.rollback()
    refund = db.session.scalars(select(Refund).where(Refund.order_id == order_id)).one()
    assert refund.amount_vnd == 19_000
    for step in ("duyet", "chuyen", "xong"):
        assert second.post(f"/htx/hoan-tien/{refund.id}/{step}").status_code == 302
    assert fresh(Refund, refund.id).state == "done"
    assert second.post(f"/htx/hoan-tien/{refund.id}/khong").status_code == 409


def test_a_batch_takes_two_people_and_leaves_a_file_for_the_bank(market, staff, second):
    page = staff.post("/htx/quyet-toan", follow_redirects=True).text
    assert "cần một cán bộ khác duyệt" in page
    db.session.rollback()
    payouts = db.session.scalars(select(Payout).order_by(Payout.id)).all()
    batch = payouts[0].batch
    assert staff.post(f"/htx/quyet-toan/{batch}/duyet").status_code == 403
    assert second.post(f"/htx/quyet-toan/{batch}/duyet").status_code == 302
    shown = second.get(f"/htx/quyet-toan/{batch}").text
    assert "0123456789" not in shown
    assert 'class="vietqr"' in shown
    file = second.get(f"/htx/quyet-toan/{batch}/ngan-hang.csv")
    assert "0123456789,NGUYEN THI MAN,970405" in file.text
    assert file.text.startswith("\ufeffSTT,")
    assert second.post(f"/htx/quyet-toan/{batch}/gui").status_code == 302
    for payout in payouts:
        assert second.post(f"/htx/quyet-toan/khoan/{payout.id}/da-tra").status_code == 302
    db.session.rollback()
    db.session.expire_all()
    assert {payout.state for payout in db.session.scalars(select(Payout))} == {"paid"}
    assert staff.post("/htx/quyet-toan").status_code == 409
    assert staff.get("/htx/quyet-toan/QT-0-1").status_code == 404


def test_the_books_open_every_account_down_to_the_order(market, staff, count_queries):
    page = staff.get("/htx/so-cai").text
    assert "khớp nhau" in page
    for account_id in re.findall(r"/htx/so-cai/(\d+)", page):
        with count_queries() as count:
            assert staff.get(f"/htx/so-cai/{account_id}").status_code == 200
        assert int(count) <= MAX_QUERIES
    code = db.session.scalars(select(Order.code)).first()
    deposit = re.search(r'/htx/so-cai/(\d+)">Tiền người mua ứng trước', page)[1]
    assert f"/htx/don/{code}" in staff.get(f"/htx/so-cai/{deposit}").text
    assert staff.get("/htx/so-cai/999999").status_code == 404
    assert "income:coop_fee,Phần hợp tác xã" in staff.get("/htx/so-cai.csv").text
