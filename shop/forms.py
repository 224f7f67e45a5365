"""The shop's forms. They read what was typed and give it back; what may be done is decided by the use cases."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import (
    BooleanField,
    DateField,
    EmailField,
    Field,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from app.errors import DomainError, InvalidInput
from app.ids import new_token
from app.quantity import parse_count, parse_kilograms, parse_vnd
from shop.models import Measure, MemberRole

KEY_LENGTH = 60


def needed(message: Any) -> list[Any]:
    """Return the validators of a field that must be filled, with the sentence that asks for it."""
    return [InputRequired(message), Length(max=400)]


def blame(form: FlaskForm, refused: DomainError) -> None:
    """Put a refusal beside the field that caused it, or at the top of the form."""
    message = _(refused.message)
    name = refused.details.get("field", "")
    if name in form:
        form[name].errors = [*form[name].errors, message]
    else:
        form.form_errors.append(message)


def read_quantity(field: Field, measure: str) -> int:
    """Return what a field says in base units: kilograms typed become grams, pieces stay pieces. Raises ``InvalidInput``."""
    parse = parse_kilograms if measure == Measure.WEIGHT else parse_count
    return _read(field, parse)


def read_price(field: Field) -> int:
    """Return what a field says in đồng. Raises ``InvalidInput``."""
    return _read(field, parse_vnd)


def _read(field: Field, parse: Any) -> int:
    try:
        return int(parse(field.data or ""))
    except InvalidInput as refused:
        refused.details["field"] = field.short_name
        raise


def idempotency_key() -> str:
    """Return the key the form was sent with, or a new one for a form that is shown for the first time."""
    return request.form.get("idempotency_key", "")[:KEY_LENGTH] or new_token()


class PledgeForm(FlaskForm):
    """How much of a grade will be picked on a day: one of the chips, or what was typed."""

    grade_id = IntegerField(validators=[InputRequired()])
    for_date = DateField(validators=[InputRequired(_l("Bác chọn ngày hái giúp em."))])
    quantity = StringField(_l("Sẽ hái bao nhiêu"), validators=[Length(max=40)])


class WeighingForm(FlaskForm):
    """What the scale shows for a basket."""

    quantity = StringField(_l("Số cân"), validators=needed(_l("Bác ghi số cân giúp em, ví dụ 12,5.")))
    harvested_on = DateField(_l("Ngày hái"), validators=[InputRequired(_l("Bác chọn ngày hái giúp em."))])
    more_to_come = BooleanField(_l("Hộ này còn mẻ nữa chưa cân"))
    photo = FileField(_l("Ảnh sọt hàng"))


class WalkInForm(FlaskForm):
    """Who brought what, when nothing was pledged."""

    household = SelectField(_l("Hộ"), validators=needed(_l("Bác chọn hộ giúp em.")))
    grade_id = SelectField(_l("Loại hàng"), coerce=int, validators=[InputRequired(_l("Bác chọn loại hàng giúp em."))])


class CorrectionForm(FlaskForm):
    """The true weight of a lot, and why it differs."""

    quantity = StringField(_l("Số cân đúng"), validators=needed(_l("Bác ghi số cân đúng của cả lô giúp em.")))
    reason = StringField(_l("Vì sao sửa"), validators=needed(_l("Bác ghi lý do giúp em, ví dụ: trừ bì sọt.")))


class LossForm(FlaskForm):
    """How much of a lot is spoiled, and why."""

    lost = StringField(_l("Số hỏng"), validators=needed(_l("Bác ghi số hỏng giúp em.")))
    why = StringField(_l("Vì sao hỏng"), validators=needed(_l("Bác ghi lý do giúp em, ví dụ: dập khi bốc xếp.")))


class ListingForm(FlaskForm):
    """A new listing: what, in which unit, at which price."""

    grade_id = SelectField(_l("Loại hàng"), coerce=int, validators=[InputRequired(_l("Bác chọn loại hàng giúp em."))])
    season_id = SelectField(_l("Vụ"), coerce=int, validators=[InputRequired(_l("Bác mở vụ trước giúp em."))])
    title = StringField(_l("Tên mặt hàng"), validators=needed(_l("Bác ghi tên mặt hàng giúp em.")))
    title_en = StringField(_l("Tên tiếng Anh"), validators=[Length(max=120)])
    unit_kind = RadioField(
        _l("Bán theo"),
        choices=[SelectChoice("kg", _l("Cân lẻ theo kg")), SelectChoice("pack", _l("Nguyên thùng, hộp, chai"))],
        default="kg",
        validators=[InputRequired(_l("Bác chọn cách bán giúp em."))],
    )
    unit_label = StringField(_l("Tên đơn vị"), validators=[Length(max=20)])
    unit_size = StringField(_l("Một đơn vị có"), validators=[Length(max=40)])
    weight = StringField(_l("Nặng mỗi đơn vị"), validators=[Length(max=40)])
    price_vnd = StringField(_l("Giá mỗi đơn vị"), validators=needed(_l("Bác ghi giá bán giúp em, ví dụ 38.000.")))
    pack_label = StringField(_l("Quy cách khác"), validators=[Length(max=20)])
    pack_units = StringField(_l("Bằng mấy đơn vị"), validators=[Length(max=20)])


class PriceForm(FlaskForm):
    """A listing's new price."""

    price_vnd = StringField(_l("Giá mới"), validators=needed(_l("Bác ghi giá bán giúp em, ví dụ 38.000.")))


