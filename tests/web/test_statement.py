"""The household reads its money on its own page: big numbers, every deduction with its owner, each lot's line."""

import csv
import io

import pytest

from app.clock import system_clock
from app.db import db, write_transaction
from app.money import format_vnd
from orders.ledger.balances import account_balances
from tests.ledger.selling import Market
from tests.web.conftest import MAX_QUERIES
from tests.world import make_world


@pytest.fixture
def market(app):
    """The first household alone brought lychee: 3 kg delivered, 2 kg paid for, 1 kg held."""
    with write_transaction() as session:
        world = make_world(session, clock=system_clock, lots_kg=(100,))
    market = Market(world, system_clock)
    market.sell((world.listing, 3000))
    paid = market.place((world.listing, 2000))
    market.check_out(paid)
    market.pay(paid)
    market.place((world.listing, 1000))
    return market


@pytest.fixture
def household(market, signed_in):
    return signed_in(market.world.household_users[0])


def balance(market):
    home = market.world.households[0]
    db.session.rollback()
    code = f"liability:household:{home.id}"
    return account_balances(db.session(), market.world.cooperative.id, [code])[code]


def test_the_home_page_shows_the_money(market, household, count_queries):
    household.get("/ho")
    with count_queries() as count:
        page = household.get("/ho")
    assert page.status_code == 200
    assert int(count) <= MAX_QUERIES, count.statements
    assert format_vnd(balance(market)) in page.text
    assert "Tiền của nhà mình" in page.text


def test_the_statement_says_where_every_dong_went(market, household, count_queries):
    household.get("/ho/bang-ke")
    with count_queries() as count:
        page = household.get("/ho/bang-ke")
    assert int(count) <= MAX_QUERIES, count.statements
    share = 114_000 - 114_000 * 8 // 100 - 114_000 * 5 // 100
    assert balance(market) == share == 99_180
    for said in (
        "Út Vườn", "Phần hợp tác xã", "Công người livestream", format_vnd(114_000), format_vnd(-9_120), format_vnd(-5_700),
        format_vnd(share), "3\u00a0kg", "2\u00a0kg", "1\u00a0kg",
    ):  # fmt: skip
        assert said in page.text, said
    assert "trong đó" in page.text


def test_the_file_repeats_the_statement_and_explains_itself(market, household):
    home = market.world.households[0]
    answer = household.get(f"/ho/{home.public_id}/bang-ke.csv")
    rows = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row[0] for row in rows[:4]] == ["Định nghĩa", "Bộ lọc", "Lập lúc", "Múi giờ"]
    assert rows[3][1] == "Asia/Ho_Chi_Minh"
    assert (rows[5][0], rows[6][7:]) == ("Lô", ["3", "114000", "9120", "5700", "0", "0", "99180"])
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_only_those_concerned_may_read_it(market, household, signed_in, client):
    first, second, _ = market.world.households
    assert household.get(f"/ho/{first.public_id}/bang-ke").status_code == 200
    assert household.get(f"/ho/{second.public_id}/bang-ke").status_code == 404
    assert household.get(f"/ho/{second.public_id}/bang-ke.csv").status_code == 404
    assert signed_in(market.world.staff).get(f"/ho/{first.public_id}/bang-ke").status_code == 200
    assert signed_in(market.world.host).get("/ho/bang-ke").status_code == 403
    assert client.get("/ho/bang-ke").status_code in (302, 401)


def test_a_household_that_has_sold_nothing_is_told_so_kindly(market, signed_in):
    page = signed_in(market.world.household_users[2]).get("/ho/bang-ke")
    assert page.status_code == 200
    assert "Chưa có hàng giao xong" in page.text


def test_an_unknown_season_falls_back_to_the_current_one(market, household):
    assert market.world.season.name in household.get("/ho/bang-ke?vu=%27--").text
