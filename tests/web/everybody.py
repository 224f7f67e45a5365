"""One of everything and one of everybody, for walking each route as each kind of person.

Built once through the real use cases and kept as a file; every test of the walk starts from a copy of it.
"""

import io
import shutil
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from flask import Flask
from itsdangerous import URLSafeTimedSerializer
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.current import BUYER_COOKIE
from app.accounts.models import Buyer, User
from app.accounts.people import make_administrator
from app.clock import FrozenClock, system_clock, vietnam_date
from app.db import db, write_transaction
from livestream.commands import PostComment, Sender
from livestream.hosting import go_live
from livestream.sessions import schedule_session
from livestream.shelf import put_offer
from livestream.wiring import process_intake
from orders.claiming import make_claim
from orders.ledger.models import LedgerAccount
from orders.models import Claim, DeskTask, Order
from orders.refunding import request_refund
from orders.requests import BuyerRef
from orders.settlement.paying import draft_batch
from shop.floor_price import propose_price_below_floor
from shop.models import Cooperative, Membership, Photo
from shop.notices import publish_notice
from shop.payout_accounts import propose_payout_account
from shop.people import invite_member
from shop.photos import keep_photo, prepare_photo
from tests.clients import Browser, browser
from tests.ledger.payouts import give_account
from tests.ledger.selling import POLICY, Market
from tests.world import YEN_TU, World, add_lot, make_buyer, make_user, make_world

ANONYMOUS, GUEST, ADMINISTRATOR = "anonymous", "guest", "administrator"
HOUSEHOLD, OTHER_HOUSEHOLD, HOST, LEADER, TEAM = "household", "other_household", "host", "leader", "team"
STAFF, OTHER_STAFF = "staff", "other_staff"
ROLES = (ANONYMOUS, GUEST, HOUSEHOLD, OTHER_HOUSEHOLD, HOST, OTHER_STAFF, LEADER, TEAM, ADMINISTRATOR, STAFF)
"""Who may do most comes last, so that what they change is not seen by the others of the same walk."""


@dataclass
class Everything:
    """What the routes' parameters are filled with, and how each role's browser is recognised."""

    values: dict[str, object] = field(default_factory=dict)
    people: dict[str, str] = field(default_factory=dict)
    """Role → the signed-in person's ``fs_uniquifier``."""
    guest_cookie: str = ""

    def browser(self, app: Flask, role: str) -> Browser:
        """Return a browser that is this role."""
        client = browser(app)
        if role == GUEST:
            client.set_cookie(BUYER_COOKIE, self.guest_cookie)
        elif role != ANONYMOUS:
            client.sign_in(SimpleNamespace(fs_uniquifier=self.people[role]))
        return client


class Kept:
    """The database with everything in it, as a file beside the test database."""

    def __init__(self) -> None:
        self._everything: dict[str, Everything] = {}

    def restore(self, app: Flask) -> Everything:
        """Bring the test database to the state with everything in it."""
        live = Path(db.engine.url.database)
        kept = live.with_name("everything.db")
        if str(kept) not in self._everything:
            everything = _make_everything(app)
            db.session.remove()
            with db.engine.connect() as connection:
                connection.connection.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
            shutil.copy(live, kept)
            self._everything[str(kept)] = everything
            return everything
        db.session.remove()
        db.engine.dispose()
        for suffix in ("-wal", "-shm"):
            live.with_name(live.name + suffix).unlink(missing_ok=True)
        shutil.copy(kept, live)
        return self._everything[str(kept)]


def _make_everything(app: Flask) -> Everything:
    clock = FrozenClock(system_clock() - timedelta(days=5))
    with write_transaction() as session:
        world = make_world(session, clock=clock)
    market = Market(world, clock)
    give_account(market, world.households[0])
    with write_transaction() as session:
        row = make_buyer(session, clock=clock)
        buyer = BuyerRef(row.id, row.name, row.phone)
    sold = market.sell((world.listing, 3000), buyer=buyer)
    clock.advance(hours=96)
    with write_transaction() as session:
        (payout, *_) = draft_batch(session, world.cooperative, policy=POLICY, actor=market.staff, clock=clock)
        batch, payout_id = payout.batch, payout.id
    clock.now = system_clock()
    everything = Everything()
    with write_transaction() as session:
        lot = add_lot(session, world, world.households[0], 40_000, clock=clock)
    people = _make_people(app, market)
    everything.people = people
    everything.values = {
        **_shop_things(app, market, lot.public_id),
        **_order_things(app, market, sold, buyer),
        **_live_things(app, market, buyer),
        "batch": batch,
        "payout_id": payout_id,
    }
    with write_transaction() as session:
        token = session.get_one(Buyer, buyer.id).token
        everything.values["membership_id"] = session.scalar(
            select(Membership.id).where(Membership.user_id == world.household_users[2].id)
        )
        everything.values["ledger_account_id"] = session.scalar(select(LedgerAccount.id).order_by(LedgerAccount.id))
        everything.values["cooperative_id"] = world.cooperative.id
    everything.guest_cookie = URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="guest-buyer").dumps(token)
    return everything


