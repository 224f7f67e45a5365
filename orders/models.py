"""Orders, the stock they hold, how they are paid, sent and complained about.

"Paid" and "amount due" are never columns: they are derived from payments and refunds. Quantities are in base units
(grams or pieces), amounts in đồng.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BigId, UtcDateTime, db, one_of
from orders.states import (
    BankTransactionState,
    HoldState,
    OrderState,
    PaymentState,
    PayoutState,
    RefundState,
    ShipmentState,
)
from shop.models import HarvestLot, Listing

PAYMENT_METHODS = ("vietqr", "cod", "card")
_UNPAID_LIVE_ORDER = text("state = 'pending' AND session_id IS NOT NULL")


class RateCard(db.Model):
    """What the cooperative, the host and packing take from a sale, from a day on (bảng phí). Frozen on each line."""

    __tablename__ = "rate_card"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "valid_from"),
        CheckConstraint("coop_bps >= 0 AND fee_bps >= 0 AND coop_bps + fee_bps <= 10000", name="basis_points"),
        CheckConstraint("packing_vnd_per_kg >= 0 AND packing_vnd_per_unit >= 0", name="packing_not_negative"),
        one_of("fee_bearer", ("cooperative", "pool")),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    valid_from: Mapped[date] = mapped_column(Date)
    coop_bps: Mapped[int]
    packing_vnd_per_kg: Mapped[int] = mapped_column(default=0)
    packing_vnd_per_unit: Mapped[int] = mapped_column(default=0)
    """For goods without a weight."""
    fee_bps: Mapped[int] = mapped_column(default=0)
    fee_bearer: Mapped[str] = mapped_column(String(12), default="cooperative")


class DeliveryRate(db.Model):
    """The delivery fee to a province (or to all others) for parcels up to a weight; frozen on the order."""

    __tablename__ = "delivery_rate"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "province_code", "up_to_grams"),
        CheckConstraint("up_to_grams > 0 AND fee_vnd >= 0", name="sane"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    province_code: Mapped[str | None] = mapped_column(String(4))
    up_to_grams: Mapped[int] = mapped_column(BigId)
    fee_vnd: Mapped[int] = mapped_column(BigId)


class Order(db.Model):
    """A buyer's order (đơn). ``code`` is read aloud and is the payment reference; ``link_token`` opens its page.

    ``session_id`` and ``host_user_id`` say where it was won (the attribution); the session's table belongs to the
    livestream package above, so the id is kept without a foreign key.
    """

    __tablename__ = "orders"
    __table_args__ = (
        one_of("state", OrderState),
        CheckConstraint(
            "goods_vnd >= 0 AND delivery_fee_vnd >= 0 AND total_vnd = goods_vnd + delivery_fee_vnd",
            name="total_adds_up",
        ),
        CheckConstraint("payment_method IS NULL OR payment_method IN ('vietqr', 'cod', 'card')", name="method_known"),
        CheckConstraint("commission_bps BETWEEN 0 AND 10000", name="commission"),
        Index(
            "uq_orders_unpaid_live_order",
            "buyer_id",
            "session_id",
            unique=True,
            sqlite_where=_UNPAID_LIVE_ORDER,
            postgresql_where=_UNPAID_LIVE_ORDER,
        ),
        Index("ix_orders_cooperative_state", "cooperative_id", "state"),
        Index("ix_orders_state_expiry", "state", "hold_expires_at"),
        Index("ix_orders_session", "session_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(12), unique=True)
    link_token: Mapped[str] = mapped_column(String(40), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyer.id"), index=True)
    session_id: Mapped[int | None] = mapped_column(BigId)
    host_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    commission_bps: Mapped[int] = mapped_column(default=0)
    state: Mapped[str] = mapped_column(String(12))
    goods_vnd: Mapped[int] = mapped_column(BigId, default=0)
    delivery_fee_vnd: Mapped[int] = mapped_column(BigId, default=0)
    total_vnd: Mapped[int] = mapped_column(BigId, default=0)
    payment_method: Mapped[str | None] = mapped_column(String(10))
    hold_attempt: Mapped[int] = mapped_column(default=1)
    first_held_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    hold_expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When the hold is released if the order is still unpaid; None once confirmed."""
    staff_extended: Mapped[bool] = mapped_column(default=False)
    buyer_name: Mapped[str] = mapped_column(String(80))
    buyer_phone: Mapped[str] = mapped_column(String(20), index=True)
    recipient_name: Mapped[str | None] = mapped_column(String(80))
    recipient_phone: Mapped[str | None] = mapped_column(String(20))
    address_scheme: Mapped[str | None] = mapped_column(String(10))
    ward_code: Mapped[str | None] = mapped_column(String(8))
    ward_name: Mapped[str | None] = mapped_column(String(80))
    province_code: Mapped[str | None] = mapped_column(String(4))
    province_name: Mapped[str | None] = mapped_column(String(80))
    street: Mapped[str | None] = mapped_column(String(160))
    note: Mapped[str] = mapped_column(String(300), default="")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, index=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    lines: Mapped[list["OrderLine"]] = relationship(order_by="OrderLine.id", back_populates="order")


