"""Whatever is sold at whatever price and rates, packed short and refunded in pieces: no đồng appears or disappears."""

from contextlib import suppress
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from app.clock import vietnam_date
from app.db import db, write_transaction
from app.errors import InvalidInput
from orders.invariants import check_all
from orders.models import RateCard
from orders.refunding import approve_refund, finish_refund, request_refund, submit_refund
from tests.ledger.books import balances
from tests.ledger.selling import Market
from tests.world import add_lot, make_world

sales = st.fixed_dictionaries(
    {
        "hundreds_of_grams": st.integers(5, 60),
        "price_vnd": st.integers(30_000, 99_999),
        "short_grams": st.integers(0, 400),
        "refunds": st.lists(st.integers(1, 6_000), max_size=3),
        "rates": st.fixed_dictionaries(
            {
                "coop_bps": st.integers(0, 1_500),
                "packing_vnd_per_kg": st.integers(0, 2_000),
                "fee_bps": st.integers(0, 300),
                "fee_bearer": st.sampled_from(["pool", "cooperative"]),
            }
        ),
        "commission_bps": st.integers(0, 1_000),
        "method": st.sampled_from(["vietqr", "cod"]),
    }
)


@pytest.fixture
def market(app, clock):
    """Many small lots of three households, so that most lines are filled by several of them."""
    with write_transaction() as session:
        world = make_world(session, clock=clock, lots_kg=())
        for i in range(60):
            best = vietnam_date(clock()) + timedelta(days=1 + i)
            add_lot(session, world, world.households[i % 3], 1_700 + 100 * (i % 7), clock=clock, best_before=best)
    return Market(world, clock)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(sale=sales)
def test_every_dong_is_somebodys(market, sale):
    with write_transaction() as session:
        session.execute(update(RateCard).values(**sale["rates"]))
    db.session.rollback()
    before = sum(_signed(balances(db.session(), market.world)))
    order_id = market.place(
        (market.world.listing, 100 * sale["hundreds_of_grams"]),
        price_vnd=sale["price_vnd"],
        commission_bps=sale["commission_bps"],
    )
    market.check_out(order_id, sale["method"])
    if sale["method"] == "vietqr":
        market.pay(order_id)
    else:
        market.promise(order_id)
    (line,) = market.lines(order_id)
    packed = max(line.quantity - sale["short_grams"], 100)
    market.pack(order_id, packed)
    market.ship(order_id)
    market.deliver(order_id)
    refunded = 0
    for number, grams in enumerate(sale["refunds"]):
        # More than is left of the line is refused, and refusing must leave no trace either.
        with suppress(InvalidInput), write_transaction() as session:
            refund = request_refund(
                session, order_id, reference=f"claim:{number}", reason="Dập", line_quantities={line.id: grams},
                actor=market.staff, clock=market.clock,
            )  # fmt: skip
            for step in (approve_refund, submit_refund, finish_refund):
                step(session, refund.id, actor=market.staff, clock=market.clock)
            refunded += refund.amount_vnd
    order = market.order(order_id)
    assert refunded <= order.goods_vnd
    assert [result for result in check_all(db.session()) if not result.holds] == []
    assert sum(_signed(balances(db.session(), market.world))) == before == 0


def _signed(found: dict[str, int]) -> list[int]:
    """Return balances with assets and expenses positive, what is owed and earned negative."""
    return [vnd if code.startswith(("asset", "expense")) else -vnd for code, vnd in found.items()]
