"""Running a session: going live, taking orders or not, and the end."""

from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import Conflict
from app.states import Ignored, next_state
from livestream.access import require_desk
from livestream.models import LiveSession, SessionState
from livestream.room_log import append_events
from livestream.sessions import state_data
from livestream.states import SESSION_TABLE, TALKING, SessionMove


def go_live(session: Session, live: LiveSession, *, actor: Actor, clock: Clock) -> None:
    """Start the session (or take it up again after a break): from now on orders are taken."""
    if _move(session, live, SessionMove.GO_LIVE, actor=actor, clock=clock):
        live.started_at = live.started_at or clock()
        _tell(session, live, clock=clock)


def end_session(session: Session, live: LiveSession, *, actor: Actor, clock: Clock) -> None:
    """End the session; orders already placed keep their clocks, new ones go to the shop."""
    if _move(session, live, SessionMove.END, actor=actor, clock=clock):
        live.ended_at = clock()
        _tell(session, live, clock=clock)


def take_orders(session: Session, live: LiveSession, *, open_for_orders: bool, actor: Actor, clock: Clock) -> None:
    """Open or close ordering while the session runs; buyers may still talk, and change or cancel what they hold."""
    require_desk(session, live, actor)
    session.refresh(live, with_for_update={"key_share": True})
    if live.state not in TALKING:
        raise Conflict("Phiên đã kết thúc rồi ạ.")
    if live.taking_orders == open_for_orders:
        return
    live.taking_orders = open_for_orders
    _record(session, "open_orders" if open_for_orders else "close_orders", live, actor=actor, clock=clock)
    _tell(session, live, clock=clock)


def _move(session: Session, live: LiveSession, move: SessionMove, *, actor: Actor, clock: Clock) -> bool:
    require_desk(session, live, actor)
    session.refresh(live, with_for_update={"key_share": True})
    state = next_state(SESSION_TABLE, SessionState(live.state), move)
    if isinstance(state, Ignored):
        return False
    live.state = state
    _record(session, str(move), live, actor=actor, clock=clock)
    return True


def _tell(session: Session, live: LiveSession, *, clock: Clock) -> None:
    append_events(session, live.id, [("state", state_data(live))], clock=clock)


def _record(session: Session, verb: str, live: LiveSession, *, actor: Actor, clock: Clock) -> None:
    audit.record(
        session,
        f"livestream.session.{verb}",
        "live_session",
        live.public_id,
        actor=actor,
        clock=clock,
        cooperative_id=live.cooperative_id,
    )
