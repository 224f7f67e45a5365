"""The order desk: what staff do to an order beyond what its page offers the buyer, each with an entry in the audit.

A task on the desk is taken by one person before they ring a buyer, and closed with what came of it; none leaves silently.
"""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.policy import SalePolicy
from app.text import clean_line
from orders.fulfilling import deliver_order, pack_order, return_order, ship_order
from orders.lifecycle import cancel_order, confirm_order, extend_hold
from orders.locks import lock_order
from orders.models import DeskTask, Order
from orders.states import OrderState

_MAX_REASON = 200
CLAIM_MINUTES = 30
"""How long a task stays with whoever took it; after that another may, because people go home."""


def confirm_cod(session: Session, order: Order, *, actor: Actor, clock: Clock) -> None:
    """Confirm a pay-on-delivery order after a call; raises ``Conflict`` for one that is paid another way or waits no more."""
    locked = lock_order(session, order.id)
    if locked.payment_method != "cod" or locked.state != OrderState.PENDING:
        raise Conflict("Đơn này không chờ xác nhận trả tiền khi nhận hàng. Bác tải lại trang giúp em.")
    confirm_order(session, order.id, actor=actor, clock=clock)
    _close_tasks(session, order, {"confirm_cod"}, actor=actor, clock=clock)
    _audit(session, order, "confirm_cod", actor=actor, clock=clock)


def extend_by_staff(session: Session, order: Order, *, policy: SalePolicy, actor: Actor, clock: Clock) -> None:
    """Give an unpaid order more time, once; raises ``Conflict`` the second time."""
    extend_hold(session, order.id, policy=policy, actor=actor, clock=clock)
    _audit(session, order, "extend", actor=actor, clock=clock)


def cancel_by_staff(session: Session, order: Order, reason: str, *, actor: Actor, clock: Clock) -> None:
    """Cancel an order that has not been sent, with the reason its history will show; paid money becomes a refund task."""
    reason = _reason(reason)
    cancel_order(session, order.id, reason=reason, actor=actor, clock=clock)
    _close_tasks(session, order, {"confirm_cod"}, actor=actor, clock=clock)
    _audit(session, order, "cancel", actor=actor, clock=clock, reason=reason)


def pack_by_staff(session: Session, order: Order, packed: Mapping[int, int], *, actor: Actor, clock: Clock) -> None:
    """Record what the scale showed for each line, in base units by order line id."""
    pack_order(session, order.id, packed, actor=actor, clock=clock)
    weights = {str(line_id): quantity for line_id, quantity in packed.items()}
    _audit(session, order, "pack", actor=actor, clock=clock, packed=weights)


def ship_by_staff(
    session: Session, order: Order, *, carrier: str, tracking_number: str, actor: Actor, clock: Clock
) -> None:
    """Hand the parcel to its carrier."""
    ship_order(session, order.id, carrier=carrier, tracking_number=tracking_number, actor=actor, clock=clock)
    _audit(session, order, "ship", actor=actor, clock=clock, carrier=clean_line(carrier)[:60])


def deliver_by_staff(session: Session, order: Order, *, actor: Actor, clock: Clock) -> None:
    """Record that the buyer has the goods, and with them that cash on delivery was taken."""
    deliver_order(session, order.id, actor=actor, clock=clock)
    _audit(session, order, "deliver", actor=actor, clock=clock)


def return_by_staff(session: Session, order: Order, *, reason: str, cost_vnd: int, actor: Actor, clock: Clock) -> None:
    """Record a parcel that came back unaccepted, and what both ways cost in đồng."""
    reason = _reason(reason)
    return_order(session, order.id, reason=reason, cost_vnd=cost_vnd, actor=actor, clock=clock)
    _audit(session, order, "return", actor=actor, clock=clock, reason=reason, cost_vnd=cost_vnd)


def claim_task(session: Session, task_id: int, *, actor: Actor, clock: Clock) -> DeskTask:
    """Take a task, so that two people do not ring the same buyer; raises ``Conflict`` when another has it."""
    task = _open_task(session, task_id)
    if _is_anothers(task, actor, clock):
        raise Conflict("Việc này đã có người nhận rồi ạ.")
    task.claimed_by_id, task.claimed_at = actor.user_id, clock()
    _audit_task(session, task, "claim", actor=actor, clock=clock)
    return task


def close_task(session: Session, task_id: int, *, dropped: bool, actor: Actor, clock: Clock) -> DeskTask:
    """Close a task as done, or as nothing to do; raises ``Conflict`` when it is closed or another person has it."""
    task = _open_task(session, task_id)
    if _is_anothers(task, actor, clock):
        raise Conflict("Việc này người khác đang làm ạ.")
    task.state = "dropped" if dropped else "done"
    task.closed_at, task.closed_by_id = clock(), actor.user_id
    _audit_task(session, task, "drop" if dropped else "done", actor=actor, clock=clock)
    return task


def _is_anothers(task: DeskTask, actor: Actor, clock: Clock) -> bool:
    if task.claimed_at is None or task.claimed_by_id in (None, actor.user_id):
        return False
    return clock() < task.claimed_at + timedelta(minutes=CLAIM_MINUTES)


def _open_task(session: Session, task_id: int) -> DeskTask:
    statement = select(DeskTask).where(DeskTask.id == task_id).with_for_update(key_share=True)
    task = session.scalars(statement.execution_options(populate_existing=True)).one()
    if task.state != "open":
        raise Conflict("Việc này đã có người làm xong rồi ạ.")
    return task


def _close_tasks(session: Session, order: Order, kinds: Collection[str], *, actor: Actor, clock: Clock) -> None:
    """Close the open tasks that this action settled."""
    tasks = session.scalars(
        select(DeskTask)
        .where(DeskTask.order_id == order.id, DeskTask.kind.in_(kinds), DeskTask.state == "open")
        .order_by(DeskTask.id)
        .with_for_update(key_share=True)
    ).all()
    for task in tasks:
        task.state = "done"
        task.closed_at, task.closed_by_id = clock(), actor.user_id
    session.flush()


def _reason(text: str) -> str:
    reason = clean_line(text)
    if not reason or len(reason) > _MAX_REASON:
        raise InvalidInput("Bác ghi lý do để người sau hiểu giúp em.", field="reason")
    return reason


def _audit(session: Session, order: Order, verb: str, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        f"orders.order.{verb}",
        "order",
        order.id,
        actor=actor,
        clock=clock,
        cooperative_id=order.cooperative_id,
        code=order.code,
        **details,
    )
    session.flush()


def _audit_task(session: Session, task: DeskTask, verb: str, *, actor: Actor, clock: Clock) -> None:
    session.flush()
    audit.record(
        session,
        f"orders.desk_task.{verb}",
        "desk_task",
        task.id,
        actor=actor,
        clock=clock,
        cooperative_id=task.cooperative_id,
        kind=task.kind,
        note=task.note,
    )
    session.flush()
