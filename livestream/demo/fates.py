"""What became of the orders of the demo's ended session: paid, packed, sent, delivered, come back, or let go."""

from datetime import date
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.models import Buyer
from app.clock import Clock, FrozenClock
from app.policy import SalePolicy
from livestream.demo.harvest import at
from livestream.demo.people import Cast
from livestream.demo.visits import Visit
from livestream.models import LiveSession
from orders.checkout import CheckoutDetails, complete_checkout, quote_delivery
from orders.claiming import accept_claim, make_claim
from orders.expiring import expire_due_orders
from orders.fulfilling import deliver_order, pack_order, return_order, ship_order
from orders.lifecycle import cancel_order, confirm_order
from orders.models import DeskTask, Order, OrderLine
from orders.payments.transfers import StatementLine, match_transaction, record_bank_transaction
from orders.refunding import finish_refund, submit_refund
from orders.states import OrderState
from shop.places import ward

CARRIERS = ("Xe khách Hải Vân", "Viettel Post", "Xe khách Phúc Xuyên")
RETURN_COST_VND = 45_000
SECONDS_BETWEEN_CHECKOUTS = 15
HANDED_OVER = ("delivered", "refunded", "claimed")
SENT = (*HANDED_OVER, "returned", "shipped")
PACKED = (*SENT, "packed")
CONFIRMED = (*PACKED, "confirmed")


def orders_by_buyer(session: Session, live: LiveSession, buyers: dict[str, Buyer]) -> dict[str, Order]:
    """Return each buyer's order of the session by the buyer's name."""
    names = {buyer.id: name for name, buyer in buyers.items()}
    found = session.scalars(select(Order).where(Order.session_id == live.id).order_by(Order.id)).all()
    return {names[order.buyer_id]: order for order in found}


def check_out(
    session: Session,
    cast: Cast,
    visits: tuple[Visit, ...],
    orders: dict[str, Order],
    *,
    policy: SalePolicy,
    clock: FrozenClock,
) -> None:
    """Let the buyers give their addresses, pay by transfer or be called about cash, while their holds still stand."""
    for visit in visits:
        order = orders.get(visit.name)
        if order is None or not visit.ward or order.state != OrderState.PENDING:
            continue
        clock.advance(seconds=SECONDS_BETWEEN_CHECKOUTS)
        place = ward(visit.ward)
        assert place is not None
        details = CheckoutDetails(
            recipient_name=visit.name,
            recipient_phone=order.buyer_phone,
            ward_code=visit.ward,
            street=visit.street,
            note="",
            method=visit.method,
            shown_total_vnd=order.goods_vnd + quote_delivery(session, order, place.province_code),
        )
        buyer = Actor(name=visit.name, buyer_id=order.buyer_id)
        complete_checkout(session, order.id, details, policy=policy, actor=buyer, clock=clock)
        if visit.fate not in CONFIRMED:
            continue
        if visit.method == "cod":
            confirm_order(session, order.id, actor=cast.staff, clock=clock)
            close_tasks(session, cast, order, "confirm_cod", clock=clock)
        else:
            transfer(session, cast, order.code, order.total_vnd, visit.name, clock=clock)


def transfer(session: Session, cast: Cast, content: str, amount_vnd: int, sender: str, *, clock: Clock) -> None:
    """Let a transfer arrive in the cooperative's account, as a line of its bank statement."""
    line = StatementLine(
        account=cast.cooperative.bank_account or "",
        bank_reference=f"FT{clock():%y%m%d%H%M%S}{amount_vnd % 9973:04}",
        direction="in",
        amount_vnd=amount_vnd,
        content=f"{sender} chuyen khoan {content}",
        transferred_at=clock(),
    )
    row, _ = record_bank_transaction(session, cast.cooperative, line, source="demo", actor=cast.staff, clock=clock)
    match_transaction(session, row.id, actor=cast.staff, clock=clock)


