"""Who may see or change which row of the shop.

Every row reaches a view through a getter here. What a person may not know exists is ``NotFound``; what they see but may
not do is ``Forbidden``. An administrator looks after the machine and the people, and is staff nowhere unless invited.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session, joinedload

from app.accounts.actor import Actor
from app.db import WRITE_OPTION
from app.errors import Forbidden, NotFound, SignInNeeded
from shop.models import (
    Cooperative,
    HarvestLot,
    Household,
    Listing,
    ListingLot,
    ListingState,
    MemberRole,
    Membership,
    Notice,
    PayoutAccount,
    Photo,
    PriceApproval,
    Product,
    ProductGrade,
    Season,
    Village,
    WeighIn,
)

T = TypeVar("T")
_REMEMBERED = "shop_standings"


@dataclass(frozen=True, slots=True)
class Standing:
    """What an actor is in which cooperative, as sets of ids: read once a request, asked by every getter."""

    user_id: int | None
    is_administrator: bool
    staff_of: frozenset[int] = frozenset()
    host_of: frozenset[int] = frozenset()
    leader_of: frozenset[int] = frozenset()
    """Villages this person leads."""
    team_of: frozenset[int] = frozenset()
    """Cooperatives whose community digital team this person is on."""
    household_ids: frozenset[int] = frozenset()

    @property
    def cooperative_ids(self) -> frozenset[int]:
        """Cooperatives in which this person works for others: staff, host or community team."""
        return self.staff_of | self.host_of | self.team_of


def standing_of(session: Session, actor: Actor) -> Standing:
    """Return what the actor is: one query for as long as the session reads from one transaction, none for a guest.

    A page asks this many times, for its getters, its navigation and its sections. Inside a write transaction it is read
    anew each time, because that is where memberships begin and end.
    """
    if actor.user_id is None:
        return Standing(user_id=None, is_administrator=False)
    if WRITE_OPTION in session.info:
        return _read_standing(session, actor)
    transaction, known = session.info.get(_REMEMBERED, (None, {}))
    if transaction is not None and transaction is session.get_transaction() and actor in known:
        found: Standing = known[actor]
        return found
    standing = _read_standing(session, actor)
    if transaction is not session.get_transaction():
        transaction, known = session.get_transaction(), {}
    session.info[_REMEMBERED] = (transaction, known | {actor: standing})
    return standing


def _read_standing(session: Session, actor: Actor) -> Standing:
    rows = session.execute(
        select(Membership.role, Membership.cooperative_id, Membership.household_id, Membership.village_id).where(
            Membership.user_id == actor.user_id, Membership.active.is_(True)
        )
    ).all()

    def ids(role: MemberRole, column: str = "cooperative_id") -> frozenset[int]:
        found = (getattr(row, column) for row in rows if row.role == role)
        return frozenset(row_id for row_id in found if row_id is not None)

    return Standing(
        user_id=actor.user_id,
        is_administrator=actor.is_administrator,
        staff_of=ids(MemberRole.STAFF),
        host_of=ids(MemberRole.HOST),
        leader_of=ids(MemberRole.VILLAGE_LEADER, "village_id"),
        team_of=ids(MemberRole.COMMUNITY_TEAM),
        household_ids=ids(MemberRole.HOUSEHOLD, "household_id"),
    )


def require_staff(session: Session, actor: Actor) -> Cooperative:
    """Return the cooperative this person is staff of (the first, by id); raises ``SignInNeeded`` or ``Forbidden``."""
    _require_sign_in(actor)
    staff_of = standing_of(session, actor).staff_of
    if not staff_of:
        raise Forbidden("Trang này dành cho cán bộ hợp tác xã. Bác nhờ hợp tác xã gửi lời mời giúp em.")
    return _one(session.get(Cooperative, min(staff_of)))


def require_people_manager(session: Session, actor: Actor, cooperative_id: int | None = None) -> Cooperative:
    """Return the cooperative whose people this person may invite: their own as staff, any as administrator."""
    _require_sign_in(actor)
    standing = standing_of(session, actor)
    if standing.is_administrator and (cooperative_id is not None or not standing.staff_of):
        statement = select(Cooperative).order_by(Cooperative.id).limit(1)
        if cooperative_id is not None:
            statement = statement.where(Cooperative.id == cooperative_id)
        return _one(session.scalar(statement))
    return require_staff(session, actor)


def require_administrator(actor: Actor) -> None:
    """Raise unless this person looks after the installation."""
    _require_sign_in(actor)
    if not actor.is_administrator:
        raise Forbidden("Trang này dành cho người quản trị.")


def require_staff_or_team(session: Session, actor: Actor) -> Cooperative:
    """Return the cooperative that this person may take households into, as its staff or its community team."""
    _require_sign_in(actor)
    standing = standing_of(session, actor)
    return require_staff(session, actor) if standing.staff_of else require_team(session, actor)


def require_team(session: Session, actor: Actor) -> Cooperative:
    """Return the cooperative whose community digital team this person is on; raises ``Forbidden`` otherwise."""
    _require_sign_in(actor)
    team_of = standing_of(session, actor).team_of
    if not team_of:
        raise Forbidden("Trang này dành cho tổ công nghệ số cộng đồng.")
    return _one(session.get(Cooperative, min(team_of)))


def require_leader(session: Session, actor: Actor) -> Village:
    """Return the village this person leads; raises ``Forbidden`` otherwise."""
    _require_sign_in(actor)
    leader_of = standing_of(session, actor).leader_of
    if not leader_of:
        raise Forbidden("Trang này dành cho trưởng thôn.")
    return _one(session.get(Village, min(leader_of)))


def own_household(session: Session, actor: Actor) -> Household:
    """Return the household this person is a member of (the first, by id); raises ``SignInNeeded`` or ``Forbidden``."""
    _require_sign_in(actor)
    household_ids = standing_of(session, actor).household_ids
    if not household_ids:
        raise Forbidden("Trang này dành cho các hộ trong hợp tác xã. Bác nhờ hợp tác xã gửi lời mời giúp em.")
    return _one(session.get(Household, min(household_ids), options=[joinedload(Household.village)]))


def household_for(session: Session, actor: Actor, public_id: str) -> Household:
    """Return a household the actor may look into: its members, its cooperative's staff, or its team with consent."""
    statement = select(Household).options(joinedload(Household.village)).where(Household.public_id == public_id)
    household = _one(session.scalar(statement))
    if not may_act_for(standing_of(session, actor), household):
        raise NotFound("Không tìm thấy hộ này.")
    return household


