"""The small tree of errors a person can act on.

Each has a stable ``code`` for programs, an HTTP ``status`` and a ``message`` for people: a sentence in plain Vietnamese
that says what to do next. ``app.error_pages`` is the one place that turns them into a page, JSON or a socket
acknowledgement; nothing else catches them except to undo its own work.
"""

from typing import Any


class DomainError(Exception):
    """A refusal that the user caused, or can do something about. ``details`` are numbers a client may use."""

    code = "refused"
    status = 400

    def __init__(self, message: str, **details: Any) -> None:
        super().__init__(message)
        self.message = message
        self.details = details


class InvalidInput(DomainError):
    """Something typed cannot be used as it stands; ``field`` in the details names the field when one is to blame."""

    code = "invalid_input"
    status = 422


class NotFound(DomainError):
    """The thing does not exist, or this person may not know that it does."""

    code = "not_found"
    status = 404


class Forbidden(DomainError):
    """This person may see the thing but may not do this to it."""

    code = "forbidden"
    status = 403


class SignInNeeded(DomainError):
    """The action needs a signed-in person or a known buyer."""

    code = "sign_in_needed"
    status = 401


class Conflict(DomainError):
    """The thing has moved on since the person looked at it."""

    code = "conflict"
    status = 409


class IllegalTransition(Conflict):
    """A state machine has no arrow for this event from this state."""

    code = "illegal_transition"


class InsufficientStock(Conflict):
    """Less is left than was asked for; the details carry ``left`` in base units. Never retried."""

    code = "insufficient_stock"


class IdempotencyMismatch(DomainError):
    """The same idempotency key came with another body."""

    code = "idempotency_mismatch"
    status = 422


class TooManyRequests(DomainError):
    """A person or a session is sending faster than the room can take."""

    code = "too_many_requests"
    status = 429


class BusyTryAgain(DomainError):
    """The system is busy; nothing was done and trying again is safe."""

    code = "busy_try_again"
    status = 503
