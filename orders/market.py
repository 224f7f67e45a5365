"""Reads, locks and assembles everything a batch of order commands decides with (see ``orders.drafting.Market``).

A fixed number of statements, whatever the batch: the listings and their lots, the buyers' live orders with what they hold,
quotas, unpaid totals and the season's figures for fairness.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Literal, cast

from sqlalchemy import func, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.models import Buyer
from app.clock import vietnam_date
from app.policy import SalePolicy
from orders.drafting import CatalogueItem, DraftLine, LimitState, Market, OrderDraft
from orders.ledger.shares import FrozenRates
from orders.locks import lock_orders
from orders.models import Order, OrderLine, Payment, RateCard, StockHold, StockHoldLine
from orders.requests import OrderRequest
from orders.states import HoldState, OrderState, PaymentState
from shop.allocation import AllocationPlanner, Demand, LotShare, LotSupply
from shop.locks import lock_lots, lock_sale_limits
from shop.lot_queries import can_still_be_sold
from shop.models import HarvestLot, Listing, ListingLot, ListingState, LotState

LiveKey = tuple[int, int]
"""(buyer id, session id): whose unpaid order of which session."""

PAID_ORDER = "Đơn của bác đã có tiền chuyển đến. Cô bác ở bàn chốt đơn sẽ gọi lại để đổi đơn giúp bác ạ."
_ON_ITS_WAY = (OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)
_LIVE_LOT_STATES = (LotState.PLEDGED, LotState.WEIGHED)


def live_order_ids(session: Session, requests: Sequence[OrderRequest]) -> Sequence[int]:
    """Return the unpaid live orders that these requests would change, not yet locked."""
    keys = _live_keys(requests)
    if not keys:
        return ()
    return session.scalars(
        select(Order.id).where(tuple_(Order.buyer_id, Order.session_id).in_(keys), Order.state == OrderState.PENDING)
    ).all()


def paid_live_orders(session: Session, requests: Sequence[OrderRequest]) -> dict[LiveKey | None, int]:
    """Return the latest order of these buyers and sessions that is paid or promised and on its way."""
    keys = _live_keys(requests)
    if not keys:
        return {}
    rows = session.execute(
        select(Order.buyer_id, Order.session_id, Order.id)
        .where(tuple_(Order.buyer_id, Order.session_id).in_(keys), Order.state.in_(_ON_ITS_WAY))
        .order_by(Order.id)
    )
    return {(row.buyer_id, row.session_id): row.id for row in rows}


def _live_keys(requests: Sequence[OrderRequest]) -> set[LiveKey]:
    return {(r.buyer.id, r.attribution.session_id) for r in requests if r.attribution}


def load_live_orders(session: Session, requests: Sequence[OrderRequest]) -> dict[LiveKey, Order]:
    """Lock and return the unpaid live orders that these requests would change, keyed by buyer and session."""
    found = live_order_ids(session, requests)
    orders = [order for order in lock_orders(session, found) if order.state == OrderState.PENDING]
    return {(order.buyer_id, order.session_id): order for order in orders if order.session_id is not None}


def load_market(
    session: Session,
    requests: Sequence[OrderRequest],
    live_orders: Collection[Order],
    *,
    policy: SalePolicy,
    now: datetime,
) -> tuple[Market, dict[int, OrderDraft]]:
    """Lock the quotas and lots of the batch and return the market, with a draft for each live order by its id."""
    lines, held = _lines_and_holds(session, [order.id for order in live_orders])
    listing_ids = {c.listing_id for r in requests for c in r.changes if c.listing_id is not None}
    catalogue = load_catalogue(session, listing_ids | {line.listing_id for line in lines}, on=vietnam_date(now))
    limit_ids = {c.sale_limit_id for r in requests for c in r.changes if c.sale_limit_id is not None}
    limit_ids |= {line.sale_limit_id for line in lines if line.sale_limit_id is not None}
    limits = _limits(session, limit_ids, [r.buyer.id for r in requests])
    lot_ids = {lot_id for item in catalogue.values() for lot_id in item.lots}
    lot_ids |= {lot_id for taken in held.values() for lot_id in taken}
    planner, sellable = _planner(session, lot_ids)
    for listing_id, item in catalogue.items():
        alive = {lot_id: rank for lot_id, rank in item.lots.items() if lot_id in sellable}
        catalogue[listing_id] = replace(item, lots=alive)
    market = Market(catalogue, planner, limits, _unpaid_grams(session, requests), policy, now)
    return market, _drafts(session, live_orders, lines, held, catalogue)


def load_catalogue(session: Session, listing_ids: Collection[int], *, on: date) -> dict[int, CatalogueItem]:
    """Return the listings with what feeds them and the rates in force on a day (host part 0: the session adds it)."""
    if not listing_ids:
        return {}
    listings = session.execute(
        select(
            Listing.id,
            Listing.cooperative_id,
            Listing.title,
            Listing.unit_label,
            Listing.unit_quantity,
            Listing.divisible,
            Listing.weight_grams,
            Listing.price_vnd,
            Listing.state,
        ).where(Listing.id.in_(listing_ids))
    ).all()
    feeding: dict[int, dict[int, int]] = defaultdict(dict)
    for row in session.execute(
        select(ListingLot.listing_id, ListingLot.lot_id, ListingLot.rank)
        .join(HarvestLot, HarvestLot.id == ListingLot.lot_id)
        .where(ListingLot.listing_id.in_(listing_ids), can_still_be_sold(on))
    ):
        feeding[row.listing_id][row.lot_id] = row.rank
    rates = rates_in_force(session, {listing.cooperative_id for listing in listings}, on=on)
    return {
        listing.id: CatalogueItem(
            listing_id=listing.id,
            cooperative_id=listing.cooperative_id,
            title=listing.title,
            unit_label=listing.unit_label,
            unit_quantity=listing.unit_quantity,
            divisible=listing.divisible,
            weight_grams=listing.weight_grams,
            price_vnd=listing.price_vnd,
            on_sale=listing.state == ListingState.ON_SALE,
            rates=rates[listing.cooperative_id],
            lots=feeding[listing.id],
        )
        for listing in listings
    }


def rates_in_force(session: Session, cooperative_ids: Collection[int], *, on: date) -> dict[int, FrozenRates]:
    """Return each cooperative's rate card of a day; one without a card takes nothing."""
    rates = dict.fromkeys(cooperative_ids, FrozenRates(0, 0, 0, 0, 0, "cooperative"))
    cards = session.scalars(
        select(RateCard)
        .where(RateCard.cooperative_id.in_(cooperative_ids), RateCard.valid_from <= on)
        .order_by(RateCard.valid_from)
    )
    for card in cards:
        rates[card.cooperative_id] = FrozenRates(
            card.coop_bps, 0, card.packing_vnd_per_kg, card.packing_vnd_per_unit, card.fee_bps, _bearer(card.fee_bearer)
        )
    return rates


