"""Everything one order's page shows, for the buyer and for the desk, in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from app.quantity import GRAMS_PER_KG
from orders.balances import REFUND_PROMISED
from orders.models import Allocation, Claim, Order, OrderEntry, OrderLine, Payment, Refund, Shipment
from orders.pricing import price_per_kg
from orders.states import OrderState, PaymentState
from shop.models import Cooperative, HarvestLot, Household, Listing, Photo, Product, Village

_STILL_OWED = (OrderState.PENDING, OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)
T = TypeVar("T", OrderEntry, Payment, Refund)


@dataclass(frozen=True, slots=True)
class Origin:
    """Whose orchard a part of a line came from. Quantity in base units."""

    household: str
    village: str
    lot_public_id: str
    harvested_on: date
    quantity: int


@dataclass(frozen=True, slots=True)
class LineView:
    """A line with its price per kilogram, its picture and its origins."""

    line: OrderLine
    per_kg_vnd: int | None
    placeholder: str
    photo: str | None
    origins: tuple[Origin, ...]

    @property
    def measured_unit(self) -> tuple[int, str]:
        """The unit in which this line is packed and refunded: kilograms for what is weighed, else its sale unit."""
        weighed = self.line.weight_grams == self.line.unit_quantity
        return (GRAMS_PER_KG, "kg") if weighed else (self.line.unit_quantity, self.line.unit_label)

    @property
    def short_packed(self) -> bool:
        """True when less went into the box than was ordered."""
        return self.line.billed_quantity is not None and self.line.billed_quantity < self.line.quantity


@dataclass(frozen=True, slots=True)
class ClaimView:
    """A complaint with its photo and the line it is about."""

    claim: Claim
    photo: str | None


@dataclass(frozen=True, slots=True)
class OrderPage:
    """One order with all that belongs to it. ``paid_vnd`` is what came in, before anything was given back."""

    order: Order
    cooperative: Cooperative
    lines: tuple[LineView, ...]
    entries: tuple[OrderEntry, ...]
    payments: tuple[Payment, ...]
    refunds: tuple[Refund, ...]
    shipment: Shipment | None
    claims: tuple[ClaimView, ...]

    @property
    def paid_vnd(self) -> int:
        """Đồng received so far."""
        return sum(payment.amount_vnd for payment in self.payments if payment.state == PaymentState.CAPTURED)

    @property
    def due_vnd(self) -> int:
        """Đồng still owed: nothing once delivered, because what is given back after that is not due again."""
        if self.order.state not in _STILL_OWED:
            return 0
        given_back = sum(refund.amount_vnd for refund in self.refunds if refund.state in REFUND_PROMISED)
        return max(0, self.order.total_vnd - self.paid_vnd + given_back)

    @property
    def paid_at(self) -> datetime | None:
        """When the last money came."""
        return max((payment.captured_at for payment in self.payments if payment.captured_at), default=None)


def load_order_page(session: Session, order: Order) -> OrderPage:
    """Gather an order's page. Lines that were cancelled before payment (quantity 0) are left out."""
    return OrderPage(
        order=order,
        cooperative=session.get_one(Cooperative, order.cooperative_id),
        lines=_lines(session, order),
        entries=_all(session, OrderEntry, order),
        payments=_all(session, Payment, order),
        refunds=_all(session, Refund, order),
        shipment=_shipment(session, order),
        claims=_claims(session, order),
    )


def any_order_due(session: Session, now: datetime) -> bool:
    """Tell whether a hold has run out, so that the sweeper writes only when there is something to write."""
    return bool(session.scalar(select(exists().where(Order.state == OrderState.PENDING, Order.hold_expires_at <= now))))


def orders_of_buyer(session: Session, buyer_id: int, limit: int = 20) -> Sequence[Order]:
    """Return a guest's latest orders, newest first; the buyer is known by the signed cookie."""
    return session.scalars(select(Order).where(Order.buyer_id == buyer_id).order_by(Order.id.desc()).limit(limit)).all()


def count_by_state(session: Session, cooperative_id: int) -> dict[str, int]:
    """Return how many orders the cooperative has in each state; states without any are absent."""
    rows = session.execute(
        select(Order.state, func.count()).where(Order.cooperative_id == cooperative_id).group_by(Order.state)
    )
    return dict(rows.all())


def _lines(session: Session, order: Order) -> tuple[LineView, ...]:
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id == order.id)
        .options(joinedload(OrderLine.listing).joinedload(Listing.product).joinedload(Product.photo))
        .order_by(OrderLine.id)
    ).all()
    # Whoever asks for the order's lines next finds them here instead of in the database.
    set_committed_value(order, "lines", list(lines))
    origins = load_origins(session, [line.id for line in lines]) if order.confirmed_at else {}
    return tuple(
        LineView(
            line=line,
            per_kg_vnd=price_per_kg(line.price_vnd, line.weight_grams),
            placeholder=line.listing.product.placeholder,
            photo=line.listing.product.photo.public_id if line.listing.product.photo else None,
            origins=tuple(origins.get(line.id, ())),
        )
        for line in lines
        if line.quantity
    )


def _shipment(session: Session, order: Order) -> Shipment | None:
    if order.state not in (OrderState.SHIPPED, OrderState.DELIVERED, OrderState.RETURNED):
        return None
    return session.scalar(select(Shipment).where(Shipment.order_id == order.id))


def _claims(session: Session, order: Order) -> tuple[ClaimView, ...]:
    if order.delivered_at is None:
        return ()
    rows = session.execute(
        select(Claim, Photo.public_id)
        .outerjoin(Photo, Photo.id == Claim.photo_id)
        .where(Claim.order_id == order.id)
        .order_by(Claim.id)
    )
    return tuple(ClaimView(claim, photo) for claim, photo in rows)


def load_origins(session: Session, line_ids: Sequence[int]) -> dict[int, list[Origin]]:
    """Return the households each confirmed line came from, by line id, the largest part first."""
    rows = session.execute(
        select(
            Allocation.order_line_id,
            Household.name,
            Village.name,
            HarvestLot.public_id,
            HarvestLot.harvested_on,
            Allocation.quantity,
        )
        .join(HarvestLot, HarvestLot.id == Allocation.lot_id)
        .join(Household, Household.id == Allocation.household_id)
        .join(Village, Village.id == Household.village_id)
        .where(Allocation.order_line_id.in_(line_ids), Allocation.quantity > 0)
        .order_by(Allocation.quantity.desc(), Allocation.lot_id)
    )
    origins: dict[int, list[Origin]] = defaultdict(list)
    for line_id, *rest in rows:
        origins[line_id].append(Origin(*rest))
    return origins


def _all(session: Session, model: type[T], order: Order) -> tuple[T, ...]:
    of_order = model.order_id == order.id
    return tuple(session.scalars(select(model).where(of_order).order_by(model.id)))
