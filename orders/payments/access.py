"""Who may see or change which transfer or refund: the staff of the cooperative whose money it is, and nobody else."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.errors import NotFound
from orders.models import BankTransaction, Order, Refund
from shop.access import require_staff


def staff_transfer(session: Session, actor: Actor, transaction_id: int) -> BankTransaction:
    """Return a transfer into the account of the cooperative this person is staff of."""
    cooperative = require_staff(session, actor)
    row = session.scalar(
        select(BankTransaction).where(
            BankTransaction.id == transaction_id, BankTransaction.cooperative_id == cooperative.id
        )
    )
    if row is None:
        raise NotFound("Không tìm thấy khoản chuyển này ạ.")
    return row


def staff_refund(session: Session, actor: Actor, refund_id: int) -> Refund:
    """Return a refund of an order of the cooperative this person is staff of."""
    cooperative = require_staff(session, actor)
    row = session.scalar(
        select(Refund)
        .join(Order, Order.id == Refund.order_id)
        .where(Refund.id == refund_id, Order.cooperative_id == cooperative.id)
    )
    if row is None:
        raise NotFound("Không tìm thấy khoản hoàn này ạ.")
    return row