def plan_lines(session: Session, lines: Sequence[OrderLine], *, on: date) -> list[tuple[OrderLine, list[LotShare]]]:
    """Lock the lots that feed these lines and plan them by the published rule; raises ``InsufficientStock``."""
    catalogue = load_catalogue(session, {line.listing_id for line in lines}, on=on)
    planner, sellable = _planner(session, {lot_id for item in catalogue.values() for lot_id in item.lots})
    planned = []
    for line in lines:
        ranks = {lot: rank for lot, rank in catalogue[line.listing_id].lots.items() if lot in sellable}
        planned.append((line, planner.plan(Demand(line.quantity, line.unit_quantity, not line.divisible), ranks)))
    return planned


def planner_without(
    session: Session, lot_id: int, listing_ids: Collection[int], *, on: date
) -> tuple[AllocationPlanner, dict[int, dict[int, int]]]:
    """Lock the lots that feed these listings, one left out, and return a planner with each listing's lots and ranks."""
    catalogue = load_catalogue(session, listing_ids, on=on)
    feeding = {lot for item in catalogue.values() for lot in item.lots}
    planner, sellable = _planner(session, feeding | {lot_id})
    sellable.discard(lot_id)
    ranks = {
        listing_id: {lot: rank for lot, rank in item.lots.items() if lot in sellable}
        for listing_id, item in catalogue.items()
    }
    return planner, ranks


