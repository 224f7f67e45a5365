"""The parts of an order's lines: worked out from the frozen rates at delivery, read back from the books afterwards."""

from collections import defaultdict

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from orders.ledger.accounts import COOP_FEE, FEE_RECOVERED, PACKING
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.ledger.shares import FrozenRates, LineShares, LotAmounts, split_line
from orders.models import Order, OrderLine


def order_lines(session: Session, order_id: int) -> list[OrderLine]:
    """Return the lines of an order that have something on them, with their allocations, read afresh."""
    return list(
        session.scalars(
            select(OrderLine)
            .where(OrderLine.order_id == order_id, OrderLine.quantity > 0)
            .order_by(OrderLine.id)
            .options(selectinload(OrderLine.allocations))
            .execution_options(populate_existing=True)
        )
    )


def lots_of(line: OrderLine) -> LotAmounts:
    """Return a line's lots with their base units."""
    return [(allocation.lot_id, allocation.quantity) for allocation in line.allocations if allocation.quantity]


def line_shares(order: Order, line: OrderLine) -> LineShares:
    """Return who owns which đồng of a line: of its billed quantity, or of the ordered one before it is packed.

    A commission without a host to pay it to stays in the households' pool.
    """
    rates = FrozenRates(
        coop_bps=line.coop_bps,
        host_bps=line.host_bps if order.host_user_id is not None else 0,
        packing_vnd_per_kg=line.packing_vnd_per_kg,
        packing_vnd_per_unit=line.packing_vnd_per_unit,
        fee_bps=line.fee_bps,
        fee_bearer="pool" if line.fee_bearer == "pool" else "cooperative",
    )
    quantity = line.quantity if line.billed_quantity is None else line.billed_quantity
    return split_line(line.goods_vnd, quantity, line.unit_quantity, line.weight_grams, rates, lots_of(line))


def recorded_shares(session: Session, order: Order) -> dict[int, LineShares]:
    """Return the parts that delivery gave, by order line id, as the books have them.

    A refund takes back what was given and not what a formula of today would give.
    """
    rows = session.execute(
        select(LedgerPosting.order_line_id, LedgerPosting.lot_id, LedgerAccount.code, LedgerPosting.amount_vnd)
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .join(LedgerAccount, LedgerAccount.id == LedgerPosting.credit_account_id)
        .where(
            LedgerTransaction.reference == f"order:{order.id}:delivered",
            LedgerPosting.order_line_id.is_not(None),
        )
    )
    common: dict[int | None, dict[str, int]] = defaultdict(dict)
    lots: dict[int | None, dict[int, int]] = defaultdict(dict)
    for line_id, lot_id, code, amount_vnd in rows:
        if lot_id is None:
            common[line_id]["host" if code.startswith("liability:host:") else code] = amount_vnd
        else:
            lots[line_id][lot_id] = amount_vnd
    shares = {}
    for line in order_lines(session, order.id):
        parts = common[line.id]
        households = tuple((lot_id, lots[line.id].get(lot_id, 0)) for lot_id, _ in lots_of(line))
        pool_vnd = sum(vnd for _, vnd in households)
        shares[line.id] = LineShares(
            goods_vnd=sum(parts.values()) + pool_vnd,
            cooperative_vnd=parts.get(COOP_FEE, 0),
            host_vnd=parts.get("host", 0),
            packing_vnd=parts.get(PACKING, 0),
            fee_vnd=parts.get(FEE_RECOVERED, 0),
            households=households,
            pool_vnd=pool_vnd,
        )
    return shares
