"""The way of an order through the real use cases, in one line each, for tests that begin where it ends."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from app.accounts.actor import SYSTEM
from app.clock import FrozenClock
from app.db import db, write_transaction
from app.policy import SalePolicy
from orders.balances import amount_due_vnd
from orders.checkout import CheckoutDetails, complete_checkout, quote_delivery
from orders.fulfilling import deliver_order, pack_order, ship_order
from orders.lifecycle import confirm_order
from orders.models import BankTransaction, Order, OrderLine
from orders.payments.transfers import StatementLine, match_transaction, record_bank_transaction
from orders.placing import place_orders
from orders.requests import Attribution, BuyerRef, LineChange, OrderRequest
from shop.models import Listing
from tests.world import World, make_buyer

POLICY = SalePolicy()
HOME = "06832"
"""The ward of the test cooperative; delivery there is 20.000."""


@dataclass
class Market:
    """A world and its clock, with the verbs of selling. Every verb is its own write transaction."""

    world: World
    clock: FrozenClock
    keys: int = 0

    def place(
        self, *items: tuple[Listing, int], session_id: int | None = 7, buyer: BuyerRef | None = None, **rates: int
    ) -> int:
        """Hold stock for a new buyer and return the order's id; ``rates`` name prices or commission."""
        self.keys += 1
        with write_transaction() as session:
            if buyer is None:
                row = make_buyer(session, clock=self.clock, phone=f"+8491{self.keys:07}")
                buyer = BuyerRef(row.id, row.name, row.phone)
            changes = tuple(
                LineChange("add", listing.id, quantity, price_vnd=rates.get("price_vnd")) for listing, quantity in items
            )
            host = Attribution(session_id, self.world.host.id, rates.get("commission_bps", 500)) if session_id else None
            request = OrderRequest(f"test:{buyer.id}", str(self.keys), self.world.cooperative.id, buyer, changes, host)
            (placed,) = place_orders(session, [request], policy=POLICY, actor=SYSTEM, clock=self.clock)
        if isinstance(placed, Exception):
            raise placed
        return placed.order_id

    def check_out(self, order_id: int, method: str = "vietqr") -> Order:
        """Give the order an address at home and a way to pay."""
        with write_transaction() as session:
            order = session.get_one(Order, order_id)
            shown = order.goods_vnd + quote_delivery(session, order, "22")
            details = CheckoutDetails("Chị Hoa", order.buyer_phone, HOME, "Thôn Đá Bạc", "", method, shown)
            return complete_checkout(session, order_id, details, policy=POLICY, actor=SYSTEM, clock=self.clock)

    def transfer(
        self, amount_vnd: int, content: str, *, reference: str | None = None, match: bool = True
    ) -> BankTransaction:
        """Let money arrive in the bank and, unless told not to, let the rules match it."""
        self.keys += 1
        line = StatementLine(
            account="1012345678",
            bank_reference=reference or f"FT{self.keys:06}",
            direction="in",
            amount_vnd=amount_vnd,
            content=content,
            transferred_at=self.clock(),
        )
        with write_transaction() as session:
            row, _ = record_bank_transaction(
                session, self.world.cooperative, line, source="test", actor=SYSTEM, clock=self.clock
            )
            return match_transaction(session, row.id, actor=SYSTEM, clock=self.clock) if match else row

    def pay(self, order_id: int) -> BankTransaction:
        """Transfer exactly what is due, with the order's code."""
        order = self.order(order_id)
        return self.transfer(amount_due_vnd(db.session(), order), f"chuyen tien {order.code} cam on")

    def pack(self, order_id: int, *packed: int) -> None:
        """Pack each line at the weight given, or exactly as ordered."""
        lines = self.lines(order_id)
        weights = packed or [line.quantity for line in lines]
        with write_transaction() as session:
            pack_order(
                session,
                order_id,
                {line.id: weight for line, weight in zip(lines, weights, strict=True)},
                actor=self.staff,
                clock=self.clock,
            )

    def ship(self, order_id: int, carrier: str = "Xe Hà Lan") -> None:
        with write_transaction() as session:
            ship_order(
                session, order_id, carrier=carrier, tracking_number="29B-123.45", actor=self.staff, clock=self.clock
            )

    def deliver(self, order_id: int) -> None:
        with write_transaction() as session:
            deliver_order(session, order_id, actor=self.staff, clock=self.clock)

    def sell(self, *items: tuple[Listing, int], method: str = "vietqr", **more: int | None) -> int:
        """Walk an order all the way to the buyer's door and return its id."""
        order_id = self.place(*items, **more)
        self.check_out(order_id, method)
        if method == "vietqr":
            self.pay(order_id)
        else:
            self.promise(order_id)
        self.pack(order_id)
        self.ship(order_id)
        self.deliver(order_id)
        return order_id

    def promise(self, order_id: int) -> None:
        """Confirm a cash order the way staff do after a call."""
        with write_transaction() as session:
            confirm_order(session, order_id, actor=self.staff, clock=self.clock)

    def order(self, order_id: int) -> Order:
        """Return the order as it stands in the database now."""
        db.session.rollback()
        db.session.expire_all()
        return db.session.get_one(Order, order_id)

    def lines(self, order_id: int) -> Sequence[OrderLine]:
        db.session.rollback()
        return db.session.scalars(
            select(OrderLine).where(OrderLine.order_id == order_id, OrderLine.quantity > 0).order_by(OrderLine.id)
        ).all()

    @property
    def staff(self):
        return self.world.actor(self.world.staff)

    @property
    def staff_two(self):
        return self.world.actor(self.world.staff_two)
