"""Payouts: drafted by one person, approved by another, sent by the bank, and then paid or not.

Money leaves a payee's account in the books at approval, waits in transit, and leaves the bank when it is paid; a payout
that failed goes back to the payee, and the next batch takes it up again.
"""

from collections.abc import Collection, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import Conflict, Forbidden, NotFound
from app.policy import SalePolicy
from app.states import Ignored, next_state
from orders.ledger.accounts import BANK, PAYOUT_IN_TRANSIT, lock_accounts, payee_account
from orders.ledger.balances import account_balances
from orders.ledger.booking import Entry, book, find_booked
from orders.ledger.models import LedgerTransaction
from orders.locks import lock_payouts
from orders.models import Payout
from orders.settlement.payables import payables
from orders.states import PAYOUT_TABLE, PayoutEvent, PayoutState
from shop.access import is_usable
from shop.models import Cooperative, PayoutAccount
from shop.payout_accounts import usable_payout_account


def draft_batch(
    session: Session, cooperative: Cooperative, *, policy: SalePolicy, actor: Actor, clock: Clock
) -> list[Payout]:
    """Draft one payout for every payee who may be paid now; raises ``Conflict`` when there is nobody.

    A household without a payout account in use is left out until it has one: money is sent to nothing else.
    """
    now = clock()
    hours = policy.settle_after_hours
    found = payables(session, cooperative.id, settle_after_hours=hours, now=now)
    lock_accounts(session, [row.account_id for row in found])
    batch = _new_batch(session, cooperative, clock)
    drafted = []
    for row in payables(session, cooperative.id, settle_after_hours=hours, now=now):
        account = usable_payout_account(session, row.payee_id, now=now) if row.payee_type == "household" else None
        if not row.payable_vnd or (row.payee_type == "household" and account is None):
            continue
        payout = Payout(
            cooperative_id=cooperative.id,
            batch=batch,
            payee_type=row.payee_type,
            payee_id=row.payee_id,
            payout_account_id=account.id if account else None,
            amount_vnd=row.payable_vnd,
            state=PayoutState.DRAFT,
            drafted_by_id=actor.user_id,
            drafted_at=now,
        )
        session.add(payout)
        drafted.append(payout)
    if not drafted:
        raise Conflict("Chưa có khoản nào đến hạn trả mà có tài khoản nhận đã duyệt.")
    session.flush()
    total = sum(payout.amount_vnd for payout in drafted)
    _audit(session, cooperative.id, batch, "drafted", actor=actor, clock=clock, payouts=len(drafted), total_vnd=total)
    return drafted


def discard_batch(session: Session, cooperative: Cooperative, batch: str, *, actor: Actor, clock: Clock) -> None:
    """Throw a draft away that nobody has approved; nothing of it was in the books."""
    rows = _lock_batch(session, cooperative, batch)
    if any(payout.state != PayoutState.DRAFT for payout in rows):
        raise Conflict("Đợt này đã duyệt rồi nên không bỏ được nữa.")
    for payout in rows:
        session.delete(payout)
    session.flush()
    _audit(session, cooperative.id, batch, "discarded", actor=actor, clock=clock, payouts=len(rows))


def approve_batch(session: Session, cooperative: Cooperative, batch: str, *, actor: Actor, clock: Clock) -> None:
    """Approve a batch as the second person: every payout leaves its payee's account and is in transit.

    Raises ``Forbidden`` for who drafted it, ``Conflict`` when a payout account is no longer in use or a balance has
    fallen below its payout since the draft.
    """
    rows = _lock_batch(session, cooperative, batch)
    if any(payout.drafted_by_id == actor.user_id for payout in rows):
        raise Forbidden("Đợt chi này cần một người khác duyệt, người lập không tự duyệt được ạ.")
    now = clock()
    waiting = [payout for payout in rows if _turn(payout, PayoutEvent.APPROVE)]
    for payout in waiting:
        account = session.get(PayoutAccount, payout.payout_account_id or 0)
        if payout.payee_type == "household" and (account is None or not is_usable(account, now)):
            raise Conflict("Có hộ vừa đổi tài khoản nhận tiền. Bác bỏ đợt này rồi lập lại giúp em.")
        payout.approved_by_id, payout.approved_at = actor.user_id, now
    session.flush()
    codes = [payee_account(payout.payee_type, payout.payee_id) for payout in waiting]
    owed = account_balances(session, cooperative.id, codes)
    if any(owed[code] < payout.amount_vnd for code, payout in zip(codes, waiting, strict=True)):
        raise Conflict("Có khoản nợ đã giảm sau khi lập đợt, ví dụ vì hoàn tiền. Bác bỏ đợt này rồi lập lại giúp em.")
    for payout in waiting:
        post_payout_approved(session, payout, actor=actor, clock=clock)
    _audit(session, cooperative.id, batch, "approved", actor=actor, clock=clock, payouts=len(waiting))


