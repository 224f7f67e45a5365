"""The actor: who is doing this, as a value that use cases take instead of reading a global."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in user, a guest buyer or the system itself. ``name`` is what an audit entry shows."""

    name: str
    user_id: int | None = None
    buyer_id: int | None = None
    is_administrator: bool = False


SYSTEM = Actor(name="Hệ thống")
ANONYMOUS = Actor(name="Khách")
