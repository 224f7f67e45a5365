"""640 attempts on 350 units sell exactly 350, on both databases; and the harness itself can oversell when unguarded."""

import contextlib
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy import func, select

from app.accounts.actor import SYSTEM
from app.db import database_scope, db, run_in_write_transaction, write_transaction
from app.errors import DomainError, InsufficientStock
from app.policy import SalePolicy
from app.writer import BatchWriter
from orders.expiring import expire_due_orders
from orders.lifecycle import cancel_order, confirm_order
from orders.models import Allocation, Order, OrderLine, StockHoldLine
from orders.placing import place_orders
from orders.requests import BuyerRef, LineChange, OrderRequest, OrderResult
from shop.models import HarvestLot
from shop.stock import LotChange, move_stock
from tests.world import make_buyer, make_world

POLICY = SalePolicy(unpaid_grams_per_session=10**9)
ATTEMPTS = 640
STOCK_KG = (200, 150)
THREADS = 16


@pytest.fixture
def world(app, clock):
    with write_transaction() as session:
        return make_world(session, clock=clock, lots_kg=STOCK_KG)


@pytest.fixture
def requests(world, clock):
    with write_transaction() as session:
        rows = [make_buyer(session, clock=clock, name=f"K{i}", phone=f"+8490{i:07}") for i in range(ATTEMPTS)]
        refs = [BuyerRef(row.id, row.name, row.phone) for row in rows]
    change = LineChange("add", world.listing.id, 1000)
    return [OrderRequest(f"storm:{ref.id}", "1", world.cooperative.id, ref, (change,)) for ref in refs]


def sold_out_exactly(outcomes):
    placed = [outcome for outcome in outcomes if isinstance(outcome, OrderResult)]
    refused = [outcome for outcome in outcomes if isinstance(outcome, InsufficientStock)]
    assert len(placed) == 350
    assert len(refused) == ATTEMPTS - 350
    with write_transaction() as session:
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 350_000
        assert session.scalar(select(func.sum(StockHoldLine.quantity))) == 350_000
        assert session.scalar(select(func.count(Order.id))) == 350


def test_threads_placing_one_by_one_sell_exactly_what_is_there(app, requests, clock):
    def attempt(request):
        with database_scope(app):
            return run_in_write_transaction(
                lambda session: place_orders(session, [request], policy=POLICY, actor=SYSTEM, clock=clock)
            )[0]

    with ThreadPoolExecutor(THREADS) as pool:
        sold_out_exactly(list(pool.map(attempt, requests)))


def test_the_intake_writer_sells_exactly_what_is_there(app, requests, clock):
    writer = BatchWriter(
        app,
        lambda session, batch: place_orders(session, batch, policy=POLICY, actor=SYSTEM, clock=clock),
        capacity=1000,
    )
    writer.start()

    def attempt(request):
        try:
            return writer.call(request)
        except DomainError as refusal:
            return refusal

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(attempt, requests))
    writer.stop()
    sold_out_exactly(outcomes)


def test_one_key_from_many_threads_is_one_order(app, requests, clock):
    def attempt(_):
        with database_scope(app):
            return run_in_write_transaction(
                lambda session: place_orders(session, requests[:1], policy=POLICY, actor=SYSTEM, clock=clock)
            )[0]

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = list(pool.map(attempt, range(48)))
    assert len({outcome.order_id for outcome in outcomes}) == 1
    with write_transaction() as session:
        assert session.scalar(select(func.count(Order.id))) == 1
        assert session.scalar(select(func.sum(HarvestLot.qty_held))) == 1000


