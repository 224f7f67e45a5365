"""From a form to an order: the command that waits in the intake, and the guest who is made known on the way.

Where the writer thread runs, the command joins the batch of whatever comments and buttons are waiting; a process without
one carries it out in a write transaction of its own. Both take the same path, so that stock is taken in one place only.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app.accounts.actor import SYSTEM
from app.accounts.buyers import register_buyer
from app.accounts.models import Buyer
from app.clock import Clock
from app.db import run_in_write_transaction
from app.idempotency import IdempotencyKey, store_result
from app.policy import SalePolicy
from app.writer import BatchWriter
from orders.models import Order, OrderCommand
from orders.placing import place_orders
from orders.requests import BuyerRef, OrderRequest, OrderResult, Outcome

CART_SCOPE = "cart"
_GUEST_SCOPE = "cart-guest"


@dataclass(frozen=True, slots=True)
class PlaceOrderCommand:
    """A cart to be placed, waiting for the next commit."""

    request: OrderRequest


def place_submitted(
    session: Session, commands: Sequence[PlaceOrderCommand], *, policy: SalePolicy, clock: Clock
) -> Sequence[Outcome]:
    """Carry out every cart of a batch in one go; what the intake calls."""
    requests = [command.request for command in commands]
    return place_orders(session, requests, policy=policy, actor=SYSTEM, clock=clock)


def submit_order(writer: BatchWriter, request: OrderRequest, *, policy: SalePolicy, clock: Clock) -> OrderResult:
    """Place an order and return it once it is committed; raises the ``DomainError`` that refused it."""
    command = PlaceOrderCommand(request)
    if writer.running:
        outcome: Outcome = writer.call(command)
    else:
        (outcome,) = run_in_write_transaction(
            lambda session: place_submitted(session, [command], policy=policy, clock=clock)
        )
    if isinstance(outcome, OrderResult):
        return outcome
    raise outcome


def buyer_ref(buyer: Buyer, network_key: str) -> BuyerRef:
    """Return the buyer as placing knows them, with the network they come from today."""
    return BuyerRef(
        id=buyer.id,
        name=buyer.name,
        phone=buyer.phone,
        phone_verified=buyer.phone_verified_at is not None,
        network_key=network_key,
    )


def introduce_for_cart(name: str, phone: str, *, cart_key: str, network_key: str, clock: Clock) -> Buyer:
    """Make a guest buyer of the name and phone that came with a cart, one for each cart, and commit.

    Two tabs that send the same cart before either has its cookie must not become two buyers with an order each. The key is
    a secret of the visitor's own session, so it lends nobody else's name. Raises ``InvalidInput``.
    """

    def work(session: Session) -> Buyer:
        known = session.scalar(
            select(IdempotencyKey.result).where(IdempotencyKey.scope == _GUEST_SCOPE, IdempotencyKey.key == cart_key)
        )
        if known is not None:
            return session.get_one(Buyer, known["buyer_id"])
        buyer = register_buyer(session, name, phone, network_key=network_key, clock=clock)
        store_result(session, _GUEST_SCOPE, cart_key, {}, {"buyer_id": buyer.id}, clock=clock)
        session.flush()
        return buyer

    try:
        return run_in_write_transaction(work)
    except IntegrityError:
        # The same cart came from another tab a moment earlier; now its buyer is there to be found.
        return run_in_write_transaction(work)


def order_of_cart(session: Session, key: str, buyer_id: int) -> Order | None:
    """Return the order that this buyer already made with a placing form's key, or None."""
    return session.scalar(
        select(Order)
        .join(OrderCommand, OrderCommand.order_id == Order.id)
        .where(OrderCommand.scope == CART_SCOPE, OrderCommand.key == key, Order.buyer_id == buyer_id)
    )
