"""What each business event of an order's money books: the table of docs/money.md as functions.

Each books exactly one transaction inside the caller's write transaction, which holds the lock on the order; a repeat
returns what stands. Amounts are đồng.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict
from orders.ledger.accounts import (
    BANK,
    BUYER_DEPOSIT,
    COOP_FEE,
    FAILED_DELIVERY,
    FEE_RECOVERED,
    PACKING,
    PAYMENT_FEE,
    REFUND_PAYABLE,
    STRIPE_CLEARING,
    UNMATCHED_RECEIPTS,
    cod_account,
    courier_account,
    host_account,
    household_account,
)
from orders.ledger.balances import order_deposit
from orders.ledger.booking import Entry, book, find_booked
from orders.ledger.line_shares import line_shares, order_lines
from orders.ledger.models import LedgerTransaction
from orders.ledger.reversals import refunded_shares
from orders.ledger.shares import LineShares
from orders.models import BankTransaction, Order, OrderLine, Payment, Refund, Shipment

CARD_PROVIDERS = ("card", "fake")


def post_bank_received(
    session: Session, bank_transaction: BankTransaction, *, actor: Actor, clock: Clock
) -> LedgerTransaction:
    """Book money that has arrived in the cooperative's bank account, before anyone knows what it is for."""
    return book(
        session,
        bank_transaction.cooperative_id,
        "bank_received",
        f"bank:{bank_transaction.id}:received",
        [Entry(BANK, UNMATCHED_RECEIPTS, bank_transaction.amount_vnd)],
        actor=actor,
        clock=clock,
        effective_at=bank_transaction.transferred_at,
    )


def post_bank_returned(
    session: Session, bank_transaction: BankTransaction, amount_vnd: int, *, actor: Actor, clock: Clock
) -> LedgerTransaction:
    """Book that money which belongs to no order, or is too much for its order, has been sent back by the bank.

    It passes through what must be refunded, so that the account of refunds shows every đồng that went back.
    """
    return book(
        session,
        bank_transaction.cooperative_id,
        "bank_returned",
        f"bank:{bank_transaction.id}:returned",
        [Entry(UNMATCHED_RECEIPTS, REFUND_PAYABLE, amount_vnd), Entry(REFUND_PAYABLE, BANK, amount_vnd)],
        actor=actor,
        clock=clock,
    )


def post_payment_captured(
    session: Session, order: Order, payment: Payment, *, actor: Actor, clock: Clock
) -> LedgerTransaction:
    """Book a payment that belongs to an order now: a matched transfer, collected cash, or a card that was charged."""
    if payment.provider == "vietqr":
        source = UNMATCHED_RECEIPTS
    elif payment.provider == "cod":
        source = cod_account(_carrier(session, order))
    else:
        source = STRIPE_CLEARING
    return book(
        session,
        order.cooperative_id,
        "payment_captured",
        f"payment:{payment.id}:captured",
        [Entry(source, BUYER_DEPOSIT, payment.amount_vnd, order_id=order.id)],
        actor=actor,
        clock=clock,
    )


def post_payment_fee(
    session: Session, order: Order, payment: Payment, fee_vnd: int, *, actor: Actor, clock: Clock
) -> LedgerTransaction:
    """Book what the card gateway kept of a payment."""
    return book(
        session,
        order.cooperative_id,
        "payment_fee",
        f"payment:{payment.id}:fee",
        [Entry(PAYMENT_FEE, STRIPE_CLEARING, fee_vnd, order_id=order.id)],
        actor=actor,
        clock=clock,
    )


def post_delivered(session: Session, order: Order, *, actor: Actor, clock: Clock) -> LedgerTransaction:
    """Book an order's delivery: its deposit goes to everyone who has a part in it, line by line.

    The parts follow the rates frozen on each line, the billed quantity and its allocations; delivery goes to the
    courier. Raises ``Conflict`` when the order is not fully paid: income is earned on money that is there.
    """
    reference = f"order:{order.id}:delivered"
    known = find_booked(session, reference)
    if known is not None:
        return known
    if order_deposit(session, order.id) < order.total_vnd:
        raise Conflict("Đơn này chưa đủ tiền nên chưa ghi là đã giao được. Bác ghi nhận tiền trước giúp em.")
    entries = []
    for line in order_lines(session, order.id):
        entries += _line_entries(order, line, line_shares(order, line))
    courier = courier_account(_carrier(session, order))
    entries.append(Entry(BUYER_DEPOSIT, courier, order.delivery_fee_vnd, order_id=order.id))
    return book(session, order.cooperative_id, "delivered", reference, entries, actor=actor, clock=clock)