class OrderLine(db.Model):
    """One listing on an order, at the price and the rates of the moment it was ordered (nothing is recomputed later)."""

    __tablename__ = "order_line"
    __table_args__ = (
        UniqueConstraint("order_id", "listing_id", "price_vnd", "sale_limit_id"),
        CheckConstraint("quantity >= 0 AND goods_vnd >= 0", name="not_negative"),
        CheckConstraint("packed_quantity IS NULL OR packed_quantity >= 0", name="packed_not_negative"),
        CheckConstraint("billed_quantity IS NULL OR billed_quantity <= quantity", name="never_overcharged"),
        CheckConstraint("coop_bps + host_bps + fee_bps <= 10000", name="basis_points"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), index=True)
    sale_limit_id: Mapped[int | None] = mapped_column(ForeignKey("sale_limit.id"), index=True)
    offer_code: Mapped[str | None] = mapped_column(String(10))
    title: Mapped[str] = mapped_column(String(120))
    unit_label: Mapped[str] = mapped_column(String(20))
    unit_quantity: Mapped[int] = mapped_column(BigId)
    weight_grams: Mapped[int | None]
    divisible: Mapped[bool]
    price_vnd: Mapped[int] = mapped_column(BigId)
    quantity: Mapped[int] = mapped_column(BigId)
    """Ordered, in base units; 0 when the line was cancelled before payment."""
    packed_quantity: Mapped[int | None] = mapped_column(BigId)
    billed_quantity: Mapped[int | None] = mapped_column(BigId)
    """min(packed, ordered), set at packing: overweight is given, never charged."""
    goods_vnd: Mapped[int] = mapped_column(BigId)
    """The amount of the ordered quantity, then of the billed quantity once packed."""
    coop_bps: Mapped[int]
    host_bps: Mapped[int]
    packing_vnd_per_kg: Mapped[int]
    packing_vnd_per_unit: Mapped[int]
    fee_bps: Mapped[int]
    fee_bearer: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    order: Mapped[Order] = relationship(back_populates="lines")
    listing: Mapped[Listing] = relationship()
    allocations: Mapped[list["Allocation"]] = relationship(order_by="Allocation.lot_id")