def _planner(session: Session, lot_ids: Collection[int]) -> tuple[AllocationPlanner, set[int]]:
    lots = lock_lots(session, lot_ids)
    sellable = {lot.id for lot in lots if lot.state in _LIVE_LOT_STATES}
    figures = _season_figures(session, {lot.household_id for lot in lots}, {lot.season_id for lot in lots})
    nothing = (0, 0)
    planner = AllocationPlanner(
        LotSupply(
            lot_id=lot.id,
            household_id=lot.household_id,
            available=lot.qty_total - lot.qty_held - lot.qty_sold - lot.qty_lost,
            best_before=lot.best_before,
            season_sold=figures.get((lot.household_id, lot.season_id, lot.grade_id), nothing)[0],
            season_brought=figures.get((lot.household_id, lot.season_id, lot.grade_id), nothing)[1],
        )
        for lot in lots
    )
    return planner, sellable


def _season_figures(
    session: Session, household_ids: Collection[int], season_ids: Collection[int]
) -> dict[tuple[int, int, int], tuple[int, int]]:
    if not household_ids:
        return {}
    rows = session.execute(
        select(
            HarvestLot.household_id,
            HarvestLot.season_id,
            HarvestLot.grade_id,
            func.sum(HarvestLot.qty_sold + HarvestLot.qty_held),
            func.sum(HarvestLot.qty_total),
        )
        .where(HarvestLot.household_id.in_(household_ids), HarvestLot.season_id.in_(season_ids))
        .group_by(HarvestLot.household_id, HarvestLot.season_id, HarvestLot.grade_id)
    )
    return {(row[0], row[1], row[2]): (int(row[3]), int(row[4])) for row in rows}


def _lines_and_holds(session: Session, order_ids: Sequence[int]) -> tuple[list[OrderLine], dict[int, dict[int, int]]]:
    if not order_ids:
        return [], {}
    lines = list(session.scalars(select(OrderLine).where(OrderLine.order_id.in_(order_ids)).order_by(OrderLine.id)))
    held: dict[int, dict[int, int]] = defaultdict(dict)
    rows = session.execute(
        select(StockHoldLine.order_line_id, StockHoldLine.lot_id, StockHoldLine.quantity)
        .join(StockHold, StockHold.id == StockHoldLine.hold_id)
        .where(StockHold.order_id.in_(order_ids), StockHold.state == HoldState.ACTIVE)
        .order_by(StockHoldLine.id)
    )
    for row in rows:
        held[row.order_line_id][row.lot_id] = row.quantity
    return lines, held


def _drafts(
    session: Session,
    orders: Collection[Order],
    lines: Sequence[OrderLine],
    held: dict[int, dict[int, int]],
    catalogue: dict[int, CatalogueItem],
) -> dict[int, OrderDraft]:
    paid = _orders_with_money(session, [order.id for order in orders])
    drafts = {
        order.id: OrderDraft(order_id=order.id, first_held_at=order.first_held_at, expires_at=order.hold_expires_at)
        for order in orders
    }
    for line in lines:
        taken = held.get(line.id, {})
        draft_line = DraftLine(
            item=catalogue[line.listing_id],
            price_vnd=line.price_vnd,
            offer_code=line.offer_code,
            sale_limit_id=line.sale_limit_id,
            rates=frozen_rates(line),
            line_id=line.id,
            quantity=line.quantity,
            held=dict(taken),
            quantity_before=line.quantity,
            held_before=dict(taken),
            planned=dict(taken),
        )
        drafts[line.order_id].lines.append(draft_line)
    for order_id, draft in drafts.items():
        draft.counted_grams = draft.grams()
        if order_id in paid:
            draft.locked_reason = PAID_ORDER
    return drafts