def test_one_key_for_the_last_box_gets_one_answer_from_two_processes(app, world, requests, clock, monkeypatch):
    """Both look for the key before either has written it; the second must find the first's answer, not an empty lot."""
    from orders import placing

    change = LineChange("add", world.listing.id, 50_000)
    everything = OrderRequest("twin", "1", world.cooperative.id, requests[0].buyer, (change,))
    with write_transaction() as session:
        first_lot, second_lot = world.lots
        sold_before = [LotChange(first_lot.id, "loss", "test", delta_lost=150_000)]
        sold_before.append(LotChange(second_lot.id, "loss", "test", delta_lost=150_000))
        move_stock(session, sold_before, actor=SYSTEM, clock=clock)
    barrier = threading.Barrier(2)
    look = placing._answer_known
    seen = threading.local()

    def look_then_meet(*arguments):
        result = look(*arguments)
        if not getattr(seen, "once", False):
            seen.once = True
            with contextlib.suppress(threading.BrokenBarrierError):
                barrier.wait(2)
        return result

    monkeypatch.setattr(placing, "_answer_known", look_then_meet)

    def attempt(_):
        with database_scope(app):
            return run_in_write_transaction(
                lambda session: place_orders(session, [everything], policy=POLICY, actor=SYSTEM, clock=clock)
            )[0]

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(attempt, range(2))
    assert first == second
    assert isinstance(first, OrderResult)


def test_paying_expiring_and_cancelling_at_once_leave_one_truth(app, requests, clock):
    with write_transaction() as session:
        outcomes = place_orders(session, requests[:60], policy=POLICY, actor=SYSTEM, clock=clock)
    clock.advance(minutes=31)
    ids = [outcome.order_id for outcome in outcomes]

    def act(step):
        order_id, verb = step
        with database_scope(app):
            try:
                if verb == "pay":
                    run_in_write_transaction(lambda s: confirm_order(s, order_id, actor=SYSTEM, clock=clock))
                elif verb == "cancel":
                    run_in_write_transaction(lambda s: cancel_order(s, order_id, reason="x", actor=SYSTEM, clock=clock))
                else:
                    run_in_write_transaction(lambda s: expire_due_orders(s, clock=clock, limit=3))
            except DomainError:
                return

    steps = [(order_id, verb) for order_id in ids for verb in ("pay", "expire", "cancel")]
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(act, steps))
    with write_transaction() as session:
        kept = {order.id for order in session.scalars(select(Order)) if order.state == "confirmed"}
        held, sold = session.execute(select(func.sum(HarvestLot.qty_held), func.sum(HarvestLot.qty_sold))).one()
        assert held == 0
        assert sold == 1000 * len(kept)
        allocated = session.scalar(
            select(func.coalesce(func.sum(Allocation.quantity), 0))
            .join(OrderLine, OrderLine.id == Allocation.order_line_id)
            .where(OrderLine.order_id.in_(kept))
        )
        assert allocated == sold


def test_a_naive_read_then_write_oversells_and_so_proves_the_harness(app, world):
    """On a copy of the stock without its CHECK, two readers meet at a barrier and both write what they read."""
    engine = db.engine
    with engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE naive_stock (id INTEGER PRIMARY KEY, available INTEGER)")
        connection.exec_driver_sql("INSERT INTO naive_stock VALUES (1, 1)")
        connection.commit()
    barrier = threading.Barrier(2, timeout=10)
    sold, errors = [], []

    def buy():
        with engine.connect() as connection:
            available = connection.exec_driver_sql("SELECT available FROM naive_stock WHERE id = 1").scalar_one()
            barrier.wait()
            try:
                connection.exec_driver_sql(f"UPDATE naive_stock SET available = {available - 1} WHERE id = 1")
                connection.commit()
                sold.append(1)
            except sa.exc.OperationalError as error:
                errors.append(str(error.orig))

    threads = [threading.Thread(target=buy) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    with engine.connect() as connection:
        left = connection.exec_driver_sql("SELECT available FROM naive_stock WHERE id = 1").scalar_one()
        connection.exec_driver_sql("DROP TABLE naive_stock")
        connection.commit()
    if engine.dialect.name == "postgresql":
        assert (len(sold), left) == (2, 0), "one unit was sold twice"
    else:
        assert len(sold) == 2 or any("locked" in error for error in errors), "a lost update, or BUSY"
