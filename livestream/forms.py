"""Forms of sessions and shelves. They read what people type; what may be done is decided by the use cases."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import DateTimeLocalField, Field, IntegerField, RadioField, SelectField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, StopValidation

from app.clock import VIETNAM
from app.errors import InvalidInput
from app.quantity import parse_count, parse_kilograms, parse_vnd


class AmountField(StringField):
    """An amount of đồng as people type it; ``data`` stays what was typed, ``amount`` is the integer."""

    amount: int = 0

    def pre_validate(self, form: Any) -> None:  # noqa: ARG002 -- The signature is WTForms'.
        """Read the amount, or say what to change."""
        self.amount = _read(parse_vnd, self.data or "")


class QuantityField(StringField):
    """A weight in kilograms or a count of units; ``quantity`` is in base units once ``read`` was called."""

    def read(self, *, divisible: bool, unit_quantity: int) -> int:
        """Return the base units of what was typed, in the listing's sale unit; raises ``InvalidInput``."""
        if divisible:
            return parse_kilograms(self.data or "")
        return parse_count(self.data or "") * unit_quantity


class SessionForm(FlaskForm):
    """When a session is, with whom and for what commission."""

    title = StringField(_l("Tên phiên"), [DataRequired(_l("Bác đặt tên phiên giúp em.")), Length(max=120)])
    scheduled_at = DateTimeLocalField(
        _l("Giờ lên sóng"),
        [DataRequired(_l("Bác chọn ngày giờ giúp em."))],
        format=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
    )
    host = SelectField(_l("Người livestream"), [InputRequired()], coerce=int)
    commission = StringField(_l("Hoa hồng (%)"), [DataRequired(_l("Bác ghi hoa hồng giúp em, 0 nếu không có."))])
    video_engine = RadioField(
        _l("Hình"),
        choices=[SelectChoice("poster", _l("Ảnh tĩnh")), SelectChoice("external", _l("Video YouTube hoặc Facebook"))],
        default="poster",
    )
    embed_url = StringField(_l("Đường dẫn video"), [Optional(), Length(max=300)])

    def validate_commission(self, field: Field) -> None:
        """Read per cent with at most two decimals as basis points."""
        typed = (field.data or "").strip().removesuffix("%").strip().replace(",", ".")
        whole, _dot, decimals = typed.partition(".")
        if not (
            whole.isdecimal() and len(whole) <= 3 and (not decimals or decimals.isdecimal()) and len(decimals) <= 2
        ):
            raise StopValidation(_("Bác ghi hoa hồng theo phần trăm, ví dụ 5 hoặc 7,5."))
        field.basis_points = int(whole) * 100 + int(decimals.ljust(2, "0") or 0)

    @property
    def moment(self) -> datetime:
        """The chosen time of Vietnam as aware UTC."""
        chosen: datetime = self.scheduled_at.data
        return chosen.replace(tzinfo=VIETNAM).astimezone(UTC)


class OfferForm(FlaskForm):
    """A listing put on the shelf."""

    listing = SelectField(_l("Mặt hàng"), [InputRequired()], coerce=int)
    code = StringField(_l("Mã hàng"), [DataRequired(_l("Bác đặt mã giúp em, ví dụ A1.")), Length(max=10)])
    price = AmountField(_l("Giá trên phiên"), [InputRequired(_l("Bác ghi giá giúp em."))])


class PriceForm(FlaskForm):
    """A new live price of an offer."""

    offer_id = IntegerField(validators=[DataRequired()])
    price = AmountField(_l("Giá mới"), [InputRequired(_l("Bác ghi giá giúp em."))])


class QuotaForm(FlaskForm):
    """How much of an offer this session sells; empty lifts the limit."""

    offer_id = IntegerField(validators=[DataRequired()])
    quota = QuantityField(_l("Chỉ bán"), [Optional(), Length(max=20)])


def _read(parse: Callable[[str], int], typed: str) -> int:
    try:
        return parse(typed)
    except InvalidInput as error:
        raise StopValidation(_(error.message)) from None
