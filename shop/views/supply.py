"""The staff's morning: what was pledged for today, the scale, and every lot with what is held, sold and left."""

from datetime import date, timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import current_actor, require_user
from app.clock import system_clock
from app.db import run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.quantity import format_units
from shop import access
from shop.forms import CorrectionForm, LossForm, WalkInForm, WeighingForm, blame, idempotency_key, read_quantity
from shop.models import HarvestLot, Household, Pledge, PledgeState, Product
from shop.people_queries import household_rows, waiting_accounts
from shop.photos import keep_photo
from shop.supply_queries import grade_choices, listing_rows, lots, movements, pledges, price_approvals, weighings
from shop.views.common import (
    cover_shortfall,
    grade_names,
    reading,
    sections,
    settings,
    today,
    unit_of,
    uploaded_picture,
)
from shop.weighing import correct_weigh_in, record_loss, weigh_in_lot

blueprint = Blueprint("supply", __name__)


@blueprint.get("/htx")
def home() -> str:
    """Show the staff where the day stands: to weigh, on sale, waiting for a second person; other rooms add theirs."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    return render_template(
        "shop/staff_home.html",
        cooperative=cooperative,
        pledges=pledges(session, Household.cooperative_id == cooperative.id, first_day=today()),
        lots=lots(session, HarvestLot.cooperative_id == cooperative.id, HarvestLot.best_before >= today()),
        listings=listing_rows(session, cooperative.id, today()),
        approvals=price_approvals(session, cooperative.id, waiting_only=True),
        accounts=waiting_accounts(session, cooperative.id),
        sections=sections("chophien_staff_sections", cooperative),
        unit_of=unit_of,
    )


@blueprint.get("/htx/can")
def board() -> str:
    """Show today's pledges still to be weighed, then today's lots; one press leads to the scale."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    own = Household.cooperative_id == cooperative.id
    return render_template(
        "shop/weighing_board.html",
        today=today(),
        waiting=pledges(
            session, own, Pledge.state == PledgeState.OPEN, first_day=today() - timedelta(days=1), last_day=today()
        ),
        coming=pledges(session, own, first_day=today() + timedelta(days=1), last_day=today() + timedelta(days=3)),
        lots=lots(session, HarvestLot.cooperative_id == cooperative.id, HarvestLot.harvested_on == today()),
        unit_of=unit_of,
    )


@blueprint.route("/htx/can/moi", methods=["GET", "POST"])
def walk_in() -> BaseResponse | tuple[str, int] | str:
    """Choose who brought what when nothing was pledged, and go on to the scale."""
    session = reading()
    cooperative = access.require_staff(session, require_user())
    form = WalkInForm()
    rows = household_rows(session, cooperative.id, today(), Household.active.is_(True))
    form.household.choices = {"": _("Chọn hộ")} | {row.public_id: f"{row.name} · {row.village}" for row in rows}
    form.grade_id.choices = grade_names(grade_choices(session, cooperative.id))
    if form.validate_on_submit():
        return redirect(url_for("supply.scale", public_id=form.household.data, grade_id=form.grade_id.data))
    return render_template("shop/walk_in.html", form=form), 422 if form.errors else 200


@blueprint.route("/htx/can/<public_id>/<int:grade_id>", methods=["GET", "POST"])
def scale(public_id: str, grade_id: int) -> BaseResponse | tuple[str, int]:
    """Weigh in a household's basket of a grade."""
    session, actor = reading(), require_user()
    household = access.staff_household(session, actor, public_id)
    grade = access.grade_of_cooperative(session, household.cooperative_id, grade_id)
    product = session.get_one(Product, grade.product_id)
    form = WeighingForm(harvested_on=request.args.get("ngay", type=date.fromisoformat) or today())
    key = idempotency_key()
    if form.validate_on_submit():
        try:
            lot = _weigh(form, public_id, grade_id, key)
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã ghi số cân của %(name)s.", name=household.name), "success")
            return redirect(
                url_for("supply.lot", public_id=lot.public_id) if form.more_to_come.data else url_for("supply.board")
            )
    session = reading()
    household = access.staff_household(session, actor, public_id)
    day = form.harvested_on.data or today()
    pledged = pledges(session, Pledge.household_id == household.id, Pledge.grade_id == grade_id, first_day=day)
    weighed = lots(
        session,
        HarvestLot.household_id == household.id,
        HarvestLot.grade_id == grade_id,
        HarvestLot.harvested_on == day,
    )
    page = render_template(
        "shop/scale.html",
        form=form,
        key=key,
        household=household,
        grade=grade,
        product=product,
        unit=unit_of(product.measure),
        pledged=next(iter(pledged), None),
        lot=next((row for row in weighed if row.weighed), None),
    )
    return page, 422 if form.errors or form.form_errors else 200