def may_act_for(standing: Standing, household: Household) -> bool:
    """Tell whether this person may pledge for the household: a member, staff, or the team when the household agreed."""
    if household.id in standing.household_ids or household.cooperative_id in standing.staff_of:
        return True
    return household.cooperative_id in standing.team_of and household.helper_consent_at is not None


def require_may_act_for(session: Session, actor: Actor, household: Household) -> None:
    """Raise ``Forbidden`` unless this person may act for the household; called before anything of it is changed."""
    if not may_act_for(standing_of(session, actor), household):
        raise Forbidden(
            "Hộ này chưa đồng ý cho tổ công nghệ làm thay. Bác nhờ chủ hộ bấm đồng ý trên trang của hộ trước."
        )


def require_member(session: Session, actor: Actor, household: Household) -> None:
    """Raise ``Forbidden`` unless this person is of the household itself; consent is never given by others."""
    if household.id not in standing_of(session, actor).household_ids:
        raise Forbidden("Việc này chỉ người trong hộ mới làm được.")


def require_staff_of(session: Session, actor: Actor, cooperative_id: int) -> None:
    """Raise ``Forbidden`` unless this person is staff of the cooperative; what use cases call before a staff action."""
    if cooperative_id not in standing_of(session, actor).staff_of:
        raise Forbidden("Việc này chỉ cán bộ hợp tác xã mới làm được.")


