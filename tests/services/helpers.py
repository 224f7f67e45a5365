"""Short ways to bring an order where a test needs it, through the real use cases."""

from app.accounts.actor import SYSTEM, Actor
from app.db import write_transaction
from app.policy import SalePolicy
from orders.checkout import CheckoutDetails, complete_checkout, quote_delivery
from orders.lifecycle import confirm_order
from orders.models import Order, Payment
from orders.placing import place_orders
from orders.requests import Attribution, BuyerRef, LineChange, OrderRequest
from tests.world import make_buyer

POLICY = SalePolicy()
QUANG_NINH = "06832"
"""Phường Yên Tử."""


def new_buyer(clock, *, name="Chị Hoa", phone="+84912345678") -> BuyerRef:
    with write_transaction() as session:
        row = make_buyer(session, clock=clock, name=name, phone=phone)
        return BuyerRef(row.id, row.name, row.phone)


def request_for(world, buyer, *changes, key="1", session_id=7) -> OrderRequest:
    attribution = Attribution(session_id, world.host.id, 500) if session_id else None
    return OrderRequest(f"test:{buyer.id}", key, world.cooperative.id, buyer, changes, attribution)


def add(listing, quantity, **more) -> LineChange:
    return LineChange("add", listing.id, quantity, **more)


def place(clock, *requests, policy=POLICY):
    with write_transaction() as session:
        return place_orders(session, requests, policy=policy, actor=SYSTEM, clock=clock)


def check_out(clock, order_id, *, method="vietqr", shown_total=None, ward_code=QUANG_NINH) -> Order:
    with write_transaction() as session:
        order = session.get(Order, order_id)
        total = shown_total if shown_total is not None else order.goods_vnd + quote_delivery(session, order, "22")
        details = CheckoutDetails("Chị Hoa", "+84912345678", ward_code, "Thôn Đá Bạc", "", method, total)
        return complete_checkout(session, order_id, details, policy=POLICY, actor=SYSTEM, clock=clock)


def pay(session, order, amount_vnd, *, clock, provider="fake") -> Payment:
    """Capture money for an order and book it, as a provider would."""
    from orders.ledger.posting import post_payment_captured

    payment = Payment(
        order_id=order.id,
        provider=provider,
        state="captured",
        amount_vnd=amount_vnd,
        created_at=clock(),
        captured_at=clock(),
    )
    session.add(payment)
    session.flush()
    post_payment_captured(session, order, payment, actor=SYSTEM, clock=clock)
    return payment


def confirmed_order(world, clock, *changes, buyer=None, key="1", actor: Actor = SYSTEM) -> int:
    """Place, check out, pay in full and confirm; returns the order's id."""
    buyer = buyer or new_buyer(clock)
    (placed,) = place(clock, request_for(world, buyer, *changes, key=key))
    order = check_out(clock, placed.order_id)
    with write_transaction() as session:
        order = session.get(Order, placed.order_id)
        pay(session, order, order.total_vnd, clock=clock)
        confirm_order(session, order.id, actor=actor, clock=clock)
    return placed.order_id
