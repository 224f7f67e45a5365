"""The demo's sessions: one that ended two evenings ago, one that is live now, one planned for tomorrow.

What buyers typed goes through the intake, as it does from their telephones, so that the room's log, the readings and the
holds are those of the real thing.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.buyers import register_buyer
from app.accounts.models import Buyer
from app.clock import Clock, FrozenClock
from app.policy import SalePolicy
from livestream.commands import PostComment, Sender
from livestream.demo.harvest import Goods
from livestream.demo.people import Cast
from livestream.demo.visits import Visit
from livestream.hosting import end_session, go_live
from livestream.intake import process_intake
from livestream.models import LiveSession, Offer, SessionState
from livestream.sessions import schedule_session
from livestream.shelf import pin_offer, put_offer, set_quota
from livestream.states import ON_AIR

COMMISSION_BPS = 500
SHELF = (("A1", "one", 36_000), ("A2", "two", 25_000), ("A3", "box", 185_000), ("B1", "honey", 145_000))
"""Code, listing, live price in đồng per sale unit: a little under the shop's, above the floor."""
FIRST_QUOTA_GRAMS = 400_000
SECONDS_BETWEEN_COMMENTS = 47
LONGEST_ON_AIR_HOURS = 12


def find_session(session: Session, cast: Cast, *states: SessionState) -> LiveSession | None:
    """Return the demo's newest session in one of these states."""
    return session.scalar(
        select(LiveSession)
        .where(LiveSession.cooperative_id == cast.cooperative.id, LiveSession.state.in_(states))
        .order_by(LiveSession.id.desc())
        .limit(1)
    )


def plan(
    session: Session, cast: Cast, goods: Goods, *, title: str, scheduled_at: datetime, clock: Clock
) -> LiveSession:
    """Schedule a session with Út Vườn and fill its shelf."""
    live = schedule_session(
        session,
        cast.cooperative.id,
        title=title,
        scheduled_at=scheduled_at,
        host_user_id=cast.host.id,
        commission_bps=COMMISSION_BPS,
        video_engine="poster",
        embed_url=None,
        actor=cast.staff,
        clock=clock,
    )
    for code, name, price_vnd in SHELF:
        offer = put_offer(
            session, live, goods.listings[name].id, code=code, price_vnd=price_vnd, actor=cast.staff, clock=clock
        )
        if code == "A1":
            set_quota(session, live, offer.id, FIRST_QUOTA_GRAMS, actor=cast.staff, clock=clock)
    return live


def start(session: Session, cast: Cast, live: LiveSession, *, clock: Clock) -> None:
    """Go live and pin the first offer."""
    host = cast.actor(cast.host.name)
    go_live(session, live, actor=host, clock=clock)
    first = session.scalars(select(Offer.id).where(Offer.session_id == live.id, Offer.code == "A1")).one()
    pin_offer(session, live, first, actor=host, clock=clock)


def finish(session: Session, cast: Cast, live: LiveSession, *, clock: Clock) -> None:
    """End the session."""
    end_session(session, live, actor=cast.actor(cast.host.name), clock=clock)


def end_forgotten(session: Session, cast: Cast, *, clock: Clock) -> int:
    """End sessions that have been on air for half a day, left running when the demo was last stopped; return how many."""
    forgotten = session.scalars(
        select(LiveSession).where(
            LiveSession.cooperative_id == cast.cooperative.id,
            LiveSession.state.in_(ON_AIR),
            LiveSession.started_at < clock() - timedelta(hours=LONGEST_ON_AIR_HOURS),
        )
    ).all()
    for live in forgotten:
        finish(session, cast, live, clock=clock)
    return len(forgotten)


def let_speak(
    session: Session, live: LiveSession, visits: tuple[Visit, ...], *, policy: SalePolicy, clock: FrozenClock
) -> dict[str, Buyer]:
    """Let the buyers come in and type, one after the other; return them by name."""
    buyers: dict[str, Buyer] = {}
    longest = max(len(visit.said) for visit in visits)
    for visit in visits:
        buyers[visit.name] = register_buyer(
            session, visit.name, visit.phone, network_key=f"demo:{visit.name}", clock=clock
        )
    for turn in range(longest):
        for visit in visits:
            if turn >= len(visit.said):
                continue
            clock.advance(seconds=SECONDS_BETWEEN_COMMENTS)
            buyer = buyers[visit.name]
            comment = PostComment(
                session_id=live.id,
                sender=Sender(key=f"b{buyer.id}", name=buyer.name, buyer_id=buyer.id, network_key=buyer.network_key),
                client_id=f"demo-{live.public_id}-{buyer.id}-{turn}",
                text=visit.said[turn],
                received_at=clock(),
            )
            process_intake(session, [comment], handlers={}, policy=policy, clock=clock)
    return buyers
