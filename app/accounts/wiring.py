"""Attaches sign-in and accounts to the application."""

from datetime import timedelta
from hashlib import sha256

from flask import Flask, session
from flask.json.provider import DefaultJSONProvider
from flask_login import user_logged_in
from flask_security import Security

from app import mail
from app.accounts import cli, forms, views
from app.accounts.models import User
from app.accounts.security import (
    CODE_SECONDS,
    GoodPasswords,
    OnceOnlyTotp,
    OutboxMail,
    VietnamesePhones,
    datastore,
    email_identity,
    fit_views,
    phone_identity,
)
from app.accounts.sentences import MAIL_SUBJECTS, SENTENCES
from app.config import PROJECT_ROOT, Config


def register(app: Flask) -> None:
    """Attach Flask-Security, the account pages and the commands."""
    config: Config = app.extensions["chophien"]
    app.extensions.setdefault("chophien_landing", [])
    app.config.update(_settings(config))
    Security(
        app,
        datastore,
        mail_util_cls=OutboxMail,
        password_util_cls=GoodPasswords,
        phone_util_cls=VietnamesePhones,
        totp_cls=OnceOnlyTotp,
        us_signin_form=forms.SignInForm,
        us_verify_form=forms.VerifyAgainForm,
        forgot_password_form=forms.ForgottenPasswordForm,
        reset_password_form=forms.NewPasswordForm,
        change_password_form=forms.OwnPasswordForm,
        two_factor_setup_form=forms.SecondFactorSetupForm,
        two_factor_rescue_form=forms.NoRescueForm,
        two_factor_verify_code_form=forms.SecondFactorForm,
        mf_recovery_form=forms.RecoveryCodeForm,
    )
    fit_views(app)
    # Flask-Security brings a JSON provider of its own; ours writes Vietnamese as it is, at half the bytes.
    if isinstance(app.json, DefaultJSONProvider):
        app.json.ensure_ascii = False
    app.register_blueprint(views.blueprint)
    cli.register(app)
    mail.register(app)
    user_logged_in.connect(_begin_session, app)