def send_batch(session: Session, cooperative: Cooperative, batch: str, *, actor: Actor, clock: Clock) -> None:
    """Record that an approved batch was handed to the bank."""
    rows = _lock_batch(session, cooperative, batch)
    sent = [payout for payout in rows if payout.state == PayoutState.APPROVED and _turn(payout, PayoutEvent.SEND)]
    session.flush()
    _audit(session, cooperative.id, batch, "sent", actor=actor, clock=clock, payouts=len(sent))


def mark_paid(session: Session, cooperative: Cooperative, payout_id: int, *, actor: Actor, clock: Clock) -> Payout:
    """Record that the payee has the money."""
    payout = _lock_one(session, cooperative, payout_id)
    if _turn(payout, PayoutEvent.PAY):
        payout.paid_at = clock()
        session.flush()
        post_payout_paid(session, payout, actor=actor, clock=clock)
        _audit(session, cooperative.id, payout.batch, "paid", actor=actor, clock=clock, payout=payout.id)
    return payout


def mark_failed(session: Session, cooperative: Cooperative, payout_id: int, *, actor: Actor, clock: Clock) -> Payout:
    """Record that the bank sent the money back: the payee is owed it again."""
    payout = _lock_one(session, cooperative, payout_id)
    if _turn(payout, PayoutEvent.FAIL):
        session.flush()
        post_payout_failed(session, payout, actor=actor, clock=clock)
        _audit(session, cooperative.id, payout.batch, "failed", actor=actor, clock=clock, payout=payout.id)
    return payout


def post_payout_approved(session: Session, payout: Payout, *, actor: Actor, clock: Clock) -> LedgerTransaction:
    """Book that a payout has left the payee's account and is on its way."""
    entry = Entry(payee_account(payout.payee_type, payout.payee_id), PAYOUT_IN_TRANSIT, payout.amount_vnd)
    return _book(session, payout, "approved", entry, None, actor=actor, clock=clock)


def post_payout_paid(session: Session, payout: Payout, *, actor: Actor, clock: Clock) -> LedgerTransaction:
    """Book that a payout has left the bank."""
    entry = Entry(PAYOUT_IN_TRANSIT, BANK, payout.amount_vnd)
    return _book(session, payout, "paid", entry, None, actor=actor, clock=clock)


def post_payout_failed(session: Session, payout: Payout, *, actor: Actor, clock: Clock) -> LedgerTransaction:
    """Book the reversal of a payout that came back."""
    entry = Entry(PAYOUT_IN_TRANSIT, payee_account(payout.payee_type, payout.payee_id), payout.amount_vnd)
    approved = find_booked(session, f"payout:{payout.id}:approved")
    return _book(session, payout, "failed", entry, approved, actor=actor, clock=clock)


def _book(
    session: Session,
    payout: Payout,
    event: str,
    entry: Entry,
    reverses: LedgerTransaction | None,
    *,
    actor: Actor,
    clock: Clock,
) -> LedgerTransaction:
    return book(
        session,
        payout.cooperative_id,
        f"payout_{event}",
        f"payout:{payout.id}:{event}",
        [entry],
        actor=actor,
        clock=clock,
        reverses=reverses,
    )


def _lock_batch(session: Session, cooperative: Cooperative, batch: str) -> Sequence[Payout]:
    ids: Collection[int] = session.scalars(
        select(Payout.id).where(Payout.cooperative_id == cooperative.id, Payout.batch == batch)
    ).all()
    rows = lock_payouts(session, ids)
    if not rows:
        raise NotFound("Không tìm thấy đợt chi này.")
    return rows


def _lock_one(session: Session, cooperative: Cooperative, payout_id: int) -> Payout:
    rows = lock_payouts(session, [payout_id])
    if not rows or rows[0].cooperative_id != cooperative.id:
        raise NotFound("Không tìm thấy khoản chi này.")
    return rows[0]


def _turn(payout: Payout, event: PayoutEvent) -> bool:
    state = next_state(PAYOUT_TABLE, PayoutState(payout.state), event)
    if isinstance(state, Ignored):
        return False
    payout.state = state
    return True


def _new_batch(session: Session, cooperative: Cooperative, clock: Clock) -> str:
    """Return the next batch name of the day, "QT-1-20260530-2"; with the cooperative's id because names are unique."""
    day = f"QT-{cooperative.id}-{vietnam_date(clock()):%Y%m%d}-"
    taken = session.scalars(select(func.distinct(Payout.batch)).where(Payout.batch.like(f"{day}%"))).all()
    return f"{day}{max((int(batch.removeprefix(day)) for batch in taken), default=0) + 1}"


def _audit(
    session: Session, cooperative_id: int, batch: str, verb: str, *, actor: Actor, clock: Clock, **details: int
) -> None:
    audit.record(
        session,
        f"orders.payout.{verb}",
        "payout_batch",
        batch,
        actor=actor,
        clock=clock,
        cooperative_id=cooperative_id,
        **details,
    )
