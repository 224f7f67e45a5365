"""The administrator's page: the cooperatives of this installation, and a new one on a fresh machine."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import run_in_write_transaction
from app.errors import DomainError, InvalidInput
from shop import access
from shop.cooperatives import edit_cooperative, found_cooperative
from shop.forms import CooperativeForm, FoundingForm, blame
from shop.people_queries import cooperatives
from shop.places import WardMatch, search_wards
from shop.views.common import bank_choices, reading

blueprint = Blueprint("administration", __name__)


@blueprint.route("/quan-tri", methods=["GET", "POST"])
def home() -> BaseResponse | tuple[str, int]:
    """Show the cooperatives and found another."""
    actor, form = require_user(), FoundingForm()
    access.require_administrator(actor)
    matches: list[WardMatch] = []
    if form.validate_on_submit():
        try:
            matches, chosen = _ward(form)
            if chosen:
                made = run_in_write_transaction(
                    lambda session: found_cooperative(
                        session, form.name.data or "", chosen, actor=actor, clock=system_clock
                    )
                )
                flash(_("Đã lập %(name)s. Bước tiếp theo: mời cán bộ.", name=made.name), "success")
                return redirect(url_for("people.index", htx=made.id))
        except DomainError as refused:
            blame(form, refused)
    page = render_template("shop/administration.html", form=form, matches=matches, cooperatives=cooperatives(reading()))
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.route("/quan-tri/htx/<int:cooperative_id>", methods=["GET", "POST"])
def cooperative(cooperative_id: int) -> BaseResponse | tuple[str, int]:
    """Change what is written about a cooperative, the account that buyers pay into included."""
    actor = require_user()
    access.require_administrator(actor)
    found = access.require_people_manager(reading(), actor, cooperative_id)
    form = CooperativeForm(obj=found, place=found.ward_name)
    form.bank_bin.choices = bank_choices()
    matches: list[WardMatch] = []
    if form.validate_on_submit():
        try:
            chosen = ""
            if form.place.data != found.ward_name:
                matches, chosen = _ward(form)
            if chosen or not matches:
                run_in_write_transaction(
                    lambda session: edit_cooperative(
                        session,
                        access.require_people_manager(session, actor, cooperative_id),
                        name=form.name.data or "",
                        phone=form.phone.data or "",
                        tax_code=form.tax_code.data or "",
                        street=form.street.data or "",
                        ward_code=chosen,
                        about=form.about.data or "",
                        bank_bin=form.bank_bin.data or "",
                        bank_account=form.bank_account.data or "",
                        bank_account_name=form.bank_account_name.data or "",
                        actor=actor,
                        clock=system_clock,
                    )
                )
                flash(_("Đã lưu."), "success")
                return redirect(url_for("administration.cooperative", cooperative_id=cooperative_id))
        except DomainError as refused:
            blame(form, refused)
    found = access.require_people_manager(reading(), actor, cooperative_id)
    page = render_template("shop/cooperative.html", form=form, matches=matches, cooperative=found)
    return page, 422 if form.errors or form.form_errors else 200


def _ward(form: FoundingForm) -> tuple[list[WardMatch], str]:
    """Return the wards that fit what was typed, and the code of the one chosen or only possible."""
    matches = search_wards(form.place.data or "", limit=8)
    if not matches:
        raise InvalidInput("Không thấy xã, phường này. Bác thử tên cũ hoặc thêm tên tỉnh giúp em.", field="place")
    return matches, request.form.get("ward_code") or (matches[0].ward.code if len(matches) == 1 else "")
