"""What buyers see: what is in season, a listing with whose harvest it is, and where one lot grew. Quantities in base units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, or_, select
from sqlalchemy.orm import Session

from shop.lot_queries import can_still_be_sold
from shop.models import (
    Certificate,
    Cooperative,
    HarvestLot,
    Household,
    Listing,
    ListingLot,
    ListingPack,
    ListingState,
    LotState,
    Photo,
    Product,
    ProductGrade,
    Season,
    Village,
)
from shop.unit_prices import price_per_kilogram


@dataclass(frozen=True, slots=True)
class ShopItem:
    """A listing as a buyer sees it; ``left`` is what can still be sold of it, ``left_pledged`` the part not yet weighed."""

    listing_id: int
    public_id: str
    title: str
    title_en: str
    product_name: str
    product_name_en: str
    grade_name: str
    grade_name_en: str
    photo: str | None
    placeholder: str
    price_vnd: int
    unit_label: str
    unit_quantity: int
    divisible: bool
    weight_grams: int | None
    measure: str
    state: str
    cooperative_name: str
    left: int = 0
    left_pledged: int = 0
    households: int = 0

    @property
    def price_per_kg_vnd(self) -> int | None:
        """The price of a kilogram, where the sale unit has a weight."""
        return price_per_kilogram(self.price_vnd, self.weight_grams)

    @property
    def on_sale(self) -> bool:
        """Whether it can be ordered at all."""
        return self.state == ListingState.ON_SALE


@dataclass(frozen=True, slots=True)
class OriginLot:
    """One household's lot behind a listing, as far as it concerns a buyer."""

    public_id: str
    household: str
    village: str
    old_local_name: str
    ward: str
    harvested_on: date
    best_before: date
    state: str
    left: int


@dataclass(frozen=True, slots=True)
class ShopItemPage:
    """A listing with its story: text, packs, whose harvest, which certificates."""

    item: ShopItem
    about: str
    about_en: str
    packs: Sequence[tuple[str, int]]
    lots: Sequence[OriginLot]
    certificates: Sequence[Certificate]


@dataclass(frozen=True, slots=True)
class LotPage:
    """Whose orchard a box came from."""

    public_id: str
    household: str
    growing_area_code: str | None
    village: str
    old_local_name: str
    ward: str
    province: str
    cooperative: str
    product: str
    product_en: str
    grade: str
    grade_en: str
    placeholder: str
    photo: str | None
    measure: str
    harvested_on: date
    best_before: date
    state: str
    quantity: int
    weighed_at: datetime | None
    season: str
    certificates: Sequence[Certificate]
    listings: Sequence[tuple[str, str, str]]
    """Where it is sold now: public id and title in both languages."""


_FREE = HarvestLot.qty_total - HarvestLot.qty_held - HarvestLot.qty_sold - HarvestLot.qty_lost