class StockHold(db.Model):
    """The stock an order holds (giữ hàng). An order may hold several times over its life, one attempt at a time."""

    __tablename__ = "stock_hold"
    __table_args__ = (UniqueConstraint("order_id", "attempt"), one_of("state", HoldState))

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    attempt: Mapped[int]
    state: Mapped[str] = mapped_column(String(12))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class StockHoldLine(db.Model):
    """What one hold takes from one lot for one order line; while active or committed it equals the lot's counters."""

    __tablename__ = "stock_hold_line"
    __table_args__ = (
        UniqueConstraint("hold_id", "order_line_id", "lot_id"),
        CheckConstraint("quantity >= 0", name="not_negative"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    hold_id: Mapped[int] = mapped_column(ForeignKey("stock_hold.id"))
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"), index=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("harvest_lot.id"), index=True)
    sale_limit_id: Mapped[int | None] = mapped_column(ForeignKey("sale_limit.id"))
    quantity: Mapped[int] = mapped_column(BigId)


class Allocation(db.Model):
    """Whose fruit was sold (chia lô): the part of a confirmed line that comes from one lot, with the rule that chose it."""

    __tablename__ = "allocation"
    __table_args__ = (
        UniqueConstraint("order_line_id", "lot_id"),
        CheckConstraint("quantity >= 0", name="not_negative"),
        Index("ix_allocation_household", "household_id", "created_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_line_id: Mapped[int] = mapped_column(ForeignKey("order_line.id"))
    lot_id: Mapped[int] = mapped_column(ForeignKey("harvest_lot.id"), index=True)
    household_id: Mapped[int] = mapped_column(ForeignKey("household.id"))
    quantity: Mapped[int] = mapped_column(BigId)
    """Base units; moved to the billed quantity at packing."""
    rule: Mapped[str] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    lot: Mapped[HarvestLot] = relationship()


class OrderCommand(db.Model):
    """A command that placed or changed an order, by its idempotency key, with the answer it got."""

    __tablename__ = "order_command"
    __table_args__ = (UniqueConstraint("scope", "key"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    scope: Mapped[str] = mapped_column(String(60))
    key: Mapped[str] = mapped_column(String(80))
    body_hash: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    result: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class OrderEntry(db.Model):
    """The order's own history, in order: what happened, when, by whom; what the order page's timeline shows."""

    __tablename__ = "order_entry"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    kind: Mapped[str] = mapped_column(String(30))
    actor_name: Mapped[str] = mapped_column(String(120))
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


class Payment(db.Model):
    """Money for an order by one method. Captured is final; one payment per bank transaction."""

    __tablename__ = "payment"
    __table_args__ = (
        one_of("state", PaymentState),
        CheckConstraint("amount_vnd > 0", name="positive"),
        CheckConstraint("(state = 'captured') = (captured_at IS NOT NULL)", name="captured_has_time"),
        Index("ix_payment_order", "order_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    provider: Mapped[str] = mapped_column(String(12))
    state: Mapped[str] = mapped_column(String(12))
    amount_vnd: Mapped[int] = mapped_column(BigId)
    provider_reference: Mapped[str | None] = mapped_column(String(120), unique=True)
    bank_transaction_id: Mapped[int | None] = mapped_column(ForeignKey("bank_transaction.id"), unique=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    captured_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Refund(db.Model):
    """Money that goes back to a buyer, in whole or part; refunded never exceeds captured."""

    __tablename__ = "refund"
    __table_args__ = (
        one_of("state", RefundState),
        CheckConstraint("amount_vnd > 0", name="positive"),
        UniqueConstraint("order_id", "reference"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    reference: Mapped[str] = mapped_column(String(80))
    """Names the cause ("packing", "claim:7", "late:12"), so that one cause is refunded once."""
    state: Mapped[str] = mapped_column(String(12))
    amount_vnd: Mapped[int] = mapped_column(BigId)
    reason: Mapped[str] = mapped_column(String(200))
    line_quantities: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Base units refunded by order line id, for refunds after delivery; empty when only money goes back."""
    requested_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BankTransaction(db.Model):
    """One line of the cooperative's bank statement, kept as it came; unique by account and the bank's own reference."""

    __tablename__ = "bank_transaction"
    __table_args__ = (
        UniqueConstraint("cooperative_id", "account", "bank_reference"),
        one_of("state", BankTransactionState),
        one_of("direction", ("in", "out")),
        CheckConstraint("amount_vnd > 0", name="positive"),
        Index("ix_bank_transaction_state", "cooperative_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    source: Mapped[str] = mapped_column(String(20))
    account: Mapped[str] = mapped_column(String(24))
    bank_reference: Mapped[str] = mapped_column(String(80))
    direction: Mapped[str] = mapped_column(String(3))
    amount_vnd: Mapped[int] = mapped_column(BigId)
    content: Mapped[str] = mapped_column(Text)
    transferred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(14))
    state_reason: Mapped[str] = mapped_column(String(200), default="")
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    raw: Mapped[str] = mapped_column(Text, default="")


class Shipment(db.Model):
    """A parcel on its way: carrier and number typed by staff, or a coach with its driver's phone."""

    __tablename__ = "shipment"
    __table_args__ = (one_of("state", ShipmentState),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), unique=True)
    state: Mapped[str] = mapped_column(String(12))
    carrier: Mapped[str] = mapped_column(String(60), default="")
    tracking_number: Mapped[str] = mapped_column(String(60), default="")
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Claim(db.Model):
    """A buyer's complaint about delivered goods, with a photo, within the claim window."""

    __tablename__ = "claim"
    __table_args__ = (one_of("state", ("open", "accepted", "rejected")),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"), index=True)
    order_line_id: Mapped[int | None] = mapped_column(ForeignKey("order_line.id"))
    text: Mapped[str] = mapped_column(Text)
    photo_id: Mapped[int | None] = mapped_column(ForeignKey("photo.id"))
    state: Mapped[str] = mapped_column(String(12))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    answer: Mapped[str] = mapped_column(String(300), default="")


class DeskTask(db.Model):
    """Something a person must do about an order or a transfer; nothing leaves this list silently."""

    __tablename__ = "desk_task"
    __table_args__ = (
        UniqueConstraint("kind", "reference"),
        one_of("state", ("open", "done", "dropped")),
        Index("ix_desk_task_open", "cooperative_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    kind: Mapped[str] = mapped_column(String(30))
    """large_order, refund_due, late_money, short_weigh_in, over_payment, change_paid_order…"""
    reference: Mapped[str] = mapped_column(String(80))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("buyer.id"))
    note: Mapped[str] = mapped_column(String(400))
    state: Mapped[str] = mapped_column(String(10))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    claimed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Who is on it, so that two people never call the same buyer."""
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class Payout(db.Model):
    """Money paid out to a household or a host against its ledger balance: drafted by one person, approved by another."""

    __tablename__ = "payout"
    __table_args__ = (
        one_of("state", PayoutState),
        one_of("payee_type", ("household", "host", "courier")),
        CheckConstraint("amount_vnd > 0", name="positive"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> drafted_by_id", name="second_person"),
        UniqueConstraint("batch", "payee_type", "payee_id"),
        Index("ix_payout_payee", "payee_type", "payee_id", "state"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"), index=True)
    batch: Mapped[str] = mapped_column(String(40))
    payee_type: Mapped[str] = mapped_column(String(12))
    payee_id: Mapped[int] = mapped_column(BigId)
    payout_account_id: Mapped[int | None] = mapped_column(ForeignKey("payout_account.id"))
    amount_vnd: Mapped[int] = mapped_column(BigId)
    state: Mapped[str] = mapped_column(String(10))
    drafted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    drafted_at: Mapped[datetime] = mapped_column(UtcDateTime)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    approved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
