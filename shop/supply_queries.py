"""What a household and the staff see of the supply: pledges, weighings, lots, listings, prices. Quantities in base units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session, aliased

from app.accounts.models import User
from shop.lot_queries import can_still_be_sold
from shop.models import (
    FloorPrice,
    HarvestLot,
    Household,
    Listing,
    ListingLot,
    ListingState,
    LotState,
    Photo,
    Pledge,
    PledgeState,
    PriceApproval,
    PriceApprovalState,
    Product,
    ProductGrade,
    Season,
    StockMovement,
    Village,
    WeighIn,
)
from shop.queries import stock_of
from shop.unit_prices import least_unit_price, price_per_kilogram


@dataclass(frozen=True, slots=True)
class GradeChoice:
    """A grade that can be pledged, weighed or listed."""

    grade_id: int
    grade: str
    grade_en: str
    product_id: int
    product: str
    product_en: str
    measure: str
    placeholder: str


@dataclass(frozen=True, slots=True)
class PledgeRow:
    """A household's pledge of one grade and day, with what buyers already hold or bought of it."""

    household_public_id: str
    household: str
    village: str
    grade_id: int
    product: str
    grade: str
    measure: str
    for_date: date
    quantity: int
    state: str
    taken: int


@dataclass(frozen=True, slots=True)
class LotRow:
    """A lot with its counters; ``weighed`` is what the scale gave for it so far."""

    public_id: str
    household_public_id: str
    household: str
    village: str
    grade_id: int
    product: str
    grade: str
    measure: str
    harvested_on: date
    best_before: date
    state: str
    total: int
    held: int
    sold: int
    lost: int
    weighed: int

    @property
    def left(self) -> int:
        """What can still be sold."""
        return self.total - self.held - self.sold - self.lost


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A listing for staff, with the day's floor of its sale unit and its stock."""

    listing_id: int
    public_id: str
    title: str
    product: str
    grade: str
    measure: str
    unit_label: str
    unit_quantity: int
    weight_grams: int | None
    price_vnd: int
    state: str
    least_vnd: int | None
    left: int
    left_pledged: int
    households: int

    @property
    def price_per_kg_vnd(self) -> int | None:
        """The price of a kilogram, where the sale unit has a weight."""
        return price_per_kilogram(self.price_vnd, self.weight_grams)

    @property
    def below_floor(self) -> bool:
        """Whether the price is under today's floor (by an approval, or because the floor rose)."""
        return self.least_vnd is not None and self.price_vnd < self.least_vnd


@dataclass(frozen=True, slots=True)
class ApprovalRow:
    """A price below the floor that somebody proposed."""

    approval_id: int
    listing_title: str
    unit_label: str
    price_vnd: int
    reason: str
    for_date: date
    state: str
    proposed_by_id: int
    proposed_by: str
    decided_by: str | None


@dataclass(frozen=True, slots=True)
class WeighingRow:
    """One weighing of a lot, as it was read off the scale."""

    quantity: int
    reason: str
    photo: str | None
    weighed_by: str | None
    weighed_at: datetime


def grade_choices(session: Session, cooperative_id: int) -> list[GradeChoice]:
    """Return a cooperative's grades, product by product, best grade first."""
    rows = session.execute(
        select(
            ProductGrade.id,
            ProductGrade.name,
            ProductGrade.name_en,
            Product.id,
            Product.name,
            Product.name_en,
            Product.measure,
            Product.placeholder,
        )
        .join(Product, Product.id == ProductGrade.product_id)
        .where(Product.cooperative_id == cooperative_id)
        .order_by(Product.id, ProductGrade.position)
    )
    return [GradeChoice(*row) for row in rows]


