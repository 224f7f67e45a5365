"""The shelf: codes, live prices above the floor, quotas, pins; each change a numbered event and an audit entry."""

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit import AuditEntry
from app.clock import FrozenClock
from app.db import db, write_transaction
from app.errors import Conflict, DomainError, Forbidden, InvalidInput, NotFound, SignInNeeded
from livestream import hosting, sessions, shelf
from livestream.models import LiveSession, Offer, SessionEvent
from livestream.room_queries import load_shelves, stock_left
from shop.models import Listing, SaleLimit
from tests.world import World, add_lot, make_user, make_world


def plan(session: Session, world: World, clock: FrozenClock, **changes: object) -> LiveSession:
    wishes = {
        "title": "Vải tối nay", "scheduled_at": clock(), "host_user_id": world.host.id, "commission_bps": 500,
        "video_engine": "poster", "embed_url": None, "actor": world.actor(world.staff), "clock": clock,
    }  # fmt: skip
    return sessions.schedule_session(session, world.cooperative.id, **(wishes | changes))


@pytest.fixture
def world(app: Flask, clock: FrozenClock) -> World:
    with write_transaction() as session:
        return make_world(session, clock=clock)


@pytest.fixture
def live(world: World, clock: FrozenClock) -> LiveSession:
    with write_transaction() as session:
        return plan(session, world, clock)


def events(live: LiveSession) -> list[tuple[int, str]]:
    rows = db.session.execute(
        select(SessionEvent.seq, SessionEvent.type).where(SessionEvent.session_id == live.id).order_by(SessionEvent.seq)
    )
    return [tuple(row) for row in rows]


def put(session: Session, world: World, live: LiveSession, clock: FrozenClock, **changes: object) -> Offer:
    wishes = {"code": "a1 ", "price_vnd": 38_000, "actor": world.actor(world.host), "clock": clock} | changes
    listing_id = wishes.pop("listing_id", world.listing.id)
    return shelf.put_offer(session, live, listing_id, **wishes)


def test_an_offer_has_a_code_people_can_type(world: World, live: LiveSession, clock: FrozenClock) -> None:
    with write_transaction() as session:
        offer = put(session, world, live, clock)
        assert (offer.code, offer.position, offer.is_open) == ("A1", 1, True)
        second = put(session, world, live, clock, listing_id=world.honey_listing.id, code="M1", price_vnd=150_000)
        assert second.position == 2
    assert events(live) == [(1, "offer"), (2, "offer")]
    assert db.session.scalar(select(AuditEntry.action).order_by(AuditEntry.id.desc())) == "livestream.offer.put"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code": ""}, InvalidInput), ({"code": "A"}, InvalidInput), ({"code": "A1234"}, InvalidInput),
        ({"code": "<b>"}, InvalidInput), ({"code": "Ă1"}, InvalidInput), ({"price_vnd": 0}, InvalidInput),
        ({"price_vnd": -1}, InvalidInput), ({"price_vnd": 29_999}, DomainError), ({"listing_id": 10**9}, NotFound),
    ],
)  # fmt: skip
def test_what_does_not_belong_on_the_shelf_is_refused(
    world: World, live: LiveSession, clock: FrozenClock, changes: dict[str, object], error: type[DomainError]
) -> None:
    with pytest.raises(error), write_transaction() as session:
        put(session, world, live, clock, **changes)
    assert db.session.scalars(select(Offer)).all() == []
    assert events(live) == []


def test_a_code_and_a_listing_stand_once(world: World, live: LiveSession, clock: FrozenClock) -> None:
    with write_transaction() as session:
        put(session, world, live, clock)
    for changes in ({"listing_id": world.honey_listing.id}, {"code": "A2"}):
        with pytest.raises(Conflict), write_transaction() as session:
            put(session, world, live, clock, **changes)
    with write_transaction() as session:
        session.get_one(Listing, world.honey_listing.id).state = "draft"
    with pytest.raises(Conflict), write_transaction() as session:
        put(session, world, live, clock, listing_id=world.honey_listing.id, code="M1")


