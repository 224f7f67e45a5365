"""Seasons, products with their grades and certificates, and product pictures."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from app.accounts.current import require_user
from app.clock import system_clock
from app.db import run_in_write_transaction, write_transaction
from app.errors import DomainError
from shop import access
from shop.catalogue import ProductText, add_certificate, add_grade, add_product, edit_product, open_season
from shop.forms import (
    CertificateForm,
    GradeForm,
    NewProductForm,
    ProductForm,
    SeasonForm,
    blame,
    read_price,
)
from shop.models import Measure, Photo
from shop.people_queries import certificates, product_photos, products
from shop.photos import PreparedPhoto, keep_photo
from shop.supply_queries import grade_choices, seasons
from shop.views.common import reading, settings, today, uploaded_picture

blueprint = Blueprint("catalogue", __name__)


@blueprint.get("/htx/nong-san")
def index() -> str:
    """Show what the cooperative grows."""
    session = reading()
    cooperative = access.require_staff(session, require_user())
    return render_template(
        "shop/products.html",
        products=products(session, cooperative.id),
        grades=grade_choices(session, cooperative.id),
        photos=product_photos(session, cooperative.id),
    )


@blueprint.route("/htx/nong-san/moi", methods=["GET", "POST"])
def new() -> BaseResponse | tuple[str, int]:
    """Add a product with its grades."""
    actor = require_user()
    cooperative = access.require_staff(reading(), actor)
    form = NewProductForm()
    if form.validate_on_submit():
        try:
            picture = uploaded_picture(form.photo)
            # Not tried again when the database is busy: each try would leave the files of a picture behind.
            with write_transaction() as session:
                product = add_product(
                    session,
                    access.require_staff(session, actor),
                    _text(form),
                    measure=Measure(form.measure.data),
                    grades=(form.grades.data or "").split(","),
                    photo=_kept(session, picture, cooperative.id),
                    actor=actor,
                    clock=system_clock,
                )
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã thêm %(name)s.", name=product.name), "success")
            return redirect(url_for("catalogue.product", public_id=product.public_id))
    return render_template("shop/product_new.html", form=form), 422 if form.errors or form.form_errors else 200


@blueprint.route("/htx/nong-san/<public_id>", methods=["GET", "POST"])
def product(public_id: str) -> BaseResponse | tuple[str, int]:
    """Show a product and take changes of its text and picture."""
    actor = require_user()
    found = access.staff_product(reading(), actor, public_id)
    form = ProductForm(obj=found, photo=None)
    if form.validate_on_submit():
        try:
            picture = uploaded_picture(form.photo)
            with write_transaction() as session:
                found = access.staff_product(session, actor, public_id)
                photo = _kept(session, picture, found.cooperative_id)
                edit_product(session, found, _text(form), photo=photo, actor=actor, clock=system_clock)
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã lưu."), "success")
            return redirect(url_for("catalogue.product", public_id=public_id))
    refused_form = bool(form.errors or form.form_errors)
    return _product_page(
        public_id, form, GradeForm(formdata=None), CertificateForm(formdata=None)
    ), 422 if refused_form else 200


@blueprint.post("/htx/nong-san/<public_id>/loai")
def grade(public_id: str) -> BaseResponse | tuple[str, int]:
    """Add a grade."""
    actor, form = require_user(), GradeForm()
    try:
        if form.validate_on_submit():
            run_in_write_transaction(
                lambda session: add_grade(
                    session,
                    access.staff_product(session, actor, public_id),
                    form.grades.data or "",
                    actor=actor,
                    clock=system_clock,
                )
            )
            flash(_("Đã thêm loại."), "success")
            return redirect(url_for("catalogue.product", public_id=public_id))
    except DomainError as refused:
        blame(form, refused)
    return _product_page(public_id, None, form, CertificateForm(formdata=None)), 422


@blueprint.post("/htx/nong-san/<public_id>/chung-nhan")
def certificate(public_id: str) -> BaseResponse | tuple[str, int]:
    """Add a certificate."""
    actor, form = require_user(), CertificateForm()
    try:
        if form.validate_on_submit():
            run_in_write_transaction(
                lambda session: add_certificate(
                    session,
                    access.staff_product(session, actor, public_id),
                    form.certificate.data or "",
                    number=form.number.data or "",
                    issuer=form.issuer.data or "",
                    expires_on=form.expires_on.data,
                    actor=actor,
                    clock=system_clock,
                )
            )
            flash(_("Đã thêm chứng nhận."), "success")
            return redirect(url_for("catalogue.product", public_id=public_id))
    except DomainError as refused:
        blame(form, refused)
    return _product_page(public_id, None, GradeForm(formdata=None), form), 422


@blueprint.route("/htx/vu", methods=["GET", "POST"])
def season_list() -> BaseResponse | tuple[str, int]:
    """Show the seasons and open another."""
    actor, form = require_user(), SeasonForm()
    cooperative = access.require_staff(reading(), actor)
    if form.validate_on_submit():
        try:
            run_in_write_transaction(
                lambda session: open_season(
                    session,
                    access.require_staff(session, actor),
                    form.name.data or "",
                    starts_on=form.starts_on.data,
                    ends_on=form.ends_on.data,
                    last_year_revenue_vnd=(
                        read_price(form.last_year_revenue_vnd) if form.last_year_revenue_vnd.data else None
                    ),
                    actor=actor,
                    clock=system_clock,
                )
            )
        except DomainError as refused:
            blame(form, refused)
        else:
            flash(_("Đã mở vụ."), "success")
            return redirect(url_for("catalogue.season_list"))
    rows = seasons(reading(), cooperative.id)
    page = render_template("shop/seasons.html", form=form, seasons=rows, today=today())
    return page, 422 if form.errors or form.form_errors else 200


def _text(form: ProductForm) -> ProductText:
    return ProductText(
        name=form.name.data or "",
        name_en=form.name_en.data or "",
        about=form.about.data or "",
        about_en=form.about_en.data or "",
        keeps_days=form.keeps_days.data or 0,
        placeholder=form.placeholder.data or "",
    )


def _kept(session: Session, picture: PreparedPhoto | None, cooperative_id: int) -> Photo | None:
    if picture is None:
        return None
    root = settings().media_root
    return keep_photo(session, picture, root, cooperative_id=cooperative_id, is_public=True, clock=system_clock)


def _product_page(public_id: str, form: ProductForm | None, grade: GradeForm, proof: CertificateForm) -> str:
    session = reading()
    found = access.staff_product(session, require_user(), public_id)
    return render_template(
        "shop/product.html",
        product=found,
        form=form or ProductForm(formdata=None, obj=found, photo=None),
        grade_form=grade,
        certificate_form=proof,
        certificates=certificates(session, found.id),
        today=today(),
    )
