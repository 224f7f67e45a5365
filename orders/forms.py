"""The forms of buying, of the desk and of sending. What is typed is checked by the use cases; here are labels and shapes."""

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import Field, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from app.errors import DomainError


def blame(form: FlaskForm, refused: DomainError, sentence: str, fallback: str | None = None) -> None:
    """Put a refusal beside the field that caused it, or beside ``fallback``, or above the whole form."""
    name = refused.details.get("field") or fallback
    field: Field | None = form[name] if name is not None and name in form else None
    if field is None:
        form.form_errors.append(sentence)
    elif sentence not in field.errors:
        field.errors = [*field.errors, sentence]


class PlaceCartForm(FlaskForm):
    """Who buys: asked once, then known by the cookie."""

    name = StringField(
        _l("Tên của bác"),
        validators=[DataRequired(_l("Bác cho em xin tên để ghi lên đơn.")), Length(max=80)],
        render_kw={"autocomplete": "name"},
    )
    phone = StringField(
        _l("Số điện thoại"),
        validators=[DataRequired(_l("Bác ghi số điện thoại giúp em, ví dụ 0912 345 678.")), Length(max=60)],
    )


class CheckoutForm(FlaskForm):
    """Where the parcel goes and how it is paid. ``shown_total`` is the total on the page when the button was pressed."""

    recipient_name = StringField(
        _l("Tên người nhận"),
        validators=[DataRequired(_l("Bác cho em xin tên người nhận ạ.")), Length(max=80)],
        render_kw={"autocomplete": "shipping name"},
    )
    recipient_phone = StringField(
        _l("Số điện thoại người nhận"),
        validators=[DataRequired(_l("Bác ghi số điện thoại giúp em, ví dụ 0912 345 678.")), Length(max=60)],
    )
    ward = StringField(
        _l("Phường hoặc xã"),
        validators=[DataRequired(_l("Bác ghi phường hoặc xã giúp em, tên cũ cũng được.")), Length(max=160)],
        render_kw={"autocomplete": "off"},
    )
    ward_code = HiddenField(validators=[Length(max=8)])
    street = StringField(
        _l("Số nhà, thôn xóm, đường"),
        validators=[DataRequired(_l("Bác ghi số nhà, thôn xóm hoặc tên đường giúp em.")), Length(max=160)],
        render_kw={"autocomplete": "shipping street-address"},
    )
    note = TextAreaField(_l("Lời nhắn"), validators=[Optional(), Length(max=300)])
    method = RadioField(
        _l("Cách trả tiền"),
        choices=[
            SelectChoice("vietqr", _l("Chuyển khoản quét mã VietQR")),
            SelectChoice("cod", _l("Trả tiền khi nhận hàng")),
        ],
        default="vietqr",
        validators=[DataRequired(_l("Bác chọn cách thanh toán giúp em."))],
    )
    shown_total = HiddenField(validators=[Length(max=20)])


class ClaimForm(FlaskForm):
    """What was wrong with delivered goods, best with a photo."""

    line = SelectField(_l("Món nào"), validators=[Optional()], validate_choice=False)
    text = TextAreaField(
        _l("Có chuyện gì với hàng ạ?"),
        validators=[DataRequired(_l("Bác kể giúp em hàng bị sao ạ.")), Length(max=2000)],
    )
    photo = FileField(_l("Ảnh chụp hàng"))


class ReasonForm(FlaskForm):
    """Why staff do something that cannot be taken back."""

    reason = StringField(
        _l("Lý do"), validators=[DataRequired(_l("Bác ghi lý do để người sau hiểu giúp em.")), Length(max=200)]
    )


class ShipForm(FlaskForm):
    """Who carries the parcel, and the number it can be followed by."""

    carrier = StringField(
        _l("Nhà xe hoặc hãng chuyển phát"),
        validators=[DataRequired(_l("Bác ghi tên nhà xe hoặc hãng chuyển phát giúp em.")), Length(max=60)],
    )
    tracking_number = StringField(_l("Mã vận đơn hoặc số điện thoại tài xế"), validators=[Optional(), Length(max=60)])


class ReturnForm(ReasonForm):
    """Why a parcel came back, and what sending it there and back cost."""

    cost = StringField(_l("Tiền gửi đi và về"), validators=[Optional(), Length(max=30)])


class AnswerForm(FlaskForm):
    """What the buyer reads about their claim."""

    answer = StringField(
        _l("Trả lời khách"), validators=[DataRequired(_l("Bác ghi câu trả lời cho khách giúp em.")), Length(max=300)]
    )
