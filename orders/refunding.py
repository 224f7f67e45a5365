"""Money back to a buyer: asked for, approved, sent, done; never more than came in.

Every step locks the order, its payments and the refund, so that two people refunding the same order see each other.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.money import format_vnd
from app.states import Ignored, next_state
from app.text import clean_line
from orders.ledger.balances import order_deposit
from orders.ledger.posting import CARD_PROVIDERS, post_refund_approved, post_refund_done
from orders.ledger.reversals import quantities_by_lot, value_of
from orders.locks import lock_order, lock_payments, lock_refund
from orders.models import Order, OrderEntry, Payment, Refund
from orders.states import REFUND_TABLE, OrderState, PaymentState, RefundEvent, RefundState


def request_refund(
    session: Session,
    order_id: int,
    *,
    reference: str,
    reason: str,
    amount_vnd: int | None = None,
    line_quantities: Mapping[int, int | Mapping[int, int]] | None = None,
    actor: Actor,
    clock: Clock,
) -> Refund:
    """Ask for a refund; one ``reference`` (its cause: "packing", "claim:7") is refunded once.

    Of a delivered order ``line_quantities`` says what is refunded, in base units by order line id (or by line and lot);
    the amount follows from what delivery gave for it. Otherwise ``amount_vnd`` comes back from the order's deposit.
    Asking again for the same cause returns the refund that stands. Raises ``InvalidInput`` and ``Conflict``.
    """
    order = lock_order(session, order_id)
    payments = lock_payments(session, order.id)
    known = session.scalar(select(Refund).where(Refund.order_id == order.id, Refund.reference == reference))
    if known is not None:
        return known
    reason = clean_line(reason)[:200]
    if not reason:
        raise InvalidInput("Bác ghi lý do hoàn tiền giúp em.", field="reason")
    quantities: dict[int, dict[int, int]] = {}
    if order.state == OrderState.DELIVERED and line_quantities:
        quantities = quantities_by_lot(session, order, line_quantities)
        amount_vnd = value_of(session, order, quantities)
    if not amount_vnd or amount_vnd < 0:
        raise InvalidInput("Số tiền hoàn phải lớn hơn 0.", field="amount")
    _require_captured(session, order, payments, amount_vnd)
    if not quantities:
        _require_deposit(session, order, amount_vnd)
    refund = Refund(
        order_id=order.id,
        reference=reference,
        state=RefundState.REQUESTED,
        amount_vnd=amount_vnd,
        reason=reason,
        line_quantities={
            str(line_id): {str(lot_id): quantity for lot_id, quantity in lots.items()}
            for line_id, lots in quantities.items()
        },
        requested_at=clock(),
    )
    session.add(refund)
    session.flush()
    _tell(session, order, refund, "refund_requested", actor=actor, clock=clock)
    return refund


def approve_refund(session: Session, refund_id: int, *, actor: Actor, clock: Clock) -> Refund:
    """Approve a refund: from now on the money is owed to the buyer. A second approval changes nothing."""
    refund, order, payments = _lock(session, refund_id)
    if not _turn(refund, RefundEvent.APPROVE):
        return refund
    _require_captured(session, order, payments, 0)
    refund.approved_at, refund.approved_by_id = clock(), actor.user_id
    session.flush()
    post_refund_approved(session, order, refund, actor=actor, clock=clock)
    _tell(session, order, refund, "refund_approved", actor=actor, clock=clock)
    return refund


def reject_refund(session: Session, refund_id: int, *, actor: Actor, clock: Clock) -> Refund:
    """Refuse a refund that nobody has approved yet."""
    refund, order, _ = _lock(session, refund_id)
    if _turn(refund, RefundEvent.REJECT):
        _tell(session, order, refund, "refund_rejected", actor=actor, clock=clock)
    return refund


def submit_refund(session: Session, refund_id: int, *, actor: Actor, clock: Clock) -> Refund:
    """Record that an approved refund was handed to the bank or the gateway; also after a failed attempt."""
    refund, order, _ = _lock(session, refund_id)
    if _turn(refund, RefundEvent.SUBMIT):
        _tell(session, order, refund, "refund_submitted", actor=actor, clock=clock)
    return refund


def fail_refund(session: Session, refund_id: int, *, actor: Actor, clock: Clock) -> Refund:
    """Record that the money came back to us; it stays owed to the buyer and can be sent again."""
    refund, order, _ = _lock(session, refund_id)
    if _turn(refund, RefundEvent.FAIL):
        _tell(session, order, refund, "refund_failed", actor=actor, clock=clock)
    return refund


def finish_refund(session: Session, refund_id: int, *, actor: Actor, clock: Clock) -> Refund:
    """Record that the buyer has the money back: it leaves the account it was paid into."""
    refund, order, payments = _lock(session, refund_id)
    if not _turn(refund, RefundEvent.FINISH):
        return refund
    refund.done_at = clock()
    session.flush()
    provider = next((payment.provider for payment in _captured(payments) if payment.provider in CARD_PROVIDERS), "")
    post_refund_done(session, order, refund, provider=provider, actor=actor, clock=clock)
    _tell(session, order, refund, "refunded", actor=actor, clock=clock)
    return refund


def _lock(session: Session, refund_id: int) -> tuple[Refund, Order, list[Payment]]:
    order_id = session.scalar(select(Refund.order_id).where(Refund.id == refund_id))
    order = lock_order(session, order_id or 0)
    payments = lock_payments(session, order.id)
    return lock_refund(session, refund_id), order, payments


def _turn(refund: Refund, event: RefundEvent) -> bool:
    state = next_state(REFUND_TABLE, RefundState(refund.state), event)
    if isinstance(state, Ignored):
        return False
    refund.state = state
    return True


def _captured(payments: list[Payment]) -> list[Payment]:
    return [payment for payment in payments if payment.state == PaymentState.CAPTURED]


def _require_captured(session: Session, order: Order, payments: list[Payment], more_vnd: int) -> None:
    """Refuse to give back more than came in, counting every refund of the order that was not rejected."""
    captured = sum(payment.amount_vnd for payment in _captured(payments))
    asked = session.scalar(
        select(func.coalesce(func.sum(Refund.amount_vnd), 0)).where(
            Refund.order_id == order.id, Refund.state != RefundState.REJECTED
        )
    )
    if (asked or 0) + more_vnd > captured:
        raise Conflict(f"Đơn này mới nhận {format_vnd(captured)}, không hoàn nhiều hơn số đó được ạ.")


def _require_deposit(session: Session, order: Order, amount_vnd: int) -> None:
    """Refuse a refund of money alone that the deposit, less what others already asked of it, cannot bear."""
    asked = session.execute(
        select(Refund.amount_vnd, Refund.line_quantities).where(
            Refund.order_id == order.id, Refund.state == RefundState.REQUESTED
        )
    )
    waiting = sum(vnd for vnd, quantities in asked if not quantities)
    if amount_vnd > order_deposit(session, order.id) - waiting:
        raise Conflict(
            "Số này nhiều hơn tiền ứng trước còn lại của đơn. Nếu đơn đã giao, bác ghi rõ hoàn món nào, bao nhiêu giúp em."
        )


def _tell(session: Session, order: Order, refund: Refund, kind: str, *, actor: Actor, clock: Clock) -> None:
    details: dict[str, Any] = {"refund": refund.id, "amount_vnd": refund.amount_vnd, "reason": refund.reason}
    session.add(OrderEntry(order_id=order.id, at=clock(), kind=kind, actor_name=actor.name, details=details))
    audit.record(
        session,
        f"orders.refund.{kind.removeprefix('refund_')}",
        "refund",
        refund.id,
        actor=actor,
        clock=clock,
        cooperative_id=order.cooperative_id,
        **details,
    )
    session.flush()
