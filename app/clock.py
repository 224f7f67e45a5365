"""Time as an argument: services are given a clock, so that tests and simulations decide what "now" is."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")

Clock = Callable[[], datetime]
"""Returns the present moment as an aware UTC datetime."""


def system_clock() -> datetime:
    """Return the machine's time as aware UTC."""
    return datetime.now(UTC)


class FrozenClock:
    """A clock that stands still until it is moved; for tests and the season simulation."""

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise ValueError("a clock needs an aware datetime")
        self.now = now.astimezone(UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **delta: float) -> None:
        """Move forward by a ``timedelta`` written as its keyword arguments."""
        self.now += timedelta(**delta)


def vietnam_date(moment: datetime) -> date:
    """Return the calendar day in Vietnam at an aware moment."""
    return moment.astimezone(VIETNAM).date()


def epoch_ms(moment: datetime) -> int:
    """Return wall-clock milliseconds since the Unix epoch, the unit of everything on a session's timeline."""
    return int(moment.timestamp() * 1000)
