"""Orders for tests of the books: rows as selling writes them, without the selling."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.clock import Clock
from app.ids import new_order_code, new_token
from app.money import price_of
from orders.ledger.balances import trial_balance
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.models import Allocation, Order, OrderLine, Payment
from shop.models import HarvestLot
from tests.world import World, make_buyer


def write_order(
    session: Session,
    world: World,
    lots: Sequence[tuple[HarvestLot, int]],
    *,
    clock: Clock,
    price_vnd: int = 50_000,
    delivery_fee_vnd: int = 20_000,
    **rates: int | str,
) -> Order:
    """Write a packed order of one kilogram line that takes grams from each of these lots, won by the host."""
    now = clock()
    grams = sum(quantity for _, quantity in lots)
    goods_vnd = price_of(grams, price_vnd, 1000)
    buyer = make_buyer(session, clock=clock)
    order = Order(
        code=new_order_code(),
        link_token=new_token(),
        cooperative_id=world.cooperative.id,
        buyer_id=buyer.id,
        host_user_id=world.host.id,
        commission_bps=500,
        state="packed",
        goods_vnd=goods_vnd,
        delivery_fee_vnd=delivery_fee_vnd,
        total_vnd=goods_vnd + delivery_fee_vnd,
        payment_method="card",
        buyer_name=buyer.name,
        buyer_phone=buyer.phone,
        created_at=now,
        updated_at=now,
        confirmed_at=now,
    )
    session.add(order)
    session.flush()
    line = OrderLine(
        order_id=order.id,
        listing_id=world.listing.id,
        title=world.listing.title,
        unit_label="kg",
        unit_quantity=1000,
        weight_grams=1000,
        divisible=True,
        price_vnd=price_vnd,
        quantity=grams,
        packed_quantity=grams,
        billed_quantity=grams,
        goods_vnd=goods_vnd,
        created_at=now,
        **(
            {
                "coop_bps": 800,
                "host_bps": 500,
                "packing_vnd_per_kg": 0,
                "packing_vnd_per_unit": 0,
                "fee_bps": 0,
                "fee_bearer": "cooperative",
            }
            | rates
        ),
    )
    session.add(line)
    session.flush()
    session.add_all(
        Allocation(
            order_line_id=line.id,
            lot_id=lot.id,
            household_id=lot.household_id,
            quantity=quantity,
            rule="test",
            created_at=now,
        )
        for lot, quantity in lots
    )
    session.flush()
    return order


def write_payment(session: Session, order: Order, amount_vnd: int, *, clock: Clock, provider: str = "card") -> Payment:
    """Write a captured payment."""
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
    return payment


def balances(session: Session, world: World) -> dict[str, int]:
    """Return the balances that are not 0, by code, on each account's own side."""
    return {row.code: row.balance_vnd for row in trial_balance(session, world.cooperative.id) if row.balance_vnd}


def postings_of(session: Session, reference: str) -> list[tuple[str, str, int]]:
    """Return what one event booked, as (debit, credit, đồng)."""
    codes = dict(session.execute(select(LedgerAccount.id, LedgerAccount.code)).all())
    rows = session.execute(
        select(LedgerPosting.debit_account_id, LedgerPosting.credit_account_id, LedgerPosting.amount_vnd)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(LedgerTransaction.reference == reference)
        .order_by(LedgerPosting.id)
    )
    return [(codes[debit], codes[credit], vnd) for debit, credit, vnd in rows]
