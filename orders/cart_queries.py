"""What the cart page shows: each listing as it stands now, and what is left of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from orders.pricing import line_amount, price_per_kg
from shop.lot_queries import can_still_be_sold
from shop.models import Cooperative, HarvestLot, Listing, ListingLot, ListingState, Photo, Product


@dataclass(frozen=True, slots=True)
class CartLine:
    """One line of the cart at today's price. Quantities in base units, amounts in đồng."""

    listing: Listing
    quantity: int
    left: int
    amount_vnd: int
    per_kg_vnd: int | None
    photo: Photo | None

    @property
    def can_be_had(self) -> bool:
        """True while the listing is on sale and enough of it is left; only placing decides."""
        return self.listing.state == ListingState.ON_SALE and self.quantity <= self.left


@dataclass(frozen=True, slots=True)
class CartOfCooperative:
    """The lines of one seller: an order buys from one cooperative."""

    cooperative: Cooperative
    lines: tuple[CartLine, ...]

    @property
    def goods_vnd(self) -> int:
        """What the lines come to, before delivery."""
        return sum(line.amount_vnd for line in self.lines)


def load_cart(session: Session, quantities: Mapping[str, int], *, on: date) -> list[CartOfCooperative]:
    """Return the cart by cooperative, lines in the order they were put in; what is not public any more is left out."""
    if not quantities:
        return []
    listings = {
        listing.public_id: listing
        for listing in session.scalars(
            select(Listing)
            .where(Listing.public_id.in_(quantities), Listing.state != ListingState.DRAFT)
            .options(joinedload(Listing.product).joinedload(Product.photo))
        )
    }
    left = stock_left(session, [listing.id for listing in listings.values()], on=on)
    lines: dict[int, list[CartLine]] = {}
    for public_id, quantity in quantities.items():
        if (listing := listings.get(public_id)) is None:
            continue
        line = CartLine(
            listing=listing,
            quantity=quantity,
            left=left.get(listing.id, 0),
            amount_vnd=line_amount(quantity, listing.price_vnd, listing.unit_quantity),
            per_kg_vnd=price_per_kg(listing.price_vnd, listing.weight_grams),
            photo=listing.product.photo,
        )
        lines.setdefault(listing.cooperative_id, []).append(line)
    sellers = session.scalars(select(Cooperative).where(Cooperative.id.in_(lines)).order_by(Cooperative.id))
    return [CartOfCooperative(seller, tuple(lines[seller.id])) for seller in sellers]


def stock_left(session: Session, listing_ids: Collection[int], *, on: date) -> dict[int, int]:
    """Return what can still be sold of each listing, in base units: a figure to show, not a promise."""
    free = HarvestLot.qty_total - HarvestLot.qty_held - HarvestLot.qty_sold - HarvestLot.qty_lost
    rows = session.execute(
        select(ListingLot.listing_id, func.sum(free))
        .join(HarvestLot, HarvestLot.id == ListingLot.lot_id)
        .where(ListingLot.listing_id.in_(listing_ids), can_still_be_sold(on))
        .group_by(ListingLot.listing_id)
    )
    return {listing_id: int(quantity or 0) for listing_id, quantity in rows}
