"""Village leaders and the community digital team: notices and their readers, households that are not selling yet."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.actor import Actor
from app.accounts.current import require_user
from app.clock import system_clock
from app.db import run_in_write_transaction
from app.errors import DomainError
from shop import access
from shop.forms import NoticeForm, blame
from shop.models import Cooperative, Household, Village
from shop.notices import mark_read, publish_notice
from shop.people_queries import household_rows, notice_readers, notices_for, notices_of_village, villages
from shop.views.common import own_standing, reading, today, village_choices

blueprint = Blueprint("community", __name__)


@blueprint.get("/thong-bao")
def notices() -> str:
    """Show the notices addressed to this person."""
    return render_template("shop/notices.html", notices=notices_for(reading(), require_user()))


@blueprint.get("/thong-bao/<int:notice_id>")
def notice(notice_id: int) -> str:
    """Show one notice; its publishers also see who has read it."""
    session, actor = reading(), require_user()
    found = access.notice_for(session, actor, notice_id)
    row = next((row for row in notices_for(session, actor, limit=500) if row.notice_id == found.id), None)
    standing = own_standing()
    publishes = found.cooperative_id in standing.staff_of or (found.village_id in standing.leader_of)
    return render_template(
        "shop/notice.html", notice=found, row=row, readers=notice_readers(session, found) if publishes else None
    )


@blueprint.post("/thong-bao/<int:notice_id>/da-doc")
def read(notice_id: int) -> BaseResponse:
    """Remember that this person has read the notice."""
    actor = require_user()
    run_in_write_transaction(
        lambda session: mark_read(
            session, access.notice_for(session, actor, notice_id), actor=actor, clock=system_clock
        )
    )
    return redirect(url_for("community.notice", notice_id=notice_id))


@blueprint.route("/htx/thong-bao", methods=["GET", "POST"])
def publish() -> BaseResponse | tuple[str, int]:
    """Publish to a village or to everybody, as staff."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    form = NoticeForm()
    form.village.choices = village_choices(villages(session, cooperative.id), _("Cả hợp tác xã"))
    if form.validate_on_submit() and _publish(form, actor, cooperative.id, form.village.data):
        return redirect(url_for("community.publish"))
    rows = notices_for(reading(), actor)
    return render_template("shop/notices_staff.html", form=form, notices=rows), _status(form)


@blueprint.route("/thon", methods=["GET", "POST"])
def village() -> BaseResponse | tuple[str, int]:
    """Show a leader the village: its notices with how many read them, its households; and publish to it."""
    session, actor = reading(), require_user()
    led = access.require_leader(session, actor)
    village_id, cooperative_id = led.id, led.cooperative_id
    form = NoticeForm()
    form.village.choices = village_choices([led])
    if form.validate_on_submit() and _publish(form, actor, cooperative_id, str(village_id)):
        return redirect(url_for("community.village"))
    session = reading()
    led = access.require_leader(session, actor)
    page = render_template(
        "shop/village.html",
        village=led,
        form=form,
        notices=notices_of_village(session, actor, led),
        households=household_rows(session, cooperative_id, today(), Household.village_id == village_id),
    )
    return page, _status(form)


@blueprint.get("/to-cong-nghe")
def team() -> str:
    """Show the team the households, those that are not selling yet first, and whom it may act for."""
    session = reading()
    cooperative = access.require_team(session, require_user())
    rows = household_rows(session, cooperative.id, today(), Household.active.is_(True))
    return render_template(
        "shop/team.html",
        cooperative=cooperative,
        idle=[row for row in rows if not row.is_selling],
        selling=[row for row in rows if row.is_selling],
    )


def _publish(form: NoticeForm, actor: Actor, cooperative_id: int, village_id: str | None) -> bool:
    def place(session: Session) -> Village | None:
        return access.village_of_cooperative(session, cooperative_id, int(village_id)) if village_id else None

    try:
        run_in_write_transaction(
            lambda session: publish_notice(
                session,
                session.get_one(Cooperative, cooperative_id),
                form.title.data or "",
                form.body.data or "",
                village=place(session),
                actor=actor,
                clock=system_clock,
            )
        )
    except DomainError as refused:
        blame(form, refused)
        return False
    flash(_("Đã đăng thông báo."), "success")
    return True


def _status(form: NoticeForm) -> int:
    return 422 if form.errors or form.form_errors else 200
