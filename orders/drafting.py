"""What a command does to a buyer's order, decided in memory: pure, so that a batch of buyers is planned in arrival order.

A draft is the order as it stands under its lock. Applying a request either changes the draft, the planner and the limits
together, or raises and leaves all three as they were: nothing is ever half done. ``orders.placing`` writes the result.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.errors import Conflict, DomainError, InsufficientStock, InvalidInput, NotFound
from app.policy import SalePolicy
from app.quantity import format_kilograms, format_units
from orders.ledger.shares import FrozenRates
from orders.pricing import line_amount
from orders.requests import BuyerRef, LineChange, OrderRequest, SentToDesk
from shop.allocation import AllocationPlanner, Demand, LotShare

STEP_GRAMS = 100
"""Kilograms are sold to a tenth: what the scale at the collection point can be held to."""
UNWEIGHED_UNIT_GRAMS = 1000
"""What a unit without a weight counts for in the caps on unpaid holds."""


@dataclass(frozen=True, slots=True)
class CatalogueItem:
    """A listing as the batch sees it: how it is sold, what feeds it (lot id → rank), and today's rates."""

    listing_id: int
    cooperative_id: int
    title: str
    unit_label: str
    unit_quantity: int
    divisible: bool
    weight_grams: int | None
    price_vnd: int
    on_sale: bool
    rates: FrozenRates
    lots: Mapping[int, int]

    def grams(self, quantity: int) -> int:
        """Return what the caps count for ``quantity`` base units."""
        return quantity * (self.weight_grams or UNWEIGHED_UNIT_GRAMS) // self.unit_quantity

    def say(self, quantity: int) -> str:
        """Write base units in the listing's sale unit."""
        return format_units(quantity, self.unit_quantity, self.unit_label)


@dataclass(slots=True)
class DraftLine:
    """A line of the draft. ``held`` is what it takes from each lot.

    The ``…_before`` values say what the tables hold now; ``planned`` is what the planner counts as taken by this line.
    """

    item: CatalogueItem
    price_vnd: int
    offer_code: str | None
    sale_limit_id: int | None
    rates: FrozenRates
    line_id: int | None = None
    quantity: int = 0
    held: dict[int, int] = field(default_factory=dict)
    quantity_before: int = 0
    held_before: dict[int, int] = field(default_factory=dict)
    planned: dict[int, int] = field(default_factory=dict)
    touched: bool = False

    @property
    def goods_vnd(self) -> int:
        """The line's amount at its own frozen price."""
        return line_amount(self.quantity, self.price_vnd, self.item.unit_quantity)


@dataclass(slots=True)
class OrderDraft:
    """The buyer's order under its lock, or a new one (``order_id`` None). Lines are in the order they were made."""

    order_id: int | None = None
    lines: list[DraftLine] = field(default_factory=list)
    first_held_at: datetime | None = None
    expires_at: datetime | None = None
    counted_grams: int = 0
    """What the unpaid caps already count for this order."""
    locked_reason: str | None = None
    """Why a person must change this order now (money has already come for it); None when the buyer may."""

    @property
    def goods_vnd(self) -> int:
        """The sum of the lines."""
        return sum(line.goods_vnd for line in self.lines)

    @property
    def is_empty(self) -> bool:
        """True when nothing is left on the order."""
        return not any(line.quantity for line in self.lines)

    def grams(self) -> int:
        """Return what the whole order counts for in the caps."""
        return sum(line.item.grams(line.quantity) for line in self.lines)


@dataclass(slots=True)
class LimitState:
    """A quota as the batch deducts from it; ``bought`` is what each buyer already has under it."""

    left: int
    per_buyer: int | None
    starts_at: datetime | None
    ends_at: datetime | None
    bought: Counter[int] = field(default_factory=Counter)


@dataclass(slots=True)
class Market:
    """Everything a batch decides with: the catalogue, the planner over the locked lots, quotas and unpaid holds.

    ``unpaid_grams`` is keyed by ("buyer", id), ("phone", phone), ("network", key) and ("session", id).
    """

    catalogue: Mapping[int, CatalogueItem]
    planner: AllocationPlanner
    limits: Mapping[int, LimitState]
    unpaid_grams: Counter[tuple[str, object]]
    policy: SalePolicy
    now: datetime


@dataclass(slots=True)
class _Undo:
    """What one request took so far, to be given back if a later part of it is refused."""

    shares: list[LotShare] = field(default_factory=list)
    limits: list[tuple[int, int]] = field(default_factory=list)


