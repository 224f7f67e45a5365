"""Guest buyers: a name and a phone once, kept by a signed cookie; a phone is trusted only after a code has proven it."""

import secrets
from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from app import outbox
from app.accounts.models import Buyer, OneTimeCode
from app.clock import Clock
from app.crypto import keyed_hash, same_hash
from app.errors import Conflict, InvalidInput, TooManyRequests
from app.ids import new_token
from app.phones import is_mobile, parse_phone
from app.text import clean_line

MAX_NAME = 80
CODE_DIGITS = 6
CODE_MINUTES = 10
CODE_TRIES = 5
CODES_PER_HOUR = 3
"""For one buyer and for one phone: a code costs money and a stranger's phone must not be rung all night."""


def register_buyer(session: Session, name: str, phone: str, *, network_key: str, clock: Clock) -> Buyer:
    """Make a guest buyer of what was typed.

    Always a new one: a phone that is already somebody's gives nobody that person's orders or trust. ``network_key`` is the
    keyed hash of where they came from. Raises ``InvalidInput``.
    """
    buyer = Buyer(
        token=new_token(),
        name=_name(name),
        phone=parse_phone(phone),
        network_key=network_key,
        created_at=clock(),
    )
    session.add(buyer)
    session.flush()
    return buyer


def rename_buyer(session: Session, buyer_id: int, name: str, phone: str) -> Buyer:
    """Change a buyer's name or phone; another phone is unproven again. Raises ``InvalidInput``."""
    buyer = session.get_one(Buyer, buyer_id, populate_existing=True)
    buyer.name = _name(name)
    e164 = parse_phone(phone)
    if e164 != buyer.phone:
        buyer.phone = e164
        buyer.phone_verified_at = None
    return buyer


def request_phone_code(session: Session, buyer_id: int, *, clock: Clock) -> OneTimeCode:
    """Send a six-digit code to the buyer's phone, good for ten minutes and five tries; an earlier one stops counting.

    Raises ``InvalidInput`` for a phone that takes no messages, ``Conflict`` when it is proven already, and
    ``TooManyRequests`` after three codes in an hour for this buyer or this phone.
    """
    now = clock()
    buyer = session.get_one(Buyer, buyer_id, populate_existing=True)
    if buyer.phone_verified_at is not None:
        raise Conflict("Số điện thoại này đã xác minh rồi.")
    if not is_mobile(buyer.phone):
        raise InvalidInput("Số này không nhận được tin nhắn, bác ghi số di động giúp em.", field="phone")
    since = now - timedelta(hours=1)
    for column, value in ((OneTimeCode.buyer_id, buyer_id), (OneTimeCode.phone, buyer.phone)):
        sent = session.scalar(
            select(func.count()).select_from(OneTimeCode).where(column == value, OneTimeCode.created_at > since)
        )
        if (sent or 0) >= CODES_PER_HOUR:
            raise TooManyRequests("Em đã gửi mấy mã rồi. Bác đợi một giờ nữa rồi xin mã mới nhé.")
    session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.buyer_id == buyer_id, OneTimeCode.used_at.is_(None), OneTimeCode.expires_at > now)
        .values(expires_at=now)
    )
    code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
    sent_code = OneTimeCode(
        buyer_id=buyer_id,
        phone=buyer.phone,
        code_hash=keyed_hash(f"{buyer_id}:{buyer.phone}:{code}"),
        created_at=now,
        expires_at=now + timedelta(minutes=CODE_MINUTES),
    )
    session.add(sent_code)
    text = f"Cho Phien: ma xac minh cua bac la {code}, dung trong {CODE_MINUTES} phut. Khong dua ma cho ai."
    outbox.enqueue(session, "sms", {"to": buyer.phone, "text": text}, clock=clock)
    session.flush()
    return sent_code


def confirm_phone_code(session: Session, buyer_id: int, typed: str, *, clock: Clock) -> bool:
    """Prove the buyer's phone with the code they were sent; return whether it was the right one.

    A wrong code is an answer and not an error, because the try it cost must be committed. Raises ``Conflict`` when no
    code is waiting: none sent, too old, or tried too often.
    """
    now = clock()
    buyer = session.get_one(Buyer, buyer_id, populate_existing=True)
    waiting = session.execute(
        select(OneTimeCode.id, OneTimeCode.code_hash)
        .where(
            OneTimeCode.buyer_id == buyer_id,
            OneTimeCode.phone == buyer.phone,
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now,
        )
        .order_by(OneTimeCode.id.desc())
        .limit(1)
    ).one_or_none()
    # The try is spent by a guarded update before the code is looked at, so that many guesses at once share the five.
    if waiting is None or not _spend_try(session, waiting.id):
        raise Conflict("Mã đã hết hạn. Bác bấm gửi mã mới giúp em.")
    digits = "".join(char for char in typed if char.isdigit())
    if not same_hash(waiting.code_hash, keyed_hash(f"{buyer_id}:{buyer.phone}:{digits}")):
        return False
    session.execute(update(OneTimeCode).where(OneTimeCode.id == waiting.id).values(used_at=now))
    buyer.phone_verified_at = now
    return True


def _spend_try(session: Session, code_id: int) -> bool:
    spent = session.execute(
        update(OneTimeCode)
        .where(OneTimeCode.id == code_id, OneTimeCode.tries < CODE_TRIES)
        .values(tries=OneTimeCode.tries + 1)
        .returning(OneTimeCode.tries)
    )
    return spent.first() is not None


def _name(text: str) -> str:
    name = clean_line(text)
    if not name:
        raise InvalidInput("Bác cho em xin tên để ghi lên đơn.", field="name")
    if len(name) > MAX_NAME:
        raise InvalidInput(f"Tên dài quá {MAX_NAME} ký tự, bác ghi ngắn hơn giúp em.", field="name")
    return name
