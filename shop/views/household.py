"""A household's own pages: tomorrow's pledge in two taps, its lots, its bank account, and who did what in its name.

The community team and the staff reach the same page of a household they may act for by its public id.
"""

from datetime import timedelta

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import current_actor, require_user
from app.clock import system_clock
from app.db import run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.quantity import format_units
from shop import access
from shop.forms import PayoutAccountForm, PledgeForm, blame, read_quantity
from shop.households import give_helper_consent, withdraw_helper_consent
from shop.models import HarvestLot, Household, Measure, PayoutAccount, Pledge, Product
from shop.payout_accounts import propose_payout_account, reject_payout_account
from shop.people_queries import household_log, notices_for, payout_accounts
from shop.pledging import PLEDGE_DAYS_AHEAD, cancel_pledge, pledge_harvest
from shop.supply_queries import grade_choices, lots, pledges
from shop.views.common import (
    bank_choices,
    bank_name,
    grade_label,
    own_standing,
    policy,
    reading,
    sections,
    today,
    unit_of,
)

blueprint = Blueprint("household", __name__)

_KILOGRAM_CHIPS = (50, 100, 200, 300)
_PIECE_CHIPS = (5, 10, 20, 50)
_HABIT_DAYS = 45
"""What a household pledged in these days is what it is asked about first, and its last amount is a chip."""


@blueprint.get("/ho")
def home() -> str:
    """Show the household its pledges, lots and money; staff and team come by ``/ho/<public_id>``."""
    return _home(access.own_household(reading(), require_user()))


@blueprint.get("/ho/<public_id>")
def of(public_id: str) -> str:
    """Show the page of a household that this person may act for."""
    return _home(access.household_for(reading(), require_user(), public_id))


@blueprint.post("/ho/<public_id>/hen-hai")
def pledge(public_id: str) -> Response | BaseResponse | tuple[str, int]:
    """Make or change a pledge: a chip is one press, any other amount is typed."""
    actor, form = require_user(), PledgeForm()

    def work(session: Session) -> str:
        household = access.household_for(session, actor, public_id)
        grade = access.grade_of_cooperative(session, household.cooperative_id, form.grade_id.data)
        measure = session.get_one(Product, grade.product_id).measure
        if chip := request.form.get("chip", ""):
            form.quantity.data = chip
        made = pledge_harvest(
            session,
            household,
            grade,
            read_quantity(form.quantity, measure),
            for_date=form.for_date.data,
            sale_percent=policy().pledge_sale_percent,
            actor=actor,
            clock=system_clock,
        )
        return format_units(made.quantity, *unit_of(measure))

    try:
        if not form.validate_on_submit():
            raise InvalidInput(next(iter(form.errors.values()))[0])
        amount = run_in_write_transaction(work)
    except DomainError as refused:
        household = access.household_for(reading(), actor, public_id)
        return _home(
            household, refused=refused, typed=form.quantity.data or "", of_grade=form.grade_id.data
        ), refused.status
    flash(_("Đã hẹn hái %(amount)s. Hợp tác xã bắt đầu chào bán giúp nhà mình.", amount=amount), "success")
    return redirect(_home_url(public_id))


@blueprint.post("/ho/<public_id>/huy-hen")
def cancel(public_id: str) -> BaseResponse:
    """Take a pledge back."""
    actor, form = require_user(), PledgeForm()
    if not form.validate_on_submit():
        raise InvalidInput("Không rõ lần hẹn nào. Bác tải lại trang rồi thử lại nhé.")

    def work(session: Session) -> None:
        household = access.household_for(session, actor, public_id)
        grade = access.grade_of_cooperative(session, household.cooperative_id, form.grade_id.data)
        cancel_pledge(session, household, grade, for_date=form.for_date.data, actor=actor, clock=system_clock)

    try:
        run_in_write_transaction(work)
        flash(_("Đã bỏ lần hẹn hái này."), "success")
    except DomainError as refused:
        flash(_(refused.message), "error")
    return redirect(_home_url(public_id))