def apply_request(draft: OrderDraft, request: OrderRequest, market: Market) -> None:
    """Apply every change of the request to the draft, or raise a ``DomainError`` and leave everything as it was.

    Raises ``InsufficientStock`` with ``left`` in base units and the listing, ``SentToDesk`` for an order too large to hold
    without a person, ``Conflict`` where a cap or a quota refuses, ``InvalidInput`` for a quantity that is not sold so.
    """
    if draft.locked_reason:
        raise SentToDesk(draft.locked_reason, reason="paid_order")
    lines_before = [(line, line.quantity, dict(line.held), dict(line.planned)) for line in draft.lines]
    undo = _Undo()
    try:
        for change in request.changes:
            _apply_change(draft, change, request.buyer, market, undo)
        if draft.order_id is None and not lines_before and draft.is_empty:
            raise Conflict("Bác chưa có đơn nào đang chờ trong phiên này nên chưa có gì để đổi ạ.")
        _check_size(draft, market.policy)
        _check_caps(draft.grams() - draft.counted_grams, request, market)
    except DomainError:
        market.planner.give_back(undo.shares)
        for limit_id, quantity in undo.limits:
            _count_limit(market, limit_id, request.buyer.id, -quantity)
        del draft.lines[len(lines_before) :]
        for line, quantity, held, planned in lines_before:
            line.quantity, line.held, line.planned = quantity, held, planned
        raise
    _settle(draft, request, market)


def _settle(draft: OrderDraft, request: OrderRequest, market: Market) -> None:
    grams = draft.grams()
    for key in _cap_keys(request):
        market.unpaid_grams[key] += grams - draft.counted_grams
    draft.counted_grams = grams
    # Stock that a change let go is free for the next buyer of the batch only now that the whole request stands.
    for line in draft.lines:
        released = {lot_id: taken - line.held.get(lot_id, 0) for lot_id, taken in line.planned.items()}
        market.planner.give_back(LotShare(lot_id, quantity) for lot_id, quantity in released.items() if quantity)
        line.planned = dict(line.held)
    policy, now = market.policy, market.now
    draft.first_held_at = draft.first_held_at or now
    ceiling = draft.first_held_at + timedelta(minutes=policy.hold_ceiling_minutes)
    renewed = min(now + timedelta(minutes=policy.hold_minutes), ceiling)
    draft.expires_at = max(draft.expires_at, renewed) if draft.expires_at else renewed


def _apply_change(draft: OrderDraft, change: LineChange, buyer: BuyerRef, market: Market, undo: _Undo) -> None:
    if change.op == "cancel":
        lines = [line for line in draft.lines if line.quantity and change.listing_id in (None, line.item.listing_id)]
        if not lines:
            raise Conflict("Trong đơn của bác không có món này ạ.")
        for line in lines:
            _lower(line, line.quantity, buyer, market, undo)
        return
    item, change = _resolve(draft, change, market)
    lines = [line for line in draft.lines if line.item.listing_id == item.listing_id]
    present = sum(line.quantity for line in lines)
    wanted = _checked_quantity(item, change.quantity or 0)
    target = present + wanted if change.op == "add" else wanted
    if target > present:
        _raise(draft, item, target - present, change, buyer, market, undo)
    elif target < present:
        excess = present - target
        for line in reversed(lines):
            excess -= _lower(line, min(excess, line.quantity), buyer, market, undo)
    else:
        for line in lines:
            line.touched = True


def _resolve(draft: OrderDraft, change: LineChange, market: Market) -> tuple[CatalogueItem, LineChange]:
    if change.listing_id is not None:
        item = market.catalogue.get(change.listing_id)
        if item is None:
            raise NotFound("Mặt hàng này không còn bán nữa ạ.")
        return item, change
    latest = next((line for line in reversed(draft.lines) if line.quantity), None)
    if latest is None:
        raise Conflict("Bác chưa có món nào trong đơn để đổi ạ.")
    item = latest.item
    if change.grams is not None:
        if item.weight_grams is None:
            raise InvalidInput(f"{item.title} bán theo {item.unit_label}, bác ghi số {item.unit_label} giúp em.")
        base, rest = divmod(change.grams * item.unit_quantity, item.weight_grams)
    else:
        base, rest = divmod((change.milliunits or 0) * item.unit_quantity, 1000)
    if rest:
        raise InvalidInput(f"{item.title} bán theo {item.unit_label} nguyên, bác ghi lại số lượng giúp em.")
    return item, LineChange("set", item.listing_id, base, latest.price_vnd, latest.offer_code, latest.sale_limit_id)


def _checked_quantity(item: CatalogueItem, quantity: int) -> int:
    if quantity <= 0:
        raise InvalidInput("Số lượng phải lớn hơn 0 ạ.")
    if not item.divisible and quantity % item.unit_quantity:
        raise InvalidInput(f"{item.title} bán nguyên {item.unit_label}, bác ghi số {item.unit_label} giúp em.")
    if item.divisible and quantity % STEP_GRAMS:
        raise InvalidInput(f"{item.title} cân đến 0,1 kg, bác ghi lại số cân giúp em.")
    return quantity


