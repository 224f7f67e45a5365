"""The promises about money, each checked against the business rows and not only against itself."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, selectinload

from orders.ledger.accounts import BUYER_DEPOSIT
from orders.ledger.line_shares import line_shares
from orders.ledger.models import LedgerAccount, LedgerPosting, LedgerTransaction
from orders.models import BankTransaction, Order, OrderLine, Payment, Payout, Refund
from orders.states import BankTransactionState, OrderState, PaymentState, PayoutState, RefundState

_APPROVED = (RefundState.APPROVED, RefundState.SUBMITTED, RefundState.FAILED, RefundState.DONE)
_LEFT_PAYEE = (PayoutState.APPROVED, PayoutState.SENT, PayoutState.PAID, PayoutState.FAILED)
_CHUNK = 500


def trial_balance_is_zero(session: Session) -> list[str]:
    """In each cooperative's books all debits equal all credits: no posting reaches into another's accounts."""
    credit = select(LedgerAccount.cooperative_id, (-LedgerPosting.amount_vnd).label("vnd")).join(
        LedgerPosting, LedgerPosting.credit_account_id == LedgerAccount.id
    )
    debit = select(LedgerAccount.cooperative_id, LedgerPosting.amount_vnd.label("vnd")).join(
        LedgerPosting, LedgerPosting.debit_account_id == LedgerAccount.id
    )
    sides = credit.union_all(debit).subquery()
    total = func.sum(sides.c.vnd)
    statement = select(sides.c.cooperative_id, total).group_by(sides.c.cooperative_id).having(total != 0)
    return [f"cooperative {row[0]}: trial balance {row[1]}" for row in session.execute(statement)]


def events_are_booked(session: Session) -> list[str]:
    """Every capture, refund, delivery, payout and receipt stands in the books once, with its amount, and nothing else does."""
    expected = _expected_events(session)
    amount = func.coalesce(func.sum(LedgerPosting.amount_vnd), 0)
    booked = {
        reference: int(vnd)
        for reference, vnd in session.execute(
            select(LedgerTransaction.reference, amount)
            .outerjoin(LedgerPosting, LedgerPosting.transaction_id == LedgerTransaction.id)
            .group_by(LedgerTransaction.reference)
        )
    }
    found = [f"{reference}: not in the books" for reference in sorted(expected.keys() - booked.keys())]
    found += [
        f"{reference}: booked {booked[reference]}, should be {vnd}"
        for reference, vnd in sorted(expected.items())
        if reference in booked and booked[reference] != vnd
    ]
    return found + _strangers(session, booked.keys() - expected.keys())


def deposits_are_right(session: Session) -> list[str]:
    """An order's deposit is what was captured, less refunded from it, less recognised at delivery; never below zero."""
    captured: dict[int, int] = defaultdict(int)
    for order_id, vnd in session.execute(
        select(Payment.order_id, Payment.amount_vnd).where(Payment.state == PaymentState.CAPTURED)
    ):
        captured[order_id] += vnd
    for order_id, vnd, quantities in session.execute(
        select(Refund.order_id, Refund.amount_vnd, Refund.line_quantities).where(Refund.state.in_(_APPROVED))
    ):
        captured[order_id] -= 0 if quantities else vnd
    for order_id, vnd in session.execute(_delivered_orders()):
        captured[order_id] -= vnd
    deposit = select(LedgerAccount.id).where(LedgerAccount.code == BUYER_DEPOSIT)
    signed = case((LedgerPosting.credit_account_id.in_(deposit), LedgerPosting.amount_vnd), else_=0) - case(
        (LedgerPosting.debit_account_id.in_(deposit), LedgerPosting.amount_vnd), else_=0
    )
    books = {
        order_id: int(vnd)
        for order_id, vnd in session.execute(
            select(LedgerPosting.order_id, func.sum(signed))
            .where(LedgerPosting.order_id.is_not(None))
            .group_by(LedgerPosting.order_id)
        )
    }
    return [
        f"order {order_id}: deposit {books.get(order_id, 0)}, should be {captured[order_id]} and not below zero"
        for order_id in sorted(captured.keys() | books.keys())
        if books.get(order_id, 0) != captured[order_id] or captured[order_id] < 0
    ]


