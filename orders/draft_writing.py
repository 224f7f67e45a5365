"""Writes planned drafts to the tables in a few set-based statements, however many orders the batch has."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import InsufficientStock
from app.ids import new_order_code, new_token
from orders.drafting import DraftLine, OrderDraft
from orders.models import Order, OrderEntry, OrderLine, StockHold, StockHoldLine
from orders.requests import OrderedLine, OrderRequest, OrderResult
from orders.states import HoldState, OrderState
from shop.models import SaleLimit
from shop.stock import LotChange, move_stock

_order = Order.__table__
_line = OrderLine.__table__
_hold = StockHold.__table__
_hold_line = StockHoldLine.__table__
_limit = SaleLimit.__table__


def write_drafts(
    session: Session, accepted: Sequence[tuple[OrderDraft, OrderRequest]], *, actor: Actor, clock: Clock
) -> list[OrderResult]:
    """Write each draft once, under the name of its first command, and return the resulting order for every command.

    Order of the statements follows the lock order: orders, holds, quotas, lots, then what only adds rows. Raises
    ``InsufficientStock`` for the whole batch when a guard refuses, which the locks taken before make impossible in practice.
    """
    first: dict[int, tuple[OrderDraft, OrderRequest]] = {}
    for draft, request in accepted:
        first.setdefault(id(draft), (draft, request))
    pairs = list(first.values())
    now = clock()
    rows = _write_orders(session, pairs, now)
    _write_lines(session, pairs, now)
    _write_limits(session, pairs)
    move_stock(session, _lot_changes(pairs), actor=actor, clock=clock)
    _write_holds(session, pairs, now)
    session.execute(
        insert(OrderEntry),
        [
            {
                "order_id": draft.order_id,
                "at": now,
                "kind": "cancelled" if draft.is_empty else ("changed" if rows[id(draft)]["existed"] else "placed"),
                "actor_name": actor.name,
                "details": {"command": request.key, "goods_vnd": draft.goods_vnd},
            }
            for draft, request in pairs
        ],
    )
    return [_result(draft, rows[id(draft)]) for draft, _ in accepted]


def _write_orders(
    session: Session, pairs: Sequence[tuple[OrderDraft, OrderRequest]], now: datetime
) -> dict[int, dict[str, Any]]:
    written: dict[int, dict[str, Any]] = {}
    old = [draft for draft, _ in pairs if draft.order_id is not None]
    # Orders that end go first: the buyer's next order of the session may only open when the last one has closed.
    if old:
        fixed = {
            row.id: row
            for row in session.execute(
                select(_order.c.id, _order.c.code, _order.c.link_token).where(
                    _order.c.id.in_([draft.order_id for draft in old])
                )
            )
        }
        changes = [_changed_order_row(draft, now) for draft in old]
        session.connection().execute(_UPDATE_ORDER, changes)
        for draft, change in zip(old, changes, strict=True):
            written[id(draft)] = {
                "code": fixed[draft.order_id].code,
                "link_token": fixed[draft.order_id].link_token,
                "state": change["new_state"],
                "total_vnd": change["new_goods"],
                "existed": True,
            }
    new = [(draft, _new_order_row(draft, request, now)) for draft, request in pairs if draft.order_id is None]
    if new:
        session.connection().execute(insert(_order), [row for _, row in new])
        written_codes = select(_order.c.code, _order.c.id).where(_order.c.code.in_([row["code"] for _, row in new]))
        ids = {row.code: row.id for row in session.execute(written_codes)}
        for draft, row in new:
            draft.order_id = ids[row["code"]]
            written[id(draft)] = {**row, "existed": False}
    return written


_UPDATE_ORDER = (
    update(_order)
    .where(_order.c.id == bindparam("order"))
    .values(
        state=bindparam("new_state"),
        goods_vnd=bindparam("new_goods"),
        # The fee and the method were chosen for another weight: checkout asks again, with the address kept.
        delivery_fee_vnd=0,
        payment_method=None,
        total_vnd=bindparam("new_goods"),
        first_held_at=bindparam("held_at"),
        hold_expires_at=bindparam("expires"),
        closed_at=bindparam("closed"),
        updated_at=bindparam("now"),
    )
)


def _new_order_row(draft: OrderDraft, request: OrderRequest, now: datetime) -> dict[str, Any]:
    goods = draft.goods_vnd
    where_won = request.attribution
    return {
        "code": new_order_code(),
        "link_token": new_token(),
        "cooperative_id": request.cooperative_id,
        "buyer_id": request.buyer.id,
        "session_id": where_won.session_id if where_won else None,
        "host_user_id": where_won.host_user_id if where_won else None,
        "commission_bps": where_won.commission_bps if where_won else 0,
        "state": OrderState.CANCELLED if draft.is_empty else OrderState.PENDING,
        "goods_vnd": goods,
        "delivery_fee_vnd": 0,
        "total_vnd": goods,
        "hold_attempt": 1,
        "first_held_at": draft.first_held_at,
        "hold_expires_at": None if draft.is_empty else draft.expires_at,
        "staff_extended": False,
        "buyer_name": request.buyer.name,
        "buyer_phone": request.buyer.phone,
        "note": "",
        "created_at": now,
        "updated_at": now,
        "closed_at": now if draft.is_empty else None,
    }


def _changed_order_row(draft: OrderDraft, now: datetime) -> dict[str, Any]:
    return {
        "order": draft.order_id,
        "new_state": OrderState.CANCELLED if draft.is_empty else OrderState.PENDING,
        "new_goods": draft.goods_vnd,
        "held_at": draft.first_held_at,
        "expires": None if draft.is_empty else draft.expires_at,
        "closed": now if draft.is_empty else None,
        "now": now,
    }


def _write_lines(session: Session, pairs: Sequence[tuple[OrderDraft, OrderRequest]], now: datetime) -> None:
    new = [(draft, line, request) for draft, request in pairs for line in draft.lines if line.line_id is None]
    if new:
        rows = [_new_line_row(draft, line, request, now) for draft, line, request in new]
        session.connection().execute(insert(_line), rows)
        ids = {
            (row.order_id, row.listing_id, row.price_vnd, row.sale_limit_id): row.id
            for row in session.execute(
                select(
                    _line.c.id, _line.c.order_id, _line.c.listing_id, _line.c.price_vnd, _line.c.sale_limit_id
                ).where(_line.c.order_id.in_({draft.order_id for draft, _, _ in new}))
            )
        }
        for draft, line, _ in new:
            line.line_id = ids[draft.order_id, line.item.listing_id, line.price_vnd, line.sale_limit_id]
            line.quantity_before = line.quantity
    changed = [
        {"line": line.line_id, "new_quantity": line.quantity, "new_goods": line.goods_vnd}
        for draft, _ in pairs
        for line in draft.lines
        if line.quantity != line.quantity_before
    ]
    if changed:
        statement = (
            update(_line)
            .where(_line.c.id == bindparam("line"))
            .values(quantity=bindparam("new_quantity"), goods_vnd=bindparam("new_goods"))
        )
        session.connection().execute(statement, changed)


def _new_line_row(draft: OrderDraft, line: DraftLine, request: OrderRequest, now: datetime) -> dict[str, Any]:
    return {
        "order_id": draft.order_id,
        "listing_id": line.item.listing_id,
        "sale_limit_id": line.sale_limit_id,
        "offer_code": line.offer_code,
        "title": line.item.title,
        "unit_label": line.item.unit_label,
        "unit_quantity": line.item.unit_quantity,
        "weight_grams": line.item.weight_grams,
        "divisible": line.item.divisible,
        "price_vnd": line.price_vnd,
        "quantity": line.quantity,
        "goods_vnd": line.goods_vnd,
        "coop_bps": line.rates.coop_bps,
        "host_bps": request.attribution.commission_bps if request.attribution else 0,
        "packing_vnd_per_kg": line.rates.packing_vnd_per_kg,
        "packing_vnd_per_unit": line.rates.packing_vnd_per_unit,
        "fee_bps": line.rates.fee_bps,
        "fee_bearer": line.rates.fee_bearer,
        "created_at": now,
    }


def _write_limits(session: Session, pairs: Sequence[tuple[OrderDraft, OrderRequest]]) -> None:
    deltas: dict[int, int] = {}
    for draft, _ in pairs:
        for line in draft.lines:
            if line.sale_limit_id is not None:
                delta = sum(line.held.values()) - sum(line.held_before.values())
                deltas[line.sale_limit_id] = deltas.get(line.sale_limit_id, 0) + delta
    take_sale_limits(session, deltas)


def take_sale_limits(session: Session, deltas: dict[int, int]) -> None:
    """Add to (or, negative, give back) what is taken from quotas, guarded; raises ``InsufficientStock``."""
    rows = [{"limit": limit_id, "delta": delta} for limit_id, delta in sorted(deltas.items()) if delta]
    if not rows:
        return
    taken = _limit.c.qty_taken + bindparam("delta")
    statement = (
        update(_limit)
        .where(_limit.c.id == bindparam("limit"), taken >= 0, taken <= _limit.c.qty_limit)
        .values(qty_taken=taken)
    )
    if session.connection().execute(statement, rows).rowcount != len(rows):
        raise InsufficientStock("Suất bán vừa hết, bác xem lại số còn giúp em.", left=0)


def _lot_changes(pairs: Sequence[tuple[OrderDraft, OrderRequest]]) -> list[LotChange]:
    changes = []
    for draft, request in pairs:
        deltas: dict[int, int] = {}
        for line in draft.lines:
            for lot_id in line.held.keys() | line.held_before.keys():
                delta = line.held.get(lot_id, 0) - line.held_before.get(lot_id, 0)
                deltas[lot_id] = deltas.get(lot_id, 0) + delta
        changes += [
            LotChange(lot_id, "hold" if delta > 0 else "release", request.reference, delta_held=delta)
            for lot_id, delta in deltas.items()
            if delta
        ]
    return changes


def _write_holds(session: Session, pairs: Sequence[tuple[OrderDraft, OrderRequest]], now: datetime) -> None:
    order_ids = [draft.order_id for draft, _ in pairs]
    hold_of = _active_holds(session, order_ids)
    missing = [(draft, request) for draft, request in pairs if draft.order_id not in hold_of]
    if missing:
        rows = [
            {
                "order_id": draft.order_id,
                "attempt": 1,
                "state": HoldState.RELEASED if draft.is_empty else HoldState.ACTIVE,
                "created_at": now,
                "expires_at": draft.expires_at,
                "closed_at": now if draft.is_empty else None,
            }
            for draft, _ in missing
        ]
        session.connection().execute(insert(_hold), rows)
        hold_of |= _active_holds(session, [draft.order_id for draft, _ in missing])
    existing = [draft for draft, _ in pairs if (draft, _) not in missing]
    if existing:
        statement = (
            update(_hold)
            .where(_hold.c.id == bindparam("hold"))
            .values(state=bindparam("new_state"), expires_at=bindparam("expires"), closed_at=bindparam("closed"))
        )
        rows = [
            {
                "hold": hold_of[draft.order_id],
                "new_state": HoldState.RELEASED if draft.is_empty else HoldState.ACTIVE,
                "expires": draft.expires_at,
                "closed": now if draft.is_empty else None,
            }
            for draft in existing
        ]
        session.connection().execute(statement, rows)
    _write_hold_lines(session, pairs, hold_of)


def _active_holds(session: Session, order_ids: Sequence[int | None]) -> dict[int | None, int]:
    rows = session.execute(
        select(_hold.c.order_id, _hold.c.id).where(_hold.c.order_id.in_(order_ids), _hold.c.state == HoldState.ACTIVE)
    )
    return {row.order_id: row.id for row in rows}


def _write_hold_lines(
    session: Session, pairs: Sequence[tuple[OrderDraft, OrderRequest]], hold_of: dict[int | None, int]
) -> None:
    new, changed = [], []
    for draft, _ in pairs:
        hold_id = hold_of.get(draft.order_id)
        if hold_id is None:
            continue
        for line in draft.lines:
            for lot_id, quantity in line.held.items():
                row = {"hold": hold_id, "line": line.line_id, "lot": lot_id, "new_quantity": quantity}
                if lot_id in line.held_before:
                    if quantity != line.held_before[lot_id]:
                        changed.append(row)
                elif quantity:
                    new.append((row, line))
    if changed:
        statement = (
            update(_hold_line)
            .where(
                _hold_line.c.hold_id == bindparam("hold"),
                _hold_line.c.order_line_id == bindparam("line"),
                _hold_line.c.lot_id == bindparam("lot"),
            )
            .values(quantity=bindparam("new_quantity"))
        )
        session.connection().execute(statement, changed)
    if new:
        session.connection().execute(
            insert(_hold_line),
            [
                {
                    "hold_id": row["hold"],
                    "order_line_id": row["line"],
                    "listing_id": line.item.listing_id,
                    "lot_id": row["lot"],
                    "sale_limit_id": line.sale_limit_id,
                    "quantity": row["new_quantity"],
                }
                for row, line in new
            ],
        )


def _result(draft: OrderDraft, row: dict[str, Any]) -> OrderResult:
    assert draft.order_id is not None
    return OrderResult(
        order_id=draft.order_id,
        code=row["code"],
        link_token=row["link_token"],
        state=row["state"],
        goods_vnd=draft.goods_vnd,
        total_vnd=row["total_vnd"],
        expires_at=None if draft.is_empty else draft.expires_at,
        lines=tuple(
            OrderedLine(
                line_id=line.line_id or 0,
                listing_id=line.item.listing_id,
                offer_code=line.offer_code,
                title=line.item.title,
                quantity=line.quantity,
                unit_quantity=line.item.unit_quantity,
                unit_label=line.item.unit_label,
                price_vnd=line.price_vnd,
                goods_vnd=line.goods_vnd,
                touched=line.touched,
            )
            for line in draft.lines
        ),
    )
