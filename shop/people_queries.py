"""Who is who in a cooperative: members, households and how they do, notices and their readers, a household's log."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, not_, select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import User
from app.audit import AuditEntry
from shop.access import notices_visible_to
from shop.models import (
    Certificate,
    Cooperative,
    HarvestLot,
    Household,
    Invitation,
    LotState,
    Measure,
    Membership,
    Notice,
    NoticeReading,
    PayoutAccount,
    PayoutAccountState,
    Photo,
    Pledge,
    PledgeState,
    Product,
    Season,
    Village,
)


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A person with a role."""

    membership_id: int
    user_id: int
    name: str
    phone: str | None
    email: str | None
    role: str
    household: str | None
    village: str | None
    active: bool


@dataclass(frozen=True, slots=True)
class HouseholdRow:
    """A household and how its season goes: grams brought and sold, pieces brought, and when it last pledged."""

    public_id: str
    code: str
    name: str
    phone: str | None
    village_id: int
    village: str
    active: bool
    consent: bool
    brought: int
    sold: int
    pieces: int
    last_pledge: date | None
    members: int

    @property
    def is_selling(self) -> bool:
        """Whether it has brought anything this season."""
        return self.brought > 0 or self.pieces > 0


@dataclass(frozen=True, slots=True)
class NoticeRow:
    """A notice as one reader sees it in a list."""

    notice_id: int
    title: str
    body: str
    village: str | None
    published_by: str | None
    published_at: datetime
    read: bool
    readers: int


@dataclass(frozen=True, slots=True)
class NoticeReader:
    """Somebody a notice is for, and when they read it."""

    name: str
    household: str
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class AccountRow:
    """A payout account as pages show it: its last four characters only."""

    account_id: int
    household_public_id: str
    household: str
    bank_bin: str
    last4: str
    holder_name: str
    state: str
    proposed_by_id: int
    proposed_by: str
    proposed_at: datetime
    usable_from: datetime | None


def members(session: Session, cooperative_id: int) -> list[MemberRow]:
    """Return a cooperative's people, those still active first."""
    rows = session.execute(
        select(
            Membership.id,
            User.id,
            User.name,
            User.us_phone_number,
            User.email,
            Membership.role,
            Household.name,
            Village.name,
            Membership.active,
        )
        .join(User, User.id == Membership.user_id)
        .outerjoin(Household, Household.id == Membership.household_id)
        .outerjoin(Village, Village.id == Membership.village_id)
        .where(Membership.cooperative_id == cooperative_id)
        .order_by(Membership.active.desc(), Membership.role, User.name, Membership.id)
    )
    return [MemberRow(*row) for row in rows]


def open_invitations(session: Session, cooperative_id: int, now: datetime) -> list[tuple[str, str | None, datetime]]:
    """Return invitations nobody has accepted yet: role, household, last moment."""
    rows = session.execute(
        select(Invitation.role, Household.name, Invitation.expires_at)
        .outerjoin(Household, Household.id == Invitation.household_id)
        .where(
            Invitation.cooperative_id == cooperative_id, Invitation.accepted_at.is_(None), Invitation.expires_at > now
        )
        .order_by(Invitation.id.desc())
        .limit(50)
    )
    return [(row[0], row[1], row[2]) for row in rows]


def household_rows(
    session: Session, cooperative_id: int, today: date, *conditions: ColumnElement[bool]
) -> list[HouseholdRow]:
    """Return households with the figures of the seasons running today; one query."""
    running = select(Season.id).where(
        Season.cooperative_id == cooperative_id, Season.starts_on <= today, Season.ends_on >= today
    )
    arrived, weighed = HarvestLot.state != LotState.PLEDGED, Product.measure == Measure.WEIGHT
    figures = (
        select(
            HarvestLot.household_id,
            func.sum(case((and_(arrived, weighed), HarvestLot.qty_total), else_=0)).label("brought"),
            func.sum(case((weighed, HarvestLot.qty_sold), else_=0)).label("sold"),
            func.sum(case((and_(arrived, not_(weighed)), HarvestLot.qty_total), else_=0)).label("pieces"),
        )
        .join(Product, Product.id == HarvestLot.product_id)
        .where(HarvestLot.season_id.in_(running))
        .group_by(HarvestLot.household_id)
        .subquery()
    )
    last_pledge = (
        select(func.max(Pledge.for_date))
        .where(Pledge.household_id == Household.id, Pledge.state != PledgeState.CANCELLED)
        .scalar_subquery()
    )
    people = (
        select(func.count())
        .select_from(Membership)
        .where(Membership.household_id == Household.id, Membership.active.is_(True))
        .scalar_subquery()
    )
    rows = session.execute(
        select(
            Household.public_id,
            Household.code,
            Household.name,
            Household.phone,
            Village.id,
            Village.name,
            Household.active,
            Household.helper_consent_at.is_not(None),
            func.coalesce(figures.c.brought, 0),
            func.coalesce(figures.c.sold, 0),
            func.coalesce(figures.c.pieces, 0),
            last_pledge,
            people,
        )
        .join(Village, Village.id == Household.village_id)
        .outerjoin(figures, figures.c.household_id == Household.id)
        .where(Household.cooperative_id == cooperative_id, *conditions)
        .order_by(Village.name, Household.code)
    )
    return [HouseholdRow(*row[:8], *map(int, row[8:11]), row[11], row[12]) for row in rows]


