"""People who sign in: nobody registers alone, they are invited or made by an administrator at the command line."""

import email_validator
from flask_security import hash_password
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.accounts.models import ADMINISTRATOR, Role, User
from app.accounts.passwords import password_faults
from app.clock import Clock
from app.errors import Conflict, InvalidInput
from app.ids import new_token
from app.phones import parse_phone
from app.text import clean_line

MAX_NAME = 120


def create_person(
    session: Session,
    name: str,
    *,
    actor: Actor,
    clock: Clock,
    phone: str | None = None,
    email: str | None = None,
    password: str | None = None,
) -> User:
    """Add somebody who can sign in by phone or e-mail; without a password only by a one-time code.

    Raises ``InvalidInput`` for what cannot be used and ``Conflict`` when the phone or e-mail already signs somebody in.
    """
    name = clean_line(name)
    if not name or len(name) > MAX_NAME:
        raise InvalidInput(f"Bác ghi họ tên giúp em, không quá {MAX_NAME} ký tự.", field="name")
    e164 = parse_phone(phone) if phone else None
    address = parse_email(email) if email else None
    if e164 is None and address is None:
        raise InvalidInput("Bác ghi số điện thoại hoặc e-mail để đăng nhập.", field="phone")
    if e164 and session.scalar(select(User.id).where(User.us_phone_number == e164)) is not None:
        raise Conflict("Số điện thoại này đã có người dùng để đăng nhập.", field="phone")
    if address and session.scalar(select(User.id).where(User.email == address)) is not None:
        raise Conflict("E-mail này đã có người dùng để đăng nhập.", field="email")
    if password is not None:
        require_good_password(password, name, e164, address)
    user = User(
        name=name,
        us_phone_number=e164,
        email=address,
        password=hash_password(password) if password is not None else None,
        fs_uniquifier=new_token(),
        created_at=clock(),
    )
    session.add(user)
    try:
        session.flush()
    except IntegrityError as taken:
        # Somebody else was added between the look and the write; the database's own constraint is what decides.
        raise Conflict("Số điện thoại hoặc e-mail này vừa có người dùng để đăng nhập.", field="phone") from taken
    audit.record(session, "accounts.user.created", "user", user.id, actor=actor, clock=clock)
    return user


def set_password(session: Session, user: User, password: str, *, actor: Actor, clock: Clock) -> None:
    """Give somebody a new password; every session they had anywhere ends. Raises ``InvalidInput`` for an easy one."""
    require_good_password(password, user.name, user.us_phone_number, user.email)
    user.password = hash_password(password)
    user.fs_uniquifier = new_token()
    audit.record(session, "accounts.user.password_set", "user", user.id, actor=actor, clock=clock)


def make_administrator(session: Session, user: User, *, actor: Actor, clock: Clock) -> None:
    """Let somebody administer the whole installation."""
    role = session.scalar(select(Role).where(Role.name == ADMINISTRATOR))
    if role is None:
        role = Role(name=ADMINISTRATOR, description="Quản trị hệ thống")
        session.add(role)
    if role not in user.roles:
        user.roles.append(role)
        session.flush()
        audit.record(session, "accounts.user.made_administrator", "user", user.id, actor=actor, clock=clock)


def parse_email(text: str) -> str:
    """Return an e-mail address in its normal form, in lower case; raises ``InvalidInput`` for what is none."""
    try:
        found = email_validator.validate_email(text.strip(), check_deliverability=False)
    except email_validator.EmailNotValidError:
        raise InvalidInput("E-mail này chưa đúng, bác xem lại giúp em, ví dụ lan@example.com.", field="email") from None
    return found.normalized.lower()


def require_good_password(password: str, *known: str | None) -> None:
    """Raise ``InvalidInput`` with the reason when a password is too easy to guess."""
    if faults := password_faults(password, known=known):
        raise InvalidInput(faults[0], field="password")
