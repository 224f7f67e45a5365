"""People join by a link and leave by a decision; households are taken in, edited, and helped only with their consent."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.models import User
from app.audit import AuditEntry
from app.clock import FrozenClock, vietnam_date
from app.db import db, write_transaction
from app.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound
from shop import access
from shop.catalogue import ProductText, add_certificate, add_grade, add_product, open_season
from shop.households import (
    add_household,
    add_village,
    edit_household,
    give_helper_consent,
    withdraw_helper_consent,
)
from shop.models import Cooperative, Household, Invitation, Measure, MemberRole, Membership
from shop.people import accept_as_new_person, accept_invitation, end_membership, invite_member, open_invitation
from shop.pledging import pledge_harvest
from tests.world import YEN_TU, World, make_user, make_world


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


def invite(world: World, role: MemberRole, clock: FrozenClock, **changes) -> str:
    actor = changes.pop("actor", world.actor(world.staff))
    with write_transaction() as session:
        return invite_member(session, world.cooperative, role, actor=actor, clock=clock, **changes)


def join(world: World, role: MemberRole, clock: FrozenClock, name: str = "Cháu Nam", **changes) -> Actor:
    secret = invite(world, role, clock, **changes)
    with write_transaction() as session:
        user = make_user(session, name, clock=clock)
        actor = world.actor(user)
        accept_invitation(session, secret, actor=actor, clock=clock)
    return actor


def test_a_new_person_joins_by_a_link_and_signs_in_with_what_they_chose(world: World, clock: FrozenClock) -> None:
    secret = invite(world, MemberRole.HOUSEHOLD, clock, household=world.households[0])
    shown = open_invitation(db.session(), secret, clock=clock)
    assert (shown.household.name, shown.invited_by) == ("Bà Mận", "Cô Lan")
    with write_transaction() as session:
        user = accept_as_new_person(
            session, secret, name="Cháu Nam", phone="0987 654 321", email="", password="vườn vải sau nhà", clock=clock
        )
    assert user.us_phone_number == "+84987654321"
    standing = access.standing_of(db.session(), Actor(name="Cháu Nam", user_id=user.id))
    assert standing.household_ids == {world.households[0].id}
    with pytest.raises(NotFound), write_transaction() as session:
        accept_as_new_person(
            session, secret, name="Người lạ", phone="0987654322", email="", password="vườn vải sau nhà", clock=clock
        )


def test_only_a_hash_of_the_link_is_kept(world: World, clock: FrozenClock) -> None:
    secret = invite(world, MemberRole.HOST, clock)
    kept = db.session.scalars(select(Invitation.token_hash)).one()
    assert secret not in kept
    assert len(kept) == 64


def test_a_link_dies_after_seven_days_and_a_made_up_one_never_opens(world: World, clock: FrozenClock) -> None:
    secret = invite(world, MemberRole.HOST, clock)
    clock.advance(days=7)
    for wrong in (secret, "", "made-up"):
        with pytest.raises(NotFound):
            open_invitation(db.session(), wrong, clock=clock)


def test_a_refused_account_leaves_the_link_open(world: World, clock: FrozenClock) -> None:
    secret = invite(world, MemberRole.HOST, clock)
    for phone, password in (
        (world.households[0].phone, "vườn vải sau nhà"),
        ("0987654321", "12345678"),
        ("", "vườn vải"),
    ):
        with pytest.raises(DomainError), write_transaction() as session:
            accept_as_new_person(session, secret, name="Anh Út", phone=phone, email="", password=password, clock=clock)
    assert open_invitation(db.session(), secret, clock=clock).role == MemberRole.HOST
    assert db.session.scalar(select(User.id).where(User.name == "Anh Út")) is None


def test_who_may_invite_whom(world: World, clock: FrozenClock) -> None:
    team = join(world, MemberRole.COMMUNITY_TEAM, clock)
    invite(world, MemberRole.HOUSEHOLD, clock, household=world.households[0], actor=team)
    administrator = Actor(name="Quản trị", user_id=world.host.id, is_administrator=True)
    invite(world, MemberRole.STAFF, clock, actor=administrator)
    for actor in (team, world.actor(world.host), world.actor(world.household_users[0]), ANONYMOUS):
        with pytest.raises(Forbidden):
            invite(world, MemberRole.STAFF, clock, actor=actor)


def test_an_invitation_names_what_its_role_is_of(world: World, clock: FrozenClock) -> None:
    for role, place in (
        (MemberRole.HOUSEHOLD, {}),
        (MemberRole.VILLAGE_LEADER, {}),
        (MemberRole.STAFF, {"household": world.households[0]}),
        (MemberRole.HOST, {"village": world.villages[0]}),
    ):
        with pytest.raises(InvalidInput):
            invite(world, role, clock, **place)
    leader = join(world, MemberRole.VILLAGE_LEADER, clock, village=world.villages[0])
    assert access.require_leader(db.session(), leader).id == world.villages[0].id


def test_another_cooperatives_household_cannot_be_named(world: World, clock: FrozenClock) -> None:
    with write_transaction() as session:
        other = Cooperative(slug="htx-khac", name="HTX Khác", created_at=clock(), **YEN_TU)
        session.add(other)
        session.flush()
    with pytest.raises(NotFound), write_transaction() as session:
        invite_member(
            session, other, MemberRole.HOUSEHOLD, household=world.households[0],
            actor=Actor(name="Quản trị", user_id=world.host.id, is_administrator=True), clock=clock,
        )  # fmt: skip


def test_an_ended_membership_opens_nothing_and_a_new_link_renews_it(world: World, clock: FrozenClock) -> None:
    host = world.actor(world.host)
    membership_id = db.session.scalars(select(Membership.id).where(Membership.user_id == world.host.id)).one()
    for _ in range(2):
        with write_transaction() as session:
            membership = session.get_one(Membership, membership_id)
            end_membership(session, membership, actor=world.actor(world.staff), clock=clock)
    assert access.standing_of(db.session(), host).host_of == frozenset()
    secret = invite(world, MemberRole.HOST, clock)
    with write_transaction() as session:
        assert accept_invitation(session, secret, actor=host, clock=clock).id == membership_id
    assert access.standing_of(db.session(), host).host_of == {world.cooperative.id}


def test_the_last_staff_member_stays(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    rows = {
        row.user_id: row.id for row in db.session.scalars(select(Membership).where(Membership.role == MemberRole.STAFF))
    }
    with write_transaction() as session:
        end_membership(session, session.get_one(Membership, rows[world.staff_two.id]), actor=staff, clock=clock)
    with pytest.raises(Conflict), write_transaction() as session:
        end_membership(session, session.get_one(Membership, rows[world.staff.id]), actor=staff, clock=clock)


def test_staff_and_team_take_households_in_with_codes_of_their_own(world: World, clock: FrozenClock) -> None:
    team = join(world, MemberRole.COMMUNITY_TEAM, clock)
    with write_transaction() as session:
        first = add_household(
            session,
            world.villages[0],
            "  Ông   Bình ",
            phone="0912 345 000",
            actor=world.actor(world.staff),
            clock=clock,
        )
        second = add_household(session, world.villages[1], "Bà Sáu", actor=team, clock=clock)
    assert (first.name, first.phone, first.code, second.code) == ("Ông Bình", "+84912345000", "H004", "H005")
    with pytest.raises(Forbidden), write_transaction() as session:
        add_household(session, world.villages[0], "Ông X", actor=world.actor(world.host), clock=clock)
    with pytest.raises(InvalidInput), write_transaction() as session:
        add_household(session, world.villages[0], " ", actor=world.actor(world.staff), clock=clock)


def test_an_edit_is_in_the_households_own_log(world: World, clock: FrozenClock) -> None:
    for _ in range(2):
        with write_transaction() as session:
            edit_household(
                session, session.get_one(Household, world.households[0].id), name="Bà Mận", phone="0912000009",
                growing_area_code="VN-QNOR-0001", village=world.villages[1], active=True,
                actor=world.actor(world.staff), clock=clock,
            )  # fmt: skip
    entries = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "shop.household.edited")).all()
    assert [entry.details["changed"] for entry in entries] == [["growing_area_code", "phone", "village_id"]]


def test_the_team_acts_for_a_household_only_with_its_consent(world: World, clock: FrozenClock) -> None:
    team = join(world, MemberRole.COMMUNITY_TEAM, clock)
    member = world.actor(world.household_users[0])
    home = world.households[0]

    def pledge_as_team() -> None:
        with write_transaction() as session:
            pledge_harvest(
                session, session.get_one(Household, home.id), world.grade_one, 5000,
                for_date=vietnam_date(clock()) + timedelta(days=1), sale_percent=80, actor=team, clock=clock,
            )  # fmt: skip

    with pytest.raises(Forbidden):
        pledge_as_team()
    for outsider in (team, world.actor(world.staff), world.actor(world.household_users[1])):
        with pytest.raises(Forbidden), write_transaction() as session:
            give_helper_consent(session, session.get_one(Household, home.id), actor=outsider, clock=clock)
    with write_transaction() as session:
        give_helper_consent(session, session.get_one(Household, home.id), actor=member, clock=clock)
    pledge_as_team()
    assert access.household_for(db.session(), team, home.public_id).id == home.id
    with write_transaction() as session:
        withdraw_helper_consent(session, session.get_one(Household, home.id), actor=member, clock=clock)
    with pytest.raises(Forbidden):
        pledge_as_team()
    with pytest.raises(NotFound):
        access.household_for(db.session(), team, home.public_id)
    log = db.session.scalars(select(AuditEntry).where(AuditEntry.household_id == home.id).order_by(AuditEntry.id)).all()
    assert [(entry.action, entry.actor_name) for entry in log] == [
        ("shop.household.consent_given", "Bà Mận"),
        ("shop.pledge.made", "Cháu Nam"),
        ("shop.household.consent_withdrawn", "Bà Mận"),
    ]


def test_a_village_needs_a_ward_of_today(world: World, clock: FrozenClock) -> None:
    staff = world.actor(world.staff)
    with write_transaction() as session:
        village = add_village(
            session,
            world.cooperative,
            "Thôn Phong Thái",
            "06832",
            old_local_name="Phương Nam",
            actor=staff,
            clock=clock,
        )
    assert village.address_scheme == "2025-07"
    assert village.ward_name
    for name, ward_code in (("Thôn Mới", "99999"), ("", "06832"), ("Thôn Phong Thái", "06832")):
        with pytest.raises(InvalidInput), write_transaction() as session:
            add_village(session, world.cooperative, name, ward_code, actor=staff, clock=clock)


def test_products_seasons_and_certificates(world: World, clock: FrozenClock) -> None:
    staff, today = world.actor(world.staff), vietnam_date(clock())
    with write_transaction() as session:
        for expected in ("vai-chin-som", "vai-chin-som-2"):
            product = add_product(
                session, world.cooperative, ProductText("Vải chín sớm"), measure=Measure.WEIGHT,
                grades=["Loại 1", " ", "Loại 2"], actor=staff, clock=clock,
            )  # fmt: skip
            assert product.code == expected
        season = open_season(
            session, world.cooperative, "Vụ na 2026", starts_on=today, ends_on=today, actor=staff, clock=clock
        )
        add_certificate(
            session, product, "VietGAP", number="VG-01", issuer="Chi cục", expires_on=None, actor=staff, clock=clock
        )
    assert season.code == "vu-na-2026"
    with pytest.raises(InvalidInput), write_transaction() as session:
        add_grade(session, product, "LOAI 1", actor=staff, clock=clock)
    with pytest.raises(InvalidInput), write_transaction() as session:
        open_season(
            session, world.cooperative, "Vụ ngược", starts_on=today, ends_on=today - timedelta(days=1),
            actor=staff, clock=clock,
        )  # fmt: skip
    with pytest.raises(Forbidden), write_transaction() as session:
        add_grade(session, product, "Loại 3", actor=world.actor(world.host), clock=clock)