def cooperatives(session: Session) -> Sequence[Cooperative]:
    """Return every cooperative of the installation."""
    return session.scalars(select(Cooperative).order_by(Cooperative.id)).all()


def villages(session: Session, cooperative_id: int) -> Sequence[Village]:
    """Return a cooperative's villages by name."""
    return session.scalars(select(Village).where(Village.cooperative_id == cooperative_id).order_by(Village.name)).all()


def notices_for(session: Session, actor: Actor, limit: int = 30) -> list[NoticeRow]:
    """Return the notices addressed to this person, the newest first."""
    return _notices(session, actor, notices_visible_to(session, actor), limit)


def notices_of_village(session: Session, actor: Actor, village: Village, limit: int = 30) -> list[NoticeRow]:
    """Return the notices a village gets: its own and the whole cooperative's."""
    condition = (Notice.village_id == village.id) | (
        Notice.village_id.is_(None) & (Notice.cooperative_id == village.cooperative_id)
    )
    return _notices(session, actor, condition, limit)


def _notices(session: Session, actor: Actor, condition: Any, limit: int) -> list[NoticeRow]:
    readers = (
        select(func.count()).select_from(NoticeReading).where(NoticeReading.notice_id == Notice.id).scalar_subquery()
    )
    own = (
        select(NoticeReading.read_at)
        .where(NoticeReading.notice_id == Notice.id, NoticeReading.user_id == actor.user_id)
        .exists()
    )
    rows = session.execute(
        select(Notice.id, Notice.title, Notice.body, Village.name, User.name, Notice.published_at, own, readers)
        .outerjoin(Village, Village.id == Notice.village_id)
        .outerjoin(User, User.id == Notice.published_by_id)
        .where(condition)
        .order_by(Notice.published_at.desc(), Notice.id.desc())
        .limit(limit)
    )
    return [NoticeRow(*row) for row in rows]


def notice_readers(session: Session, notice: Notice) -> list[NoticeReader]:
    """Return the household members a notice is for, those who have not read it first."""
    statement = (
        select(User.name, Household.name, NoticeReading.read_at)
        .select_from(Membership)
        .join(User, User.id == Membership.user_id)
        .join(Household, Household.id == Membership.household_id)
        .outerjoin(
            NoticeReading, (NoticeReading.user_id == Membership.user_id) & (NoticeReading.notice_id == notice.id)
        )
        .where(Membership.cooperative_id == notice.cooperative_id, Membership.active.is_(True))
        .order_by(NoticeReading.read_at.is_not(None), Household.code, User.name)
    )
    if notice.village_id is not None:
        statement = statement.where(Household.village_id == notice.village_id)
    return [NoticeReader(*row) for row in session.execute(statement)]


def household_log(session: Session, household_id: int, limit: int = 50) -> Sequence[AuditEntry]:
    """Return what was done for or to a household, the newest first."""
    return session.scalars(
        select(AuditEntry).where(AuditEntry.household_id == household_id).order_by(AuditEntry.id.desc()).limit(limit)
    ).all()


def payout_accounts(session: Session, *conditions: ColumnElement[bool], limit: int = 50) -> list[AccountRow]:
    """Return payout accounts, the newest first."""
    rows = session.execute(
        select(
            PayoutAccount.id,
            Household.public_id,
            Household.name,
            PayoutAccount.bank_bin,
            PayoutAccount.account_last4,
            PayoutAccount.holder_name,
            PayoutAccount.state,
            PayoutAccount.proposed_by_id,
            User.name,
            PayoutAccount.proposed_at,
            PayoutAccount.usable_from,
        )
        .join(Household, Household.id == PayoutAccount.household_id)
        .join(User, User.id == PayoutAccount.proposed_by_id)
        .where(*conditions)
        .order_by(PayoutAccount.id.desc())
        .limit(limit)
    )
    return [AccountRow(*row) for row in rows]


def waiting_accounts(session: Session, cooperative_id: int) -> list[AccountRow]:
    """Return payout accounts of a cooperative's households that wait for a second person."""
    waiting = PayoutAccount.state == PayoutAccountState.PROPOSED
    return payout_accounts(session, Household.cooperative_id == cooperative_id, waiting)


def products(session: Session, cooperative_id: int) -> Sequence[Product]:
    """Return a cooperative's products."""
    return session.scalars(select(Product).where(Product.cooperative_id == cooperative_id).order_by(Product.id)).all()


def product_photos(session: Session, cooperative_id: int) -> dict[int, str]:
    """Return the public ids of a cooperative's product pictures by the photo's id."""
    rows = session.execute(
        select(Photo.id, Photo.public_id)
        .join(Product, Product.photo_id == Photo.id)
        .where(Product.cooperative_id == cooperative_id)
    )
    return {row[0]: row[1] for row in rows}


def certificates(session: Session, product_id: int) -> Sequence[Certificate]:
    """Return all of a product's certificates, expired ones too."""
    return session.scalars(
        select(Certificate).where(Certificate.product_id == product_id).order_by(Certificate.id)
    ).all()