def _weigh(form: WeighingForm, public_id: str, grade_id: int, key: str) -> HarvestLot:
    actor = current_actor()
    picture = uploaded_picture(form.photo)

    def work(session: Session) -> HarvestLot:
        household = access.staff_household(session, actor, public_id)
        grade = access.grade_of_cooperative(session, household.cooperative_id, grade_id)
        quantity = read_quantity(form.quantity, session.get_one(Product, grade.product_id).measure)
        day = form.harvested_on.data
        if not today() - timedelta(days=7) <= day <= today():
            raise InvalidInput("Ngày hái phải trong bảy ngày vừa qua ạ.", field="harvested_on")
        photo = (
            None
            if picture is None
            else keep_photo(
                session,
                picture,
                settings().media_root,
                cooperative_id=household.cooperative_id,
                is_public=False,
                clock=system_clock,
            )
        )
        return weigh_in_lot(
            session,
            household,
            grade,
            quantity,
            harvested_on=day,
            reference=key,
            cover_shortfall=cover_shortfall(),
            more_to_come=form.more_to_come.data,
            photo=photo,
            actor=actor,
            clock=system_clock,
        )

    return run_in_write_transaction(work)


@blueprint.get("/htx/lo")
def all_lots() -> str:
    """Show the lots that can still be sold, and those of the last days."""
    session = reading()
    cooperative = access.require_staff(session, require_user())
    since = today() - timedelta(days=14)
    rows = lots(session, HarvestLot.cooperative_id == cooperative.id, HarvestLot.harvested_on >= since, limit=200)
    return render_template("shop/lots.html", lots=rows, unit_of=unit_of, today=today())


@blueprint.get("/htx/lo/<public_id>")
def lot(public_id: str) -> str:
    """Show a lot: its counters, weighings and movements, with the forms to correct it."""
    return _lot(public_id, CorrectionForm(), LossForm())


@blueprint.post("/htx/lo/<public_id>/sua-can")
def correct(public_id: str) -> BaseResponse | tuple[str, int]:
    """Correct what the scale gave for a lot."""
    actor, form, key = require_user(), CorrectionForm(), idempotency_key()

    def work(session: Session) -> None:
        found = access.staff_lot(session, actor, public_id)
        true_total = read_quantity(form.quantity, session.get_one(Product, found.product_id).measure)
        correct_weigh_in(
            session,
            found,
            true_total,
            form.reason.data or "",
            reference=key,
            cover_shortfall=cover_shortfall(),
            actor=actor,
            clock=system_clock,
        )

    try:
        if form.validate_on_submit():
            run_in_write_transaction(work)
            flash(_("Đã sửa số cân của lô."), "success")
            return redirect(url_for("supply.lot", public_id=public_id))
    except DomainError as refused:
        blame(form, refused)
    return _lot(public_id, form, LossForm(formdata=None)), 422


@blueprint.post("/htx/lo/<public_id>/hao-hut")
def lose(public_id: str) -> BaseResponse | tuple[str, int]:
    """Write off what of a lot is spoiled."""
    actor, form, key = require_user(), LossForm(), idempotency_key()

    def work(session: Session) -> str:
        found = access.staff_lot(session, actor, public_id)
        measure = session.get_one(Product, found.product_id).measure
        quantity = read_quantity(form.lost, measure)
        record_loss(
            session,
            found,
            quantity,
            form.why.data or "",
            reference=key,
            cover_shortfall=cover_shortfall(),
            actor=actor,
            clock=system_clock,
        )
        return format_units(quantity, *unit_of(measure))

    try:
        if form.validate_on_submit():
            amount = run_in_write_transaction(work)
            flash(_("Đã ghi %(amount)s hỏng.", amount=amount), "success")
            return redirect(url_for("supply.lot", public_id=public_id))
    except DomainError as refused:
        blame(form, refused)
    return _lot(public_id, CorrectionForm(formdata=None), form), 422


def _lot(public_id: str, correction: CorrectionForm, loss: LossForm) -> str:
    session, actor = reading(), require_user()
    found = access.staff_lot(session, actor, public_id)
    row = lots(session, HarvestLot.id == found.id)
    if not row:
        raise InvalidInput("Lô này đã hủy, không còn gì để xem.")
    return render_template(
        "shop/staff_lot.html",
        lot=row[0],
        unit=unit_of(row[0].measure),
        weighings=weighings(session, found.id),
        movements=movements(session, found.id),
        correction=correction,
        loss=loss,
        key=idempotency_key(),
    )
