"""The forms of signing in and of one's own account. What Flask-Security checks stays its; labels and order are ours."""

from typing import Any

from flask import current_app, request
from flask_babel import lazy_gettext as _l
from flask_security import (
    ChangePasswordForm,
    ForgotPasswordForm,
    ResetPasswordForm,
    UnifiedSigninForm,
    UnifiedVerifyForm,
)
from flask_security.forms import (
    EmailValidation,
    EqualToLocalize,
    RequiredLocalize,
    TwoFactorRescueForm,
    TwoFactorSetupForm,
    TwoFactorVerifyCodeForm,
    valid_user_email,
)
from flask_security.recovery_codes import MfRecoveryForm
from flask_security.utils import lookup_identity
from flask_wtf import FlaskForm
from wtforms import BooleanField, EmailField, PasswordField, RadioField, StringField
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from app.accounts.buyers import MAX_NAME
from app.accounts.security import datastore
from app.mail import require_texting
from app.web import safe_next

_SECRET = {"autocomplete": "current-password"}
_NEW_SECRET = {"autocomplete": "new-password"}


def _choice(*values: str) -> RadioField:
    """Return a choice the pages offer as buttons of their own; what was chosen is checked by Flask-Security."""
    return RadioField(choices=[SelectChoice(value, value) for value in values], validators=[Optional()])


class SignInForm(UnifiedSigninForm):
    """One field for phone or e-mail, one for password or code: people need not know which of them they have."""

    identity = StringField(
        _l("Số điện thoại hoặc e-mail"),
        validators=[DataRequired(_l("Bác ghi số điện thoại hoặc e-mail giúp em.")), Length(max=255)],
        render_kw={"autocomplete": "username"},
    )
    passcode = PasswordField(_l("Mật khẩu hoặc mã"), validators=[Length(max=200)], render_kw=_SECRET)
    remember = BooleanField(_l("Nhớ máy này"), default=True)
    chosen_method = _choice("email", "sms")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        wanted = self.next.data or (request.args.get("next") if request else None)
        self.next.data = safe_next(wanted) or ""
        # Nothing is typed there only when a code is asked for, by the other button.
        self.passcode.flags.required = True

    def validate(self, **kwargs: Any) -> bool:
        """Check; before a code is sent choose the way by what was typed and make sure that the person has a secret for it."""
        if self.submit_send_code.data and isinstance(self.identity.data, str):
            self.chosen_method.data = "email" if "@" in self.identity.data else "sms"
            if self.chosen_method.data == "sms":
                require_texting()
            self._prepare_codes(self.chosen_method.data)
        return bool(super().validate(**kwargs))

    def _prepare_codes(self, method: str) -> None:
        user = lookup_identity(self.identity.data)
        if user and method not in datastore.us_get_totp_secrets(user):
            datastore.us_set(user, method, current_app.extensions["security"].totp_factory.generate_totp_secret())


class VerifyAgainForm(UnifiedVerifyForm):
    """The password or a code once more, before something important."""

    chosen_method = _choice("email", "sms")
    passcode = PasswordField(_l("Mật khẩu hoặc mã"), validators=[Length(max=200)], render_kw=_SECRET)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.next.data = safe_next(self.next.data) or ""


class ForgottenPasswordForm(ForgotPasswordForm):
    """Where to send the letter with the link."""

    email = EmailField(
        _l("E-mail"),
        validators=[RequiredLocalize(message="EMAIL_NOT_PROVIDED"), EmailValidation(verify=False), valid_user_email],
        render_kw={"autocomplete": "email"},
    )


class NewPasswordForm(ResetPasswordForm):
    """A new password, twice, after a letter with a link."""

    password = PasswordField(
        _l("Mật khẩu mới"), validators=[RequiredLocalize(message="PASSWORD_NOT_PROVIDED")], render_kw=_NEW_SECRET
    )
    password_confirm = PasswordField(
        _l("Ghi lại mật khẩu mới"),
        validators=[
            EqualToLocalize("password", message="RETYPE_PASSWORD_MISMATCH"),
            RequiredLocalize(message="PASSWORD_NOT_PROVIDED"),
        ],
        render_kw=_NEW_SECRET,
    )


class OwnPasswordForm(ChangePasswordForm):
    """The old password and a new one, twice."""

    password = PasswordField(_l("Mật khẩu đang dùng"), render_kw=_SECRET)
    new_password = PasswordField(
        _l("Mật khẩu mới"), validators=[RequiredLocalize(message="PASSWORD_NOT_PROVIDED")], render_kw=_NEW_SECRET
    )
    new_password_confirm = PasswordField(
        _l("Ghi lại mật khẩu mới"),
        validators=[
            EqualToLocalize("new_password", message="RETYPE_PASSWORD_MISMATCH"),
            RequiredLocalize(message="PASSWORD_NOT_PROVIDED"),
        ],
        render_kw=_NEW_SECRET,
    )


class SecondFactorSetupForm(TwoFactorSetupForm):
    """Switch the second factor on or off."""

    setup = _choice("disable", "authenticator")


class NoRescueForm(TwoFactorRescueForm):
    """Flask-Security asks for one; who lost the phone uses a recovery code or calls the administrator."""

    help_setup = _choice("help")


class SecondFactorForm(TwoFactorVerifyCodeForm):
    """Six digits of the authenticator app."""

    code = StringField(_l("Mã 6 số trong ứng dụng"), validators=[DataRequired(_l("Bác ghi mã 6 số giúp em."))])


class RecoveryCodeForm(MfRecoveryForm):
    """One of the codes written down for the day the phone is lost."""

    code = StringField(_l("Mã dự phòng"), validators=[DataRequired(_l("Bác ghi một mã dự phòng giúp em."))])


class WhoAreYouForm(FlaskForm):
    """A guest's name and phone, asked once."""

    name = StringField(
        _l("Tên"),
        validators=[DataRequired(_l("Bác cho em xin tên để ghi lên đơn.")), Length(max=2 * MAX_NAME)],
        render_kw={"autocomplete": "name"},
    )
    phone = StringField(
        _l("Số điện thoại"),
        validators=[DataRequired(_l("Bác ghi số điện thoại giúp em, ví dụ 0912 345 678.")), Length(max=60)],
        render_kw={"autocomplete": "tel"},
    )


class PhoneCodeForm(FlaskForm):
    """The code that came to the phone."""

    code = StringField(_l("Mã 6 số"), validators=[DataRequired(_l("Bác ghi mã 6 số giúp em.")), Length(max=20)])
