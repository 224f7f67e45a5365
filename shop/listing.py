"""What buyers see: a listing from draft to sale to closing, its price, and the lots that feed it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import Conflict, InvalidInput
from app.ids import new_public_id
from app.quantity import MAX_GRAMS
from app.text import clean_line
from shop import access
from shop.floor_price import require_price, require_price_allowed
from shop.lot_queries import can_still_be_sold
from shop.models import (
    HarvestLot,
    Listing,
    ListingLot,
    ListingPack,
    ListingState,
    LotState,
    Measure,
    Product,
    ProductGrade,
    Season,
)


@dataclass(frozen=True, slots=True)
class SaleUnit:
    """One sale unit: "kg" of 1000 g cut to 100 g, "thùng" of 5000 g whole, "chai" of one piece weighing 700 g."""

    label: str
    quantity: int
    divisible: bool
    weight_grams: int | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """A further container that buyers ask for: ``units`` sale units in one "thùng"."""

    label: str
    units: int


def create_listing(
    session: Session,
    grade: ProductGrade,
    season: Season,
    *,
    title: str,
    unit: SaleUnit,
    price_vnd: int,
    title_en: str = "",
    packs: Sequence[Pack] = (),
    actor: Actor,
    clock: Clock,
) -> Listing:
    """Draft a listing of a grade in a season; buyers see it once it is put on sale. Raises ``InvalidInput``."""
    product = session.get_one(Product, grade.product_id)
    access.require_staff_of(session, actor, product.cooperative_id)
    if season.cooperative_id != product.cooperative_id:
        raise InvalidInput("Vụ này không thuộc hợp tác xã của bác.", field="season")
    require_price(price_vnd)
    weight = _checked_weight(unit, product)
    listing = Listing(
        public_id=new_public_id(),
        cooperative_id=product.cooperative_id,
        product_id=product.id,
        grade_id=grade.id,
        season_id=season.id,
        title=_required_line(title, 120, "title", "Bác ghi tên mặt hàng giúp em."),
        title_en=clean_line(title_en)[:120],
        unit_label=_required_line(unit.label, 20, "unit_label", "Bác ghi đơn vị bán giúp em, ví dụ kg hay thùng."),
        unit_quantity=unit.quantity,
        divisible=unit.divisible,
        weight_grams=weight,
        price_vnd=price_vnd,
        state=ListingState.DRAFT,
        created_at=clock(),
    )
    session.add(listing)
    session.flush()
    for pack in packs:
        if pack.units <= 0:
            raise InvalidInput("Quy cách phải có ít nhất một đơn vị bán ạ.", field="packs")
        label = _required_line(pack.label, 20, "packs", "Bác ghi tên quy cách giúp em.")
        session.add(ListingPack(listing_id=listing.id, label=label, units=pack.units))
    session.flush()
    _record(session, "shop.listing.created", listing, actor=actor, clock=clock, price_vnd=price_vnd)
    return listing


def put_on_sale(session: Session, listing: Listing, *, actor: Actor, clock: Clock) -> None:
    """Show a listing to buyers and feed it with every open lot of its grade and season; twice is once.

    Raises ``BelowFloorPrice``.
    """
    access.require_staff_of(session, actor, listing.cooperative_id)
    today = vietnam_date(clock())
    require_price_allowed(session, listing, listing.price_vnd, on_date=today)
    if listing.state == ListingState.ON_SALE:
        return
    listing.state = ListingState.ON_SALE
    open_lots = session.scalars(
        select(HarvestLot.id).where(
            HarvestLot.grade_id == listing.grade_id,
            HarvestLot.season_id == listing.season_id,
            can_still_be_sold(today),
        )
    ).all()
    fed = set(session.scalars(select(ListingLot.lot_id).where(ListingLot.listing_id == listing.id)))
    session.add_all(ListingLot(listing_id=listing.id, lot_id=lot_id) for lot_id in sorted(set(open_lots) - fed))
    session.flush()
    _record(session, "shop.listing.put_on_sale", listing, actor=actor, clock=clock, price_vnd=listing.price_vnd)


def close_listing(session: Session, listing: Listing, *, actor: Actor, clock: Clock) -> None:
    """Take a listing off sale; what was ordered stays ordered. It may be put on sale again later."""
    access.require_staff_of(session, actor, listing.cooperative_id)
    if listing.state == ListingState.CLOSED:
        return
    listing.state = ListingState.CLOSED
    session.flush()
    _record(session, "shop.listing.closed", listing, actor=actor, clock=clock)


def change_price(session: Session, listing: Listing, price_vnd: int, *, actor: Actor, clock: Clock) -> None:
    """Change the price of a sale unit from now on; orders keep the price they were placed at.

    Raises ``InvalidInput`` and, for a listing on sale, ``BelowFloorPrice``.
    """
    access.require_staff_of(session, actor, listing.cooperative_id)
    require_price(price_vnd)
    if listing.state == ListingState.ON_SALE:
        require_price_allowed(session, listing, price_vnd, on_date=vietnam_date(clock()))
    before, listing.price_vnd = listing.price_vnd, price_vnd
    session.flush()
    _record(session, "shop.listing.repriced", listing, actor=actor, clock=clock, before_vnd=before, price_vnd=price_vnd)


def feed_listing(
    session: Session, listing: Listing, lot: HarvestLot, *, rank: int = 0, actor: Actor, clock: Clock
) -> None:
    """Let a lot feed a listing, or change its rank there (lower is sold first).

    Raises ``InvalidInput`` for another grade or season and ``Conflict`` for a closed lot.
    """
    access.require_staff_of(session, actor, listing.cooperative_id)
    if (lot.grade_id, lot.season_id) != (listing.grade_id, listing.season_id):
        raise InvalidInput("Lô này khác loại hoặc khác vụ với mặt hàng, bác chọn lô khác giúp em.", field="lot")
    if lot.state == LotState.CLOSED:
        raise Conflict("Lô này đã đóng, không bán thêm được ạ.")
    row = session.scalar(select(ListingLot).where(ListingLot.listing_id == listing.id, ListingLot.lot_id == lot.id))
    if row is None:
        row = ListingLot(listing_id=listing.id, lot_id=lot.id)
        session.add(row)
    row.rank = rank
    session.flush()
    _record(session, "shop.listing.fed", listing, actor=actor, clock=clock, lot_id=lot.id, rank=rank)


def stop_feeding(session: Session, listing: Listing, lot: HarvestLot, *, actor: Actor, clock: Clock) -> None:
    """Keep a lot from feeding a listing from now on; what was already taken from it stays taken."""
    access.require_staff_of(session, actor, listing.cooperative_id)
    session.execute(delete(ListingLot).where(ListingLot.listing_id == listing.id, ListingLot.lot_id == lot.id))
    _record(session, "shop.listing.unfed", listing, actor=actor, clock=clock, lot_id=lot.id)


def feed_open_listings(session: Session, lot: HarvestLot) -> None:
    """Feed the listings on sale of a lot's grade and season with it, once; a lot staff took off a listing stays off.

    Called when a lot begins to have something to sell, which is when no listing knows it yet.
    """
    if session.scalar(select(ListingLot.id).where(ListingLot.lot_id == lot.id).limit(1)) is not None:
        return
    listings = session.scalars(
        select(Listing.id)
        .where(
            Listing.grade_id == lot.grade_id,
            Listing.season_id == lot.season_id,
            Listing.state == ListingState.ON_SALE,
        )
        .order_by(Listing.id)
    )
    session.add_all(ListingLot(listing_id=listing_id, lot_id=lot.id) for listing_id in listings.all())
    session.flush()


def _checked_weight(unit: SaleUnit, product: Product) -> int | None:
    if not 0 < unit.quantity <= MAX_GRAMS:
        raise InvalidInput("Một đơn vị bán phải có số lượng lớn hơn 0 ạ.", field="unit_quantity")
    if product.measure == Measure.WEIGHT:
        return unit.quantity
    if unit.divisible and unit.quantity == 1:
        raise InvalidInput("Hàng đếm cái thì không cắt lẻ được ạ.", field="divisible")
    if unit.weight_grams is not None and not 0 < unit.weight_grams <= MAX_GRAMS:
        raise InvalidInput("Cân nặng của một đơn vị phải lớn hơn 0 ạ.", field="weight_grams")
    return unit.weight_grams


def _required_line(text: str, length: int, field: str, message: str) -> str:
    line = clean_line(text)
    if not line or len(line) > length:
        message = f"Chỗ này ghi ngắn thôi ạ, nhiều nhất {length} chữ cái." if line else message
        raise InvalidInput(message, field=field)
    return line


def _record(session: Session, action: str, listing: Listing, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        action,
        "listing",
        listing.id,
        actor=actor,
        clock=clock,
        cooperative_id=listing.cooperative_id,
        **details,
    )
