"""What the shop's views share: who stands before us, today's date, uploaded pictures, banks, and the hooks of other rooms."""

from collections.abc import Sequence
from datetime import date

from flask import current_app, g
from flask_babel import gettext as _
from markupsafe import Markup
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage
from wtforms import Field

from app.accounts.current import current_actor
from app.clock import system_clock, vietnam_date
from app.config import Config
from app.db import db
from app.i18n import per_language
from app.policy import SalePolicy
from shop.access import Standing, standing_of
from shop.models import Measure, Village
from shop.photos import PreparedPhoto, prepare_photo
from shop.supply_queries import GradeChoice
from shop.weighing import CoverShortfall, cover_with


def reading() -> Session:
    """Return the session that this request reads with."""
    return db.session()


def own_standing() -> Standing:
    """Return what the person of this request is, read once a request."""
    if "standing" not in g:
        g.standing = standing_of(reading(), current_actor())
    standing: Standing = g.standing
    return standing


def today() -> date:
    """Return today in Vietnam."""
    return vietnam_date(system_clock())


def settings() -> Config:
    """Return the running application's settings."""
    config: Config = current_app.extensions["chophien"]
    return config


def policy() -> SalePolicy:
    """Return the cooperative's rules of sale."""
    return settings().policy


def cover_shortfall() -> CoverShortfall:
    """Return what makes orders give way when the scale shows less than was sold."""
    return cover_with(current_app.extensions["chophien_shortfall_handlers"])


def sections(hook: str, *arguments: object) -> list[Markup]:
    """Return what other rooms add to a page: each hook gives rendered HTML, or nothing for this visitor."""
    rendered = (section(*arguments) for section in current_app.extensions[hook])
    return [Markup(html) for html in rendered if html]  # noqa: S704 -- Rendered by our own escaping templates.


def uploaded_picture(field: Field) -> PreparedPhoto | None:
    """Return the picture somebody chose, drawn anew, or None when they chose none. Raises ``InvalidInput``."""
    upload = field.data
    if not isinstance(upload, FileStorage) or not upload.filename:
        return None
    return prepare_photo(upload.stream)  # type: ignore[arg-type]


def bank_choices() -> dict[str, str]:
    """Return the banks' names by BIN after an empty first choice; the list belongs to the room that pays."""
    return {"": _("Chọn ngân hàng"), **dict(current_app.extensions["chophien_banks"]())}


def bank_name(bank_bin: str) -> str:
    """Return a bank's name, or its BIN where the list does not know it."""
    return bank_choices().get(bank_bin, bank_bin)


def grade_label(choice: GradeChoice) -> str:
    """Write a grade with its product: "Vải chín sớm · Loại 1"."""
    return f"{per_language(choice.product, choice.product_en)} · {per_language(choice.grade, choice.grade_en)}"


def unit_of(measure: str) -> tuple[int, str]:
    """Return the unit people count a product in: its base units and its name."""
    return (1000, "kg") if measure == Measure.WEIGHT else (1, _("chiếc"))


def village_choices(villages: Sequence[Village], nobody: str = "") -> dict[str, str]:
    """Return villages for a choice, after an entry for none of them when one is given."""
    return ({"": nobody} if nobody else {}) | {str(village.id): village.name for village in villages}


def grade_names(choices: Sequence[GradeChoice]) -> dict[int, str]:
    """Return grades for a choice."""
    return {choice.grade_id: grade_label(choice) for choice in choices}
