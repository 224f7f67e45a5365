"""The cooperative's report: per household, product, session and host, with held, paid, delivered and cancelled apart."""

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, Response, current_app, render_template, request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.accounts.current import require_user
from app.clock import system_clock, vietnam_date
from app.db import db
from app.quantity import format_kilograms
from orders.models import Order
from orders.reports.queries import (
    STAGES,
    ReportRow,
    add_host_earnings,
    host_names,
    in_season,
    product_names,
    sold_by,
    sold_by_household,
)
from orders.settlement.queries import payee_names
from orders.settlement.statement import choose_season, seasons_of
from orders.views.downloads import csv_download
from shop.access import require_staff
from shop.models import Cooperative, Listing, Season

blueprint = Blueprint("reports", __name__)

VIEWS = {
    "ho": _l("Theo hộ"),
    "nong-san": _l("Theo nông sản"),
    "phien": _l("Theo phiên"),
    "nguoi-live": _l("Theo người livestream"),
}
STAGE_NAMES = {
    "held": _l("Đang giữ"),
    "paid": _l("Đã trả tiền, chưa giao"),
    "delivered": _l("Đã giao"),
    "cancelled": _l("Hủy, hết giờ, quay về"),
}


@dataclass(frozen=True, slots=True)
class Report:
    """One report as it is shown and downloaded: its rows with their names, the largest delivery first."""

    view: str
    season: Season | None
    rows: tuple[tuple[str, ReportRow], ...]

    @property
    def with_goods(self) -> bool:
        """Households are counted in kilograms and in what the books gave them, not in the price of whole lines."""
        return self.view != "ho"

    @property
    def with_earnings(self) -> bool:
        return self.view in ("ho", "nguoi-live")

    def total(self, stage: str, name: str) -> int:
        """Return the sum of a column."""
        return sum(getattr(row.stages[stage], name) for _name, row in self.rows)


@blueprint.get("/htx/bao-cao")
def index() -> str:
    """Show one of the four reports with its chart."""
    cooperative = require_staff(db.session(), require_user())
    seasons = seasons_of(db.session(), cooperative.id)
    report = _report(cooperative, seasons)
    return render_template(
        "orders/reports/index.html", report=report, views=VIEWS, stages=STAGES, stage_names=STAGE_NAMES, seasons=seasons
    )


@blueprint.get("/htx/bao-cao.csv")
def index_csv() -> Response:
    """Return the same report as a file."""
    cooperative = require_staff(db.session(), require_user())
    report = _report(cooperative, seasons_of(db.session(), cooperative.id))
    columns = [str(VIEWS[report.view])]
    for stage in STAGES:
        name = str(STAGE_NAMES[stage])
        columns += [f"{name}: {_('đơn')}", f"{name}: kg", f"{name}: {_('đơn vị')}"]
        columns += [f"{name}: {_('tiền hàng (₫)')}"] if report.with_goods else []
    columns += [_("Hoàn sau khi giao (₫)")] if report.with_goods else []
    columns += [_("Được hưởng (₫)"), _("Đã chi trả (₫)")] if report.with_earnings else []
    rows = []
    for name, row in report.rows:
        cells: list[str | int] = [name]
        for stage in STAGES:
            sold = row.stages[stage]
            cells += [sold.orders, format_kilograms(sold.grams), sold.pieces]
            cells += [sold.goods_vnd] if report.with_goods else []
        cells += [row.refunded_vnd] if report.with_goods else []
        cells += [row.earned_vnd, row.paid_out_vnd] if report.with_earnings else []
        rows.append(cells)
    definition = _(
        "Mỗi đơn ở đúng một cột: đang giữ, đã trả tiền chưa giao, đã giao, hoặc hủy. Tiền đã giao không cộng với tiền đang giữ."
    )
    chosen = f"{VIEWS[report.view]} · {report.season.name if report.season else ''}"
    return csv_download(f"bao-cao-{report.view}.csv", definition, chosen, columns, rows)


def _report(cooperative: Cooperative, seasons: list[Season]) -> Report:
    session = db.session()
    view = request.args.get("theo", "ho")
    view = view if view in VIEWS else "ho"
    season = choose_season(seasons, vietnam_date(system_clock()), request.args.get("vu"))
    if season is None:
        return Report(view, None, ())
    ours = (Order.cooperative_id == cooperative.id, in_season(season.id))
    if view == "ho":
        found = sold_by_household(session, cooperative.id, season.id)
        names = {key[1]: name for key, name in payee_names(session, cooperative.id, []).items()}
    elif view == "nong-san":
        found = sold_by(session, Listing.product_id, *ours)
        names = product_names(session, found)
    elif view == "phien":
        found = sold_by(session, Order.session_id, *ours)
        names = _session_titles([key for key in found if key is not None])
    else:
        found = sold_by(session, Order.host_user_id, *ours)
        add_host_earnings(session, found, cooperative.id, season.id)
        names = host_names(session, found)
    rows = [(names.get(key, "") if key is not None else _("Ngoài phiên"), row) for key, row in found.items()]
    rows.sort(key=lambda pair: (-pair[1].stages["delivered"].grams, -pair[1].stages["delivered"].goods_vnd, pair[0]))
    return Report(view, season, tuple(rows))


def _session_titles(session_ids: list[int]) -> dict[int, str]:
    """Name live sessions: the room above knows them and leaves its answer at a hook."""
    titles: Callable[[list[int]], dict[int, str]] | None = current_app.extensions.get("chophien_session_titles")
    known = titles(session_ids) if titles else {}
    return {session_id: known.get(session_id) or _("Phiên %(id)s", id=session_id) for session_id in session_ids}