def _make_people(app: Flask, market: Market) -> dict[str, str]:
    world, clock = market.world, market.clock
    users = {
        STAFF: world.staff,
        HOST: world.host,
        HOUSEHOLD: world.household_users[0],
        OTHER_HOUSEHOLD: world.household_users[1],
    }
    with write_transaction() as session:
        other = Cooperative(slug="htx-khac", name="HTX Khác", created_at=clock(), **YEN_TU)
        session.add(other)
        session.flush()
        for role, name in (
            (OTHER_STAFF, "Cán bộ khác"),
            (LEADER, "Trưởng thôn"),
            (TEAM, "Tổ số"),
            (ADMINISTRATOR, "Quản trị"),
        ):
            users[role] = make_user(session, name, clock=clock)
        seats = (
            (OTHER_STAFF, "staff", other.id, None),
            (LEADER, "village_leader", world.cooperative.id, world.villages[0].id),
            (TEAM, "community_team", world.cooperative.id, None),
        )
        for role, seat, cooperative_id, village_id in seats:
            session.add(
                Membership(
                    user_id=users[role].id,
                    cooperative_id=cooperative_id,
                    role=seat,
                    village_id=village_id,
                    created_at=clock(),
                )
            )
        make_administrator(session, users[ADMINISTRATOR], actor=SYSTEM, clock=clock)
    return {role: _uniquifier(user) for role, user in users.items()}


def _uniquifier(user: User) -> str:
    with write_transaction() as session:
        return session.get_one(User, user.id).fs_uniquifier


def _photo(app: Flask, session: Session, world: World, clock: FrozenClock) -> Photo:
    """Keep a private picture."""
    drawn = io.BytesIO()
    Image.new("RGB", (80, 60), "red").save(drawn, "JPEG")
    drawn.seek(0)
    root = app.extensions["chophien"].media_root
    return keep_photo(
        session, prepare_photo(drawn), root, cooperative_id=world.cooperative.id, is_public=False, clock=clock
    )


def _shop_things(app: Flask, market: Market, lot_public_id: str) -> dict[str, object]:
    world, clock, staff = market.world, market.clock, market.staff
    with write_transaction() as session:
        account = propose_payout_account(
            session, world.households[1], bank_bin="970436", account_number="0123456789", holder_name="Ông Tư",
            actor=world.actor(world.household_users[1]), clock=clock,
        )  # fmt: skip
        approval = propose_price_below_floor(
            session,
            world.listing,
            20_000,
            "Hàng sắp chín quá",
            for_date=vietnam_date(clock()),
            actor=staff,
            clock=clock,
        )
        notice = publish_notice(session, world.cooperative, "Giờ thu mua", "Bảy giờ sáng", actor=staff, clock=clock)
        secret = invite_member(session, world.cooperative, "host", actor=staff, clock=clock)
        photo = _photo(app, session, world, clock)
        return {
            "account_id": account.id,
            "approval_id": approval.id,
            "notice_id": notice.id,
            "secret": secret,
            "photo": photo.public_id,
            "photo_id": photo.id,
            "household": world.households[0].public_id,
            "listing": world.listing.public_id,
            "product": world.lychee.public_id,
            "grade_id": world.grade_one.id,
            "lot": lot_public_id,
        }


def _order_things(app: Flask, market: Market, sold: int, buyer: BuyerRef) -> dict[str, object]:
    world, clock = market.world, market.clock
    waiting = market.place((world.listing, 2000), session_id=None, buyer=buyer)
    market.check_out(waiting, "cod")
    promised = market.place((world.listing, 1000), session_id=None)
    transfer = market.transfer(50_000, "khong ro cua ai")
    with write_transaction() as session:
        delivered = session.get_one(Order, sold)
        delivered.delivered_at = clock()
        claim = make_claim(
            session,
            sold,
            "Dập 1 kg",
            line_id=None,
            picture=None,
            media_root=None,
            policy=POLICY,
            actor=SYSTEM,
            clock=clock,
        )
        line_id = delivered.lines[0].id
        refund = request_refund(
            session,
            sold,
            reference="walk",
            reason="Thử",
            line_quantities={line_id: 500},
            actor=market.staff,
            clock=clock,
        )
        photo = _photo(app, session, world, clock)
        session.get_one(Claim, claim.id).photo_id = photo.id
        return {
            "claim_id": claim.id,
            "claim_photo": photo.public_id,
            "refund_id": refund.id,
            "transaction_id": transfer.id,
            "task_id": session.scalar(select(DeskTask.id).order_by(DeskTask.id)),
            "code": session.get_one(Order, waiting).code,
            "confirmable": session.get_one(Order, promised).code,
            "delivered_link": delivered.link_token,
            "link_token": session.get_one(Order, waiting).link_token,
        }


def _live_things(app: Flask, market: Market, buyer: BuyerRef) -> dict[str, object]:
    world, clock, staff = market.world, market.clock, market.staff
    with write_transaction() as session:
        live = schedule_session(
            session, world.cooperative.id, title="Vải tối nay", scheduled_at=clock(), host_user_id=world.host.id,
            commission_bps=500, video_engine="poster", embed_url=None, actor=staff, clock=clock,
        )  # fmt: skip
        put_offer(session, live, world.listing.id, code="A1", price_vnd=38_000, actor=staff, clock=clock)
        go_live(session, live, actor=world.actor(world.host), clock=clock)
        later = schedule_session(
            session, world.cooperative.id, title="Vải ngày mai", scheduled_at=clock() + timedelta(days=1),
            host_user_id=world.host.id, commission_bps=500, video_engine="poster", embed_url=None, actor=staff, clock=clock,
        )  # fmt: skip
        live_id, live_public_id, later_public_id = live.id, live.public_id, later.public_id
    asked = PostComment(
        live_id,
        Sender(f"b{buyer.id}", buyer.name, buyer_id=buyer.id),
        "walk-1",
        "chốt vài cân nhé",
        received_at=clock(),
    )
    with write_transaction() as session:
        (answer,) = process_intake(session, [asked])
    return {"session": live_public_id, "later_session": later_public_id, "seq": answer["seq"], "verb": "nhan"}
