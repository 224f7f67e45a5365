"""Staff pages: planning sessions and filling their shelves."""

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext as _
from wtforms import Field
from wtforms.fields.choices import SelectChoice

from app.accounts.current import current_actor, require_user
from app.clock import VIETNAM, system_clock, vietnam_date
from app.db import db, run_in_write_transaction
from app.errors import DomainError
from app.money import format_number
from livestream import sessions, shelf
from livestream.access import staff_session
from livestream.forms import OfferForm, SessionForm
from livestream.models import LiveSession
from livestream.queries import cooperative_sessions, hosts_of, listings_to_offer
from livestream.room_queries import load_shelves, stock_left
from shop.access import require_staff, standing_of

blueprint = Blueprint("sessions", __name__, url_prefix="/htx/phien")

Answer = str | tuple[str, int] | Response


@blueprint.get("")
def session_list() -> str:
    """Show the cooperative's sessions and the form for another."""
    return _list_page(_session_form())


@blueprint.post("")
def schedule() -> Answer:
    """Plan a session."""
    form = _session_form()
    actor = require_user()
    if form.validate():
        try:
            live = run_in_write_transaction(
                lambda session: sessions.schedule_session(
                    session, require_staff(session, actor).id, **_wishes(form), actor=actor, clock=system_clock
                )
            )
            flash(_("Đã hẹn phiên. Giờ bác xếp hàng lên kệ nhé."), "success")
            return make_response(redirect(url_for("sessions.edit", public_id=live.public_id)))
        except DomainError as error:
            _blame(form, error)
    return _list_page(form), 422


@blueprint.get("/<public_id>")
def edit(public_id: str) -> str:
    """Show one session: its plan and its shelf."""
    live = staff_session(db.session(), require_user(), public_id)
    return _edit_page(live, _filled(live), _offer_form(live))


@blueprint.post("/<public_id>")
def save(public_id: str) -> Answer:
    """Change a planned session."""
    actor = require_user()
    live = staff_session(db.session(), actor, public_id)
    form = _session_form()
    if form.validate():
        try:
            run_in_write_transaction(
                lambda session: sessions.edit_session(
                    session,
                    staff_session(session, actor, public_id),
                    **_wishes(form),
                    actor=actor,
                    clock=system_clock,
                )
            )
            flash(_("Đã lưu lịch phiên."), "success")
            return make_response(redirect(url_for("sessions.edit", public_id=public_id)))
        except DomainError as error:
            _blame(form, error)
    return _edit_page(live, form, _offer_form(live)), 422


@blueprint.post("/<public_id>/huy")
def cancel(public_id: str) -> Response:
    """Call a planned session off."""
    actor = require_user()
    run_in_write_transaction(
        lambda session: sessions.cancel_session(
            session, staff_session(session, actor, public_id), actor=actor, clock=system_clock
        )
    )
    flash(_("Đã hủy phiên."), "success")
    return make_response(redirect(url_for("sessions.session_list")))


@blueprint.post("/<public_id>/ke")
def put_offer(public_id: str) -> Answer:
    """Put a listing on the shelf."""
    actor = require_user()
    live = staff_session(db.session(), actor, public_id)
    form = _offer_form(live)
    if form.validate():
        try:
            run_in_write_transaction(
                lambda session: shelf.put_offer(
                    session,
                    staff_session(session, actor, public_id),
                    form.listing.data,
                    code=form.code.data or "",
                    price_vnd=form.price.amount,
                    actor=actor,
                    clock=system_clock,
                )
            )
            flash(_("Đã xếp lên kệ."), "success")
            return make_response(redirect(url_for("sessions.edit", public_id=public_id)))
        except DomainError as error:
            _blame(form, error, {"price_vnd": "price"})
    return _edit_page(live, _filled(live), form), 422


def _list_page(form: SessionForm) -> str:
    session = db.session()
    cooperative = require_staff(session, require_user())
    return render_template(
        "livestream/staff_sessions.html", cards=cooperative_sessions(session, cooperative.id), form=form
    )


def _edit_page(live: LiveSession, form: SessionForm, offer_form: OfferForm) -> str:
    session = db.session()
    entries = load_shelves(session, [live.id])[live.id]
    left = stock_left(session, entries, on=vietnam_date(system_clock()))
    return render_template(
        "livestream/staff_session.html",
        live=live,
        form=form,
        offer_form=offer_form,
        shelf=[entry.to_dict(left[entry.offer_id]) for entry in entries],
    )


def _session_form(**data: Any) -> SessionForm:
    session = db.session()
    cooperative = require_staff(session, require_user())
    form = SessionForm(formdata=None, data=data) if data else SessionForm()
    form.host.choices = [SelectChoice(user_id, name) for user_id, name in hosts_of(session, cooperative.id)]
    return form


def _filled(live: LiveSession) -> SessionForm:
    percent, rest = divmod(live.commission_bps, 100)
    return _session_form(
        title=live.title,
        scheduled_at=live.scheduled_at.astimezone(VIETNAM).replace(tzinfo=None),
        host=live.host_user_id,
        commission=f"{percent},{rest:02}".removesuffix(",00"),
        video_engine=live.video_engine,
        embed_url=live.embed_url,
    )


def _offer_form(live: LiveSession) -> OfferForm:
    form = OfferForm()
    form.listing.choices = [
        SelectChoice(row.id, f"{row.title} · {format_number(row.price_vnd)} ₫/{row.unit_label}")
        for row in listings_to_offer(db.session(), live)
    ]
    return form


def _wishes(form: SessionForm) -> dict[str, Any]:
    return {
        "title": form.title.data or "",
        "scheduled_at": form.moment,
        "host_user_id": form.host.data,
        "commission_bps": form.commission.basis_points,
        "video_engine": form.video_engine.data,
        "embed_url": form.embed_url.data,
    }


def _blame(form: Any, error: DomainError, names: dict[str, str] | None = None) -> None:
    """Put the sentence beside the field it is about, else at the first one."""
    name = error.details.get("field", "")
    field: Field = form[name] if (name := (names or {}).get(name, name)) in form else next(iter(form))
    field.errors = [*field.errors, _(error.message)]


def navigation() -> list[Any]:
    """Return the cooperative's sessions for its staff."""
    actor = current_actor()
    if actor.user_id is None or not standing_of(db.session(), actor).staff_of:
        return []
    return [(_("Lịch phiên"), url_for("sessions.session_list"), "calendar")]
