"""Listings, their prices and what feeds them; floor prices and the second person who may open one below."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import run_in_write_transaction
from app.errors import DomainError, InvalidInput
from app.quantity import parse_count
from shop import access
from shop.floor_price import approve_price, propose_price_below_floor, reject_price, set_floor
from shop.forms import BelowFloorForm, FloorForm, ListingForm, PriceForm, blame, read_price, read_quantity
from shop.listing import (
    Pack,
    SaleUnit,
    change_price,
    close_listing,
    create_listing,
    feed_listing,
    put_on_sale,
    stop_feeding,
)
from shop.models import Listing, Measure, Product
from shop.supply_queries import coming_floors, feeding, floors, grade_choices, listing_rows, price_approvals, seasons
from shop.views.common import grade_label, grade_names, reading, today, unit_of

blueprint = Blueprint("listings", __name__)


@blueprint.get("/htx/mat-hang")
def index() -> str:
    """Show every listing with price, floor and stock."""
    session = reading()
    cooperative = access.require_staff(session, require_user())
    return render_template(
        "shop/listings.html", listings=listing_rows(session, cooperative.id, today()), unit_of=unit_of
    )


@blueprint.route("/htx/mat-hang/moi", methods=["GET", "POST"])
def new() -> BaseResponse | tuple[str, int]:
    """Draft a listing, and put it on sale at once when asked to."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    form = ListingForm()
    form.grade_id.choices = grade_names(grade_choices(session, cooperative.id))
    form.season_id.choices = {row.id: row.name for row in seasons(session, cooperative.id)}

    def work(session: Session) -> Listing:
        made = _create(session, form, cooperative.id)
        if request.form.get("on_sale") == "1":
            put_on_sale(session, made, actor=actor, clock=system_clock)
        return made

    if form.validate_on_submit():
        try:
            listing = run_in_write_transaction(work)
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã có mặt hàng %(title)s.", title=listing.title), "success")
            return redirect(url_for("listings.manage", public_id=listing.public_id))
    return render_template("shop/listing_new.html", form=form), 422 if form.errors or form.form_errors else 200


def _create(session: Session, form: ListingForm, cooperative_id: int) -> Listing:
    actor = require_user()
    grade = access.grade_of_cooperative(session, cooperative_id, form.grade_id.data)
    measure = session.get_one(Product, grade.product_id).measure
    return create_listing(
        session,
        grade,
        access.staff_season(session, actor, form.season_id.data),
        title=form.title.data or "",
        title_en=form.title_en.data or "",
        unit=_unit(form, measure),
        price_vnd=read_price(form.price_vnd),
        packs=_packs(form),
        actor=actor,
        clock=system_clock,
    )


def _unit(form: ListingForm, measure: str) -> SaleUnit:
    if form.unit_kind.data == "kg":
        if measure != Measure.WEIGHT:
            raise InvalidInput("Hàng đếm chiếc thì bán nguyên đơn vị, bác chọn cách kia giúp em.", field="unit_kind")
        return SaleUnit("kg", 1000, divisible=True)
    weight = read_quantity(form.weight, Measure.WEIGHT) if form.weight.data else None
    return SaleUnit(
        form.unit_label.data or "", read_quantity(form.unit_size, measure), divisible=False, weight_grams=weight
    )


def _packs(form: ListingForm) -> list[Pack]:
    if not form.pack_label.data:
        return []
    try:
        return [Pack(form.pack_label.data, parse_count(form.pack_units.data or ""))]
    except InvalidInput as refused:
        refused.details["field"] = "pack_units"
        raise


@blueprint.get("/htx/mat-hang/<public_id>")
def manage(public_id: str) -> str:
    """Show one listing with its price, the lots that feed it and its approvals."""
    return _manage(public_id, PriceForm(), BelowFloorForm())


@blueprint.post("/htx/mat-hang/<public_id>/gia")
def reprice(public_id: str) -> BaseResponse | tuple[str, int]:
    """Change the price."""
    form = PriceForm()

    def work(session: Session, listing: Listing, **who: Any) -> None:
        change_price(session, listing, read_price(form.price_vnd), **who)

    return _act(public_id, work, _("Đã đổi giá."), form) or (
        _manage(public_id, form, BelowFloorForm(formdata=None)),
        422,
    )


@blueprint.post("/htx/mat-hang/<public_id>/duoi-san")
def propose(public_id: str) -> BaseResponse | tuple[str, int]:
    """Ask a second person for a price below the floor."""
    form = BelowFloorForm()

    def work(session: Session, listing: Listing, **who: Any) -> None:
        price_vnd = read_price(form.low_price_vnd)
        propose_price_below_floor(session, listing, price_vnd, form.reason.data, for_date=form.for_date.data, **who)

    done = _act(public_id, work, _("Đã gửi. Một cán bộ khác sẽ duyệt giá này."), form)
    return done or (_manage(public_id, PriceForm(formdata=None), form), 422)


