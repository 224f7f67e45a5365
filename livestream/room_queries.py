"""What a room shows and decides with: the shelf with its live prices and true stock, the log, and a buyer's own order."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import epoch_ms
from app.quantity import format_units
from livestream.models import ChatMessage, LiveSession, Offer, SessionEvent
from livestream.order_comments import Shelf, ShelfOffer
from orders.models import Order, OrderLine
from orders.pricing import price_per_kg
from orders.states import OrderState
from shop.lot_queries import can_still_be_sold
from shop.models import HarvestLot, Listing, ListingLot, ListingPack, Photo, Product, SaleLimit

MESSAGES_SHOWN = 50
MOST_MISSED = 500
"""A viewer who missed more starts afresh from a snapshot."""


@dataclass(frozen=True, slots=True)
class ShelfEntry:
    """An offer with its listing as the room needs it; quantities in base units, the price per sale unit in đồng."""

    offer_id: int
    code: str
    price_vnd: int
    is_open: bool
    sale_limit_id: int | None
    quota_left: int | None
    listing_id: int
    listing_public_id: str
    title: str
    unit_label: str
    unit_quantity: int
    divisible: bool
    weight_grams: int | None
    placeholder: str
    photo_public_id: str | None
    packs: dict[str, int] = field(default_factory=dict)

    def say(self, quantity: int) -> str:
        """Write base units in the sale unit."""
        return format_units(quantity, self.unit_quantity, self.unit_label)

    def to_dict(self, left: int) -> dict[str, Any]:
        """Return the offer as a page shows it, with what is left in base units."""
        return {
            "id": self.offer_id,
            "code": self.code,
            "listing": self.listing_public_id,
            "title": self.title,
            "unit": self.unit_label,
            "unit_quantity": self.unit_quantity,
            "divisible": self.divisible,
            "price_vnd": self.price_vnd,
            "per_kg_vnd": price_per_kg(self.price_vnd, self.weight_grams),
            "is_open": self.is_open,
            "left": left,
            "left_text": self.say(left),
            "placeholder": self.placeholder,
            "photo": self.photo_public_id,
        }


def load_shelves(session: Session, session_ids: Collection[int]) -> dict[int, list[ShelfEntry]]:
    """Return every session's shelf in its order; two queries, whatever the number of sessions."""
    rows = session.execute(
        select(
            Offer.session_id,
            Offer.id,
            Offer.code,
            Offer.price_vnd,
            Offer.is_open,
            Offer.sale_limit_id,
            (SaleLimit.qty_limit - SaleLimit.qty_taken).label("quota_left"),
            Listing.id.label("listing_id"),
            Listing.public_id.label("listing_public_id"),
            Listing.title,
            Listing.unit_label,
            Listing.unit_quantity,
            Listing.divisible,
            Listing.weight_grams,
            Product.placeholder,
            Photo.public_id.label("photo_public_id"),
        )
        .join(Listing, Listing.id == Offer.listing_id)
        .join(Product, Product.id == Listing.product_id)
        .outerjoin(Photo, Photo.id == Product.photo_id)
        .outerjoin(SaleLimit, SaleLimit.id == Offer.sale_limit_id)
        .where(Offer.session_id.in_(session_ids))
        .order_by(Offer.session_id, Offer.position, Offer.id)
    ).all()
    packs: dict[int, dict[str, int]] = defaultdict(dict)
    if rows:
        for listing_id, label, units in session.execute(
            select(ListingPack.listing_id, ListingPack.label, ListingPack.units).where(
                ListingPack.listing_id.in_({row.listing_id for row in rows})
            )
        ):
            packs[listing_id][label] = units
    shelves: dict[int, list[ShelfEntry]] = {session_id: [] for session_id in session_ids}
    for session_id, offer_id, *rest in rows:
        entry = ShelfEntry(offer_id, *rest)
        entry.packs.update(packs.get(entry.listing_id, {}))
        shelves[session_id].append(entry)
    return shelves


def reader_shelf(entries: Sequence[ShelfEntry], pinned_offer_id: int | None) -> Shelf:
    """Return the shelf as the comment reader knows it: codes, names, units, weights and packs, and what is pinned."""
    offers = tuple(
        ShelfOffer(
            code=entry.code,
            name=entry.title,
            unit=entry.unit_label,
            kg_per_unit=None if entry.weight_grams is None else Fraction(entry.weight_grams, 1000),
            packs={label: Fraction(units) for label, units in entry.packs.items()},
        )
        for entry in entries
    )
    pinned = next((entry.code for entry in entries if entry.offer_id == pinned_offer_id), None)
    return Shelf(offers=offers, pinned=pinned)


def stock_left(session: Session, entries: Sequence[ShelfEntry], *, on: date) -> dict[int, int]:
    """Return what can still be ordered of each offer, by offer id, in base units: the lots' rest, within the quota.

    Goods sold by whole packs count whole packs of each lot. A moment old as soon as it is read; only placing decides.
    """
    listings = {entry.listing_id: entry for entry in entries}
    available: dict[int, int] = defaultdict(int)
    if listings:
        rest = HarvestLot.qty_total - HarvestLot.qty_held - HarvestLot.qty_sold - HarvestLot.qty_lost
        rows = session.execute(
            select(ListingLot.listing_id, rest)
            .join(HarvestLot, HarvestLot.id == ListingLot.lot_id)
            .where(
                ListingLot.listing_id.in_(listings),
                can_still_be_sold(on),
            )
        )
        for listing_id, quantity in rows:
            entry = listings[listing_id]
            available[listing_id] += quantity if entry.divisible else quantity - quantity % entry.unit_quantity
    left = {}
    for entry in entries:
        quantity = available[entry.listing_id]
        left[entry.offer_id] = quantity if entry.quota_left is None else max(0, min(quantity, entry.quota_left))
    return left


