"""The forms of the money pages. What is typed is checked by the use cases; here are labels and shapes."""

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, FileRequired
from wtforms import DateField, HiddenField, SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from orders.payments.statements import FIELDS

COLUMN_LABELS = {
    "date": _l("Cột ngày giờ"),
    "content": _l("Cột nội dung"),
    "credit": _l("Cột tiền vào"),
    "debit": _l("Cột tiền ra"),
    "amount": _l("Cột số tiền (một cột, có dấu + và −)"),
    "reference": _l("Cột mã giao dịch"),
    "account": _l("Cột số tài khoản"),
}


class MatchForm(FlaskForm):
    """The order a person found for a transfer."""

    order_code = StringField(
        _l("Mã đơn"), validators=[DataRequired(_l("Bác ghi mã đơn giúp em, ví dụ CP7K2M9QXWA.")), Length(max=20)]
    )


class IgnoreForm(FlaskForm):
    """Why a transfer is put aside."""

    reason = StringField(_l("Lý do"), validators=[DataRequired(_l("Bác ghi lý do giúp em.")), Length(max=200)])


class RemitForm(FlaskForm):
    """Whose collected cash a transfer is, and what the courier kept for collecting it."""

    courier = StringField(
        _l("Người giao"), validators=[DataRequired(_l("Bác chọn người giao giúp em.")), Length(max=60)]
    )
    fee = StringField(_l("Phí thu hộ đã giữ lại"), validators=[Optional(), Length(max=30)])


class TransferForm(FlaskForm):
    """One transfer typed off the bank's app, where there is no file."""

    amount = StringField(
        _l("Số tiền nhận được"), validators=[DataRequired(_l("Bác ghi số tiền giúp em.")), Length(max=30)]
    )
    content = StringField(
        _l("Nội dung chuyển khoản"), validators=[DataRequired(_l("Bác chép nội dung giúp em.")), Length(max=300)]
    )
    bank_reference = StringField(_l("Mã giao dịch của ngân hàng"), validators=[Optional(), Length(max=80)])
    transferred_on = DateField(_l("Ngày tiền vào"), validators=[InputRequired(_l("Bác chọn ngày giúp em."))])
    idempotency_key = HiddenField(validators=[Length(max=60)])


class StatementFileForm(FlaskForm):
    """A statement file to look at before anything is recorded."""

    file = FileField(_l("Tệp sao kê (CSV)"), validators=[FileRequired(_l("Bác chọn tệp sao kê giúp em."))])


class StatementColumnsForm(FlaskForm):
    """A file that was looked at, signed, and which column is which."""

    file = HiddenField()
    date = SelectField(COLUMN_LABELS["date"], coerce=int)
    content = SelectField(COLUMN_LABELS["content"], coerce=int)
    credit = SelectField(COLUMN_LABELS["credit"], coerce=int)
    debit = SelectField(COLUMN_LABELS["debit"], coerce=int)
    amount = SelectField(COLUMN_LABELS["amount"], coerce=int)
    reference = SelectField(COLUMN_LABELS["reference"], coerce=int)
    account = SelectField(COLUMN_LABELS["account"], coerce=int)

    def offer(self, headings: tuple[str, ...], nothing: str) -> None:
        """Let each field choose among the file's headings, or none of them."""
        for name in FIELDS:
            self[name].choices = {-1: nothing} | {i: heading or f"({i + 1})" for i, heading in enumerate(headings)}

    def columns(self) -> dict[str, int]:
        """Return which heading was chosen for which field."""
        return {name: int(self[name].data) for name in FIELDS}


class RefundForm(FlaskForm):
    """Money to give back for an order: an amount before delivery, quantities after it."""

    amount = StringField(_l("Số tiền hoàn"), validators=[Optional(), Length(max=30)])
    reason = StringField(
        _l("Lý do"), validators=[DataRequired(_l("Bác ghi lý do hoàn tiền giúp em.")), Length(max=200)]
    )
    idempotency_key = HiddenField(validators=[Length(max=60)])


def first_error(form: FlaskForm) -> str:
    """Return the first sentence a refused form has, for a flash message beside a row."""
    errors: list[Any] = [text for texts in form.errors.values() for text in texts]
    return str(errors[0]) if errors else ""