@blueprint.post("/htx/mat-hang/<public_id>/mo-ban")
def open_sale(public_id: str) -> BaseResponse:
    """Put a listing on sale."""
    return _press(public_id, put_on_sale, _("Đã mở bán. Khách thấy mặt hàng này ngay bây giờ."))


@blueprint.post("/htx/mat-hang/<public_id>/dong")
def close(public_id: str) -> BaseResponse:
    """Take a listing off sale."""
    return _press(public_id, close_listing, _("Đã ngừng bán mặt hàng này."))


@blueprint.post("/htx/mat-hang/<public_id>/lo/<lot_id>")
def feed(public_id: str, lot_id: str) -> BaseResponse:
    """Let a lot feed the listing, or keep it from that."""
    use = feed_listing if request.form.get("feed") == "1" else stop_feeding

    def work(session: Session, listing: Listing, **who: Any) -> None:
        use(session, listing, access.staff_lot(session, who["actor"], lot_id), **who)

    return _press(public_id, work, _("Đã đổi lô bán cho mặt hàng này."))


@blueprint.route("/htx/gia-san", methods=["GET", "POST"])
def floor_prices() -> BaseResponse | tuple[str, int]:
    """Show and set floors, and decide about prices below them."""
    session, actor = reading(), require_user()
    cooperative = access.require_staff(session, actor)
    form = FloorForm(valid_from=today())
    choices = grade_choices(session, cooperative.id)
    form.grade_id.choices = grade_names(choices)

    def work(session: Session) -> None:
        grade = access.grade_of_cooperative(session, cooperative.id, form.grade_id.data)
        price_vnd = read_price(form.price_vnd)
        set_floor(session, grade, price_vnd, valid_from=form.valid_from.data, actor=actor, clock=system_clock)

    if form.validate_on_submit():
        try:
            run_in_write_transaction(work)
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã đặt giá sàn."), "success")
            return redirect(url_for("listings.floor_prices"))
    session = reading()
    page = render_template(
        "shop/floor_prices.html",
        form=form,
        choices=choices,
        floors=floors(session, cooperative.id, today()),
        coming=coming_floors(session, cooperative.id, today()),
        below=[
            row for row in listing_rows(session, cooperative.id, today()) if row.below_floor and row.state == "on_sale"
        ],
        approvals=price_approvals(session, cooperative.id, limit=20),
        grade_label=grade_label,
        unit_of=unit_of,
        own_id=actor.user_id,
    )
    return page, 422 if form.errors or form.form_errors else 200


@blueprint.post("/htx/gia-san/<int:approval_id>")
def decide(approval_id: int) -> BaseResponse:
    """Approve or refuse a price below the floor."""
    actor = require_user()
    decision = approve_price if request.form.get("approve") == "1" else reject_price
    try:
        run_in_write_transaction(
            lambda session: decision(
                session, access.staff_price_approval(session, actor, approval_id), actor=actor, clock=system_clock
            )
        )
        flash(_("Đã ghi quyết định."), "success")
    except DomainError as refused:
        if refused.status == 404:
            raise
        flash(_(refused.message), "error")
    return redirect(url_for("listings.floor_prices"))


def _act(public_id: str, work: Callable[..., None], done: str, form: Any) -> BaseResponse | None:
    """Carry out a form's work on a listing; None when it was refused and the form has to be shown again."""
    actor = require_user()
    try:
        if form.validate_on_submit():
            run_in_write_transaction(
                lambda session: work(
                    session, access.staff_listing(session, actor, public_id), actor=actor, clock=system_clock
                )
            )
            flash(done, "success")
            return redirect(url_for("listings.manage", public_id=public_id))
    except DomainError as refused:
        if refused.status == 404:
            raise
        blame(form, refused)
    return None


def _press(public_id: str, work: Callable[..., None], done: str) -> BaseResponse:
    """Carry out what one button does to a listing and go back to it, with the refusal said at the top."""
    actor = require_user()
    try:
        run_in_write_transaction(
            lambda session: work(
                session, access.staff_listing(session, actor, public_id), actor=actor, clock=system_clock
            )
        )
        flash(done, "success")
    except DomainError as refused:
        if refused.status == 404:
            raise
        flash(_(refused.message), "error")
    return redirect(url_for("listings.manage", public_id=public_id))


def _manage(public_id: str, price: PriceForm, below: BelowFloorForm) -> str:
    session = reading()
    listing = access.staff_listing(session, require_user(), public_id)
    row = listing_rows(session, listing.cooperative_id, today(), listing.id)[0]
    return render_template(
        "shop/listing_manage.html",
        listing=row,
        divisible=listing.divisible,
        price=price,
        below=below,
        today=today(),
        lots=feeding(session, listing, today()),
        approvals=price_approvals(session, listing.cooperative_id, listing_id=listing.id, limit=5),
        unit_of=unit_of,
    )