def sellable(free: Any) -> ColumnElement[int]:
    """Return what of a lot's free quantity a listing can sell: all of it, or whole packs only."""
    return case((Listing.divisible.is_(True), free), else_=(free // Listing.unit_quantity) * Listing.unit_quantity)


def _items(*conditions: Any) -> Any:
    return (
        select(
            Listing.id.label("listing_id"),
            Listing.public_id,
            Listing.title,
            Listing.title_en,
            Product.name.label("product_name"),
            Product.name_en.label("product_name_en"),
            ProductGrade.name.label("grade_name"),
            ProductGrade.name_en.label("grade_name_en"),
            Photo.public_id.label("photo"),
            Product.placeholder,
            Listing.price_vnd,
            Listing.unit_label,
            Listing.unit_quantity,
            Listing.divisible,
            Listing.weight_grams,
            Product.measure,
            Listing.state,
            Cooperative.name.label("cooperative_name"),
        )
        .join(Product, Product.id == Listing.product_id)
        .join(ProductGrade, ProductGrade.id == Listing.grade_id)
        .join(Cooperative, Cooperative.id == Listing.cooperative_id)
        .outerjoin(Photo, Photo.id == Product.photo_id)
        .where(*conditions)
    )


def stock_of(session: Session, listing_ids: Sequence[int], today: date) -> dict[int, tuple[int, int, int]]:
    """Return per listing what is left, the pledged part of it, and of how many households; nothing past its best."""
    free = sellable(_FREE)
    rows = session.execute(
        select(
            ListingLot.listing_id,
            func.sum(free),
            func.sum(case((HarvestLot.state == LotState.PLEDGED, free), else_=0)),
            func.count(func.distinct(case((free > 0, HarvestLot.household_id)))),
        )
        .join(HarvestLot, HarvestLot.id == ListingLot.lot_id)
        .join(Listing, Listing.id == ListingLot.listing_id)
        .where(ListingLot.listing_id.in_(listing_ids), can_still_be_sold(today))
        .group_by(ListingLot.listing_id)
    )
    return {row[0]: (int(row[1]), int(row[2]), int(row[3])) for row in rows}


def in_season(session: Session, today: date) -> list[ShopItem]:
    """Return what is on sale now, what can still be had first; two queries."""
    return _with_stock(session, _items(Listing.state == ListingState.ON_SALE).order_by(Listing.id), today)


def items_by_id(session: Session, listing_ids: Sequence[int], today: date) -> dict[int, ShopItem]:
    """Return listings by id with their stock, for baskets and shelves; two queries."""
    return {item.listing_id: item for item in _with_stock(session, _items(Listing.id.in_(listing_ids)), today)}


def _with_stock(session: Session, statement: Any, today: date) -> list[ShopItem]:
    rows = session.execute(statement).mappings().all()
    stock = stock_of(session, [row["listing_id"] for row in rows], today)
    items = []
    for row in rows:
        left, pledged, households = stock.get(row["listing_id"], (0, 0, 0))
        items.append(ShopItem(**row, left=left, left_pledged=pledged, households=households))
    return sorted(items, key=lambda item: item.left == 0)


def item_page(session: Session, listing: Listing, today: date) -> ShopItemPage:
    """Return a listing's page; four queries beside the listing itself."""
    item = items_by_id(session, [listing.id], today)[listing.id]
    texts = session.execute(select(Product.about, Product.about_en).where(Product.id == listing.product_id)).one()
    packs = session.execute(
        select(ListingPack.label, ListingPack.units)
        .where(ListingPack.listing_id == listing.id)
        .order_by(ListingPack.id)
    ).all()
    lots = session.execute(
        select(
            HarvestLot.public_id,
            Household.name,
            Village.name,
            Village.old_local_name,
            Village.ward_name,
            HarvestLot.harvested_on,
            HarvestLot.best_before,
            HarvestLot.state,
            sellable(_FREE),
        )
        .join(ListingLot, ListingLot.lot_id == HarvestLot.id)
        .join(Listing, Listing.id == ListingLot.listing_id)
        .join(Household, Household.id == HarvestLot.household_id)
        .join(Village, Village.id == Household.village_id)
        .where(
            ListingLot.listing_id == listing.id,
            can_still_be_sold(today),
            HarvestLot.qty_total > 0,
        )
        .order_by(HarvestLot.best_before, HarvestLot.id)
    ).all()
    return ShopItemPage(
        item=item,
        about=texts[0],
        about_en=texts[1],
        packs=[(row[0], row[1]) for row in packs],
        lots=[OriginLot(*row) for row in lots],
        certificates=valid_certificates(session, listing.product_id, today),
    )


def lot_page(session: Session, lot: HarvestLot, today: date) -> LotPage:
    """Return a lot's page; three queries beside the lot itself."""
    row = session.execute(
        select(
            Household.name,
            Household.growing_area_code,
            Village.name,
            Village.old_local_name,
            Village.ward_name,
            Village.province_name,
            Cooperative.name,
            Product.name,
            Product.name_en,
            ProductGrade.name,
            ProductGrade.name_en,
            Product.placeholder,
            Photo.public_id,
            Product.measure,
            Season.name,
        )
        .select_from(HarvestLot)
        .join(Household, Household.id == HarvestLot.household_id)
        .join(Village, Village.id == Household.village_id)
        .join(Cooperative, Cooperative.id == HarvestLot.cooperative_id)
        .join(Product, Product.id == HarvestLot.product_id)
        .join(ProductGrade, ProductGrade.id == HarvestLot.grade_id)
        .join(Season, Season.id == HarvestLot.season_id)
        .outerjoin(Photo, Photo.id == Product.photo_id)
        .where(HarvestLot.id == lot.id)
    ).one()
    listings = session.execute(
        select(Listing.public_id, Listing.title, Listing.title_en)
        .join(ListingLot, ListingLot.listing_id == Listing.id)
        .where(ListingLot.lot_id == lot.id, Listing.state == ListingState.ON_SALE)
        .order_by(Listing.id)
    ).all()
    return LotPage(
        lot.public_id,
        *row[:14],
        harvested_on=lot.harvested_on,
        best_before=lot.best_before,
        state=lot.state,
        quantity=lot.qty_total,
        weighed_at=lot.weighed_at,
        season=row[14],
        certificates=valid_certificates(session, lot.product_id, today),
        listings=[(found[0], found[1], found[2]) for found in listings],
    )


def valid_certificates(session: Session, product_id: int, today: date) -> Sequence[Certificate]:
    """Return a product's certificates that have not expired."""
    in_force = or_(Certificate.expires_on.is_(None), Certificate.expires_on >= today)
    return session.scalars(
        select(Certificate).where(and_(Certificate.product_id == product_id, in_force)).order_by(Certificate.id)
    ).all()


def house_name(session: Session) -> str | None:
    """Return the name over the door: the first cooperative's, or None before there is one."""
    return session.scalar(select(Cooperative.name).order_by(Cooperative.id).limit(1))
