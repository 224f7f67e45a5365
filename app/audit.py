"""Who did what to what: append-only entries with a namespaced action, readable by those they concern."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.accounts.actor import Actor
from app.clock import Clock
from app.db import BigId, UtcDateTime, db


class AuditEntry(db.Model):
    """One action of one actor. ``action`` is ``package.object.verb``; ``on_behalf_of`` names a household acted for.

    Rows are never changed or deleted; database triggers refuse it on both databases.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_object", "object_type", "object_id"),
        Index("ix_audit_entry_household", "household_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor_user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    actor_name: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(80), index=True)
    object_type: Mapped[str] = mapped_column(String(40))
    object_id: Mapped[str] = mapped_column(String(40))
    cooperative_id: Mapped[int | None] = mapped_column(index=True)
    household_id: Mapped[int | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)


def record(
    session: Session,
    action: str,
    object_type: str,
    object_id: object,
    *,
    actor: Actor,
    clock: Clock,
    cooperative_id: int | None = None,
    household_id: int | None = None,
    **details: Any,
) -> None:
    """Append an audit entry to the business transaction, so that it stands exactly when the action does."""
    session.add(
        AuditEntry(
            at=clock(),
            actor_user_id=actor.user_id,
            actor_name=actor.name,
            action=action,
            object_type=object_type,
            object_id=str(object_id),
            cooperative_id=cooperative_id,
            household_id=household_id,
            details=details,
        )
    )
