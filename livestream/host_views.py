"""The host's pages: own sessions with what they earn, and the console a session is run from."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.accounts.actor import Actor
from app.accounts.current import current_actor, require_user
from app.clock import Clock, system_clock, vietnam_date
from app.db import db, run_in_write_transaction
from app.errors import DomainError, InvalidInput, NotFound
from livestream import desk, hosting, shelf
from livestream.access import desk_session, offer_of
from livestream.desk_queries import desk_view
from livestream.forms import PriceForm, QuotaForm
from livestream.media import engine_named
from livestream.models import LiveSession
from livestream.queries import host_sessions
from livestream.room_queries import load_shelves, stock_left
from shop.access import standing_of
from shop.models import Listing

blueprint = Blueprint("host", __name__)

Step = Callable[[Session, LiveSession, Actor, Clock], None]


@blueprint.get("/toi/phien")
def own_sessions() -> str:
    """Show the host's own sessions: commission on delivered goods, and apart from it what is still on its way."""
    actor = require_user()
    sessions = host_sessions(db.session(), actor.user_id or 0)
    return render_template(
        "livestream/own_sessions.html",
        sessions=sessions,
        earned_vnd=sum(row.earned_vnd for row in sessions),
        expected_vnd=sum(row.expected_vnd for row in sessions),
    )


@blueprint.get("/phien/<public_id>/dieu-khien")
def console(public_id: str) -> str:
    """Show the console: one hand on a phone."""
    session = db.session()
    live = desk_session(session, require_user(), public_id)
    entries = load_shelves(session, [live.id])[live.id]
    left = stock_left(session, entries, on=vietnam_date(system_clock()))
    return render_template(
        "livestream/console.html",
        live=live,
        shelf=[
            entry.to_dict(left[entry.offer_id])
            | {"quota_left_text": "" if entry.quota_left is None else entry.say(entry.quota_left)}
            for entry in entries
        ],
        desk=desk_view(session, live.id),
        picture=engine_named(live.video_engine).picture(live.embed_url),
    )


@blueprint.post("/phien/<public_id>/len-song")
def go_live(public_id: str) -> Response:
    """Start the session."""
    return _carry_out(public_id, lambda s, live, actor, clock: hosting.go_live(s, live, actor=actor, clock=clock))


@blueprint.post("/phien/<public_id>/ket-thuc")
def end(public_id: str) -> Response:
    """End the session."""
    return _carry_out(public_id, lambda s, live, actor, clock: hosting.end_session(s, live, actor=actor, clock=clock))


@blueprint.post("/phien/<public_id>/nhan-chot")
def take_orders(public_id: str) -> Response:
    """Open or close ordering."""
    wanted = request.form.get("open") == "1"
    return _carry_out(
        public_id,
        lambda s, live, actor, clock: hosting.take_orders(s, live, open_for_orders=wanted, actor=actor, clock=clock),
    )


@blueprint.post("/phien/<public_id>/ghim")
def pin(public_id: str) -> Response:
    """Pin an offer, or none."""
    return _carry_out(
        public_id,
        lambda s, live, actor, clock: shelf.pin_offer(s, live, _offer_id(required=False), actor=actor, clock=clock),
    )


@blueprint.post("/phien/<public_id>/mo-ma")
def switch_offer(public_id: str) -> Response:
    """Open or close one offer."""
    change = shelf.open_offer if request.form.get("open") == "1" else shelf.close_offer
    return _carry_out(
        public_id, lambda s, live, actor, clock: change(s, live, _offer_id() or 0, actor=actor, clock=clock)
    )


@blueprint.post("/phien/<public_id>/gia")
def reprice(public_id: str) -> Response:
    """Change an offer's live price."""
    form = PriceForm()

    def step(session: Session, live: LiveSession, actor: Actor, clock: Clock) -> None:
        _require_valid(form)
        shelf.reprice_offer(session, live, form.offer_id.data or 0, form.price.amount, actor=actor, clock=clock)

    return _carry_out(public_id, step)


@blueprint.post("/phien/<public_id>/suat")
def quota(public_id: str) -> Response:
    """Limit how much of an offer is sold."""
    form = QuotaForm()

    def step(session: Session, live: LiveSession, actor: Actor, clock: Clock) -> None:
        _require_valid(form)
        offer = offer_of(session, live, form.offer_id.data or 0)
        listing = session.get_one(Listing, offer.listing_id)
        typed = (form.quota.data or "").strip()
        quantity = form.quota.read(divisible=listing.divisible, unit_quantity=listing.unit_quantity) if typed else None
        shelf.set_quota(session, live, offer.id, quantity, actor=actor, clock=clock)

    return _carry_out(public_id, step)


@blueprint.post("/phien/<public_id>/binh-luan/<int:seq>/<verb>")
def settle_comment(public_id: str, seq: int, verb: str) -> Response:
    """Claim, settle or drop a comment that needs a person."""
    verbs = {"nhan": desk.claim_comment, "xong": desk.resolve_comment, "bo-qua": desk.drop_comment}
    if verb not in verbs:
        raise NotFound("Không tìm thấy trang này.")
    return _carry_out(public_id, lambda s, live, actor, clock: verbs[verb](s, live, seq, actor=actor, clock=clock))


def _carry_out(public_id: str, step: Step) -> Response:
    """Do one thing at the console and come back to it; a script that asked gets no page, only whether it worked."""
    actor = require_user()
    try:
        run_in_write_transaction(
            lambda session: step(session, desk_session(session, actor, public_id), actor, system_clock)
        )
    except DomainError as error:
        if _from_script() or error.status in (401, 403, 404):
            raise
        flash(_(error.message), "error")
    if _from_script():
        return make_response("", 204)
    return make_response(redirect(url_for("host.console", public_id=public_id)))


def _from_script() -> bool:
    return request.accept_mimetypes.best == "application/json"


def _require_valid(form: Any) -> None:
    if not form.validate():
        raise InvalidInput(str(next(iter(form.errors.values()))[0]))


def _offer_id(*, required: bool = True) -> int | None:
    typed = request.form.get("offer_id", "")
    if typed.isascii() and typed.isdigit() and len(typed) < 18:
        return int(typed)
    if required or typed:
        raise InvalidInput("Bác chọn mã hàng giúp em.")
    return None


def navigation() -> list[Any]:
    """Return a host's own sessions."""
    address = landing()
    return [(_("Phiên của tôi"), address, "video")] if address else []


def landing() -> str | None:
    """Return where a host who just signed in has their work; None for anybody else."""
    actor = current_actor()
    if actor.user_id is None or not standing_of(db.session(), actor).host_of:
        return None
    return url_for("host.own_sessions")