def staff_household(session: Session, actor: Actor, public_id: str) -> Household:
    """Return a household of the cooperative this person is staff of."""
    return _of_staff(session, actor, Household, Household.public_id == public_id)


def staff_lot(session: Session, actor: Actor, public_id: str) -> HarvestLot:
    """Return a lot of the cooperative this person is staff of."""
    return _of_staff(session, actor, HarvestLot, HarvestLot.public_id == public_id)


def staff_listing(session: Session, actor: Actor, public_id: str) -> Listing:
    """Return a listing of the cooperative this person is staff of, whatever its state."""
    return _of_staff(session, actor, Listing, Listing.public_id == public_id)


def staff_product(session: Session, actor: Actor, public_id: str) -> Product:
    """Return a product of the cooperative this person is staff of."""
    return _of_staff(session, actor, Product, Product.public_id == public_id)


def staff_season(session: Session, actor: Actor, season_id: int) -> Season:
    """Return a season of the cooperative this person is staff of."""
    return _of_staff(session, actor, Season, Season.id == season_id)


def staff_village(session: Session, actor: Actor, village_id: int) -> Village:
    """Return a village of the cooperative this person is staff of."""
    return _of_staff(session, actor, Village, Village.id == village_id)


def staff_membership(session: Session, actor: Actor, membership_id: int) -> Membership:
    """Return a membership this person may end: of the cooperative they are staff of, or any for an administrator."""
    if actor.user_id is not None and actor.is_administrator:
        return _one(session.get(Membership, membership_id))
    return _of_staff(session, actor, Membership, Membership.id == membership_id)


def staff_price_approval(session: Session, actor: Actor, approval_id: int) -> PriceApproval:
    """Return a price below the floor waiting for a second person of this cooperative's staff."""
    row: Any = session.execute(
        select(PriceApproval, Listing.cooperative_id)
        .join(Listing, Listing.id == PriceApproval.listing_id)
        .where(PriceApproval.id == approval_id)
    ).one_or_none()
    return _row_of_staff(session, actor, row)


def staff_payout_account(session: Session, actor: Actor, account_id: int) -> PayoutAccount:
    """Return a household's payout account that staff of its cooperative may approve or refuse."""
    row = session.execute(
        select(PayoutAccount, Household.cooperative_id)
        .join(Household, Household.id == PayoutAccount.household_id)
        .where(PayoutAccount.id == account_id)
    ).one_or_none()
    return _row_of_staff(session, actor, row)


def own_payout_account(session: Session, actor: Actor, account_id: int) -> PayoutAccount:
    """Return a payout account of a household this person is a member of."""
    _require_sign_in(actor)
    homes = standing_of(session, actor).household_ids
    condition = PayoutAccount.household_id.in_(homes)
    return _one(session.scalar(select(PayoutAccount).where(PayoutAccount.id == account_id, condition)))


def grade_of_cooperative(session: Session, cooperative_id: int, grade_id: int) -> ProductGrade:
    """Return a grade of a product of this cooperative; another cooperative's is ``NotFound``."""
    statement = (
        select(ProductGrade)
        .join(Product, Product.id == ProductGrade.product_id)
        .where(ProductGrade.id == grade_id, Product.cooperative_id == cooperative_id)
    )
    return _one(session.scalar(statement))


def household_of_cooperative(session: Session, cooperative_id: int, public_id: str) -> Household:
    """Return a household of this cooperative; another's is ``NotFound``."""
    own = Household.cooperative_id == cooperative_id
    return _one(session.scalar(select(Household).where(Household.public_id == public_id, own)))


def village_of_cooperative(session: Session, cooperative_id: int, village_id: int) -> Village:
    """Return a village of this cooperative; another's is ``NotFound``."""
    return _one(
        session.scalar(select(Village).where(Village.id == village_id, Village.cooperative_id == cooperative_id))
    )


