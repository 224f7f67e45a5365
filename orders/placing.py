"""Placing: the only code that takes stock for orders. One order is a list of one.

In one transaction: answer the keys already known, lock the buyers' live orders, expire what is due, lock quotas and lots by
id, plan every request in arrival order in memory, then write the result in a few set-based statements. What is short is
refused with what is left. Correctness rests on the guarded updates and the table's checks, not on this module.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import insert, select, tuple_
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, DomainError, IdempotencyMismatch
from app.events import publish
from app.idempotency import body_hash
from app.policy import SalePolicy
from orders.draft_writing import write_drafts
from orders.drafting import OrderDraft, apply_request
from orders.events import OrderHeld, StockChanged
from orders.expiring import due_order_ids, expire_due_orders
from orders.locks import lock_orders
from orders.market import PAID_ORDER, LiveKey, live_order_ids, load_live_orders, load_market, paid_live_orders
from orders.models import DeskTask, OrderCommand
from orders.requests import OrderRequest, OrderResult, Outcome, SentToDesk


def place_orders(
    session: Session, requests: Sequence[OrderRequest], *, policy: SalePolicy, actor: Actor, clock: Clock
) -> list[Outcome]:
    """Carry out order commands in arrival order and return one outcome each: the order as it now stands, or a refusal.

    Refusals are returned, not raised, so that one buyer's never undoes a neighbour's. A known key returns its first result;
    the same key with another body is ``IdempotencyMismatch``. May raise for the whole batch when the database refuses
    (``InsufficientStock`` from a guard, a broken constraint); the caller rolls back and runs the requests one by one.
    """
    outcomes: dict[int, Outcome] = {}
    fresh = _answer_known(session, requests, range(len(requests)), outcomes)
    if fresh:
        _place_fresh(session, requests, fresh, outcomes, policy=policy, actor=actor, clock=clock)
    first_of = {_command_key(requests[i]): i for i in reversed(range(len(requests)))}
    return [
        outcomes[i] if i in outcomes else outcomes[first_of[_command_key(requests[i])]] for i in range(len(requests))
    ]


def _place_fresh(
    session: Session,
    requests: Sequence[OrderRequest],
    fresh: Sequence[int],
    outcomes: dict[int, Outcome],
    *,
    policy: SalePolicy,
    actor: Actor,
    clock: Clock,
) -> None:
    now = clock()
    batch = [requests[i] for i in fresh]
    listing_ids = {change.listing_id for r in batch for change in r.changes if change.listing_id is not None}
    # Every order this batch may touch is locked before any lot, in one go and by id.
    lock_orders(
        session, [*due_order_ids(session, clock=clock, listing_ids=listing_ids), *live_order_ids(session, batch)]
    )
    expire_due_orders(session, listing_ids=listing_ids, clock=clock)
    live = load_live_orders(session, batch)
    market, drafts = load_market(session, batch, live.values(), policy=policy, now=now)
    # The same command may have been carried out by another process while we waited for its locks.
    fresh = _answer_known(session, requests, fresh, outcomes)
    open_drafts = {(order.buyer_id, order.session_id): drafts[order.id] for order in live.values()}
    paid_orders = paid_live_orders(session, [r for r in batch if _only_changes(r) and _live_key(r) not in live])
    accepted: list[tuple[int, OrderDraft]] = []
    for i in fresh:
        request = requests[i]
        key = _live_key(request)
        draft = open_drafts.get(key) if key else None
        if draft is None and key in paid_orders and _only_changes(request):
            draft = OrderDraft(order_id=paid_orders[key], locked_reason=PAID_ORDER)
        draft = draft if draft is not None else OrderDraft()
        try:
            _check_cooperative(request, market.catalogue)
            apply_request(draft, request, market)
        except SentToDesk as refusal:
            outcomes[i] = _leave_to_desk(session, request, refusal, draft, clock=clock)
            continue
        except DomainError as refusal:
            outcomes[i] = refusal
            continue
        accepted.append((i, draft))
        # An emptied order is closed; what the buyer asks for next in the batch opens another.
        if key and draft.is_empty:
            open_drafts.pop(key, None)
        elif key:
            open_drafts[key] = draft
    if not accepted:
        return
    results = write_drafts(
        session,
        [(draft, requests[i]) for i, draft in accepted],
        actor=actor,
        clock=clock,
    )
    changed_listings: set[int] = set()
    rows = []
    for (i, draft), result in zip(accepted, results, strict=True):
        outcomes[i] = result
        rows.append(_command_row(requests[i], result.order_id, result.to_dict(), clock))
        changed_listings |= {line.item.listing_id for line in draft.lines if line.touched}
        _publish_held(session, requests[i], result)
    session.execute(insert(OrderCommand), rows)
    publish(session, StockChanged(frozenset(changed_listings)))


def _live_key(request: OrderRequest) -> LiveKey | None:
    return (request.buyer.id, request.attribution.session_id) if request.attribution else None


def _only_changes(request: OrderRequest) -> bool:
    """Tell whether the command only changes what is there; on a paid order that is the desk's business."""
    return all(change.op in ("set", "cancel") for change in request.changes)