class BelowFloorForm(FlaskForm):
    """A price below the floor for one day, with its reason."""

    low_price_vnd = StringField(_l("Giá xin bán"), validators=needed(_l("Bác ghi giá xin bán giúp em.")))
    for_date = DateField(_l("Cho ngày"), validators=[InputRequired(_l("Bác chọn ngày giúp em."))])
    reason = StringField(_l("Vì sao"), validators=needed(_l("Bác ghi lý do bán dưới giá sàn giúp em.")))


class FloorForm(FlaskForm):
    """A grade's floor from a day on."""

    grade_id = SelectField(_l("Loại hàng"), coerce=int, validators=[InputRequired(_l("Bác chọn loại hàng giúp em."))])
    price_vnd = StringField(_l("Giá sàn"), validators=needed(_l("Bác ghi giá sàn giúp em, ví dụ 30.000.")))
    valid_from = DateField(_l("Từ ngày"), validators=[InputRequired(_l("Bác chọn ngày giúp em."))])


class SeasonForm(FlaskForm):
    """A new season."""

    name = StringField(_l("Tên vụ"), validators=needed(_l("Bác ghi tên vụ giúp em.")))
    starts_on = DateField(_l("Bắt đầu"), validators=[InputRequired(_l("Bác chọn ngày bắt đầu giúp em."))])
    ends_on = DateField(_l("Kết thúc"), validators=[InputRequired(_l("Bác chọn ngày kết thúc giúp em."))])
    last_year_revenue_vnd = StringField(_l("Doanh thu vụ năm trước"), validators=[Length(max=40)])


class ProductForm(FlaskForm):
    """What is written about a product."""

    name = StringField(_l("Tên nông sản"), validators=needed(_l("Bác ghi tên nông sản giúp em.")))
    name_en = StringField(_l("Tên tiếng Anh"), validators=[Length(max=120)])
    keeps_days = IntegerField(
        _l("Giữ ngon được mấy ngày sau khi hái"),
        default=3,
        validators=[
            InputRequired(_l("Bác ghi số ngày giúp em.")),
            NumberRange(1, 3650, _l("Số ngày giữ ngon phải từ 1 đến 3.650 ngày ạ.")),
        ],
    )
    placeholder = SelectField(
        _l("Hình vẽ khi chưa có ảnh"),
        choices=[
            SelectChoice("lychee", _l("Quả vải")),
            SelectChoice("honey", _l("Mật ong")),
            SelectChoice("fruit", _l("Trái cây")),
        ],
    )
    about = TextAreaField(_l("Giới thiệu"), validators=[Length(max=4000)])
    about_en = TextAreaField(_l("Giới thiệu bằng tiếng Anh"), validators=[Length(max=4000)])
    photo = FileField(_l("Ảnh nông sản"))


class NewProductForm(ProductForm):
    """A new product with its grades."""

    measure = RadioField(
        _l("Tính theo"),
        choices=[
            SelectChoice(Measure.WEIGHT.value, _l("Cân nặng")),
            SelectChoice(Measure.COUNT.value, _l("Đếm chiếc: chai, hộp, quả")),
        ],
        default=Measure.WEIGHT.value,
    )
    grades = StringField(
        _l("Các loại, cách nhau bằng dấu phẩy"),
        validators=needed(_l("Bác ghi ít nhất một loại giúp em, ví dụ Loại 1.")),
    )


class GradeForm(FlaskForm):
    """One more grade of a product."""

    grades = StringField(_l("Thêm loại"), validators=needed(_l("Bác ghi tên loại giúp em, ví dụ Loại 1.")))


class CertificateForm(FlaskForm):
    """A certificate of a product."""

    certificate = StringField(_l("Chứng nhận"), validators=needed(_l("Bác ghi tên chứng nhận giúp em, ví dụ VietGAP.")))
    number = StringField(_l("Số"), validators=needed(_l("Bác ghi số chứng nhận giúp em.")))
    issuer = StringField(_l("Nơi cấp"), validators=needed(_l("Bác ghi nơi cấp giúp em.")))
    expires_on = DateField(_l("Hết hạn"), validators=[Optional()])