def let_go(session: Session, cast: Cast, visits: tuple[Visit, ...], orders: dict[str, Order], *, clock: Clock) -> None:
    """Cancel what the buyers gave up after checkout, and let the clock of the others run out."""
    for visit in visits:
        order = orders.get(visit.name)
        if order is not None and visit.fate == "cancelled" and order.state == OrderState.PENDING:
            cancel_order(session, order.id, reason="Khách đổi ý", actor=cast.staff, clock=clock)
    expire_due_orders(session, clock=clock)


def carry_out(session: Session, cast: Cast, visits: tuple[Visit, ...], orders: dict[str, Order], *, day: date) -> None:
    """Pack, send, deliver and take back over the day after the session, each at its hour."""
    for number, visit in enumerate(visits):
        order = orders.get(visit.name)
        if order is None or order.state != OrderState.CONFIRMED or visit.fate not in PACKED:
            continue
        pack_order(session, order.id, weights(session, order, number), actor=cast.staff, clock=at(day, 6, number))
        if visit.fate not in SENT:
            continue
        ship_order(
            session,
            order.id,
            carrier=CARRIERS[number % len(CARRIERS)],
            tracking_number=f"PN{day:%d%m}{number:03}",
            actor=cast.staff,
            clock=at(day, 8, number),
        )
        if visit.fate == "returned":
            return_order(
                session,
                order.id,
                reason="Gọi ba lần không có người nhận",
                cost_vnd=RETURN_COST_VND,
                actor=cast.staff,
                clock=at(day, 18, number),
            )
        elif visit.fate in HANDED_OVER:
            deliver_order(session, order.id, actor=cast.staff, clock=at(day, 15, number))


def complain(
    session: Session,
    cast: Cast,
    visits: tuple[Visit, ...],
    orders: dict[str, Order],
    *,
    policy: SalePolicy,
    media_root: Path,
    day: date,
) -> None:
    """Let buyers complain on the evening of the delivery; one is refunded, the others wait for the desk."""
    for number, visit in enumerate(visits):
        order = orders.get(visit.name)
        if order is None or order.state != OrderState.DELIVERED or visit.fate not in ("claimed", "refunded"):
            continue
        line = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.id)).first()
        assert line is not None
        claim = make_claim(
            session,
            order.id,
            "Dưới đáy hộp có khoảng nửa cân bị dập, chảy nước.",
            line_id=line.id,
            picture=None,
            media_root=media_root,
            policy=policy,
            actor=Actor(name=visit.name, buyer_id=order.buyer_id),
            clock=at(day, 19, number),
        )
        if visit.fate == "refunded":
            answer = "Hợp tác xã xin lỗi bác, em hoàn lại nửa cân ạ."
            refund = accept_claim(session, claim, {line.id: 500}, answer, actor=cast.staff, clock=at(day, 19, 40))
            submit_refund(session, refund.id, actor=cast.staff, clock=at(day, 19, 45))
            finish_refund(session, refund.id, actor=cast.staff, clock=at(day, 20))


def close_tasks(session: Session, cast: Cast, order: Order, kind: str, *, clock: Clock) -> None:
    """Take what has been done about an order off the desk."""
    for task in session.scalars(
        select(DeskTask).where(DeskTask.order_id == order.id, DeskTask.kind == kind, DeskTask.state == "open")
    ):
        task.state, task.closed_at, task.closed_by_id = "done", clock(), cast.staff.user_id


def weights(session: Session, order: Order, number: int) -> dict[int, int]:
    """Return what went into the box by line: a little over for most, a little short for every fifth parcel."""
    lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.quantity > 0)).all()
    packed = {}
    for line in lines:
        off = 0 if line.unit_quantity == 1 else (-100 if number % 5 == 3 and line.divisible else 50)
        packed[line.id] = line.quantity + off
    return packed


def stray_transfers(session: Session, cast: Cast, orders: dict[str, Order], *, evening: FrozenClock) -> None:
    """Leave staff something to match: a transfer without a code, and one that pays too much."""
    transfer(session, cast, "tien vai", 250_000, "NGUYEN VAN B", clock=evening)
    evening.advance(minutes=3)
    paid = next(order for order in orders.values() if order.state == OrderState.CONFIRMED)
    transfer(session, cast, paid.code, 100_000, "chuyen nham", clock=evening)