@blueprint.route("/ho/tai-khoan", methods=["GET", "POST"])
def payout_account() -> BaseResponse | tuple[str, int]:
    """Show where the household's money goes, and take the proposal of another account."""
    actor = require_user()
    household = access.own_household(reading(), actor)
    public_id = household.public_id
    form = PayoutAccountForm()
    form.bank_bin.choices = bank_choices()
    status = 200
    if form.validate_on_submit():
        try:
            run_in_write_transaction(
                lambda session: propose_payout_account(
                    session,
                    access.household_for(session, actor, public_id),
                    bank_bin=form.bank_bin.data,
                    account_number=form.account_number.data,
                    holder_name=form.holder_name.data,
                    actor=actor,
                    clock=system_clock,
                )
            )
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã gửi. Một cán bộ hợp tác xã sẽ duyệt rồi tài khoản mới nhận tiền."), "success")
            return redirect(url_for("household.payout_account"))
    if form.errors or form.form_errors:
        status = 422
    accounts = payout_accounts(reading(), PayoutAccount.household_id == household.id, limit=10)
    return (
        render_template(
            "shop/payout_account.html",
            form=form,
            household=household,
            accounts=accounts,
            bank_name=bank_name,
            now=system_clock(),
            wait_hours=policy().payout_account_wait_hours,
        ),
        status,
    )


@blueprint.post("/ho/tai-khoan/<int:account_id>/dung")
def stop_payout_account(account_id: int) -> BaseResponse:
    """Stop an account that somebody proposed and the household does not know of."""
    actor = require_user()
    run_in_write_transaction(
        lambda session: reject_payout_account(
            session, access.own_payout_account(session, actor, account_id), actor=actor, clock=system_clock
        )
    )
    flash(_("Đã dừng tài khoản này. Bác báo hợp tác xã biết thêm nhé."), "success")
    return redirect(url_for("household.payout_account"))


@blueprint.post("/ho/nho-giup")
def consent() -> BaseResponse:
    """Let the community team act for the household, or stop it."""
    actor = require_user()
    agreed = request.form.get("dong_y") == "1"
    change = give_helper_consent if agreed else withdraw_helper_consent
    run_in_write_transaction(
        lambda session: change(session, access.own_household(session, actor), actor=actor, clock=system_clock)
    )
    flash(
        _("Từ giờ tổ công nghệ được làm giúp nhà mình; việc gì họ làm đều ghi ở nhật ký.")
        if agreed
        else _("Tổ công nghệ không làm thay nhà mình nữa."),
        "success",
    )
    return redirect(url_for("household.log"))


@blueprint.get("/ho/nhat-ky")
def log() -> str:
    """Show the household what was done for it, and by whom."""
    household = access.own_household(reading(), require_user())
    return render_template(
        "shop/household_log.html", household=household, entries=household_log(reading(), household.id)
    )


def _home(
    household: Household, *, refused: DomainError | None = None, typed: str = "", of_grade: int | None = None
) -> str:
    session, actor = reading(), current_actor()
    tomorrow = today() + timedelta(days=1)
    recent = pledges(
        session,
        Pledge.household_id == household.id,
        first_day=today() - timedelta(days=_HABIT_DAYS),
        last_day=today() + timedelta(days=PLEDGE_DAYS_AHEAD),
    )
    habits = {row.grade_id: row.quantity for row in recent}
    standing = [row for row in recent if row.for_date >= today()]
    choices = grade_choices(session, household.cooperative_id)
    usual = [choice for choice in choices if choice.grade_id in habits] or choices
    own = household.id in own_standing().household_ids
    return render_template(
        "shop/household.html",
        household=household,
        own=own,
        usual=usual,
        unusual=[choice for choice in choices if choice not in usual],
        grade_label=grade_label,
        chips=lambda choice: _chips(choice.measure, habits.get(choice.grade_id)),
        pledges=standing,
        pledged_tomorrow={row.grade_id: row for row in standing if row.for_date == tomorrow},
        tomorrow=tomorrow,
        lots=lots(session, HarvestLot.household_id == household.id, limit=20),
        notices=[notice for notice in notices_for(session, actor, limit=10) if not notice.read] if own else [],
        sections=sections("chophien_household_sections", household),
        refused=refused,
        typed=typed,
        of_grade=of_grade,
        unit_of=unit_of,
    )


def _chips(measure: str, last: int | None) -> list[int]:
    usual = _KILOGRAM_CHIPS if measure == Measure.WEIGHT else _PIECE_CHIPS
    base = 1000 if measure == Measure.WEIGHT else 1
    again = last // base if last and last % base == 0 else None
    return sorted({*usual[:3], again}) if again else list(usual)


def _home_url(public_id: str) -> str:
    household = access.household_for(reading(), current_actor(), public_id)
    own = household.id in own_standing().household_ids and household.id == min(own_standing().household_ids)
    return url_for("household.home") if own else url_for("household.of", public_id=public_id)
