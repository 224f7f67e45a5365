"""Households, members and invitations of a cooperative, and the payout accounts that wait for a second person."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import current_actor, require_user
from app.clock import system_clock
from app.db import run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.phones import format_phone
from app.web import public_url, spend
from shop import access
from shop.forms import HouseholdForm, InvitationForm, NewPersonForm, VillageForm, blame
from shop.households import add_household, add_village, edit_household
from shop.models import Cooperative, HarvestLot, MemberRole, PayoutAccount
from shop.payout_accounts import approve_payout_account, reject_payout_account
from shop.people import accept_as_new_person, accept_invitation, end_membership, invite_member, open_invitation
from shop.people_queries import (
    household_log,
    household_rows,
    members,
    open_invitations,
    payout_accounts,
    villages,
    waiting_accounts,
)
from shop.places import search_wards
from shop.supply_queries import lots
from shop.views.common import bank_name, policy, reading, today, unit_of, village_choices

blueprint = Blueprint("people", __name__)


@blueprint.get("/htx/ho")
def households() -> str:
    """Show the households village by village, with what each brought and sold this season."""
    session = reading()
    cooperative = access.require_staff(session, require_user())
    return render_template("shop/households.html", households=household_rows(session, cooperative.id, today()))


@blueprint.route("/htx/ho/moi", methods=["GET", "POST"])
def new_household() -> BaseResponse | tuple[str, int]:
    """Take a household in; staff and the community team may."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff_or_team(session, actor)
    form = HouseholdForm()
    form.village_id.choices = village_choices(villages(session, cooperative.id))
    if form.validate_on_submit():
        try:
            household = run_in_write_transaction(
                lambda session: add_household(
                    session,
                    access.village_of_cooperative(session, cooperative.id, form.village_id.data),
                    form.name.data or "",
                    phone=form.phone.data or "",
                    growing_area_code=form.growing_area_code.data or "",
                    actor=actor,
                    clock=system_clock,
                )
            )
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã thêm hộ %(name)s.", name=household.name), "success")
            if cooperative.id in access.standing_of(reading(), actor).staff_of:
                return redirect(url_for("people.household", public_id=household.public_id))
            return redirect(url_for("community.team"))
    return render_template("shop/household_new.html", form=form), 422 if form.errors or form.form_errors else 200


