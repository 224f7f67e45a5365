"""The desk: what staff do to orders is done once, by one of them, and written down."""

from threading import Barrier, Thread

import pytest
from sqlalchemy import select

from app.audit import AuditEntry
from app.db import database_scope, db, write_transaction
from app.errors import Conflict, DomainError, IllegalTransition, InvalidInput
from orders.desk import (
    cancel_by_staff,
    claim_task,
    close_task,
    confirm_cod,
    deliver_by_staff,
    extend_by_staff,
    pack_by_staff,
    return_by_staff,
    ship_by_staff,
)
from orders.models import DeskTask, Order, OrderLine
from tests.ledger.selling import POLICY, Market
from tests.world import make_world


@pytest.fixture
def market(app, clock) -> Market:
    with write_transaction() as session:
        return Market(make_world(session, clock=clock), clock)


@pytest.fixture
def lan(market):
    return market.world.actor(market.world.staff)


@pytest.fixture
def hung(market):
    return market.world.actor(market.world.staff_two)


def promised(market: Market) -> Order:
    """An order that waits for the call about pay on delivery."""
    order_id = market.place((market.world.listing, 3000))
    return market.check_out(order_id, "cod")


def act(work, order: Order, **more):
    with write_transaction() as session:
        work(session, session.get_one(Order, order.id), **more)
    with write_transaction() as session:
        return session.get_one(Order, order.id, populate_existing=True)


def audited() -> list[str]:
    with write_transaction() as session:
        actions = session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)).all()
    return [action for action in actions if action.startswith(("orders.order", "orders.desk_task"))]


def task() -> DeskTask:
    with write_transaction() as session:
        return session.scalars(select(DeskTask)).one()


def test_a_call_confirms_and_settles_its_task(market, lan, clock):
    order = act(confirm_cod, promised(market), actor=lan, clock=clock)
    assert order.state == "confirmed"
    assert (task().state, task().closed_by_id) == ("done", lan.user_id)
    with pytest.raises(Conflict):
        act(confirm_cod, order, actor=lan, clock=clock)
    assert audited() == ["orders.order.confirm_cod"]


def test_a_transfer_order_is_never_confirmed_by_a_call(market, lan, clock):
    order = market.check_out(market.place((market.world.listing, 1000)))
    with pytest.raises(Conflict):
        act(confirm_cod, order, actor=lan, clock=clock)


def test_a_hold_is_extended_once_and_only_while_it_runs(market, lan, clock):
    order = promised(market)
    until = order.hold_expires_at
    order = act(extend_by_staff, order, policy=POLICY, actor=lan, clock=clock)
    assert (order.hold_expires_at - until).total_seconds() == 60 * POLICY.staff_extension_minutes
    with pytest.raises(Conflict):
        act(extend_by_staff, order, policy=POLICY, actor=lan, clock=clock)


def test_cancelling_needs_a_reason_and_settles_the_call(market, lan, clock):
    order = promised(market)
    with pytest.raises(InvalidInput):
        act(cancel_by_staff, order, reason=" ", actor=lan, clock=clock)
    order = act(cancel_by_staff, order, reason="Khách đổi ý", actor=lan, clock=clock)
    assert order.state == "cancelled"
    assert task().state == "done"


def test_the_whole_way_is_audited(market, lan, clock):
    order = act(confirm_cod, promised(market), actor=lan, clock=clock)
    with write_transaction() as session:
        line_id = session.scalar(select(OrderLine.id).where(OrderLine.order_id == order.id))
    act(pack_by_staff, order, packed={line_id: 2900}, actor=lan, clock=clock)
    act(ship_by_staff, order, carrier="Xe Ka Long", tracking_number="", actor=lan, clock=clock)
    order = act(deliver_by_staff, order, actor=lan, clock=clock)
    assert (order.state, order.total_vnd) == ("delivered", 130_200)
    assert audited() == [f"orders.order.{verb}" for verb in ("confirm_cod", "pack", "ship", "deliver")]


def test_a_parcel_comes_back_with_what_it_cost(market, lan, clock):
    order = act(confirm_cod, promised(market), actor=lan, clock=clock)
    market.pack(order.id)
    market.ship(order.id)
    order = act(return_by_staff, order, reason="Gọi không nghe", cost_vnd=40_000, actor=lan, clock=clock)
    assert order.state == "returned"
    with pytest.raises(IllegalTransition):
        act(deliver_by_staff, order, actor=lan, clock=clock)


def test_a_task_stays_with_whoever_took_it_for_half_an_hour(market, lan, hung, clock):
    promised(market)
    task_id = task().id
    with write_transaction() as session:
        claim_task(session, task_id, actor=lan, clock=clock)
    for work in (claim_task, lambda *a, **k: close_task(*a, dropped=False, **k)):
        with pytest.raises(Conflict), write_transaction() as session:
            work(session, task_id, actor=hung, clock=clock)
    clock.advance(minutes=30)
    with write_transaction() as session:
        claim_task(session, task_id, actor=hung, clock=clock)
    with write_transaction() as session:
        close_task(session, task_id, dropped=True, actor=hung, clock=clock)
    assert (task().state, task().closed_by_id) == ("dropped", hung.user_id)
    with pytest.raises(Conflict), write_transaction() as session:
        close_task(session, task_id, dropped=False, actor=hung, clock=clock)


def test_two_people_take_a_task_at_once_and_one_gets_it(app, market, lan, hung, clock):
    promised(market)
    task_id = task().id
    db.session.remove()
    start, outcomes = Barrier(2), []

    def take(actor) -> None:
        with database_scope(app):
            start.wait(10)
            try:
                with write_transaction() as session:
                    claim_task(session, task_id, actor=actor, clock=clock)
                outcomes.append(actor.name)
            except DomainError as refused:
                outcomes.append(refused.code)

    threads = [Thread(target=take, args=(actor,)) for actor in (lan, hung)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert outcomes.count("conflict") == 1
    assert task().claimed_by_id in (lan.user_id, hung.user_id)
