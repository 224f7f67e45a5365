"""Reports count what the orders and the books say, and never mix what is held with what is delivered."""

import pytest
from sqlalchemy import select

from app.db import db, write_transaction
from orders.lifecycle import cancel_order
from orders.models import Order
from orders.refunding import approve_refund, request_refund
from orders.reports.csv_text import csv_text
from orders.reports.queries import add_host_earnings, host_earnings_by_session, in_season, sold_by, sold_by_household
from orders.reports.summaries import host_summary, session_summary
from shop.models import Listing
from tests.ledger.selling import Market
from tests.world import add_lot, make_world


@pytest.fixture
def market(app, clock):
    """One order at every stage: 3 kg delivered, 2 kg paid, 1 kg held, 4 kg cancelled, and two jars of honey delivered."""
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        add_lot(session, world, world.households[2], 10, clock=clock, listing=world.honey_listing)
    market = Market(world, clock)
    market.sell((world.listing, 3000))
    market.sell((world.honey_listing, 2), session_id=None)
    paid = market.place((world.listing, 2000))
    market.check_out(paid)
    market.pay(paid)
    market.place((world.listing, 1000))
    gone = market.place((world.listing, 4000))
    with write_transaction() as session:
        cancel_order(session, gone, reason="Đổi ý", actor=market.staff, clock=clock)
    return market


def numbers(row, name):
    return tuple(getattr(row.stages[stage], name) for stage in ("held", "paid", "delivered", "cancelled"))


def test_products_keep_their_stages_apart(market):
    world = market.world
    report = sold_by(db.session(), Listing.product_id, in_season(world.season.id))
    assert numbers(report[world.lychee.id], "grams") == (1000, 2000, 3000, 4000)
    assert numbers(report[world.lychee.id], "goods_vnd") == (38_000, 76_000, 114_000, 152_000)
    assert numbers(report[world.honey.id], "pieces") == (0, 0, 2, 0)
    assert numbers(report[world.honey.id], "grams") == (0, 0, 0, 0)
    assert report[world.honey.id].stages["delivered"].goods_vnd == 300_000


def test_households_get_their_kilograms_and_what_the_books_gave_them(market):
    world = market.world
    report = sold_by_household(db.session(), world.cooperative.id, world.season.id)
    assert sum(row.stages["delivered"].grams for row in report.values()) == 3000
    assert sum(row.stages["paid"].grams for row in report.values()) == 2000
    assert sum(row.stages["held"].grams for row in report.values()) == 1000
    assert sum(row.stages["cancelled"].grams for row in report.values()) == 4000
    assert report[world.households[2].id].earned_vnd == 300_000 * 92 // 100
    assert sum(row.earned_vnd for row in report.values()) == 300_000 * 92 // 100 + 114_000 * 87 // 100


def test_sessions_hosts_and_refunds(market):
    world = market.world
    order = db.session.scalars(select(Order).where(Order.state == "delivered", Order.session_id == 7)).one()
    line_id = order.lines[0].id
    with write_transaction() as session:
        refund = request_refund(
            session, order.id, reference="claim:1", reason="Dập", line_quantities={line_id: 1000},
            actor=market.staff, clock=market.clock,
        )  # fmt: skip
        approve_refund(session, refund.id, actor=market.staff_two, clock=market.clock)
    by_session = sold_by(db.session(), Order.session_id, in_season(world.season.id))
    assert numbers(by_session[7], "orders") == (1, 1, 1, 1)
    assert by_session[7].refunded_vnd == 38_000
    assert by_session[None].stages["delivered"].goods_vnd == 300_000
    hosts = sold_by(db.session(), Order.host_user_id, in_season(world.season.id))
    add_host_earnings(db.session(), hosts, world.cooperative.id, world.season.id)
    assert hosts[world.host.id].earned_vnd == 76_000 * 5 // 100
    summary = host_summary(db.session(), world.cooperative.id, world.host.id)
    assert (summary.earned_vnd, summary.expected_vnd, summary.paid_out_vnd) == (3_800, 3_800, 0)
    assert (summary.delivered.grams, summary.held.grams, summary.cancelled.grams) == (3000, 1000, 4000)
    assert host_earnings_by_session(db.session(), world.host.id) == {7: 3_800}, "less what the refund took back"
    assert session_summary(db.session(), 7)["paid"].goods_vnd == 76_000
    assert session_summary(db.session(), 8)["paid"].goods_vnd == 0


def test_a_file_does_nothing_when_a_spreadsheet_opens_it():
    text = csv_text(
        [("Bộ lọc", "Vụ 2026")], ["=1+1", "Tiền"], [['=HYPERLINK("http://x")', -5], ["  @sum", 38_000], ["Bà Mận", 1]]
    )
    assert text.startswith("\ufeffBộ lọc,Vụ 2026\r\n\r\n'=1+1,Tiền\r\n")
    assert '"\'=HYPERLINK(""http://x"")",-5\r\n\'  @sum,38000\r\nBà Mận,1\r\n' in text
