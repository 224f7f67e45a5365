"""The whole path in a real browser: from a household's pledge to its statement, to the đồng."""

import re
import sqlite3
from datetime import UTC, datetime, timedelta

from app.clock import VIETNAM
from livestream.demo.people import HOUSEHOLDS
from orders.ledger.shares import FrozenRates, split_line

HOUSEHOLD, HOST, STAFF = "0900000101", "0900000002", "0900000003"
RATES = ("coop_bps", "host_bps", "packing_vnd_per_kg", "packing_vnd_per_unit", "fee_bps", "fee_bearer")
TITLE = "Vải sáng mai, đi từ hẹn hái đến bảng kê"


def digits(text: str) -> int:
    return int(re.sub(r"\D", "", text))


def test_from_a_pledge_to_the_households_statement(person, demo_server):
    household, staff, host, buyer = person(), person(), person(), person()

    # The household says tonight what it will pick tomorrow.
    household.sign_in(HOUSEHOLD)
    page = household.go("/ho")
    first = page.locator("form[action$='/hen-hai']").first
    first.get_by_label("Số khác").fill("57,5")
    first.get_by_role("button", name="Hẹn hái").click()
    page.get_by_text("Đã hẹn 57,5").first.wait_for()
    household.shoot("01-household-pledged")

    # Staff weigh in what was brought: a household that had not pledged today.
    staff.sign_in(STAFF)
    page = staff.go("/htx/can")
    staff.shoot("02-weighing-board")
    page.locator("a.pressable__link").first.click()
    page.locator("input[name=quantity]").fill("61,2")
    page.get_by_role("button", name="Ghi số cân").click()
    page.wait_for_url("**/htx/can*")
    page.get_by_text("61,2").first.wait_for()

    # List a box of it, and schedule a session with it on the shelf.
    page = staff.go("/htx/mat-hang/moi")
    page.get_by_label("Tên mặt hàng", exact=False).first.fill("Vải chín sớm thùng 3 kg thử")
    page.locator("input[name=unit_kind][value=pack]").check(force=True)
    page.locator("input[name=unit_label]").fill("thùng")
    page.locator("input[name=unit_size]").fill("3")
    page.locator("input[name=price_vnd]").fill("120.000")
    page.get_by_role("button", name="Lưu và mở bán").click()
    page.get_by_role("heading", name="Vải chín sớm thùng 3 kg thử").wait_for()
    staff.shoot("03-listing")
    page = staff.go("/htx/phien")
    page.locator("input[name=title]").fill(TITLE)
    soon = datetime.now(UTC).astimezone(VIETNAM) + timedelta(hours=1)
    page.locator("input[name=scheduled_at]").fill(soon.strftime("%Y-%m-%dT%H:%M"))
    page.locator("input[name=commission]").fill("5")
    page.get_by_role("button", name="Hẹn phiên").click()
    page.get_by_role("heading", name=TITLE).wait_for()
    choice = page.locator("select[name=listing] option", has_text="3 kg thử").get_attribute("value")
    page.locator("select[name=listing]").select_option(choice)
    page.locator("input[name=code]").fill("T3")
    page.locator("input[name=price]").fill("114.000")
    page.get_by_role("button", name="Xếp lên kệ").click()
    page.locator("th", has_text="T3").wait_for()
    staff.shoot("04-session-shelf")
    room = page.get_by_role("link", name="Xem phòng").get_attribute("href")

    # The host goes live and pins it.
    host.sign_in(HOST)
    page = host.go(f"{room}/dieu-khien")
    page.get_by_role("button", name="Lên sóng").click()
    page.get_by_role("button", name="Kết thúc phiên").wait_for()
    page.get_by_role("button", name="Ghim").first.click()
    page.wait_for_timeout(500)

    # A buyer types an order; name and phone are asked once; the line turns green with the exact reading.
    page = buyer.go(room)
    page.locator("#say").fill("chốt T3 2 thùng nhé")
    page.keyboard.press("Enter")
    page.get_by_label("Tên của bác").fill("Chị Hòa")
    page.get_by_label("Số điện thoại").fill("0912 345 678")
    page.get_by_role("button", name="Giữ hàng cho tôi").click()
    green = page.locator(".chat__answer", has_text="228.000").first
    green.wait_for()
    assert "2 thùng" in green.inner_text().replace("\u00a0", " ")
    buyer.shoot("05-live-room-held")
    host.page.get_by_text("228.000").first.wait_for()
    host.shoot("06-host-console")

    # Check out to an old place name and pay by VietQR.
    page.locator("#my-order a").first.click()
    page.wait_for_url("**/don/*")
    order_url = page.url
    page.locator("input[name=ward]").fill("phuong nam uong bi")
    page.wait_for_timeout(900)
    page.locator("input[name=street]").fill("Số 8, ngõ 5")
    buyer.shoot("07-checkout")
    page.get_by_role("button", name="Xong, đặt hàng").click()
    page.wait_for_load_state()
    if page.locator("input[name=ward_choice]").count():
        page.locator("input[name=ward_choice]").first.check(force=True)
        page.get_by_role("button", name="Xong, đặt hàng").click()
        page.wait_for_load_state()
    if page.locator(".qr").count() == 0:
        page.get_by_role("button", name="Xong, đặt hàng").click()
    page.locator(".qr svg").wait_for()
    buyer.shoot("08-vietqr")
    code = re.search(r"CP[0-9A-Z]{9}", page.locator("h1").inner_text())[0]
    total = digits(page.locator("[data-copy]").first.get_attribute("data-copy"))
    assert total > 228_000

    # Staff enter the transfer as the bank wrote it; the order is confirmed and its page says so by itself.
    receive_transfer(staff, code, total)
    page.get_by_text("Đã nhận tiền").first.wait_for(timeout=30_000)
    buyer.shoot("09-paid")

    # Pack at the real weight, send, deliver.
    page = staff.go("/htx/dong-goi")
    staff.shoot("10-packing")
    pack_ship_deliver(staff, code)
    page = buyer.go(order_url.removeprefix(buyer.url))
    page.get_by_text("Đã giao").first.wait_for()
    buyer.shoot("11-delivered")

    # Whose fruit it was reads it on the statement, to the đồng.
    read_statement(person, buyer, demo_server.folder / "demo.db")


