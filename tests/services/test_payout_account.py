"""A payout account needs a second person, tells the household, waits two days, and never lies in the table in clear."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.actor import Actor
from app.clock import FrozenClock
from app.db import db, write_transaction
from app.errors import Conflict, Forbidden, InvalidInput
from app.outbox import OutboxMessage
from shop.models import Household, PayoutAccount
from shop.payout_accounts import (
    account_number,
    approve_payout_account,
    propose_payout_account,
    reject_payout_account,
    usable_payout_account,
)
from tests.world import World, make_world

WAIT = timedelta(hours=48)


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


def propose(world: World, actor: Actor, clock: FrozenClock, number: str = "1012 3456 78", **changes) -> int:
    with write_transaction() as session:
        return propose_payout_account(
            session, session.get_one(Household, world.households[0].id), bank_bin=changes.get("bank_bin", "970436"),
            account_number=number, holder_name=changes.get("holder_name", "Nguyễn Thị Mận"), actor=actor, clock=clock,
        ).id  # fmt: skip


def approve(account_id: int, actor: Actor, clock: FrozenClock) -> None:
    with write_transaction() as session:
        approve_payout_account(session, session.get_one(PayoutAccount, account_id), wait=WAIT, actor=actor, clock=clock)


def reject(account_id: int, actor: Actor, clock: FrozenClock) -> None:
    with write_transaction() as session:
        reject_payout_account(session, session.get_one(PayoutAccount, account_id), actor=actor, clock=clock)


def in_use(world: World, clock: FrozenClock) -> int | None:
    account = usable_payout_account(db.session(), world.households[0].id, now=clock())
    return account.id if account else None


def test_it_is_encrypted_and_shown_by_its_last_four(world: World, clock: FrozenClock) -> None:
    account_id = propose(world, world.actor(world.household_users[0]), clock)
    account = db.session.get_one(PayoutAccount, account_id)
    assert (account.account_last4, account.holder_name) == ("5678", "NGUYEN THI MAN")
    assert b"1012345678" not in account.account_encrypted
    assert account_number(account) == "1012345678"


def test_it_pays_only_after_a_second_person_and_two_days(world: World, clock: FrozenClock) -> None:
    account_id = propose(world, world.actor(world.household_users[0]), clock)
    assert in_use(world, clock) is None
    approve(account_id, world.actor(world.staff), clock)
    clock.advance(hours=47, minutes=59)
    assert in_use(world, clock) is None
    clock.advance(minutes=1)
    assert in_use(world, clock) == account_id


def test_nobody_approves_their_own_proposal(world: World, clock: FrozenClock) -> None:
    account_id = propose(world, world.actor(world.staff), clock)
    for user in (world.staff, world.household_users[0], world.host):
        with pytest.raises(Forbidden):
            approve(account_id, world.actor(user), clock)
    approve(account_id, world.actor(world.staff_two), clock)
    with pytest.raises(Conflict):
        approve(account_id, world.actor(world.staff_two), clock)


def test_the_household_is_told_at_each_step(world: World, clock: FrozenClock) -> None:
    account_id = propose(world, world.actor(world.staff), clock)
    approve(account_id, world.actor(world.staff_two), clock)
    messages = db.session.scalars(select(OutboxMessage).order_by(OutboxMessage.id)).all()
    assert [(message.kind, message.payload["to"]) for message in messages] == [("sms", world.households[0].phone)] * 2
    assert "Cô Lan" in messages[0].payload["text"]
    assert all(
        "5678" in message.payload["text"] and "1012345678" not in message.payload["text"] for message in messages
    )


def test_the_old_account_is_paid_until_the_new_one_may_be(world: World, clock: FrozenClock) -> None:
    member, staff = world.actor(world.household_users[0]), world.actor(world.staff)
    old = propose(world, member, clock)
    approve(old, staff, clock)
    clock.advance(hours=48)
    new = propose(world, member, clock, number="999988887777")
    approve(new, staff, clock)
    assert in_use(world, clock) == old
    clock.advance(hours=48)
    assert in_use(world, clock) == new
    newest = propose(world, member, clock, number="111122223333")
    approve(newest, staff, clock)
    states = db.session.execute(select(PayoutAccount.id, PayoutAccount.state).order_by(PayoutAccount.id)).all()
    assert [tuple(row) for row in states] == [(old, "replaced"), (new, "approved"), (newest, "approved")]


def test_the_household_can_stop_an_account_while_it_waits(world: World, clock: FrozenClock) -> None:
    account_id = propose(world, world.actor(world.staff), clock)
    approve(account_id, world.actor(world.staff_two), clock)
    with pytest.raises(Forbidden):
        reject(account_id, world.actor(world.household_users[1]), clock)
    reject(account_id, world.actor(world.household_users[0]), clock)
    clock.advance(hours=100)
    assert in_use(world, clock) is None
    with pytest.raises(Conflict):
        reject(account_id, world.actor(world.household_users[0]), clock)


def test_a_later_proposal_replaces_one_that_waits(world: World, clock: FrozenClock) -> None:
    member = world.actor(world.household_users[0])
    first = propose(world, member, clock)
    propose(world, member, clock, number="999988887777")
    with pytest.raises(Conflict):
        approve(first, world.actor(world.staff), clock)


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("account_number", {"number": "12"}),
        ("account_number", {"number": "1012345678'; DROP TABLE"}),
        ("account_number", {"number": "1" * 20}),
        ("bank_bin", {"bank_bin": "Vietcombank"}),
        ("holder_name", {"holder_name": "<b>"}),
        ("holder_name", {"holder_name": ""}),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_its_field(world: World, clock: FrozenClock, field, changes) -> None:
    with pytest.raises(InvalidInput) as refused:
        propose(world, world.actor(world.household_users[0]), clock, **changes)
    assert refused.value.details["field"] == field


def test_strangers_propose_nothing(world: World, clock: FrozenClock) -> None:
    for user in (world.household_users[1], world.host):
        with pytest.raises(Forbidden):
            propose(world, world.actor(user), clock)