def items_since(session: Session, session_id: int, since: int, sender_key: str | None) -> list[dict[str, Any]] | None:
    """Return the room's items after ``since`` in order, the sender's own answers with them; None when too many."""
    events = session.execute(
        select(SessionEvent.type, SessionEvent.seq, SessionEvent.at_ms, SessionEvent.data)
        .where(SessionEvent.session_id == session_id, SessionEvent.seq > since)
        .order_by(SessionEvent.seq)
        .limit(MOST_MISSED + 1)
    ).all()
    messages = _messages(session, session_id, ChatMessage.seq > since, MOST_MISSED + 1)
    if len(events) + len(messages) > MOST_MISSED:
        return None
    items = [{"type": row.type, "seq": row.seq, "at": row.at_ms, "data": row.data} for row in events]
    items += [message_item(message, sender_key) for message in messages]
    return sorted(items, key=lambda item: item["seq"])


def last_messages(session: Session, session_id: int, sender_key: str | None) -> list[dict[str, Any]]:
    """Return the room's newest comments, oldest first, with the sender's own answers."""
    messages = _messages(session, session_id, ChatMessage.seq > 0, MESSAGES_SHOWN)
    return [message_item(message, sender_key) for message in messages]


def _messages(session: Session, session_id: int, condition: Any, limit: int) -> list[ChatMessage]:
    newest = session.scalars(
        select(ChatMessage)
        .where(ChatMessage.session_id == session_id, condition)
        .order_by(ChatMessage.seq.desc())
        .limit(limit)
    ).all()
    return list(reversed(newest))


def message_item(message: ChatMessage, sender_key: str | None = None) -> dict[str, Any]:
    """Return a stored comment as the room gets it; the sender also gets what they were answered."""
    mine = sender_key is not None and message.sender_key == sender_key
    data = {
        "name": message.sender_name,
        "text": message.shown_text,
        "kind": message.kind,
        "cid": message.client_id if mine else "",
        "host": message.user_id is not None,
    }
    if mine:
        data["answer"] = message.outcome
    return {"type": "talk", "seq": message.seq, "at": epoch_ms(message.at), "data": data}


def own_order(session: Session, session_id: int, buyer_id: int) -> dict[str, Any] | None:
    """Return the buyer's unpaid order of this session as the order bar shows it, or None."""
    order = session.scalar(
        select(Order)
        .where(Order.buyer_id == buyer_id, Order.session_id == session_id, Order.state == OrderState.PENDING)
        .order_by(Order.id.desc())
        .limit(1)
    )
    if order is None:
        return None
    lines = session.scalars(
        select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.quantity > 0).order_by(OrderLine.id)
    ).all()
    return {
        "code": order.code,
        "link": f"/don/{order.link_token}",
        "goods_vnd": order.goods_vnd,
        "expires_at": _iso(order.hold_expires_at),
        "lines": [
            {
                "listing_id": line.listing_id,
                "code": line.offer_code,
                "title": line.title,
                "quantity": line.quantity,
                "text": format_units(line.quantity, line.unit_quantity, line.unit_label),
                "goods_vnd": line.goods_vnd,
            }
            for line in lines
        ],
    }


def session_of(session: Session, session_id: int) -> LiveSession | None:
    """Return a session's row as it stands now."""
    return session.get(LiveSession, session_id, populate_existing=True)


def open_sessions_selling(session: Session, listing_ids: Collection[int]) -> set[int]:
    """Return the ids of the sessions that are still to come or running and have one of these listings on the shelf."""
    statement = (
        select(Offer.session_id)
        .join(LiveSession, LiveSession.id == Offer.session_id)
        .where(Offer.listing_id.in_(listing_ids), LiveSession.state.in_(("scheduled", "live", "reconnecting")))
    )
    return set(session.scalars(statement))


def money_of_session(session: Session, session_id: int) -> dict[str, int]:
    """Return a session's goods in đồng by what they are worth: held, confirmed and delivered, never mixed."""
    rows = session.execute(
        select(Order.state, func.count(), func.coalesce(func.sum(Order.goods_vnd), 0))
        .where(Order.session_id == session_id)
        .group_by(Order.state)
    ).all()
    by_state = {state: (count, int(amount)) for state, count, amount in rows}
    paid = (OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)
    return {
        "held_orders": by_state.get(OrderState.PENDING, (0, 0))[0],
        "held_vnd": by_state.get(OrderState.PENDING, (0, 0))[1],
        "paid_orders": sum(by_state.get(state, (0, 0))[0] for state in paid),
        "paid_vnd": sum(by_state.get(state, (0, 0))[1] for state in paid),
        "delivered_vnd": by_state.get(OrderState.DELIVERED, (0, 0))[1],
    }


def _iso(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()
