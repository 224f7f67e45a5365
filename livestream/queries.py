"""Lists of sessions for pages: what is on, what a cooperative planned, what a host earned."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from app.accounts.models import User
from app.money import BASIS_POINTS
from livestream.models import LiveSession, Offer, SessionState
from livestream.states import ON_AIR
from orders.models import Order, OrderLine
from orders.reports.queries import host_earnings_by_session
from orders.states import OrderState
from shop.models import Cooperative, Listing, ListingState, MemberRole, Membership

_NOT_DELIVERED_YET = (OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)


@dataclass(frozen=True, slots=True)
class SessionCard:
    """A session in a list."""

    id: int
    public_id: str
    title: str
    state: str
    scheduled_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    host_name: str
    cooperative_name: str
    commission_bps: int
    offers: int

    @property
    def is_on_air(self) -> bool:
        """Tell whether the session runs now."""
        return self.state in ON_AIR


@dataclass(frozen=True, slots=True)
class HostSession:
    """One of a host's sessions with its commission in đồng: earned on delivered goods, expected on paid ones."""

    card: SessionCard
    earned_vnd: int
    expected_vnd: int
    delivered_goods_vnd: int


def _cards() -> Any:
    offers = select(func.count(Offer.id)).where(Offer.session_id == LiveSession.id).scalar_subquery()
    return (
        select(
            LiveSession.id,
            LiveSession.public_id,
            LiveSession.title,
            LiveSession.state,
            LiveSession.scheduled_at,
            LiveSession.started_at,
            LiveSession.ended_at,
            User.name,
            Cooperative.name,
            LiveSession.commission_bps,
            offers,
        )
        .join(User, User.id == LiveSession.host_user_id)
        .join(Cooperative, Cooperative.id == LiveSession.cooperative_id)
    )


def upcoming_sessions(session: Session, limit: int = 20) -> list[SessionCard]:
    """Return the sessions that run now, then the planned ones, soonest first."""
    running_first = case((LiveSession.state.in_(ON_AIR), 0), else_=1)
    statement = (
        _cards()
        .where(LiveSession.state.in_((*ON_AIR, SessionState.SCHEDULED)))
        .order_by(running_first, LiveSession.scheduled_at, LiveSession.id)
        .limit(limit)
    )
    return [SessionCard(*row) for row in session.execute(statement)]


def past_sessions(session: Session, limit: int = 20) -> list[SessionCard]:
    """Return ended sessions, newest first."""
    statement = (
        _cards()
        .where(LiveSession.state == SessionState.ENDED)
        .order_by(LiveSession.ended_at.desc(), LiveSession.id.desc())
        .limit(limit)
    )
    return [SessionCard(*row) for row in session.execute(statement)]


def cooperative_sessions(session: Session, cooperative_id: int, limit: int = 100) -> list[SessionCard]:
    """Return a cooperative's sessions, newest plan first."""
    statement = (
        _cards()
        .where(LiveSession.cooperative_id == cooperative_id)
        .order_by(LiveSession.scheduled_at.desc(), LiveSession.id.desc())
        .limit(limit)
    )
    return [SessionCard(*row) for row in session.execute(statement)]


def host_sessions(session: Session, user_id: int, limit: int = 100) -> list[HostSession]:
    """Return a host's sessions with what they earned by the books and what is still on its way, newest first.

    What is to come is each line's part at the rate frozen on it, rounded down by itself as delivery will share it.
    """
    cards = [
        SessionCard(*row)
        for row in session.execute(
            _cards()
            .where(LiveSession.host_user_id == user_id)
            .order_by(LiveSession.scheduled_at.desc(), LiveSession.id.desc())
            .limit(limit)
        )
    ]
    part = (OrderLine.goods_vnd * OrderLine.host_bps) // BASIS_POINTS
    delivered = Order.state == OrderState.DELIVERED
    rows = session.execute(
        select(
            Order.session_id,
            func.sum(case((Order.state.in_(_NOT_DELIVERED_YET), part), else_=0)),
            func.sum(case((delivered, OrderLine.goods_vnd), else_=0)),
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.session_id.in_([card.id for card in cards]), Order.host_user_id == user_id)
        .group_by(Order.session_id)
    )
    sums = {row[0]: (int(row[1]), int(row[2])) for row in rows}
    earned = host_earnings_by_session(session, user_id)
    return [HostSession(card, earned.get(card.id, 0), *sums.get(card.id, (0, 0))) for card in cards]


def session_titles(session: Session, session_ids: Sequence[int]) -> dict[int, str]:
    """Return the titles of sessions, for reports of the room below that know them only by number."""
    rows = session.execute(select(LiveSession.id, LiveSession.title).where(LiveSession.id.in_(session_ids)))
    return {row.id: row.title for row in rows}


def hosts_of(session: Session, cooperative_id: int) -> Sequence[tuple[int, str]]:
    """Return (user id, name) of the cooperative's hosts, for the schedule form."""
    statement = (
        select(User.id, User.name)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.cooperative_id == cooperative_id,
            Membership.role == MemberRole.HOST,
            Membership.active.is_(True),
        )
        .order_by(User.name)
    )
    return [(row.id, row.name) for row in session.execute(statement)]


def listings_to_offer(session: Session, live: LiveSession) -> Sequence[Any]:
    """Return the cooperative's listings on sale that are not on this shelf yet: id, title, unit and price."""
    on_shelf = select(Offer.listing_id).where(Offer.session_id == live.id)
    statement = (
        select(Listing.id, Listing.title, Listing.unit_label, Listing.unit_quantity, Listing.price_vnd)
        .where(
            Listing.cooperative_id == live.cooperative_id,
            Listing.state == ListingState.ON_SALE,
            Listing.id.not_in(on_shelf),
        )
        .order_by(Listing.title)
    )
    return session.execute(statement).all()
