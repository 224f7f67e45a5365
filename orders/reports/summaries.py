"""The numbers of one host or one session, for the pages of the live room above."""

from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from orders.models import Order, OrderLine
from orders.reports.queries import ReportRow, Sold, add_host_earnings, sold_by
from orders.states import OrderState


@dataclass(frozen=True, slots=True)
class HostSummary:
    """What a host's sessions sold, stage by stage, and the commission in đồng: earned, expected, and paid out."""

    held: Sold
    paid: Sold
    delivered: Sold
    cancelled: Sold
    earned_vnd: int
    """Commission of delivered goods, from the books, less what refunds took back."""
    expected_vnd: int
    """Commission of goods that are paid and on their way; earned once they are delivered."""
    paid_out_vnd: int


def host_summary(session: Session, cooperative_id: int, host_user_id: int) -> HostSummary:
    """Return all that a host has sold for a cooperative."""
    of_host = (Order.host_user_id == host_user_id, Order.cooperative_id == cooperative_id)
    report = sold_by(session, Order.host_user_id, *of_host)
    add_host_earnings(session, report, cooperative_id)
    row = report.get(host_user_id, ReportRow(host_user_id))
    expected = session.scalar(
        select(func.coalesce(func.sum(OrderLine.goods_vnd * OrderLine.host_bps // 10_000), 0))
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.state.in_((OrderState.CONFIRMED, OrderState.PACKED, OrderState.SHIPPED)), *of_host)
    )
    return HostSummary(
        **row.stages, earned_vnd=row.earned_vnd, expected_vnd=int(expected or 0), paid_out_vnd=row.paid_out_vnd
    )


def session_summary(session: Session, session_id: int) -> dict[str, Sold]:
    """Return what one live session sold, by stage: held, paid, delivered, cancelled."""
    report = sold_by(session, Order.session_id, Order.session_id == session_id)
    return report.get(session_id, ReportRow(session_id)).stages