def _raise(
    draft: OrderDraft, item: CatalogueItem, more: int, change: LineChange, buyer: BuyerRef, market: Market, undo: _Undo
) -> None:
    if not item.on_sale:
        raise Conflict(f"{item.title} đã ngừng bán ạ.")
    # A very large order is a person's business before any stock is looked at.
    if item.grams(more) > market.policy.desk_order_grams:
        raise _too_large(item.grams(more), market.policy)
    if change.sale_limit_id is not None:
        _check_limit(change.sale_limit_id, item, more, buyer, market)
    try:
        shares = market.planner.plan(Demand(more, item.unit_quantity, not item.divisible), item.lots)
    except InsufficientStock as short:
        left = short.details["left"]
        left -= left % (STEP_GRAMS if item.divisible else item.unit_quantity)
        message = f"{item.title} chỉ còn {item.say(left)} ạ." if left else f"{item.title} vừa hết mất rồi ạ."
        raise InsufficientStock(message, left=left, listing_id=item.listing_id, offer_code=change.offer_code) from None
    undo.shares.extend(shares)
    if change.sale_limit_id is not None:
        _count_limit(market, change.sale_limit_id, buyer.id, more)
        undo.limits.append((change.sale_limit_id, more))
    line = _line_at_price(draft, item, change)
    line.quantity += more
    line.touched = True
    for share in shares:
        line.held[share.lot_id] = line.held.get(share.lot_id, 0) + share.quantity
        line.planned[share.lot_id] = line.planned.get(share.lot_id, 0) + share.quantity


def _line_at_price(draft: OrderDraft, item: CatalogueItem, change: LineChange) -> DraftLine:
    price = change.price_vnd if change.price_vnd is not None else item.price_vnd
    identity = (item.listing_id, price, change.sale_limit_id)
    for line in draft.lines:
        if (line.item.listing_id, line.price_vnd, line.sale_limit_id) == identity:
            return line
    line = DraftLine(item, price, change.offer_code, change.sale_limit_id, item.rates)
    draft.lines.append(line)
    return line


def _lower(line: DraftLine, less: int, buyer: BuyerRef, market: Market, undo: _Undo) -> int:
    line.quantity -= less
    line.touched = True
    remaining = less
    # What was taken last goes back first, so that the rule's first choice stays with the buyer.
    for lot_id in reversed(line.held):
        back = min(line.held[lot_id], remaining)
        line.held[lot_id] -= back
        remaining -= back
    if line.sale_limit_id is not None and less:
        _count_limit(market, line.sale_limit_id, buyer.id, -less)
        undo.limits.append((line.sale_limit_id, -less))
    return less


def _check_limit(limit_id: int, item: CatalogueItem, more: int, buyer: BuyerRef, market: Market) -> None:
    limit = market.limits[limit_id]
    if (limit.starts_at and market.now < limit.starts_at) or (limit.ends_at and market.now >= limit.ends_at):
        raise Conflict(f"Giá này của {item.title} chưa mở hoặc đã hết giờ ạ.")
    left = limit.left
    if limit.per_buyer is not None:
        left = min(left, limit.per_buyer - limit.bought[buyer.id])
    left = max(0, left - left % (STEP_GRAMS if item.divisible else item.unit_quantity))
    if more > left:
        message = f"{item.title} chỉ còn bán {item.say(left)} ạ." if left else f"{item.title} đã hết suất bán ạ."
        raise InsufficientStock(message, left=left, listing_id=item.listing_id)


def _count_limit(market: Market, limit_id: int, buyer_id: int, quantity: int) -> None:
    limit = market.limits.get(limit_id)
    if limit is not None:
        limit.left -= quantity
        limit.bought[buyer_id] += quantity


def _check_size(draft: OrderDraft, policy: SalePolicy) -> None:
    grew = any(line.quantity > line.quantity_before for line in draft.lines)
    if grew and draft.grams() > policy.desk_order_grams:
        raise _too_large(draft.grams(), policy)


def _too_large(grams: int, policy: SalePolicy) -> SentToDesk:
    return SentToDesk(
        f"Đơn trên {format_kilograms(policy.desk_order_grams)} kg cần hợp tác xã xếp hàng riêng. "
        "Cô bác ở bàn chốt đơn sẽ gọi lại cho bác ngay ạ.",
        reason="large_order",
        grams=grams,
    )


def _cap_keys(request: OrderRequest) -> Iterable[tuple[str, object]]:
    yield ("buyer", request.buyer.id)
    # A typed phone is nobody's proof: its cap binds only those who have not proven the number, so that a stranger who
    # types a known buyer's phone cannot use that buyer's room up.
    if not request.buyer.phone_verified:
        yield ("phone", request.buyer.phone)
    if request.buyer.network_key:
        yield ("network", request.buyer.network_key)
    if request.attribution:
        yield ("session", request.attribution.session_id)


def _check_caps(added_grams: int, request: OrderRequest, market: Market) -> None:
    if added_grams <= 0:
        return
    policy = market.policy
    caps = {
        "buyer": policy.unpaid_grams_per_buyer,
        "phone": policy.unpaid_grams_per_phone,
        "network": policy.unpaid_grams_per_address,
        "session": policy.unpaid_grams_per_session,
    }
    for key in _cap_keys(request):
        held = market.unpaid_grams[key]
        if held + added_grams > caps[key[0]]:
            raise Conflict(
                f"Đang có {format_kilograms(held)} kg giữ mà chưa thanh toán. "
                "Bác thanh toán đơn trước rồi đặt tiếp giúp em, để nhường hàng cho người khác ạ.",
                cap=key[0],
            )