def pledges(
    session: Session, *conditions: ColumnElement[bool], first_day: date, last_day: date | None = None
) -> list[PledgeRow]:
    """Return standing pledges from ``first_day`` to ``last_day`` (the same day unless told), village by village."""
    rows = session.execute(
        select(
            Household.public_id,
            Household.name,
            Village.name,
            Pledge.grade_id,
            Product.name,
            ProductGrade.name,
            Product.measure,
            Pledge.for_date,
            Pledge.quantity,
            Pledge.state,
            func.coalesce(HarvestLot.qty_held + HarvestLot.qty_sold, 0),
        )
        .join(Household, Household.id == Pledge.household_id)
        .join(Village, Village.id == Household.village_id)
        .join(ProductGrade, ProductGrade.id == Pledge.grade_id)
        .join(Product, Product.id == ProductGrade.product_id)
        .outerjoin(HarvestLot, HarvestLot.id == Pledge.lot_id)
        .where(
            Pledge.for_date >= first_day,
            Pledge.for_date <= (last_day or first_day),
            Pledge.state != PledgeState.CANCELLED,
            *conditions,
        )
        .order_by(Pledge.for_date, Village.name, Household.code, Product.id, ProductGrade.position)
    )
    return [PledgeRow(*row) for row in rows]


def lots(session: Session, *conditions: ColumnElement[bool], limit: int = 100) -> list[LotRow]:
    """Return lots, the newest harvest first."""
    weighed = (
        select(func.coalesce(func.sum(WeighIn.quantity), 0)).where(WeighIn.lot_id == HarvestLot.id).scalar_subquery()
    )
    rows = session.execute(
        select(
            HarvestLot.public_id,
            Household.public_id,
            Household.name,
            Village.name,
            HarvestLot.grade_id,
            Product.name,
            ProductGrade.name,
            Product.measure,
            HarvestLot.harvested_on,
            HarvestLot.best_before,
            HarvestLot.state,
            HarvestLot.qty_total,
            HarvestLot.qty_held,
            HarvestLot.qty_sold,
            HarvestLot.qty_lost,
            weighed,
        )
        .join(Household, Household.id == HarvestLot.household_id)
        .join(Village, Village.id == Household.village_id)
        .join(Product, Product.id == HarvestLot.product_id)
        .join(ProductGrade, ProductGrade.id == HarvestLot.grade_id)
        .where(or_(HarvestLot.state != LotState.CLOSED, HarvestLot.qty_total > 0), *conditions)
        .order_by(HarvestLot.harvested_on.desc(), Village.name, Household.code, HarvestLot.id)
        .limit(limit)
    )
    return [LotRow(*row[:15], weighed=int(row[15])) for row in rows]


def weighings(session: Session, lot_id: int) -> list[WeighingRow]:
    """Return a lot's weighings in the order they were made, corrections among them."""
    rows = session.execute(
        select(WeighIn.quantity, WeighIn.reason, Photo.public_id, User.name, WeighIn.weighed_at)
        .outerjoin(Photo, Photo.id == WeighIn.photo_id)
        .outerjoin(User, User.id == WeighIn.weighed_by_id)
        .where(WeighIn.lot_id == lot_id)
        .order_by(WeighIn.id)
    )
    return [WeighingRow(*row) for row in rows]


def movements(session: Session, lot_id: int, limit: int = 50) -> Sequence[StockMovement]:
    """Return a lot's latest stock movements, newest first."""
    return session.scalars(
        select(StockMovement).where(StockMovement.lot_id == lot_id).order_by(StockMovement.id.desc()).limit(limit)
    ).all()


def floors(session: Session, cooperative_id: int, day: date) -> dict[int, int]:
    """Return per grade the floor in force on a day, in đồng per kilogram or piece."""
    latest = (
        select(FloorPrice.grade_id, func.max(FloorPrice.valid_from).label("since"))
        .where(FloorPrice.valid_from <= day)
        .group_by(FloorPrice.grade_id)
        .subquery()
    )
    rows = session.execute(
        select(FloorPrice.grade_id, FloorPrice.price_vnd)
        .join(latest, (latest.c.grade_id == FloorPrice.grade_id) & (latest.c.since == FloorPrice.valid_from))
        .join(ProductGrade, ProductGrade.id == FloorPrice.grade_id)
        .join(Product, Product.id == ProductGrade.product_id)
        .where(Product.cooperative_id == cooperative_id)
    )
    return {row[0]: row[1] for row in rows}