def receive_transfer(staff, code, total):
    page = staff.go("/htx/chuyen-khoan/ghi")
    page.locator("input[name=amount]").fill(str(total))
    page.locator("[name=content]").fill(f"MBVCB.4125261053.{code[:5]} {code[5:].lower()}.CT tu 9000006789 HOA")
    page.locator("input[name=bank_reference]").fill("FT26144000001")
    page.get_by_role("button", name="Ghi và khớp đơn").click()
    page.wait_for_url(lambda url: not url.endswith("/ghi"))
    staff.go("/htx/chuyen-khoan?nhom=da-khop")
    staff.page.get_by_text(code).first.wait_for()
    staff.shoot("09-staff-matched")


def pack_ship_deliver(staff, code):
    page = staff.go(f"/htx/dong-goi/{code}")
    page.locator("form input[name^=line-]").fill("5,8")
    staff.shoot("10-pack")
    page.get_by_role("button", name="Đã đóng hộp").click()
    page.wait_for_url("**/htx/dong-goi")
    page = staff.go(f"/htx/giao-hang/{code}/gui")
    page.locator("input[name=carrier]").fill("Xe Ka Long")
    page.get_by_role("button", name="Đã gửi đi").click()
    page.wait_for_url("**/htx/giao-hang")
    staff.shoot("10-shipping")
    row = page.locator("li", has_text=code)
    row.get_by_role("button", name="Đã giao").click()
    row.locator(".ask").get_by_role("button").first.click()
    row.wait_for(state="detached")


def read_statement(person, buyer, database):
    """Whose fruit it was reads its part, and it is the part that the frozen rates give."""
    origin = buyer.page.get_by_text("từ vườn").first.inner_text().replace("\u00a0", " ")
    name = re.search(r"từ vườn ([^,]+),", origin)[1]
    number = HOUSEHOLDS.index(name)
    household = person().sign_in(f"09000001{number + 1:02}")
    page = household.go("/ho/bang-ke")
    row = page.locator("tr", has_text="3 kg thử").first
    row.wait_for()
    household.shoot("12-statement")
    goods, taken, part = expected_shares(database)
    cells = [digits(cell) for cell in row.locator("td").all_inner_texts()]
    assert cells[-3:] == [goods, taken, part]


def expected_shares(database):
    """Work the first allocation's share out from the line as it was frozen."""
    with sqlite3.connect(f"file:{database}?mode=ro", uri=True) as connection:
        connection.row_factory = sqlite3.Row
        line = connection.execute("SELECT * FROM order_line WHERE offer_code = 'T3'").fetchone()
        parts = connection.execute(
            "SELECT lot_id, quantity FROM allocation WHERE order_line_id = ? ORDER BY lot_id", (line["id"],)
        ).fetchall()
    assert (line["billed_quantity"], line["goods_vnd"]) == (5800, 220_400)
    rates = FrozenRates(*(line[name] for name in RATES))
    shares = split_line(
        line["goods_vnd"], 5800, line["unit_quantity"], line["weight_grams"], rates, [tuple(part) for part in parts]
    )
    assert len(parts) == 1, "both boxes came from one orchard, so the whole line is one household's"
    (_, part), goods = shares.households[0], shares.goods_vnd
    return goods, goods - part, part