def _settings(config: Config) -> dict[str, object]:
    """Return Flask-Security's settings: phone or e-mail, password or code, an authenticator app for who wants one."""
    return {
        "SECURITY_PASSWORD_SALT": sha256(f"password-salt:{config.secret_key}".encode()).hexdigest(),
        "SECURITY_PASSWORD_HASH": "argon2",
        "SECURITY_PASSWORD_SCHEMES": ["argon2"],
        # Tests sign in by the hundred; what they prove does not need a hash that takes tens of milliseconds.
        "SECURITY_PASSWORD_HASH_PASSLIB_OPTIONS": (
            {"argon2__rounds": 1, "argon2__memory_cost": 64} if config.environment == "test" else {}
        ),
        "SECURITY_PASSWORD_REQUIRED": False,
        "SECURITY_PASSWORD_NORMALIZE_FORM": "NFKC",
        "SECURITY_USER_IDENTITY_ATTRIBUTES": [
            {"us_phone_number": {"mapper": phone_identity}},
            {"email": {"mapper": email_identity, "case_insensitive": True}},
        ],
        "SECURITY_PHONE_REGION_DEFAULT": "VN",
        "SECURITY_RETURN_GENERIC_RESPONSES": True,
        "SECURITY_EMAIL_VALIDATOR_ARGS": {"check_deliverability": False},
        "SECURITY_EMAIL_HTML": False,
        "SECURITY_EMAIL_SENDER": config.mail_from,
        "SECURITY_I18N_DOMAIN": "messages",
        "SECURITY_I18N_DIRNAME": [str(PROJECT_ROOT / "app" / "translations")],
        "SECURITY_LOGIN_URL": "/dang-nhap",
        "SECURITY_POST_LOGIN_VIEW": "accounts.landing",
        "SECURITY_LOGOUT_URL": "/dang-xuat",
        "SECURITY_LOGOUT_METHODS": ["POST"],
        "SECURITY_RECOVERABLE": True,
        "SECURITY_RESET_URL": "/quen-mat-khau",
        "SECURITY_RESET_PASSWORD_WITHIN": timedelta(hours=2),
        "SECURITY_CHANGEABLE": True,
        "SECURITY_CHANGE_URL": "/tai-khoan/mat-khau",
        "SECURITY_POST_CHANGE_VIEW": "/tai-khoan",
        "SECURITY_FRESHNESS": timedelta(hours=1),
        "SECURITY_FRESHNESS_GRACE_PERIOD": timedelta(minutes=15),
        "SECURITY_VERIFY_URL": "/tai-khoan/xac-nhan-mat-khau",
        "SECURITY_UNIFIED_SIGNIN": True,
        "SECURITY_US_SIGNIN_REPLACES_LOGIN": True,
        "SECURITY_US_SIGNIN_URL": "/dang-nhap/ma",
        "SECURITY_US_SIGNIN_SEND_CODE_URL": "/dang-nhap/gui-ma",
        "SECURITY_US_VERIFY_URL": "/tai-khoan/xac-nhan",
        "SECURITY_US_VERIFY_SEND_CODE_URL": "/tai-khoan/xac-nhan/gui-ma",
        "SECURITY_US_SETUP_URL": "/tai-khoan/cach-dang-nhap",
        "SECURITY_US_VERIFY_LINK_URL": "/dang-nhap/duong-dan",
        "SECURITY_US_ENABLED_METHODS": ["password", "email", *(["sms"] if config.can_text else [])],
        "SECURITY_US_MFA_REQUIRED": ["password", "email", "sms"],
        "SECURITY_US_TOKEN_VALIDITY": CODE_SECONDS,
        "SECURITY_SMS_SERVICE": "outbox",
        "SECURITY_TWO_FACTOR": True,
        "SECURITY_TWO_FACTOR_ENABLED_METHODS": ["authenticator"],
        "SECURITY_TWO_FACTOR_AUTHENTICATOR_VALIDITY": 30,
        "SECURITY_TWO_FACTOR_SETUP_URL": "/tai-khoan/lop-bao-ve",
        "SECURITY_TWO_FACTOR_TOKEN_VALIDATION_URL": "/dang-nhap/ma-ung-dung",
        "SECURITY_TWO_FACTOR_RESCUE_URL": "/dang-nhap/mat-ung-dung",
        "SECURITY_TWO_FACTOR_SELECT_URL": "/dang-nhap/chon-cach",
        "SECURITY_TWO_FACTOR_RESCUE_EMAIL": False,
        "SECURITY_TWO_FACTOR_POST_SETUP_VIEW": "/tai-khoan",
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES": True,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_N": 6,
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_KEYS": [key.encode() for key in config.data_keys],
        "SECURITY_MULTI_FACTOR_RECOVERY_CODES_URL": "/tai-khoan/ma-du-phong",
        "SECURITY_MULTI_FACTOR_RECOVERY_URL": "/dang-nhap/ma-du-phong",
        "SECURITY_TOTP_ISSUER": "Chợ Phiên",
        # Tags are made of the keys, so that taking an old key away does not rename the others.
        "SECURITY_TOTP_SECRETS": {sha256(key.encode()).hexdigest()[:12]: key for key in config.data_keys},
        "REMEMBER_COOKIE_NAME": "chophien_remember",
        "REMEMBER_COOKIE_DURATION": timedelta(days=60),
        "REMEMBER_COOKIE_HTTPONLY": True,
        "REMEMBER_COOKIE_SAMESITE": "Lax",
        "REMEMBER_COOKIE_SECURE": config.secure_cookies,
        **{f"SECURITY_MSG_{name}": sentence for name, sentence in SENTENCES.items()},
        **{f"SECURITY_{name}": subject for name, subject in MAIL_SUBJECTS.items()},
    }


def _begin_session(_app: Flask, user: User) -> None:
    """Start with a fresh form token, for whoever planted the old one must not keep it, and in the person's language."""
    session.pop("csrf_token", None)
    session.setdefault("language", user.locale)
