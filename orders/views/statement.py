"""A household's statement (bảng kê): the page it reads, the paper it prints, the file it keeps."""

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext as _

from app.accounts.current import require_user
from app.clock import system_clock, vietnam_date
from app.db import current_policy, db
from app.errors import NotFound
from app.quantity import format_units
from orders.reports.csv_text import Cell
from orders.settlement.statement import (
    DEDUCTION_NAMES,
    Statement,
    choose_season,
    household_statement,
    next_start,
    seasons_of,
)
from orders.views.downloads import csv_download
from shop.access import household_for, own_household
from shop.models import Household, Season

blueprint = Blueprint("statement", __name__)


@blueprint.get("/ho/bang-ke")
def own() -> str:
    """Show the household its own statement of a season."""
    return _page(own_household(db.session(), require_user()))


@blueprint.get("/ho/<public_id>/bang-ke")
def of(public_id: str) -> str:
    """Show a household's statement to who may act for it."""
    return _page(household_for(db.session(), require_user(), public_id))


@blueprint.get("/ho/<public_id>/bang-ke.csv")
def of_csv(public_id: str) -> Response:
    """Return a statement's lines as a file."""
    household = household_for(db.session(), require_user(), public_id)
    statement = _statement(household, seasons_of(db.session(), household.cooperative_id))
    if statement is None:
        raise NotFound("Hợp tác xã chưa mở vụ nào ạ.")
    columns = [
        _("Lô"), _("Ngày hái"), _("Nông sản"), _("Loại"), _("Mặt hàng"), _("Đơn giá (₫)"), _("Đơn vị"), _("Số lượng"),
        _("Tiền hàng (₫)"), *(_(name) + " (₫)" for name in DEDUCTION_NAMES.values()), _("Phần của hộ (₫)"),
    ]  # fmt: skip
    rows: list[list[Cell]] = [
        [
            line.lot_public_id,
            line.harvested_on.isoformat(),
            line.product,
            line.grade,
            line.title,
            line.price_vnd,
            line.unit_label,
            format_units(line.quantity, line.unit_quantity, "").strip(),
            line.value_vnd,
            line.cooperative_vnd,
            line.host_vnd,
            line.packing_vnd,
            line.fee_vnd,
            line.household_vnd,
        ]
        for line in statement.lines
    ]
    definition = _("Chỉ hàng đã giao. Tiền hàng trừ từng khoản bằng phần của hộ, chính xác tới từng đồng.")
    chosen = f"{household.code} {household.name} · {statement.season.name}"
    return csv_download(f"bang-ke-{household.code}-{statement.season.code}.csv", definition, chosen, columns, rows)


def money_section(household: Household) -> str:
    """Return the money card of a household's home page: sold, delivered, taken off, to come, paid."""
    statement = _statement(household, seasons_of(db.session(), household.cooperative_id))
    return render_template("orders/statement/_home.html", statement=statement) if statement else ""


def _page(household: Household) -> str:
    seasons = seasons_of(db.session(), household.cooperative_id)
    return render_template(
        "orders/statement/statement.html",
        household=household,
        statement=_statement(household, seasons),
        seasons=seasons,
        deduction_names=DEDUCTION_NAMES,
        now=system_clock(),
    )


def _statement(household: Household, seasons: list[Season]) -> Statement | None:
    season = choose_season(seasons, vietnam_date(system_clock()), request.args.get("vu"))
    if season is None:
        return None
    until = next_start(seasons, season)
    return household_statement(
        db.session(), household, season, until=until, policy=current_policy(), clock=system_clock
    )