class VillageForm(FlaskForm):
    """A new village."""

    name = StringField(_l("Tên thôn"), validators=needed(_l("Bác ghi tên thôn giúp em, ví dụ Thôn Đá Bạc.")))
    old_local_name = StringField(_l("Tên cũ bà con hay gọi"), validators=[Length(max=120)])
    place = StringField(_l("Xã, phường"), validators=needed(_l("Bác ghi xã, phường giúp em, tên cũ cũng được.")))


class HouseholdForm(FlaskForm):
    """What the cooperative has written about a household."""

    name = StringField(_l("Tên chủ hộ"), validators=needed(_l("Bác ghi tên chủ hộ giúp em, ví dụ Bà Mận.")))
    phone = StringField(_l("Số điện thoại"), validators=[Length(max=60)])
    village_id = SelectField(_l("Thôn"), coerce=int, validators=[InputRequired(_l("Bác chọn thôn giúp em."))])
    growing_area_code = StringField(_l("Mã số vùng trồng"), validators=[Length(max=40)])
    active = BooleanField(_l("Hộ đang tham gia bán hàng"), default=True)


class InvitationForm(FlaskForm):
    """Whom to invite, as what."""

    role = SelectField(
        _l("Mời làm"),
        validators=[InputRequired(_l("Bác chọn vai trò giúp em."))],
        choices=[
            SelectChoice(MemberRole.HOUSEHOLD.value, _l("Người trong hộ")),
            SelectChoice(MemberRole.HOST.value, _l("Người livestream")),
            SelectChoice(MemberRole.STAFF.value, _l("Cán bộ hợp tác xã")),
            SelectChoice(MemberRole.VILLAGE_LEADER.value, _l("Trưởng thôn")),
            SelectChoice(MemberRole.COMMUNITY_TEAM.value, _l("Tổ công nghệ số cộng đồng")),
        ],
    )
    household = SelectField(_l("Hộ"), validators=[Length(max=12)])
    village = SelectField(_l("Thôn"), validators=[Length(max=20)])


class NewPersonForm(FlaskForm):
    """The account of somebody who follows an invitation and has none yet."""

    name = StringField(
        _l("Họ tên"), validators=needed(_l("Bác ghi họ tên giúp em.")), render_kw={"autocomplete": "name"}
    )
    phone = StringField(_l("Số điện thoại"), validators=[Length(max=60)])
    email = EmailField(_l("E-mail"), validators=[Length(max=255)], render_kw={"autocomplete": "email"})
    password = PasswordField(
        _l("Mật khẩu"), validators=needed(_l("Bác đặt mật khẩu giúp em.")), render_kw={"autocomplete": "new-password"}
    )


class PayoutAccountForm(FlaskForm):
    """The bank account a household is paid into."""

    bank_bin = SelectField(_l("Ngân hàng"), validators=needed(_l("Bác chọn ngân hàng giúp em.")))
    account_number = StringField(_l("Số tài khoản"), validators=needed(_l("Bác ghi số tài khoản giúp em.")))
    holder_name = StringField(_l("Tên chủ tài khoản"), validators=needed(_l("Bác ghi tên như in trên thẻ giúp em.")))


class NoticeForm(FlaskForm):
    """A notice to a village or to all."""

    village = SelectField(_l("Gửi tới"), validators=[Length(max=20)])
    title = StringField(
        _l("Tiêu đề"), validators=needed(_l("Bác ghi tiêu đề ngắn gọn giúp em, ví dụ: Giờ thu mua ngày mai."))
    )
    body = TextAreaField(
        _l("Nội dung"), validators=[InputRequired(_l("Bác ghi nội dung thông báo giúp em.")), Length(max=8000)]
    )


class FoundingForm(FlaskForm):
    """A new cooperative: its name and its place; the rest comes later."""

    name = StringField(_l("Tên hợp tác xã"), validators=needed(_l("Bác ghi tên hợp tác xã giúp em.")))
    place = StringField(_l("Xã, phường"), validators=needed(_l("Bác ghi xã, phường giúp em, tên cũ cũng được.")))


class CooperativeForm(FoundingForm):
    """A cooperative's details, and the account that buyers pay into."""

    phone = StringField(_l("Số điện thoại"), validators=[Length(max=60)])
    tax_code = StringField(_l("Mã số thuế"), validators=[Length(max=20)])
    street = StringField(_l("Địa chỉ"), validators=[Length(max=160)])
    about = TextAreaField(_l("Giới thiệu"), validators=[Length(max=4000)])
    bank_bin = SelectField(_l("Ngân hàng nhận tiền của khách"), validators=[Length(max=6)])
    bank_account = StringField(_l("Số tài khoản"), validators=[Length(max=30)])
    bank_account_name = StringField(_l("Tên chủ tài khoản"), validators=[Length(max=120)])
