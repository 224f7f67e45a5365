"""Users, the roles Flask-Security needs, and guest buyers."""

from datetime import datetime

from flask_security import AsaList, RoleMixin, UserMixin
from sqlalchemy import CheckConstraint, Column, ForeignKey, String, Table, Text
from sqlalchemy.ext.mutable import MutableList
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import Base, BigId, UtcDateTime, db

ADMINISTRATOR = "administrator"

user_role = Table(
    "user_role",
    Base.metadata,
    Column("user_id", ForeignKey("user.id"), primary_key=True),
    Column("role_id", ForeignKey("role.id"), primary_key=True),
)


class RecoveryCodeList(AsaList):
    """Flask-Security's list of codes in one text column, with the promise SQLAlchemy asks of a type to cache statements."""

    cache_ok = True


class Role(db.Model, RoleMixin):
    """A role of the whole installation. Only the administrator is one; the others are memberships of a cooperative."""

    __tablename__ = "role"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(40), unique=True)
    description: Mapped[str | None] = mapped_column(String(200))


class User(db.Model, UserMixin):
    """A person who signs in, by phone or e-mail. The column names of sign-in are Flask-Security's."""

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("email IS NOT NULL OR us_phone_number IS NOT NULL", name="reachable"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(255), unique=True)
    us_phone_number: Mapped[str | None] = mapped_column(String(32), unique=True)
    password: Mapped[str | None] = mapped_column(String(255))
    active: Mapped[bool] = mapped_column(default=True)
    fs_uniquifier: Mapped[str] = mapped_column(String(64), unique=True)
    us_totp_secrets: Mapped[str | None] = mapped_column(Text)
    tf_primary_method: Mapped[str | None] = mapped_column(String(64))
    tf_totp_secret: Mapped[str | None] = mapped_column(String(255))
    tf_phone_number: Mapped[str | None] = mapped_column(String(32))
    mf_recovery_codes: Mapped[list[str] | None] = mapped_column(MutableList.as_mutable(RecoveryCodeList()))
    locale: Mapped[str] = mapped_column(String(5), default="vi")
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)

    roles: Mapped[list[Role]] = relationship(secondary=user_role, lazy="selectin")


class Buyer(db.Model):
    """A guest who buys: known by a signed cookie, never by the phone typed.

    Trust and history belong to the cookie and, once a code has proven it, to the phone; a stranger who types a known
    phone number gets neither.
    """

    __tablename__ = "buyer"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    name: Mapped[str] = mapped_column(String(80))
    phone: Mapped[str] = mapped_column(String(20), index=True)
    phone_verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    network_key: Mapped[str | None] = mapped_column(String(64), index=True)
    """A keyed hash of the network address last seen, for the caps on unpaid holds; the address itself is not kept."""
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class OneTimeCode(db.Model):
    """A six-digit code sent to a buyer's phone to prove that it is theirs; only its keyed hash is kept.

    Used, expired and exhausted codes stay, because what was sent to a phone in the last hour limits what may be sent next.
    """

    __tablename__ = "one_time_code"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    buyer_id: Mapped[int] = mapped_column(ForeignKey("buyer.id"), index=True)
    phone: Mapped[str] = mapped_column(String(20), index=True)
    code_hash: Mapped[str] = mapped_column(String(64))
    tries: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