def _answer_known(
    session: Session, requests: Sequence[OrderRequest], candidates: Iterable[int], outcomes: dict[int, Outcome]
) -> list[int]:
    """Answer those candidates whose key is known and return the others, each key once."""
    candidates = list(candidates)
    keys = {_command_key(requests[i]) for i in candidates}
    known = {
        (row.scope, row.key): row
        for row in session.execute(
            select(OrderCommand.scope, OrderCommand.key, OrderCommand.body_hash, OrderCommand.result).where(
                tuple_(OrderCommand.scope, OrderCommand.key).in_(keys)
            )
        )
    }
    first_hash: dict[tuple[str, str], str] = {}
    fresh: list[int] = []
    for i in candidates:
        request = requests[i]
        key, asked = _command_key(request), body_hash(request.body())
        row = known.get(key)
        if (row.body_hash if row else first_hash.get(key, asked)) != asked:
            outcomes[i] = IdempotencyMismatch(
                "Yêu cầu này đã gửi trước đó với nội dung khác. Bác tải lại trang giúp em."
            )
        elif row:
            outcomes[i] = _stored_outcome(row.result)
        elif key not in first_hash:
            first_hash[key] = asked
            fresh.append(i)
    return fresh


def _stored_outcome(result: dict[str, Any]) -> Outcome:
    if "refused" in result:
        return SentToDesk(result["refused"], **result["details"])
    return OrderResult.from_dict(result)


def _leave_to_desk(
    session: Session, request: OrderRequest, refusal: SentToDesk, draft: OrderDraft, *, clock: Clock
) -> SentToDesk:
    now = clock()
    asked = "; ".join(_say_change(change) for change in request.changes)
    session.add(
        DeskTask(
            cooperative_id=request.cooperative_id,
            kind=refusal.details.get("reason", "large_order"),
            reference=request.reference,
            order_id=draft.order_id,
            buyer_id=request.buyer.id,
            note=f"{request.buyer.name} {request.buyer.phone}: {asked}"[:400],
            state="open",
            created_at=now,
        )
    )
    stored = {"refused": refusal.message, "details": refusal.details}
    session.execute(insert(OrderCommand), [_command_row(request, draft.order_id, stored, clock)])
    return refusal


def _say_change(change: Any) -> str:
    named = change.offer_code or (f"#{change.listing_id}" if change.listing_id else "")
    return f"{change.op} {named} {change.quantity or change.grams or ''}".strip()


def _check_cooperative(request: OrderRequest, catalogue: Any) -> None:
    for change in request.changes:
        item = catalogue.get(change.listing_id)
        if item is not None and item.cooperative_id != request.cooperative_id:
            raise Conflict("Một đơn chỉ mua của một hợp tác xã. Bác đặt riêng từng đơn giúp em ạ.")


def _publish_held(session: Session, request: OrderRequest, result: OrderResult) -> None:
    publish(
        session,
        OrderHeld(
            order_id=result.order_id,
            code=result.code,
            session_id=request.attribution.session_id if request.attribution else None,
            buyer_id=request.buyer.id,
            goods_vnd=result.goods_vnd,
            expires_at=result.expires_at,
        ),
    )


def _command_key(request: OrderRequest) -> tuple[str, str]:
    return request.scope, request.key


def _command_row(request: OrderRequest, order_id: int | None, result: dict[str, Any], clock: Clock) -> dict[str, Any]:
    return {
        "scope": request.scope,
        "key": request.key,
        "body_hash": body_hash(request.body()),
        "order_id": order_id,
        "result": result,
        "at": clock(),
    }