def coming_floors(session: Session, cooperative_id: int, day: date) -> list[tuple[str, str, date, int]]:
    """Return floors that begin after a day: product, grade, first day, đồng."""
    rows = session.execute(
        select(Product.name, ProductGrade.name, FloorPrice.valid_from, FloorPrice.price_vnd)
        .join(ProductGrade, ProductGrade.id == FloorPrice.grade_id)
        .join(Product, Product.id == ProductGrade.product_id)
        .where(Product.cooperative_id == cooperative_id, FloorPrice.valid_from > day)
        .order_by(FloorPrice.valid_from, Product.id)
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def listing_rows(session: Session, cooperative_id: int, today: date, listing_id: int | None = None) -> list[ListingRow]:
    """Return a cooperative's listings, what is on sale first; three queries."""
    conditions: list[Any] = [Listing.cooperative_id == cooperative_id]
    if listing_id is not None:
        conditions.append(Listing.id == listing_id)
    found = session.execute(
        select(Listing, Product.name, ProductGrade.name, Product.measure)
        .join(Product, Product.id == Listing.product_id)
        .join(ProductGrade, ProductGrade.id == Listing.grade_id)
        .where(*conditions)
        .order_by(Listing.id.desc())
    ).all()
    stock = stock_of(session, [row[0].id for row in found], today)
    floor_by_grade = floors(session, cooperative_id, today)
    rows = []
    for listing, product, grade, measure in found:
        left, pledged, households = stock.get(listing.id, (0, 0, 0))
        floor_vnd = floor_by_grade.get(listing.grade_id)
        least = least_unit_price(floor_vnd, listing.unit_quantity, measure) if floor_vnd is not None else None
        rows.append(
            ListingRow(
                listing.id, listing.public_id, listing.title, product, grade, measure, listing.unit_label,
                listing.unit_quantity, listing.weight_grams, listing.price_vnd, listing.state, least,
                left, pledged, households,
            )
        )  # fmt: skip
    order = {ListingState.ON_SALE: 0, ListingState.DRAFT: 1, ListingState.CLOSED: 2}
    return sorted(rows, key=lambda row: order[ListingState(row.state)])


def feeding(session: Session, listing: Listing, today: date) -> list[tuple[LotRow, bool]]:
    """Return the lots that may feed a listing, with whether each does now."""
    fed = set(
        session.scalars(
            select(HarvestLot.public_id)
            .join(ListingLot, ListingLot.lot_id == HarvestLot.id)
            .where(ListingLot.listing_id == listing.id)
        )
    )
    may = lots(
        session,
        HarvestLot.grade_id == listing.grade_id,
        HarvestLot.season_id == listing.season_id,
        can_still_be_sold(today),
    )
    return [(row, row.public_id in fed) for row in may]


def price_approvals(
    session: Session, cooperative_id: int, *, waiting_only: bool = False, listing_id: int | None = None, limit: int = 50
) -> list[ApprovalRow]:
    """Return proposals of prices below the floor, the newest first."""
    decider = aliased(User)
    statement = (
        select(
            PriceApproval.id,
            Listing.title,
            Listing.unit_label,
            PriceApproval.price_vnd,
            PriceApproval.reason,
            PriceApproval.for_date,
            PriceApproval.state,
            PriceApproval.proposed_by_id,
            User.name,
            decider.name,
        )
        .join(Listing, Listing.id == PriceApproval.listing_id)
        .join(User, User.id == PriceApproval.proposed_by_id)
        .outerjoin(decider, decider.id == PriceApproval.decided_by_id)
        .where(Listing.cooperative_id == cooperative_id)
        .order_by(PriceApproval.id.desc())
        .limit(limit)
    )
    if waiting_only:
        statement = statement.where(PriceApproval.state == PriceApprovalState.PROPOSED)
    if listing_id is not None:
        statement = statement.where(PriceApproval.listing_id == listing_id)
    return [ApprovalRow(*row) for row in session.execute(statement)]


def seasons(session: Session, cooperative_id: int) -> Sequence[Season]:
    """Return a cooperative's seasons, the latest first."""
    return session.scalars(
        select(Season)
        .where(Season.cooperative_id == cooperative_id)
        .order_by(Season.starts_on.desc(), Season.id.desc())
    ).all()
