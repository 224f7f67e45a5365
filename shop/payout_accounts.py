"""Where a household's money goes. A changed account is the classic theft, so it takes two people, a message and a wait."""

import re
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app import audit, outbox
from app.accounts.actor import Actor
from app.clock import Clock
from app.crypto import decrypt_text, encrypt_text
from app.errors import Conflict, Forbidden, InvalidInput
from app.text import clean_line, fold
from shop import access, locks
from shop.models import Household, PayoutAccount, PayoutAccountState

_ACCOUNT = re.compile(r"[0-9A-Z]{4,19}")
_BIN = re.compile(r"\d{6}")


def propose_payout_account(
    session: Session,
    household: Household,
    *,
    bank_bin: str,
    account_number: str,
    holder_name: str,
    actor: Actor,
    clock: Clock,
) -> PayoutAccount:
    """Propose a bank account for the household: by a member, by staff, or by the team with its consent.

    It pays nothing yet: another person of the staff must approve it. The household is told at once. An older proposal
    still waiting is replaced. Raises ``InvalidInput`` and ``Forbidden``.
    """
    access.require_may_act_for(session, actor, household)
    number = re.sub(r"[\s.-]", "", account_number).upper()
    if not _BIN.fullmatch(bank_bin):
        raise InvalidInput("Bác chọn ngân hàng giúp em.", field="bank_bin")
    if not _ACCOUNT.fullmatch(number):
        raise InvalidInput(
            "Số tài khoản gồm 4 đến 19 chữ số, bác xem lại trên thẻ hoặc sổ giúp em.", field="account_number"
        )
    holder = fold(clean_line(holder_name)).upper()[:120]
    if not re.fullmatch(r"[A-Z][A-Z .'-]{1,119}", holder):
        raise InvalidInput(
            "Bác ghi tên chủ tài khoản như in trên thẻ giúp em, ví dụ NGUYEN THI MAN.", field="holder_name"
        )
    locks.lock_household(session, household.id)
    session.execute(
        update(PayoutAccount)
        .where(PayoutAccount.household_id == household.id, PayoutAccount.state == PayoutAccountState.PROPOSED)
        .values(state=PayoutAccountState.REPLACED)
    )
    account = PayoutAccount(
        household_id=household.id,
        bank_bin=bank_bin,
        account_encrypted=encrypt_text(number),
        account_last4=number[-4:],
        holder_name=holder,
        state=PayoutAccountState.PROPOSED,
        proposed_by_id=actor.user_id,
        proposed_at=clock(),
    )
    session.add(account)
    session.flush()
    _record(session, "shop.payout_account.proposed", account, household, actor=actor, clock=clock)
    _tell(
        session,
        household,
        f"Chợ Phiên: {actor.name} vừa đề nghị đổi tài khoản nhận tiền của hộ {household.name} sang số đuôi {number[-4:]}. "
        "Nếu không phải ý của nhà mình, bác gọi hợp tác xã ngay.",
        clock=clock,
    )
    return account


def approve_payout_account(
    session: Session, account: PayoutAccount, *, wait: timedelta, actor: Actor, clock: Clock
) -> None:
    """Approve an account as the second person; it may be paid into after ``wait``, the older one until then.

    Raises ``Forbidden`` for who proposed it or is not staff, ``Conflict`` when it no longer waits for approval.
    """
    household = session.get_one(Household, account.household_id)
    access.require_staff_of(session, actor, household.cooperative_id)
    _lock_waiting(session, account)
    if account.proposed_by_id == actor.user_id:
        raise Forbidden("Tài khoản này cần một người khác duyệt, bác không tự duyệt được ạ.")
    now = clock()
    account.state, account.approved_by_id, account.approved_at = PayoutAccountState.APPROVED, actor.user_id, now
    account.usable_from = now + wait
    session.flush()
    in_use = usable_payout_account(session, household.id, now=now)
    session.execute(
        update(PayoutAccount)
        .where(
            PayoutAccount.household_id == household.id,
            PayoutAccount.state == PayoutAccountState.APPROVED,
            PayoutAccount.id.not_in([account.id, *([in_use.id] if in_use else [])]),
        )
        .values(state=PayoutAccountState.REPLACED)
    )
    _record(session, "shop.payout_account.approved", account, household, actor=actor, clock=clock)
    _tell(
        session,
        household,
        f"Chợ Phiên: tài khoản đuôi {account.account_last4} của hộ {household.name} đã được duyệt và sẽ nhận tiền sau "
        f"{int(wait.total_seconds() // 3600)} giờ. Nếu không phải ý của nhà mình, bác gọi hợp tác xã ngay.",
        clock=clock,
    )


def reject_payout_account(session: Session, account: PayoutAccount, *, actor: Actor, clock: Clock) -> None:
    """Stop an account that is proposed, or approved but still in its waiting time: by staff or by the household itself.

    Raises ``Conflict`` once it is in use.
    """
    household = session.get_one(Household, account.household_id)
    standing = access.standing_of(session, actor)
    if household.cooperative_id not in standing.staff_of and household.id not in standing.household_ids:
        raise Forbidden("Việc này chỉ người trong hộ hoặc cán bộ hợp tác xã mới làm được.")
    locks.lock_household(session, household.id)
    session.refresh(account)
    waiting = account.state == PayoutAccountState.APPROVED and not access.is_usable(account, clock())
    if account.state != PayoutAccountState.PROPOSED and not waiting:
        raise Conflict("Tài khoản này không còn chờ duyệt nữa ạ.")
    account.state = PayoutAccountState.REJECTED
    session.flush()
    _record(session, "shop.payout_account.rejected", account, household, actor=actor, clock=clock)


def usable_payout_account(session: Session, household_id: int, *, now: datetime) -> PayoutAccount | None:
    """Return the account money may be sent to now: the latest approved one whose waiting time is over."""
    return session.scalar(
        select(PayoutAccount)
        .where(
            PayoutAccount.household_id == household_id,
            PayoutAccount.state == PayoutAccountState.APPROVED,
            PayoutAccount.usable_from <= now,
        )
        .order_by(PayoutAccount.usable_from.desc(), PayoutAccount.id.desc())
        .limit(1)
    )


def account_number(account: PayoutAccount) -> str:
    """Return the whole account number, for a payout file only; pages show its last four characters."""
    return decrypt_text(account.account_encrypted)


def _lock_waiting(session: Session, account: PayoutAccount) -> None:
    locks.lock_household(session, account.household_id)
    session.refresh(account)
    if account.state != PayoutAccountState.PROPOSED:
        raise Conflict("Tài khoản này không còn chờ duyệt nữa ạ.")


def _tell(session: Session, household: Household, text: str, *, clock: Clock) -> None:
    if household.phone:
        outbox.enqueue(session, "sms", {"to": household.phone, "text": text}, clock=clock)


def _record(
    session: Session, action: str, account: PayoutAccount, household: Household, *, actor: Actor, clock: Clock
) -> None:
    audit.record(
        session,
        action,
        "payout_account",
        account.id,
        actor=actor,
        clock=clock,
        cooperative_id=household.cooperative_id,
        household_id=household.id,
        last4=account.account_last4,
    )
