"""Who may see or change which order.

A buyer's order opens by its unguessable link and by nothing else; staff see the orders of their own cooperative. Whoever may
not know that an order exists is told that there is none.
"""

from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.errors import NotFound
from orders.models import Claim, DeskTask, Order, OrderLine
from shop.access import require_staff
from shop.models import Photo

T = TypeVar("T")
_TOKEN_LENGTH = 40
_CODE_LENGTH = 12


def order_by_link(session: Session, link_token: str) -> Order:
    """Return the order that a link opens: whoever was given the link may follow, cancel and complain."""
    found = Order.link_token == link_token if len(link_token) <= _TOKEN_LENGTH else None
    return _one(session.scalar(select(Order).where(found)) if found is not None else None)


def staff_order(session: Session, actor: Actor, code: str) -> Order:
    """Return an order of the cooperative this person is staff of, by its code."""
    return _of_staff(session, actor, Order, Order.code == code[:_CODE_LENGTH])


def staff_task(session: Session, actor: Actor, task_id: int) -> DeskTask:
    """Return a desk task of the cooperative this person is staff of."""
    return _of_staff(session, actor, DeskTask, DeskTask.id == task_id)


def staff_claim(session: Session, actor: Actor, claim_id: int) -> Claim:
    """Return a claim about an order of the cooperative this person is staff of."""
    cooperative = require_staff(session, actor)
    statement = (
        select(Claim)
        .join(Order, Order.id == Claim.order_id)
        .where(Claim.id == claim_id, Order.cooperative_id == cooperative.id)
    )
    return _one(session.scalar(statement))


def line_of_order(session: Session, order: Order, line_id: int) -> OrderLine:
    """Return a line of this very order; another order's is ``NotFound``."""
    return _one(session.scalar(select(OrderLine).where(OrderLine.id == line_id, OrderLine.order_id == order.id)))


def claim_photo(session: Session, order: Order, public_id: str) -> Photo:
    """Return a picture that came with a claim about this order, for whoever holds the order's link."""
    statement = (
        select(Photo)
        .join(Claim, Claim.photo_id == Photo.id)
        .where(Claim.order_id == order.id, Photo.public_id == public_id)
    )
    return _one(session.scalar(statement))


def _of_staff(session: Session, actor: Actor, model: type[T], condition: Any) -> T:
    cooperative = require_staff(session, actor)
    theirs = model.cooperative_id == cooperative.id  # type: ignore[attr-defined]
    return _one(session.scalar(select(model).where(condition, theirs)))


def _one(row: T | None) -> T:
    if row is None:
        raise NotFound("Không tìm thấy đơn này. Bác xem lại đường dẫn giúp em.")
    return row