def product_of_household(session: Session, household: Household, grade: ProductGrade) -> Product:
    """Return the grade's product, if the household's own cooperative sells it."""
    statement = select(Product).where(
        Product.id == grade.product_id, Product.cooperative_id == household.cooperative_id
    )
    return _one(session.scalar(statement))


def public_listing(session: Session, public_id: str) -> Listing:
    """Return a listing that buyers may see: on sale, or closed after it was (a draft is ``NotFound``)."""
    statement = select(Listing).where(Listing.public_id == public_id, Listing.state != ListingState.DRAFT)
    return _one(session.scalar(statement))


def public_lot(session: Session, public_id: str) -> HarvestLot:
    """Return a lot whose origin anyone may read, because it feeds a listing that is or was on sale."""
    statement = (
        select(HarvestLot)
        .where(HarvestLot.public_id == public_id)
        .where(
            select(ListingLot.id)
            .join(Listing, Listing.id == ListingLot.listing_id)
            .where(ListingLot.lot_id == HarvestLot.id, Listing.state != ListingState.DRAFT)
            .exists()
        )
    )
    return _one(session.scalar(statement))


def notice_for(session: Session, actor: Actor, notice_id: int) -> Notice:
    """Return a notice addressed to this person: of their cooperative, or of their village."""
    _require_sign_in(actor)
    return _one(session.scalar(select(Notice).where(Notice.id == notice_id, notices_visible_to(session, actor))))


def notices_visible_to(session: Session, actor: Actor) -> Any:
    """Return the condition that picks the notices a person may read; for queries and for ``notice_for``."""
    standing = standing_of(session, actor)
    homes = Household.id.in_(standing.household_ids)
    led = Village.id.in_(standing.leader_of)
    return or_(
        Notice.cooperative_id.in_(standing.cooperative_ids),
        Notice.village_id.in_(standing.leader_of),
        Notice.village_id.in_(select(Household.village_id).where(homes)),
        and_(
            Notice.village_id.is_(None),
            or_(
                Notice.cooperative_id.in_(select(Household.cooperative_id).where(homes)),
                Notice.cooperative_id.in_(select(Village.cooperative_id).where(led)),
            ),
        ),
    )


def photo_for(session: Session, actor: Actor, public_id: str) -> Photo:
    """Return a photo this person may look at: a public one, their own baskets, any of a cooperative they staff."""
    photo = _one(session.scalar(select(Photo).where(Photo.public_id == public_id)))
    if photo.is_public:
        return photo
    standing = standing_of(session, actor)
    if photo.cooperative_id in standing.staff_of:
        return photo
    of_own_basket = (
        select(WeighIn.id)
        .join(HarvestLot, HarvestLot.id == WeighIn.lot_id)
        .where(WeighIn.photo_id == photo.id, HarvestLot.household_id.in_(standing.household_ids))
    )
    if standing.household_ids and session.scalar(of_own_basket.limit(1)) is not None:
        return photo
    raise NotFound("Không tìm thấy ảnh này.")


def is_usable(account: PayoutAccount, now: datetime) -> bool:
    """Tell whether money may be sent to this payout account now: approved, and its waiting time over."""
    return account.state == "approved" and account.usable_from is not None and account.usable_from <= now


def _require_sign_in(actor: Actor) -> None:
    if actor.user_id is None:
        raise SignInNeeded("Bác đăng nhập trước giúp em.")


def _of_staff(session: Session, actor: Actor, model: type[T], condition: Any) -> T:
    _require_sign_in(actor)
    standing = standing_of(session, actor)
    theirs = model.cooperative_id.in_(standing.staff_of)  # type: ignore[attr-defined]
    return _one(session.scalar(select(model).where(condition, theirs)))


def _row_of_staff(session: Session, actor: Actor, row: Any) -> Any:
    _require_sign_in(actor)
    if row is None or row[1] not in standing_of(session, actor).staff_of:
        raise NotFound("Không tìm thấy trang này.")
    return row[0]


def _one(row: T | None) -> T:
    if row is None:
        raise NotFound("Không tìm thấy mục này. Có thể đường dẫn đã cũ.")
    return row