def frozen_rates(line: OrderLine) -> FrozenRates:
    """Return the rates frozen on a line."""
    return FrozenRates(
        line.coop_bps,
        line.host_bps,
        line.packing_vnd_per_kg,
        line.packing_vnd_per_unit,
        line.fee_bps,
        _bearer(line.fee_bearer),
    )


def _bearer(text: str) -> Literal["cooperative", "pool"]:
    return "pool" if text == "pool" else "cooperative"


def _orders_with_money(session: Session, order_ids: Sequence[int]) -> set[int]:
    if not order_ids:
        return set()
    captured = select(Payment.order_id).where(Payment.order_id.in_(order_ids), Payment.state == PaymentState.CAPTURED)
    return set(session.scalars(captured))


def _limits(session: Session, limit_ids: Collection[int], buyer_ids: Sequence[int]) -> dict[int, LimitState]:
    limits = {
        row.id: LimitState(row.qty_limit - row.qty_taken, row.per_buyer, row.starts_at, row.ends_at)
        for row in lock_sale_limits(session, limit_ids)
    }
    if any(limit.per_buyer is not None for limit in limits.values()):
        bought = session.execute(
            select(StockHoldLine.sale_limit_id, Order.buyer_id, func.sum(StockHoldLine.quantity))
            .join(StockHold, StockHold.id == StockHoldLine.hold_id)
            .join(Order, Order.id == StockHold.order_id)
            .where(
                StockHoldLine.sale_limit_id.in_(limits),
                Order.buyer_id.in_(buyer_ids),
                StockHold.state.in_((HoldState.ACTIVE, HoldState.COMMITTED)),
            )
            .group_by(StockHoldLine.sale_limit_id, Order.buyer_id)
        )
        for limit_id, buyer_id, quantity in bought:
            if limit_id is not None:
                limits[limit_id].bought[buyer_id] = int(quantity)
    return limits


def _unpaid_grams(session: Session, requests: Sequence[OrderRequest]) -> Counter[tuple[str, object]]:
    totals: Counter[tuple[str, object]] = Counter()
    wanted: dict[str, tuple[Any, set[Any]]] = {
        "buyer": (Order.buyer_id, {r.buyer.id for r in requests}),
        "phone": (Order.buyer_phone, {r.buyer.phone for r in requests}),
        "network": (Buyer.network_key, {r.buyer.network_key for r in requests if r.buyer.network_key}),
        "session": (Order.session_id, {r.attribution.session_id for r in requests if r.attribution}),
    }
    for name, (column, values) in wanted.items():
        for value, grams in _grams_by(session, column, values):
            totals[name, value] = int(grams or 0)
    return totals


def _grams_by(session: Session, column: Any, values: set[Any]) -> Sequence[tuple[Any, Any]]:
    if not values:
        return ()
    unit_grams = func.coalesce(OrderLine.weight_grams, 1000)
    grams = func.sum(OrderLine.quantity * unit_grams / OrderLine.unit_quantity)
    statement = (
        select(column, grams)
        .select_from(Order)
        .join(OrderLine, OrderLine.order_id == Order.id)
        .where(Order.state == OrderState.PENDING, column.in_(values))
        .group_by(column)
    )
    if column is Buyer.network_key:
        statement = statement.join(Buyer, Buyer.id == Order.buyer_id)
    return cast("Sequence[tuple[Any, Any]]", session.execute(statement).all())
