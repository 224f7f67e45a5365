"""Row locks of orders, taken before the shop's: orders by id, then their payments and holds (CONTRIBUTING, Locking)."""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.errors import NotFound
from orders.models import BankTransaction, Order, Payment, Payout, Refund, StockHold


def lock_orders(session: Session, order_ids: Iterable[int]) -> list[Order]:
    """Lock orders and return them by id, read afresh under the lock; unknown ids are absent."""
    wanted = sorted(set(order_ids))
    if not wanted:
        return []
    return _locked(session, select(Order).where(Order.id.in_(wanted)).order_by(Order.id))


def lock_order(session: Session, order_id: int) -> Order:
    """Lock one order; raises ``NotFound``."""
    for order in lock_orders(session, [order_id]):
        return order
    raise NotFound("Không tìm thấy đơn này ạ.")


def lock_payments(session: Session, order_id: int) -> list[Payment]:
    """Lock an order's payments by id. The order is locked first."""
    return _locked(session, select(Payment).where(Payment.order_id == order_id).order_by(Payment.id))


def lock_holds(session: Session, order_ids: Sequence[int]) -> list[StockHold]:
    """Lock the holds of locked orders by id."""
    return _locked(session, select(StockHold).where(StockHold.order_id.in_(order_ids)).order_by(StockHold.id))


def lock_bank_transaction(session: Session, transaction_id: int) -> BankTransaction:
    """Lock one statement line; it comes before the order in the lock order. Raises ``NotFound``."""
    for row in _locked(session, select(BankTransaction).where(BankTransaction.id == transaction_id)):
        return row
    raise NotFound("Không tìm thấy khoản chuyển này ạ.")


def lock_refund(session: Session, refund_id: int) -> Refund:
    """Lock one refund, after its order. Raises ``NotFound``."""
    for row in _locked(session, select(Refund).where(Refund.id == refund_id)):
        return row
    raise NotFound("Không tìm thấy khoản hoàn này ạ.")


def lock_payouts(session: Session, payout_ids: Iterable[int]) -> list[Payout]:
    """Lock payouts by id."""
    return _locked(session, select(Payout).where(Payout.id.in_(sorted(set(payout_ids)))).order_by(Payout.id))


def _locked(session: Session, statement: Select[Any]) -> list[Any]:
    # populate_existing: what the session read before the lock may be stale.
    locked = statement.with_for_update(key_share=True).execution_options(populate_existing=True)
    return list(session.scalars(locked))