def post_refund_approved(
    session: Session, order: Order, refund: Refund, *, actor: Actor, clock: Clock
) -> LedgerTransaction:
    """Book a refund that was approved: from the deposit, or after delivery from those who got their parts of it.

    A refund that names quantities of a delivered order takes back the parts that were given for them, cumulatively.
    Any other comes from what the order still has in deposit; raises ``Conflict`` when that is less than the refund.
    """
    entries = []
    if refund.line_quantities and find_booked(session, f"order:{order.id}:delivered") is not None:
        for line, parts in refunded_shares(session, order, refund):
            entries += [
                Entry(entry.credit, REFUND_PAYABLE, entry.amount_vnd, order.id, line.id, entry.lot_id)
                for entry in _line_entries(order, line, parts)
            ]
        if sum(entry.amount_vnd for entry in entries) != refund.amount_vnd:
            raise Conflict("Số tiền hoàn không khớp với số hàng hoàn. Bác lập lại khoản hoàn này giúp em.")
    else:
        if order_deposit(session, order.id) < refund.amount_vnd:
            raise Conflict("Tiền ứng trước của đơn không còn đủ để hoàn. Bác ghi rõ hoàn món nào, bao nhiêu giúp em.")
        entries.append(Entry(BUYER_DEPOSIT, REFUND_PAYABLE, refund.amount_vnd, order_id=order.id))
    return book(
        session,
        order.cooperative_id,
        "refund_approved",
        f"refund:{refund.id}:approved",
        entries,
        actor=actor,
        clock=clock,
    )


def post_refund_done(
    session: Session, order: Order, refund: Refund, *, provider: str, actor: Actor, clock: Clock
) -> LedgerTransaction:
    """Book a refund that was sent: by the card gateway for card payments, from the bank for all others."""
    paid_from = STRIPE_CLEARING if provider in CARD_PROVIDERS else BANK
    return book(
        session,
        order.cooperative_id,
        "refund_done",
        f"refund:{refund.id}:done",
        [Entry(REFUND_PAYABLE, paid_from, refund.amount_vnd, order_id=order.id)],
        actor=actor,
        clock=clock,
    )


def post_refused(session: Session, order: Order, cost_vnd: int, *, actor: Actor, clock: Clock) -> LedgerTransaction:
    """Book what both ways of a parcel cost that the buyer refused: the cooperative owes it to the courier."""
    return book(
        session,
        order.cooperative_id,
        "refused",
        f"order:{order.id}:refused",
        [Entry(FAILED_DELIVERY, courier_account(_carrier(session, order)), cost_vnd, order_id=order.id)],
        actor=actor,
        clock=clock,
    )


def _line_entries(order: Order, line: OrderLine, shares: LineShares) -> list[Entry]:
    """Return the postings that give a line's parts away from the deposit; the parts of a refund read them backwards."""
    common = [
        (COOP_FEE, shares.cooperative_vnd),
        (PACKING, shares.packing_vnd),
        (FEE_RECOVERED, shares.fee_vnd),
    ]
    if order.host_user_id is not None:
        common.append((host_account(order.host_user_id), shares.host_vnd))
    households = {allocation.lot_id: allocation.household_id for allocation in line.allocations}
    entries = [Entry(BUYER_DEPOSIT, code, vnd, order.id, line.id) for code, vnd in common]
    entries += [
        Entry(BUYER_DEPOSIT, household_account(households[lot_id]), vnd, order.id, line.id, lot_id)
        for lot_id, vnd in shares.households
    ]
    return [entry for entry in entries if entry.amount_vnd]


def _carrier(session: Session, order: Order) -> str:
    return session.scalar(select(Shipment.carrier).where(Shipment.order_id == order.id)) or ""
