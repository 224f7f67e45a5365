"""Planning sessions: staff say when, with which host and for what commission."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock, vietnam_date
from app.errors import Conflict, InvalidInput
from app.ids import new_public_id
from app.states import Ignored, next_state
from app.text import clean_line
from livestream.access import is_host_of, require_scheduler
from livestream.media import engine_named
from livestream.models import LiveSession, SessionState
from livestream.room_log import append_events
from livestream.states import SESSION_TABLE, SessionMove
from shop.models import Season

MAX_TITLE = 120
MAX_COMMISSION_BPS = 3_000
"""Thirty per cent: a commission above it is a slip of the finger."""


def schedule_session(
    session: Session,
    cooperative_id: int,
    *,
    title: str,
    scheduled_at: datetime,
    host_user_id: int,
    commission_bps: int,
    video_engine: str,
    embed_url: str | None,
    actor: Actor,
    clock: Clock,
) -> LiveSession:
    """Plan a session with a host of this cooperative.

    Only staff may; the host must hold a host membership. Raises ``Forbidden`` and ``InvalidInput``.
    """
    require_scheduler(session, actor, cooperative_id)
    live = LiveSession(
        public_id=new_public_id(),
        cooperative_id=cooperative_id,
        season_id=_season_on(session, cooperative_id, scheduled_at),
        state=SessionState.SCHEDULED,
        last_seq=0,
        taking_orders=True,
    )
    _fill(session, live, title, scheduled_at, host_user_id, commission_bps, video_engine, embed_url, clock=clock)
    session.add(live)
    session.flush()
    _record(
        session, "schedule", live, actor=actor, clock=clock, host_user_id=host_user_id, commission_bps=commission_bps
    )
    return live


def edit_session(
    session: Session,
    live: LiveSession,
    *,
    title: str,
    scheduled_at: datetime,
    host_user_id: int,
    commission_bps: int,
    video_engine: str,
    embed_url: str | None,
    actor: Actor,
    clock: Clock,
) -> None:
    """Change a session that has not begun; host and commission stand once it has, because orders carry them."""
    require_scheduler(session, actor, live.cooperative_id)
    session.refresh(live, with_for_update={"key_share": True})
    if live.state != SessionState.SCHEDULED:
        raise Conflict("Phiên đã lên sóng hoặc đã xong nên không sửa lịch được nữa ạ.")
    _fill(session, live, title, scheduled_at, host_user_id, commission_bps, video_engine, embed_url, clock=clock)
    live.season_id = _season_on(session, live.cooperative_id, scheduled_at)
    _record(session, "edit", live, actor=actor, clock=clock, host_user_id=host_user_id, commission_bps=commission_bps)
    append_events(session, live.id, [("state", state_data(live))], clock=clock)


def cancel_session(session: Session, live: LiveSession, *, actor: Actor, clock: Clock) -> None:
    """Call a planned session off; raises ``IllegalTransition`` for one that has begun."""
    require_scheduler(session, actor, live.cooperative_id)
    session.refresh(live, with_for_update={"key_share": True})
    state = next_state(SESSION_TABLE, SessionState(live.state), SessionMove.CANCEL)
    if isinstance(state, Ignored):
        return
    live.state = state
    _record(session, "cancel", live, actor=actor, clock=clock)
    append_events(session, live.id, [("state", state_data(live))], clock=clock)


def state_data(live: LiveSession) -> dict[str, object]:
    """Return what the room is told of a session's state."""
    return {
        "state": str(live.state),
        "title": live.title,
        "taking_orders": live.taking_orders,
        "scheduled_at": live.scheduled_at.isoformat(),
    }


def _fill(
    session: Session,
    live: LiveSession,
    title: str,
    scheduled_at: datetime,
    host_user_id: int,
    commission_bps: int,
    video_engine: str,
    embed_url: str | None,
    *,
    clock: Clock,
) -> None:
    name = clean_line(title)
    if not name or len(name) > MAX_TITLE:
        raise InvalidInput(f"Bác đặt tên phiên giúp em, không quá {MAX_TITLE} ký tự.", field="title")
    if scheduled_at < clock() - timedelta(hours=12):
        raise InvalidInput("Giờ hẹn đã qua rồi, bác chọn giờ khác giúp em.", field="scheduled_at")
    if not 0 <= commission_bps <= MAX_COMMISSION_BPS:
        raise InvalidInput("Hoa hồng từ 0 đến 30%, bác xem lại giúp em.", field="commission")
    if not is_host_of(session, host_user_id, live.cooperative_id):
        raise InvalidInput("Người này chưa được mời làm người livestream của hợp tác xã.", field="host")
    live.title, live.scheduled_at, live.host_user_id = name, scheduled_at, host_user_id
    live.commission_bps = commission_bps
    live.video_engine, live.embed_url = video_engine, engine_named(video_engine).check_source(embed_url)


def _season_on(session: Session, cooperative_id: int, moment: datetime) -> int | None:
    day = vietnam_date(moment)
    statement = (
        select(Season.id)
        .where(Season.cooperative_id == cooperative_id, Season.starts_on <= day, Season.ends_on >= day)
        .order_by(Season.starts_on.desc())
        .limit(1)
    )
    return session.scalar(statement)


def _record(session: Session, verb: str, live: LiveSession, *, actor: Actor, clock: Clock, **details: Any) -> None:
    audit.record(
        session,
        f"livestream.session.{verb}",
        "live_session",
        live.public_id,
        actor=actor,
        clock=clock,
        cooperative_id=live.cooperative_id,
        **details,
    )