def test_only_the_host_and_staff_touch_the_shelf(world: World, live: LiveSession, clock: FrozenClock) -> None:
    from app.accounts.actor import ANONYMOUS

    with write_transaction() as session:
        stranger = make_user(session, "Người lạ", clock=clock)
    for actor, error in (
        (world.actor(stranger), Forbidden),
        (world.actor(world.household_users[0]), Forbidden),
        (ANONYMOUS, SignInNeeded),
    ):
        with pytest.raises(error), write_transaction() as session:
            put(session, world, live, clock, actor=actor)
    with write_transaction() as session:
        put(session, world, live, clock, actor=world.actor(world.staff_two))


def test_live_prices_keep_the_floor(world: World, live: LiveSession, clock: FrozenClock) -> None:
    host = world.actor(world.host)
    with write_transaction() as session:
        offer = put(session, world, live, clock)
        shelf.reprice_offer(session, live, offer.id, 30_000, actor=host, clock=clock)
    with pytest.raises(DomainError, match="giá sàn"), write_transaction() as session:
        shelf.reprice_offer(session, live, offer.id, 29_999, actor=host, clock=clock)
    assert db.session.scalar(select(Offer.price_vnd)) == 30_000
    assert events(live) == [(1, "offer"), (2, "offer")]


def test_another_sessions_offer_is_not_there(world: World, live: LiveSession, clock: FrozenClock) -> None:
    host = world.actor(world.host)
    with write_transaction() as session:
        other = plan(session, world, clock, title="Phiên khác")
        offer = put(session, world, other, clock)
    for step in (shelf.pin_offer, shelf.open_offer, shelf.close_offer):
        with pytest.raises(NotFound), write_transaction() as session:
            step(session, live, offer.id, actor=host, clock=clock)
    with pytest.raises(NotFound), write_transaction() as session:
        shelf.reprice_offer(session, live, offer.id, 40_000, actor=host, clock=clock)


def test_a_quota_bounds_what_is_shown_and_cannot_fall_below_what_is_taken(
    world: World, live: LiveSession, clock: FrozenClock
) -> None:
    host = world.actor(world.host)
    with write_transaction() as session:
        offer = put(session, world, live, clock)
        shelf.set_quota(session, live, offer.id, 20_000, actor=host, clock=clock)
        session.get_one(SaleLimit, offer.sale_limit_id).qty_taken = 12_000
    with write_transaction() as session:
        shelf.set_quota(session, live, offer.id, 15_000, actor=host, clock=clock)
        entries = load_shelves(session, [live.id])[live.id]
        assert stock_left(session, entries, on=clock().date()) == {offer.id: 3_000}
    with pytest.raises(Conflict), write_transaction() as session:
        shelf.set_quota(session, live, offer.id, 11_000, actor=host, clock=clock)
    with pytest.raises(InvalidInput), write_transaction() as session:
        shelf.set_quota(session, live, offer.id, 0, actor=host, clock=clock)
    with write_transaction() as session:
        shelf.set_quota(session, live, offer.id, None, actor=host, clock=clock)
        entries = load_shelves(session, [live.id])[live.id]
        assert stock_left(session, entries, on=clock().date()) == {offer.id: 150_000}


def test_boxes_count_whole_boxes_of_each_lot(world: World, live: LiveSession, clock: FrozenClock) -> None:
    with write_transaction() as session:
        put(session, world, live, clock, listing_id=world.box_listing.id, code="B1", price_vnd=200_000)
        for kilograms in (7, 4, 13):
            add_lot(session, world, world.households[0], kilograms * 1_000, clock=clock, listing=world.box_listing)
        (entry,) = load_shelves(session, [live.id])[live.id]
        assert stock_left(session, [entry], on=clock().date()) == {entry.offer_id: 15_000}


def test_the_shelf_stands_still_after_the_end(world: World, live: LiveSession, clock: FrozenClock) -> None:
    host = world.actor(world.host)
    with write_transaction() as session:
        offer = put(session, world, live, clock)
        shelf.pin_offer(session, live, offer.id, actor=host, clock=clock)
        shelf.close_offer(session, live, offer.id, actor=host, clock=clock)
        shelf.close_offer(session, live, offer.id, actor=host, clock=clock)
        hosting.go_live(session, live, actor=host, clock=clock)
        hosting.end_session(session, live, actor=host, clock=clock)
    assert [kind for _seq, kind in events(live)] == ["offer", "pin", "offer", "state", "state"]
    with pytest.raises(Conflict), write_transaction() as session:
        shelf.pin_offer(session, live, None, actor=host, clock=clock)
