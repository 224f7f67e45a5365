"""Live sessions: their shelf, their chat, and the sequenced log that every viewer replays."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.db import BigId, UtcDateTime, db, one_of
from shop.models import Listing, SaleLimit


class SessionState(StrEnum):
    SCHEDULED = "scheduled"
    LIVE = "live"
    RECONNECTING = "reconnecting"
    ENDED = "ended"
    CANCELLED = "cancelled"


class ChatState(StrEnum):
    """Where a comment stands with the people at the desk: nothing to do, waiting for one, taken, settled or dropped."""

    NONE = "none"
    NEEDS_PERSON = "needs_person"
    CLAIMED = "claimed"
    RESOLVED = "resolved"
    DROPPED = "dropped"


class LiveSession(db.Model):
    """One livestream (phiên) of a cooperative with its host. ``last_seq`` numbers the room's events."""

    __tablename__ = "live_session"
    __table_args__ = (
        one_of("state", SessionState),
        one_of("video_engine", ("poster", "external", "embedded", "webhook")),
        CheckConstraint("commission_bps BETWEEN 0 AND 10000", name="commission"),
        Index("ix_live_session_cooperative", "cooperative_id", "state", "scheduled_at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    public_id: Mapped[str] = mapped_column(String(12), unique=True)
    cooperative_id: Mapped[int] = mapped_column(ForeignKey("cooperative.id"))
    season_id: Mapped[int | None] = mapped_column(ForeignKey("season.id"))
    host_user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    scheduled_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(String(14))
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    commission_bps: Mapped[int] = mapped_column(default=0)
    video_engine: Mapped[str] = mapped_column(String(10), default="poster")
    embed_url: Mapped[str | None] = mapped_column(String(300))
    taking_orders: Mapped[bool] = mapped_column(default=True)
    pinned_offer_id: Mapped[int | None] = mapped_column(
        ForeignKey("offer.id", use_alter=True, name="fk_live_session_pinned_offer")
    )
    last_seq: Mapped[int] = mapped_column(BigId, default=0)

    offers: Mapped[list["Offer"]] = relationship(
        order_by="Offer.position", foreign_keys="Offer.session_id", back_populates="session"
    )


class Offer(db.Model):
    """A listing on a session's shelf (mã hàng): its code, its live price and its quota."""

    __tablename__ = "offer"
    __table_args__ = (
        UniqueConstraint("session_id", "code"),
        UniqueConstraint("session_id", "listing_id"),
        CheckConstraint("price_vnd > 0", name="positive"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_session.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listing.id"), index=True)
    code: Mapped[str] = mapped_column(String(10))
    price_vnd: Mapped[int] = mapped_column(BigId)
    sale_limit_id: Mapped[int | None] = mapped_column(ForeignKey("sale_limit.id"))
    position: Mapped[int] = mapped_column(default=0)
    is_open: Mapped[bool] = mapped_column(default=True)

    session: Mapped[LiveSession] = relationship(foreign_keys=[session_id], back_populates="offers")
    listing: Mapped[Listing] = relationship()
    sale_limit: Mapped[SaleLimit | None] = relationship()


class ChatMessage(db.Model):
    """A comment as typed, and how it was read. The sender's ``client_id`` makes a resent comment the same comment."""

    __tablename__ = "chat_message"
    __table_args__ = (
        UniqueConstraint("session_id", "sender_key", "client_id"),
        one_of("desk_state", ChatState),
        Index("ix_chat_message_desk", "session_id", "desk_state"),
        Index("ix_chat_message_seq", "session_id", "seq"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_session.id"))
    seq: Mapped[int] = mapped_column(BigId)
    sender_key: Mapped[str] = mapped_column(String(40))
    """"b<buyer id>" or "u<user id>": who sent it, for deduplication."""
    buyer_id: Mapped[int | None] = mapped_column(ForeignKey("buyer.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    client_id: Mapped[str] = mapped_column(String(60))
    sender_name: Mapped[str] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text)
    shown_text: Mapped[str] = mapped_column(Text)
    """What everyone but staff sees: phone numbers masked."""
    kind: Mapped[str] = mapped_column(String(10))
    reading: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    outcome: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """What the sender was answered; returned again when the comment is sent again."""
    order_id: Mapped[int | None] = mapped_column(ForeignKey("orders.id"), index=True)
    desk_state: Mapped[str] = mapped_column(String(14), default=ChatState.NONE)
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)


class SessionEvent(db.Model):
    """The room's log: ``seq`` is allotted per session in the transaction that commits the event; ``data`` is what viewers get."""

    __tablename__ = "session_event"
    __table_args__ = (UniqueConstraint("session_id", "seq"),)

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    session_id: Mapped[int] = mapped_column(ForeignKey("live_session.id"))
    seq: Mapped[int] = mapped_column(BigId)
    type: Mapped[str] = mapped_column(String(20))
    at_ms: Mapped[int] = mapped_column(BigId)
    """Wall-clock milliseconds, the unit of the session's timeline."""
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
