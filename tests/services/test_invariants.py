"""Every promise about the data holds after a busy day, and each check notices when its promise is broken."""

import pytest
from sqlalchemy import text

from app.db import db, write_transaction
from orders.expiring import expire_due_orders
from orders.fulfilling import return_order
from orders.invariants import INVARIANTS, check_all
from orders.lifecycle import cancel_order
from orders.refunding import approve_refund, finish_refund, request_refund, submit_refund
from orders.settlement.paying import approve_batch, draft_batch, mark_failed, mark_paid, send_batch
from tests.ledger.payouts import give_account
from tests.ledger.selling import POLICY, Market
from tests.world import make_world


@pytest.fixture
def market(app, clock):
    """A day on which everything happened once, orders of every state among it."""
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    market = Market(world, clock)
    kilo, staff = world.listing, {"actor": market.staff, "clock": clock}
    delivered = market.sell((kilo, 3000))
    market.sell((kilo, 2500), method="cod")
    line_id = market.lines(delivered)[0].id
    with write_transaction() as session:
        refund = request_refund(
            session, delivered, reference="claim:1", reason="Dập", line_quantities={line_id: 1000}, **staff
        )
        for use_case in (approve_refund, submit_refund, finish_refund):
            use_case(session, refund.id, **staff)
    short = market.place((kilo, 2000))
    market.check_out(short)
    market.pay(short)
    market.pack(short, 1800)
    with write_transaction() as session:
        approve_refund(
            session,
            request_refund(session, short, reference="packing", reason="Thiếu", amount_vnd=7_600, **staff).id,
            **staff,
        )
    back = market.place((kilo, 1000))
    market.check_out(back)
    market.pay(back)
    market.pack(back)
    market.ship(back)
    with write_transaction() as session:
        return_order(session, back, reason="Không nhận", cost_vnd=30_000, **staff)
    cancelled = market.place((kilo, 1500))
    with write_transaction() as session:
        cancel_order(session, cancelled, reason="Đổi ý", **staff)
    market.place((kilo, 1000))
    clock.advance(minutes=31)
    with write_transaction() as session:
        expire_due_orders(session, clock=clock)
    market.place((kilo, 1200))
    market.transfer(10_000, "khong biet cua ai")
    for household in world.households[:2]:
        give_account(market, household)
    clock.advance(days=5)
    with write_transaction() as session:
        payouts = draft_batch(session, world.cooperative, policy=POLICY, **staff)
        batch = payouts[0].batch
        approve_batch(session, world.cooperative, batch, actor=market.staff_two, clock=clock)
        send_batch(session, world.cooperative, batch, **staff)
        mark_paid(session, world.cooperative, payouts[0].id, **staff)
        mark_failed(session, world.cooperative, payouts[1].id, **staff)
    return market


def broken(session) -> dict[str, tuple[str, ...]]:
    return {result.name: result.offending for result in check_all(session) if not result.holds}


class Undo(Exception):
    """Ends a transaction that was only opened to break something."""


def sabotage(*statements: str) -> dict[str, tuple[str, ...]]:
    """Run SQL that the database would refuse, return what the checks say, and undo everything."""
    with write_transaction() as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
        _disarm(session, sqlite=sqlite)
        for statement in statements:
            assert session.execute(text(statement)).rowcount, f"changed nothing: {statement}"
        session.expire_all()
        found = broken(session)
        session.rollback()
        if sqlite:
            session.execute(text("PRAGMA ignore_check_constraints = OFF"))
    return found


def _disarm(session, *, sqlite):
    """Take away, until the rollback, what keeps the database itself from being broken."""
    if sqlite:
        session.execute(text("PRAGMA ignore_check_constraints = ON"))
        for name in session.scalars(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).all():
            session.execute(text(f"DROP TRIGGER {name}"))
        return
    session.execute(text("SET LOCAL session_replication_role = replica"))
    session.execute(text("ALTER TABLE harvest_lot DROP CONSTRAINT ck_harvest_lot_never_oversold"))
    session.execute(text("ALTER TABLE sale_limit DROP CONSTRAINT ck_sale_limit_never_exceeded"))


def test_a_busy_day_keeps_every_promise(market):
    assert broken(db.session()) == {}


def first(table: str) -> str:
    return f"id = (SELECT min(id) FROM {table})"


