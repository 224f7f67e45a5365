"""What web tests do to buy: put goods into the cart, place it, say where it goes, and bring an order to a later state."""

import re
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.clock import FrozenClock, system_clock
from app.db import db, write_transaction
from app.ids import new_token
from orders.expiring import expire_due_orders
from orders.fulfilling import deliver_order, pack_order, ship_order
from orders.lifecycle import confirm_order
from orders.models import Order, OrderLine
from orders.payments.transfers import StatementLine, match_transaction, record_bank_transaction
from shop.models import Listing
from tests.clients import Browser
from tests.world import World

WHO = {"name": "Chị Hoa", "phone": "0912 345 678"}
YEN_TU_WARD = "06832"
ADDRESS = {
    "recipient_name": "Chị Hoa",
    "recipient_phone": "0912 345 678",
    "street": "Số 5 ngõ 3",
    "note": "",
    "method": "vietqr",
}


def put_in(client: Browser, listing: Listing, quantity: str):
    return client.post("/gio-hang/them", data={"listing": listing.public_id, "quantity": quantity})


def placing_form(client: Browser) -> dict[str, str]:
    page = client.get("/gio-hang").text
    return {name: re.search(f'name="{name}" value="([^"]*)"', page)[1] for name in ("idempotency_key", "cooperative")}


def place(client: Browser, **more: str):
    return client.post("/gio-hang/dat", data={**placing_form(client), **WHO, **more})


def buy(client: Browser, listing: Listing, quantity: str, **who: str) -> str:
    """Put in, place, and return the address of the order page."""
    put_in(client, listing, quantity)
    answer = place(client, **who)
    assert answer.status_code == 303, answer.text
    return answer.location


def fresh() -> Session:
    """Return the session with a fresh look at the database, after whatever the pages have written."""
    db.session.rollback()
    db.session.expire_all()
    return db.session()


def order_at(address: str) -> Order:
    """Return the order behind the address of its page, read afresh."""
    return fresh().scalars(select(Order).where(Order.link_token == address.rsplit("/", 1)[1])).one()


def hidden(page: str, name: str) -> str:
    """Return what a hidden field of a page holds."""
    field = re.search(rf'<input[^>]*name="{name}"[^>]*>', page)[0]
    value = re.search(r'value="([^"]*)"', field)
    return value[1] if value else ""


def check_out(client: Browser, address: str, **more: str):
    """Send the checkout form as a page without scripts does, and agree to the total with the delivery fee in it."""
    typed = {**ADDRESS, "ward": "yen tu quang ninh", "shown_total": "0", **more}
    page = client.post(f"{address}/dat", data=typed)
    if page.status_code != 409:
        return page
    seen = {name: hidden(page.text, name) for name in ("ward_code", "shown_total")}
    ward = re.search(r'name="ward"[^>]*value="([^"]*)"|value="([^"]*)"[^>]*name="ward"', page.text)
    return client.post(f"{address}/dat", data={**typed, **seen, "ward": ward[1] or ward[2]})


def expired(address: str) -> Order:
    """Let the hold of an order run out, as if half an hour had passed."""
    later = FrozenClock(system_clock() + timedelta(minutes=31))
    with write_transaction() as session:
        expire_due_orders(session, clock=later)
    return order_at(address)


def confirmed(address: str) -> Order:
    """Have staff agree to the order (as for pay on delivery)."""
    order = order_at(address)
    with write_transaction() as session:
        confirm_order(session, order.id, actor=SYSTEM, clock=system_clock)
    return order_at(address)


def transfer(address: str, world: World, amount_vnd: int | None = None) -> Order:
    """Let a bank transfer arrive that names the order, of its whole total unless told."""
    order = order_at(address)
    line = StatementLine(
        account=world.cooperative.bank_account,
        bank_reference=new_token(),
        direction="in",
        amount_vnd=amount_vnd or order.total_vnd,
        content=f"{order.code} vai chin som",
        transferred_at=system_clock(),
    )
    with write_transaction() as session:
        row, _ = record_bank_transaction(
            session, session.merge(world.cooperative), line, source="test", actor=SYSTEM, clock=system_clock
        )
        match_transaction(session, row.id, actor=SYSTEM, clock=system_clock)
    return order_at(address)


def delivered(address: str, world: World) -> Order:
    """Bring a checked-out pay-on-delivery order to its buyer's door."""
    order = confirmed(address)
    with write_transaction() as session:
        lines = session.scalars(select(OrderLine).where(OrderLine.order_id == order.id, OrderLine.quantity > 0)).all()
        pack_order(session, order.id, {line.id: line.quantity for line in lines}, actor=SYSTEM, clock=system_clock)
        ship_order(
            session, order.id, carrier="Xe Ka Long", tracking_number="0903 000 111", actor=SYSTEM, clock=system_clock
        )
        deliver_order(session, order.id, actor=SYSTEM, clock=system_clock)
    return order_at(address)
