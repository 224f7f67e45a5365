"""Complaints about delivered goods: made by the buyer within the claim window, answered by the cooperative.

An accepted claim refunds what was wrong by quantity, through the same door as every other refund, so that each household
gives back exactly what it was credited for that fruit.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.policy import SalePolicy
from app.text import clean_block, clean_line
from orders.locks import lock_order
from orders.models import Claim, Order, OrderEntry, OrderLine, Refund
from orders.refunding import approve_refund, request_refund
from orders.states import OrderState
from shop.photos import PreparedPhoto, keep_photo

MAX_TEXT = 2000
MAX_ANSWER = 300
MAX_OPEN = 5
"""Open claims of one order; whoever has more to say adds it to those."""


def claim_deadline(order: Order, *, policy: SalePolicy) -> datetime | None:
    """Return until when a claim about a delivered order is taken, or None before delivery."""
    if order.delivered_at is None:
        return None
    return order.delivered_at + timedelta(hours=policy.claim_window_hours)


def may_claim(order: Order, *, policy: SalePolicy, clock: Clock) -> bool:
    """Tell whether the claim form is open: delivered, and within the window."""
    deadline = claim_deadline(order, policy=policy)
    return order.state == OrderState.DELIVERED and deadline is not None and clock() <= deadline


def make_claim(
    session: Session,
    order_id: int,
    text: str,
    *,
    line_id: int | None,
    picture: PreparedPhoto | None,
    media_root: Path,
    policy: SalePolicy,
    actor: Actor,
    clock: Clock,
) -> Claim:
    """Record a complaint for the desk. Saying the same again changes nothing.

    Raises ``InvalidInput`` for nothing said or another order's line, ``Conflict`` before delivery, after the window, and
    for more open claims than one order can have.
    """
    order = lock_order(session, order_id)
    text = clean_block(text)[:MAX_TEXT]
    if not text:
        raise InvalidInput("Bác kể giúp em hàng bị sao ạ.", field="text")
    if not may_claim(order, policy=policy, clock=clock):
        raise Conflict(
            f"Hợp tác xã nhận khiếu nại trong {policy.claim_window_hours} giờ sau khi giao. Bác gọi hợp tác xã giúp em."
        )
    if line_id is not None and session.scalar(select(OrderLine.order_id).where(OrderLine.id == line_id)) != order.id:
        raise InvalidInput("Món này không có trong đơn. Bác tải lại trang giúp em.", field="line")
    said_before = session.scalar(
        select(Claim).where(Claim.order_id == order.id, Claim.text == text, Claim.state == "open")
    )
    if said_before is not None:
        return said_before
    waiting = select(func.count()).select_from(Claim).where(Claim.order_id == order.id, Claim.state == "open")
    if (session.scalar(waiting) or 0) >= MAX_OPEN:
        raise Conflict("Hợp tác xã đang xem các khiếu nại trước của bác, bác đợi trả lời giúp em ạ.")
    photo = None
    if picture is not None:
        photo = keep_photo(
            session, picture, media_root, cooperative_id=order.cooperative_id, is_public=False, clock=clock
        )
    claim = Claim(
        order_id=order.id,
        order_line_id=line_id,
        text=text,
        photo_id=photo.id if photo else None,
        state="open",
        made_at=clock(),
    )
    session.add(claim)
    session.add(OrderEntry(order_id=order.id, at=clock(), kind="claimed", actor_name=actor.name, details={}))
    order.updated_at = clock()
    session.flush()
    return claim


def accept_claim(
    session: Session, claim: Claim, quantities: Mapping[int, int], answer: str, *, actor: Actor, clock: Clock
) -> Refund:
    """Agree to a claim and owe the buyer what was wrong, in base units by order line id.

    The person who decides the claim approves its refund; sending the money is the next step. Raises ``InvalidInput`` for no
    quantity or more than was delivered, ``Conflict`` when the claim is decided already.
    """
    order = _lock_open(session, claim)
    wrong = {line_id: quantity for line_id, quantity in quantities.items() if quantity}
    if not wrong:
        raise InvalidInput("Bác ghi hoàn lại bao nhiêu giúp em, ví dụ 1,5.", field="quantity")
    refund = request_refund(
        session,
        order.id,
        reference=f"claim:{claim.id}",
        reason="Khiếu nại về hàng đã giao",
        line_quantities=wrong,
        actor=actor,
        clock=clock,
    )
    approve_refund(session, refund.id, actor=actor, clock=clock)
    _decide(session, order, claim, "accepted", answer, actor=actor, clock=clock)
    return refund


def reject_claim(session: Session, claim: Claim, answer: str, *, actor: Actor, clock: Clock) -> None:
    """Refuse a claim with an answer that the buyer reads. Raises ``Conflict`` when it is decided already."""
    order = _lock_open(session, claim)
    _decide(session, order, claim, "rejected", answer, actor=actor, clock=clock)


def _lock_open(session: Session, claim: Claim) -> Order:
    order = lock_order(session, claim.order_id)
    session.refresh(claim)
    if claim.state != "open":
        raise Conflict("Khiếu nại này đã có người trả lời rồi ạ.")
    return order


def _decide(
    session: Session, order: Order, claim: Claim, state: str, answer: str, *, actor: Actor, clock: Clock
) -> None:
    answer = clean_line(answer)
    if not answer or len(answer) > MAX_ANSWER:
        raise InvalidInput("Bác ghi câu trả lời cho khách giúp em.", field="answer")
    claim.state, claim.answer = state, answer
    claim.decided_at, claim.decided_by_id = clock(), actor.user_id
    order.updated_at = clock()
    kind = f"claim_{state}"
    session.add(OrderEntry(order_id=order.id, at=clock(), kind=kind, actor_name=actor.name, details={"answer": answer}))
    session.flush()
    audit.record(
        session,
        f"orders.claim.{state}",
        "claim",
        claim.id,
        actor=actor,
        clock=clock,
        cooperative_id=order.cooperative_id,
        order=order.code,
        answer=answer,
    )