COOPERATIVE = "name, address_scheme, ward_code, ward_name, province_code, province_name, street, about, created_at"
ENTRY = "order_id, at, kind, actor_name, details"
BOOKED = "every event is booked once, and only events are"
BROKEN_ON_PURPOSE = [
    ("lot counters in range", f"UPDATE harvest_lot SET qty_sold = qty_total + 1 WHERE {first('harvest_lot')}"),
    ("lot counters equal open holds", f"UPDATE harvest_lot SET qty_held = qty_held + 1 WHERE {first('harvest_lot')}"),
    ("lot counters equal movements", f"UPDATE harvest_lot SET qty_lost = qty_lost + 1 WHERE {first('harvest_lot')}"),
    ("quotas in range", "INSERT INTO sale_limit (id, qty_limit, qty_taken) VALUES (99, 5, 6)"),
    ("allocations equal billed quantities", "UPDATE allocation SET quantity = quantity + 1 WHERE quantity > 0"),
    ("holds follow their orders", "UPDATE stock_hold SET state = 'released' WHERE state = 'committed'"),
    (
        "no order leaves pending twice",
        f"INSERT INTO order_entry ({ENTRY}) SELECT {ENTRY} FROM order_entry WHERE kind = 'confirmed'",
    ),
    ("order totals add up", f"UPDATE order_line SET goods_vnd = goods_vnd + 1 WHERE {first('order_line')}"),
    ("every command is answered once", "UPDATE order_command SET order_id = (SELECT max(id) FROM orders)"),
    (
        "trial balance is zero",
        f"INSERT INTO cooperative (id, slug, {COOPERATIVE}) SELECT 0, 'x', {COOPERATIVE} FROM cooperative",
        "UPDATE ledger_account SET cooperative_id = 0 WHERE code = 'asset:bank'",
    ),
    (BOOKED, "UPDATE ledger_transaction SET reference = 'refund:0:done' WHERE kind = 'refund_done'"),
    (BOOKED, f"UPDATE payment SET amount_vnd = amount_vnd + 1 WHERE {first('payment')}"),
    (
        "deposit is captured less refunded less recognised",
        "UPDATE refund SET amount_vnd = amount_vnd + 1 WHERE reference = 'packing'",
    ),
    (
        "parts of a delivered order equal its total",
        "UPDATE ledger_posting SET amount_vnd = amount_vnd + 1 WHERE lot_id IS NOT NULL",
    ),
    (
        "payees are owed shares less refunds less payouts",
        "UPDATE payout SET amount_vnd = amount_vnd + 1 WHERE state = 'paid'",
    ),
    ("refunded is within captured", "UPDATE refund SET amount_vnd = 1000000 WHERE reference = 'claim:1'"),
]


def test_each_check_notices_its_broken_promise(market):
    for name, *statements in BROKEN_ON_PURPOSE:
        found = sabotage(*statements)
        assert name in found, found
        assert all(found[name])
    assert broken(db.session()) == {}


def test_a_missing_trigger_is_noticed(market):
    sqlite = db.engine.dialect.name == "sqlite"
    drop = "DROP TRIGGER ledger_posting_no_update" if sqlite else "ALTER TABLE ledger_posting DISABLE TRIGGER USER"
    with pytest.raises(Undo), write_transaction() as session:
        session.execute(text(drop))
        assert list(broken(session)) == ["history cannot be changed"]
        raise Undo


def test_every_promise_is_broken_somewhere_in_these_tests():
    assert {name for name, _ in INVARIANTS} == {row[0] for row in BROKEN_ON_PURPOSE} | {"history cannot be changed"}


@pytest.mark.breaks_invariants
def test_the_command_prints_a_line_for_each_and_fails_when_one_is_broken(market, app):
    runner = app.test_cli_runner()
    result = runner.invoke(args=["check-invariants"])
    assert result.exit_code == 0
    assert result.output.splitlines() == [f"ok  {name}" for name, _ in INVARIANTS]
    with write_transaction() as session:
        session.execute(text("UPDATE harvest_lot SET qty_lost = qty_lost + 1"))
    result = runner.invoke(args=["check-invariants"])
    assert result.exit_code == 1
    lines = result.output.splitlines()
    broken_at = lines.index("BROKEN  lot counters equal movements")
    assert lines[broken_at + 1].startswith("    lot ")