def parts_equal_totals(session: Session) -> list[str]:
    """Delivery gave away exactly what every line is worth, to exactly those its frozen rates and lots name."""
    ids = session.scalars(select(Order.id).where(Order.state == OrderState.DELIVERED).order_by(Order.id)).all()
    found = []
    for start in range(0, len(ids), _CHUNK):
        found += _wrong_parts(session, ids[start : start + _CHUNK])
    return found


def payees_are_right(session: Session) -> list[str]:
    """What a household or host is owed is its shares, less what refunds took back, less its payouts."""
    owed: dict[tuple[int, str], int] = defaultdict(int)
    kinds = select(
        LedgerAccount.cooperative_id, LedgerAccount.code, LedgerTransaction.kind, func.sum(LedgerPosting.amount_vnd)
    )
    kinds = kinds.join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
    for side, sign, kind in (
        (LedgerPosting.credit_account_id, 1, "delivered"),
        (LedgerPosting.debit_account_id, -1, "refund_approved"),
    ):
        statement = kinds.join(LedgerAccount, LedgerAccount.id == side).where(LedgerTransaction.kind == kind)
        statement = statement.group_by(LedgerAccount.cooperative_id, LedgerAccount.code, LedgerTransaction.kind)
        for cooperative_id, code, _kind, vnd in session.execute(statement):
            owed[cooperative_id, code] += sign * int(vnd)
    for payout in session.scalars(select(Payout).where(Payout.state.in_(_LEFT_PAYEE))):
        if payout.state != PayoutState.FAILED:
            owed[payout.cooperative_id, f"liability:{payout.payee_type}:{payout.payee_id}"] -= payout.amount_vnd
    signed = case(
        (LedgerPosting.credit_account_id == LedgerAccount.id, LedgerPosting.amount_vnd), else_=-LedgerPosting.amount_vnd
    )
    touching = (LedgerPosting.credit_account_id == LedgerAccount.id) | (
        LedgerPosting.debit_account_id == LedgerAccount.id
    )
    balances = session.execute(
        select(LedgerAccount.cooperative_id, LedgerAccount.code, func.sum(signed))
        .join(LedgerPosting, touching)
        .where(LedgerAccount.code.like("liability:household:%") | LedgerAccount.code.like("liability:host:%"))
        .group_by(LedgerAccount.cooperative_id, LedgerAccount.code)
    )
    return [
        f"{code}: owed {balance} in the books, {owed[cooperative_id, code]} by shares, refunds and payouts"
        for cooperative_id, code, balance in balances
        if int(balance) != owed[cooperative_id, code]
    ]


def refunds_within_captures(session: Session) -> list[str]:
    """Nobody gets back more than they paid."""
    captured = (
        select(func.coalesce(func.sum(Payment.amount_vnd), 0))
        .where(Payment.order_id == Refund.order_id, Payment.state == PaymentState.CAPTURED)
        .scalar_subquery()
    )
    refunded = func.sum(Refund.amount_vnd)
    statement = (
        select(Refund.order_id, refunded, captured)
        .where(Refund.state.in_(_APPROVED))
        .group_by(Refund.order_id)
        .having(refunded > captured)
    )
    return [f"order {row[0]}: refunded {row[1]} of {row[2]}" for row in session.execute(statement)]


def _expected_events(session: Session) -> dict[str, int]:
    """Return the reference of every event that the business rows say has happened, with the đồng it moved."""
    events = {}
    for row_id, vnd in session.execute(
        select(Payment.id, Payment.amount_vnd).where(Payment.state == PaymentState.CAPTURED)
    ):
        events[f"payment:{row_id}:captured"] = vnd
    for row_id, state, vnd in session.execute(
        select(Refund.id, Refund.state, Refund.amount_vnd).where(Refund.state.in_(_APPROVED))
    ):
        events[f"refund:{row_id}:approved"] = vnd
        if state == RefundState.DONE:
            events[f"refund:{row_id}:done"] = vnd
    for row_id, vnd in session.execute(_delivered_orders()):
        events[f"order:{row_id}:delivered"] = vnd
    for row_id, state, vnd in session.execute(
        select(Payout.id, Payout.state, Payout.amount_vnd).where(Payout.state.in_(_LEFT_PAYEE))
    ):
        events[f"payout:{row_id}:approved"] = vnd
        if state in (PayoutState.PAID, PayoutState.FAILED):
            events[f"payout:{row_id}:{state}"] = vnd
    received = select(BankTransaction.id, BankTransaction.amount_vnd).where(
        BankTransaction.direction == "in", BankTransaction.state != BankTransactionState.IGNORED
    )
    for row_id, vnd in session.execute(received):
        events[f"bank:{row_id}:received"] = vnd
    return events


