"""What a cooperative grows: its seasons, its products with their grades, and the certificates that buyers may read."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app import audit
from app.accounts.actor import Actor
from app.clock import Clock
from app.errors import InvalidInput
from app.ids import new_public_id
from app.text import clean_block, clean_line, fold
from shop import access
from shop.models import Certificate, Cooperative, Measure, Photo, Product, ProductGrade, Season

PLACEHOLDERS = ("lychee", "honey", "fruit")
_NAME_LENGTH = 120
_ABOUT_LENGTH = 4000
_KEEPS_DAYS_AT_MOST = 3650


@dataclass(frozen=True, slots=True)
class ProductText:
    """What staff write about a product; ``keeps_days`` is how long it is at its best after harvest."""

    name: str
    name_en: str = ""
    about: str = ""
    about_en: str = ""
    keeps_days: int = 3
    placeholder: str = "fruit"


def open_season(
    session: Session,
    cooperative: Cooperative,
    name: str,
    *,
    starts_on: date,
    ends_on: date,
    last_year_revenue_vnd: int | None = None,
    actor: Actor,
    clock: Clock,
) -> Season:
    """Open a harvest season; pledges and lots of its days belong to it. Raises ``InvalidInput``."""
    access.require_staff_of(session, actor, cooperative.id)
    name = _line(name, "name", "Bác ghi tên vụ giúp em, ví dụ Vụ vải chín sớm 2026.")
    if starts_on > ends_on:
        raise InvalidInput("Ngày kết thúc vụ phải sau ngày bắt đầu ạ.", field="ends_on")
    if last_year_revenue_vnd is not None and last_year_revenue_vnd < 0:
        raise InvalidInput("Doanh thu năm trước không thể âm ạ.", field="last_year_revenue_vnd")
    season = Season(
        cooperative_id=cooperative.id,
        code=_free_code(session, Season, cooperative.id, name),
        name=name,
        starts_on=starts_on,
        ends_on=ends_on,
        last_year_revenue_vnd=last_year_revenue_vnd,
    )
    session.add(season)
    session.flush()
    _record(session, "shop.season.opened", "season", season.id, cooperative.id, actor=actor, clock=clock)
    return season


def add_product(
    session: Session,
    cooperative: Cooperative,
    text: ProductText,
    *,
    measure: Measure,
    grades: Sequence[str],
    photo: Photo | None = None,
    actor: Actor,
    clock: Clock,
) -> Product:
    """Add a product with its grades, best first. How it is measured never changes. Raises ``InvalidInput``."""
    access.require_staff_of(session, actor, cooperative.id)
    names = [line for line in (clean_line(grade) for grade in grades) if line]
    if not names:
        raise InvalidInput("Bác ghi ít nhất một loại giúp em, ví dụ Loại 1.", field="grades")
    product = Product(
        public_id=new_public_id(), cooperative_id=cooperative.id, measure=measure, photo_id=photo.id if photo else None
    )
    _write(product, text)
    product.code = _free_code(session, Product, cooperative.id, product.name)
    session.add(product)
    session.flush()
    for name in names:
        add_grade(session, product, name, actor=actor, clock=clock)
    _record(session, "shop.product.added", "product", product.id, cooperative.id, actor=actor, clock=clock)
    return product


def edit_product(
    session: Session, product: Product, text: ProductText, *, photo: Photo | None = None, actor: Actor, clock: Clock
) -> None:
    """Change what is written about a product, and its picture when a new one is given. Raises ``InvalidInput``."""
    access.require_staff_of(session, actor, product.cooperative_id)
    _write(product, text)
    if photo is not None:
        product.photo_id = photo.id
    session.flush()
    _record(session, "shop.product.edited", "product", product.id, product.cooperative_id, actor=actor, clock=clock)


def add_grade(
    session: Session, product: Product, name: str, *, name_en: str = "", actor: Actor, clock: Clock
) -> ProductGrade:
    """Add a grade after the ones there are. Raises ``InvalidInput`` for one that is there already."""
    access.require_staff_of(session, actor, product.cooperative_id)
    name = _line(name, "grades", "Bác ghi tên loại giúp em, ví dụ Loại 1.", 80)
    known = session.scalars(select(ProductGrade).where(ProductGrade.product_id == product.id)).all()
    if fold(name) in {fold(grade.name) for grade in known}:
        raise InvalidInput("Loại này đã có rồi ạ.", field="grades")
    position = 1 + max((grade.position for grade in known), default=0)
    grade = ProductGrade(
        product_id=product.id, code=str(position), name=name, name_en=clean_line(name_en)[:80], position=position
    )
    session.add(grade)
    session.flush()
    _record(session, "shop.grade.added", "product_grade", grade.id, product.cooperative_id, actor=actor, clock=clock)
    return grade


def add_certificate(
    session: Session,
    product: Product,
    name: str,
    *,
    number: str,
    issuer: str,
    expires_on: date | None,
    actor: Actor,
    clock: Clock,
) -> Certificate:
    """Add a certificate to a product; buyers see it until it expires. Raises ``InvalidInput``."""
    access.require_staff_of(session, actor, product.cooperative_id)
    certificate = Certificate(
        product_id=product.id,
        name=_line(name, "name", "Bác ghi tên chứng nhận giúp em, ví dụ VietGAP.", 80),
        number=_line(number, "number", "Bác ghi số chứng nhận giúp em.", 60),
        issuer=_line(issuer, "issuer", "Bác ghi nơi cấp giúp em.", 120),
        expires_on=expires_on,
    )
    session.add(certificate)
    session.flush()
    _record(
        session,
        "shop.certificate.added",
        "certificate",
        certificate.id,
        product.cooperative_id,
        actor=actor,
        clock=clock,
    )
    return certificate


def _write(product: Product, text: ProductText) -> None:
    product.name = _line(text.name, "name", "Bác ghi tên nông sản giúp em.")
    product.name_en = clean_line(text.name_en)[:_NAME_LENGTH]
    product.about, product.about_en = clean_block(text.about), clean_block(text.about_en)
    if max(len(product.about), len(product.about_en)) > _ABOUT_LENGTH:
        raise InvalidInput("Phần giới thiệu không quá 4.000 chữ cái ạ.", field="about")
    if not 1 <= text.keeps_days <= _KEEPS_DAYS_AT_MOST:
        raise InvalidInput("Số ngày giữ ngon phải từ 1 đến 3.650 ngày ạ.", field="keeps_days")
    product.keeps_days = text.keeps_days
    product.placeholder = text.placeholder if text.placeholder in PLACEHOLDERS else "fruit"


def _line(text: str, field: str, message: str, length: int = _NAME_LENGTH) -> str:
    line = clean_line(text)
    if not line or len(line) > length:
        raise InvalidInput(message, field=field)
    return line


def _free_code(session: Session, model: type[Season] | type[Product], cooperative_id: int, name: str) -> str:
    """Return a short code made of the name, made unique by counting what begins with it."""
    stem = re.sub(r"[^a-z0-9]+", "-", fold(name)).strip("-")[:16] or "ma"
    same = (
        select(func.count())
        .select_from(model)
        .where(model.cooperative_id == cooperative_id, model.code.like(f"{stem}%"))
    )
    count = session.scalars(same).one()
    return f"{stem}-{count + 1}" if count else stem


def _record(
    session: Session, action: str, kind: str, row_id: int, cooperative_id: int, *, actor: Actor, clock: Clock
) -> None:
    audit.record(session, action, kind, row_id, actor=actor, clock=clock, cooperative_id=cooperative_id)
