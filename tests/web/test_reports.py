"""The cooperative's report in a browser: four views, a chart, a file, and stages that never mix."""

import csv
import io
from datetime import date

import pytest

from app.clock import system_clock
from app.db import write_transaction
from orders.lifecycle import cancel_order
from shop.models import Season
from tests.ledger.selling import Market
from tests.world import make_world


@pytest.fixture
def market(app):
    with write_transaction() as session:
        world = make_world(session, clock=system_clock)
    market = Market(world, system_clock)
    market.sell((world.listing, 3000))
    market.place((world.listing, 1000))
    gone = market.place((world.listing, 4000), session_id=None)
    with write_transaction() as session:
        cancel_order(session, gone, reason="Đổi ý", actor=market.staff, clock=system_clock)
    return market


@pytest.fixture
def staff(market, signed_in):
    return signed_in(market.world.staff)


def rows_of(staff, view):
    text = staff.get(f"/htx/bao-cao.csv?theo={view}").text
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))[5:]


def test_each_view_has_its_chart_and_its_rows(market, staff):
    for view, said in (
        ("ho", "Bà Mận"),
        ("nong-san", "Vải chín sớm"),
        ("phien", "Phiên 7"),
        ("nguoi-live", "Út Vườn"),
        ("khong-co", "Bà Mận"),
    ):
        page = staff.get(f"/htx/bao-cao?theo={view}").text
        assert 'class="bars"' in page
        assert said in page, view


def test_the_file_keeps_the_stages_in_columns_of_their_own(market, staff):
    heading, lychee = rows_of(staff, "nong-san")
    found = dict(zip(heading, lychee, strict=True))
    assert found["Theo nông sản"] == "Vải chín sớm"
    assert [found[f"{stage}: kg"] for stage in ("Đang giữ", "Đã trả tiền, chưa giao", "Đã giao", "Hủy, hết giờ, quay về")] == [
        "1", "0", "3", "4",
    ]  # fmt: skip
    assert found["Đã giao: tiền hàng (₫)"] == "114000"
    sessions = rows_of(staff, "phien")
    assert {row[0] for row in sessions[1:]} == {"Phiên 7", "Ngoài phiên"}
    host = dict(zip(*rows_of(staff, "nguoi-live")[:2], strict=True))
    assert (host["Theo người livestream"], host["Được hưởng (₫)"]) == ("Út Vườn", "5700")


def test_a_season_in_which_nothing_was_sold_says_so(market, staff):
    with write_transaction() as session:
        session.add(
            Season(
                cooperative_id=market.world.cooperative.id,
                code="2020",
                name="Vụ 2020",
                starts_on=date(2020, 5, 20),
                ends_on=date(2020, 6, 10),
            )
        )
    assert "Chưa có gì để báo cáo" in staff.get("/htx/bao-cao?vu=2020").text
    assert "Bà Mận" in staff.get("/htx/bao-cao?vu=khong-co").text