def _strangers(session: Session, references: Iterable[str]) -> list[str]:
    """Return the booked events without a business row; those that need no state of it only have to find the row."""
    rows = {
        "bank": set(session.scalars(select(BankTransaction.id))),
        "payment": set(session.scalars(select(Payment.id).where(Payment.state == PaymentState.CAPTURED))),
        "order": set(session.scalars(select(Order.id).where(Order.state == OrderState.RETURNED))),
    }
    rows["remit"] = rows["bank"]
    allowed = {"bank": ("received", "returned"), "payment": ("fee",), "order": ("refused",), "remit": ("", "fee")}
    found = []
    for reference in sorted(references):
        what, row_id, event = (*reference.split(":"), "")[:3]
        if event not in allowed.get(what, ()) or int(row_id) not in rows[what]:
            found.append(f"{reference}: in the books without its business row")
    return found


def _delivered_orders() -> Select[int, int]:
    return select(Order.id, Order.total_vnd).where(Order.state == OrderState.DELIVERED)


def _wrong_parts(session: Session, order_ids: Sequence[int]) -> list[str]:
    orders = {order.id: order for order in session.scalars(select(Order).where(Order.id.in_(order_ids)))}
    lines = session.scalars(
        select(OrderLine)
        .where(OrderLine.order_id.in_(order_ids), OrderLine.quantity > 0)
        .options(selectinload(OrderLine.allocations))
    )
    wanted: dict[tuple[int | None, int | None, int | None], int] = {}
    found = []
    for line in lines:
        try:
            shares = line_shares(orders[line.order_id], line)
        except ValueError as wrong:
            found.append(f"order {line.order_id}, line {line.id}: {wrong}")
            continue
        wanted[line.order_id, line.id, None] = shares.goods_vnd - shares.pool_vnd
        wanted |= {(line.order_id, line.id, lot_id): vnd for lot_id, vnd in shares.households}
    wanted |= {(order.id, None, None): order.delivery_fee_vnd for order in orders.values()}
    posted = session.execute(
        select(
            LedgerPosting.order_id,
            LedgerPosting.order_line_id,
            LedgerPosting.lot_id,
            func.sum(LedgerPosting.amount_vnd),
        )
        .join(LedgerTransaction, LedgerTransaction.id == LedgerPosting.transaction_id)
        .where(LedgerTransaction.kind == "delivered", LedgerPosting.order_id.in_(order_ids))
        .group_by(LedgerPosting.order_id, LedgerPosting.order_line_id, LedgerPosting.lot_id)
    )
    given = {(order_id, line_id, lot_id): int(vnd) for order_id, line_id, lot_id, vnd in posted}
    return found + [
        f"order {key[0]}, line {key[1]}, lot {key[2]}: given {given.get(key, 0)}, should be {wanted.get(key, 0)}"
        for key in sorted(wanted.keys() | given.keys(), key=str)
        if given.get(key, 0) != wanted.get(key, 0)
    ]


INVARIANTS: tuple[tuple[str, Callable[[Session], list[str]]], ...] = (
    ("trial balance is zero", trial_balance_is_zero),
    ("every event is booked once, and only events are", events_are_booked),
    ("deposit is captured less refunded less recognised", deposits_are_right),
    ("parts of a delivered order equal its total", parts_equal_totals),
    ("payees are owed shares less refunds less payouts", payees_are_right),
    ("refunded is within captured", refunds_within_captures),
)