@blueprint.route("/htx/ho/<public_id>", methods=["GET", "POST"])
def household(public_id: str) -> BaseResponse | tuple[str, int]:
    """Show a household to staff: what is written about it, its accounts, lots and log."""
    session, actor = reading(), require_user()
    found = access.staff_household(session, actor, public_id)
    form = HouseholdForm(obj=found)
    form.village_id.choices = village_choices(villages(session, found.cooperative_id))
    if form.validate_on_submit():
        try:
            run_in_write_transaction(
                lambda session: edit_household(
                    session,
                    access.staff_household(session, actor, public_id),
                    name=form.name.data or "",
                    phone=form.phone.data or "",
                    growing_area_code=form.growing_area_code.data or "",
                    village=access.staff_village(session, actor, form.village_id.data),
                    active=form.active.data,
                    actor=actor,
                    clock=system_clock,
                )
            )
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã lưu."), "success")
            return redirect(url_for("people.household", public_id=public_id))
    elif request.method == "GET" and found.phone:
        form.phone.data = format_phone(found.phone)
    session = reading()
    found = access.staff_household(session, actor, public_id)
    page = render_template(
        "shop/staff_household.html",
        household=found,
        form=form,
        accounts=payout_accounts(session, PayoutAccount.household_id == found.id, limit=5),
        lots=lots(session, HarvestLot.household_id == found.id, limit=20),
        entries=household_log(session, found.id, limit=20),
        bank_name=bank_name,
        unit_of=unit_of,
        own_id=actor.user_id,
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.get("/htx/tai-khoan")
def accounts() -> str:
    """Show the payout accounts that wait for a second person."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    waiting = waiting_accounts(session, cooperative.id)
    return render_template("shop/waiting_accounts.html", accounts=waiting, bank_name=bank_name, own_id=actor.user_id)


@blueprint.post("/htx/tai-khoan/<int:account_id>")
def decide_account(account_id: int) -> BaseResponse:
    """Approve or refuse a payout account."""
    actor = require_user()
    wait = timedelta(hours=policy().payout_account_wait_hours)

    def work(session: Session) -> None:
        account = access.staff_payout_account(session, actor, account_id)
        if request.form.get("approve") == "1":
            approve_payout_account(session, account, wait=wait, actor=actor, clock=system_clock)
        else:
            reject_payout_account(session, account, actor=actor, clock=system_clock)

    try:
        run_in_write_transaction(work)
        flash(_("Đã ghi quyết định và nhắn cho hộ biết."), "success")
    except DomainError as refused:
        if refused.status == 404:
            raise
        flash(_(refused.message), "error")
    return redirect(url_for("people.accounts"))


@blueprint.get("/htx/nguoi")
def index() -> str:
    """Show who is what in the cooperative, and invite others."""
    return _people(access.require_people_manager(reading(), require_user(), _wanted()), InvitationForm(), "")


@blueprint.post("/htx/nguoi")
def invite() -> tuple[str, int]:
    """Make an invitation and show its link, once."""
    actor = require_user()
    cooperative = access.require_people_manager(reading(), actor, _wanted())
    form, link = InvitationForm(), ""
    _fill(form, cooperative)
    if form.validate_on_submit():
        try:
            secret = run_in_write_transaction(lambda session: _invite(session, form, cooperative.id))
            link = public_url(url_for("people.join", secret=secret))
        except DomainError as refused:
            blame(form, refused)
    status = 422 if form.errors or form.form_errors else 200
    return _people(access.require_people_manager(reading(), actor, _wanted()), form, link), status


def _invite(session: Session, form: InvitationForm, cooperative_id: int) -> str:
    actor = require_user()
    role = MemberRole(form.role.data)
    of_household = role == MemberRole.HOUSEHOLD and form.household.data
    of_village = role == MemberRole.VILLAGE_LEADER and form.village.data
    return invite_member(
        session,
        access.require_people_manager(session, actor, cooperative_id if actor.is_administrator else None),
        role,
        household=access.household_of_cooperative(session, cooperative_id, form.household.data)
        if of_household
        else None,
        village=access.village_of_cooperative(session, cooperative_id, int(form.village.data)) if of_village else None,
        actor=actor,
        clock=system_clock,
    )


@blueprint.post("/htx/nguoi/<int:membership_id>/cho-nghi")
def end(membership_id: int) -> BaseResponse:
    """End somebody's role."""
    actor = require_user()
    try:
        run_in_write_transaction(
            lambda session: end_membership(
                session, access.staff_membership(session, actor, membership_id), actor=actor, clock=system_clock
            )
        )
        flash(_("Đã cho nghỉ vai trò này."), "success")
    except DomainError as refused:
        if refused.status == 404:
            raise
        flash(_(refused.message), "error")
    return redirect(url_for("people.index", htx=request.args.get("htx")))


@blueprint.route("/htx/thon", methods=["GET", "POST"])
def village_list() -> BaseResponse | tuple[str, int]:
    """Show the villages and add another; the ward is found by any of its names, old ones too."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    form, matches = VillageForm(), []
    if form.validate_on_submit():
        matches = search_wards(form.place.data or "", limit=8)
        chosen = request.form.get("ward_code") or (matches[0].ward.code if len(matches) == 1 else "")
        try:
            if not matches:
                raise InvalidInput(
                    "Không thấy xã, phường này. Bác thử tên cũ hoặc thêm tên tỉnh giúp em.", field="place"
                )
            if chosen:
                run_in_write_transaction(
                    lambda session: add_village(
                        session,
                        access.require_staff(session, actor),
                        form.name.data or "",
                        chosen,
                        old_local_name=form.old_local_name.data or "",
                        actor=actor,
                        clock=system_clock,
                    )
                )
                flash(_("Đã thêm thôn."), "success")
                return redirect(url_for("people.village_list"))
        except DomainError as refused:
            blame(form, refused)
    rows = villages(reading(), cooperative.id)
    page = render_template("shop/villages.html", form=form, villages=rows, matches=matches)
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.route("/loi-moi/<secret>", methods=["GET", "POST"])
def join(secret: str) -> BaseResponse | tuple[str, int]:
    """Show what a link invites to; somebody new makes an account, somebody signed in just joins."""
    spend("30/minute", "invitation")
    shown = open_invitation(reading(), secret, clock=system_clock)
    actor, form = current_actor(), NewPersonForm()
    try:
        if actor.user_id is not None and request.method == "POST":
            run_in_write_transaction(
                lambda session: accept_invitation(session, secret, actor=actor, clock=system_clock)
            )
            flash(_("Chào mừng bác vào %(name)s.", name=shown.cooperative.name), "success")
            return redirect(url_for("storefront.home"))
        if actor.user_id is None and form.validate_on_submit():
            run_in_write_transaction(
                lambda session: accept_as_new_person(
                    session,
                    secret,
                    name=form.name.data or "",
                    phone=form.phone.data or "",
                    email=form.email.data or "",
                    password=form.password.data or "",
                    clock=system_clock,
                )
            )
            flash(_("Đã có tài khoản. Bác đăng nhập bằng mật khẩu vừa đặt nhé."), "success")
            return redirect(url_for("security.login"))
    except DomainError as refused:
        if refused.status == 404:
            raise
        blame(form, refused)
    page = render_template("shop/join.html", shown=open_invitation(reading(), secret, clock=system_clock), form=form)
    return page, 422 if form.errors or form.form_errors else 200


def _wanted() -> int | None:
    return request.values.get("htx", type=int)


def _fill(form: InvitationForm, cooperative: Cooperative) -> None:
    session = reading()
    rows = household_rows(session, cooperative.id, today())
    names = {row.public_id: f"{row.name} · {row.village}" for row in rows}
    form.household.choices = {"": _("Không thuộc hộ nào")} | names
    form.village.choices = village_choices(villages(session, cooperative.id), _("Không phụ trách thôn nào"))


def _people(cooperative: Cooperative, form: InvitationForm, link: str) -> str:
    session = reading()
    _fill(form, cooperative)
    return render_template(
        "shop/people.html",
        cooperative=cooperative,
        members=members(session, cooperative.id),
        invitations=open_invitations(session, cooperative.id, system_clock()),
        form=form,
        link=link,
        format_phone=format_phone,
        htx=_wanted(),
    )
