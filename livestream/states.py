"""The life of a session as a table of arrows."""

from collections.abc import Mapping
from enum import StrEnum

from app.states import Ignored
from livestream.models import SessionState


class SessionMove(StrEnum):
    GO_LIVE = "go_live"
    LOSE_SIGNAL = "lose_signal"
    RECOVER = "recover"
    END = "end"
    CANCEL = "cancel"


SESSION_TABLE: Mapping[tuple[SessionState, SessionMove], SessionState | Ignored] = {
    (SessionState.SCHEDULED, SessionMove.GO_LIVE): SessionState.LIVE,
    (SessionState.SCHEDULED, SessionMove.CANCEL): SessionState.CANCELLED,
    (SessionState.LIVE, SessionMove.LOSE_SIGNAL): SessionState.RECONNECTING,
    (SessionState.LIVE, SessionMove.END): SessionState.ENDED,
    (SessionState.RECONNECTING, SessionMove.RECOVER): SessionState.LIVE,
    (SessionState.RECONNECTING, SessionMove.GO_LIVE): SessionState.LIVE,
    (SessionState.RECONNECTING, SessionMove.END): SessionState.ENDED,
    (SessionState.LIVE, SessionMove.GO_LIVE): Ignored("Phiên đang phát rồi."),
    (SessionState.LIVE, SessionMove.RECOVER): Ignored("Phiên đang phát rồi."),
    (SessionState.RECONNECTING, SessionMove.LOSE_SIGNAL): Ignored("Phiên đang chờ nối lại."),
    (SessionState.ENDED, SessionMove.END): Ignored("Phiên đã kết thúc rồi."),
    # The camera's signal is watched from outside and may speak up after the end.
    (SessionState.ENDED, SessionMove.LOSE_SIGNAL): Ignored("Phiên đã kết thúc rồi."),
    (SessionState.ENDED, SessionMove.RECOVER): Ignored("Phiên đã kết thúc rồi."),
    (SessionState.CANCELLED, SessionMove.CANCEL): Ignored("Phiên đã hủy rồi."),
}

ON_AIR = (SessionState.LIVE, SessionState.RECONNECTING)
"""States in which orders are taken."""
TALKING = (SessionState.SCHEDULED, *ON_AIR)
"""States in which the room's chat is open: people may gather before the start."""
