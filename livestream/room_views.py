"""Pages anybody may open: the sessions, and a session's live room."""

from typing import Any

from flask import Blueprint, render_template, url_for
from flask_babel import gettext as _

from app.accounts.current import current_actor
from app.clock import system_clock, vietnam_date
from app.db import db
from livestream.access import public_session, room_standing
from livestream.media import engine_named
from livestream.queries import past_sessions, upcoming_sessions
from livestream.room_queries import load_shelves, stock_left
from livestream.states import TALKING

blueprint = Blueprint("rooms", __name__)


@blueprint.get("/phien")
def session_list() -> str:
    """Show what runs, what comes and what was."""
    session = db.session()
    return render_template("livestream/sessions.html", upcoming=upcoming_sessions(session), past=past_sessions(session))


@blueprint.get("/phien/<public_id>")
def live_room(public_id: str) -> str:
    """Show a session's room; without a script it is the shelf with ways to the shop."""
    session = db.session()
    live = public_session(session, public_id)
    actor = current_actor()
    shelf = load_shelves(session, [live.id])[live.id]
    left = stock_left(session, shelf, on=vietnam_date(system_clock()))
    return render_template(
        "livestream/live_room.html",
        live=live,
        shelf=[entry.to_dict(left[entry.offer_id]) for entry in shelf],
        picture=engine_named(live.video_engine).picture(live.embed_url),
        standing=room_standing(session, live, actor),
        is_open=live.state in TALKING,
        knows_buyer=actor.buyer_id is not None,
    )


def home_section() -> str:
    """Return the next and running sessions for the home page."""
    cards = upcoming_sessions(db.session(), limit=3)
    return render_template("livestream/_home.html", cards=cards) if cards else ""


def navigation() -> list[Any]:
    """Return where the sessions are."""
    return [(_("Phiên"), url_for("rooms.session_list"), "live")]
