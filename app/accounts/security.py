"""Flask-Security fitted to this house: our transactions, our outbox, our phones, our passwords, codes used once."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Flask, abort, request, session
from flask_security import (
    MailUtil,
    PasswordUtil,
    PhoneUtil,
    SmsSenderBaseClass,
    SmsSenderFactory,
    SQLAlchemyUserDatastore,
)
from flask_security.totp import Totp
from passlib.exc import TokenError
from passlib.totp import TOTP, AppWallet
from sqlalchemy import inspect

from app import outbox
from app.accounts.models import Role, User
from app.accounts.passwords import password_faults
from app.clock import system_clock
from app.crypto import keyed_hash
from app.db import WRITE_OPTION, db, write_transaction
from app.errors import BusyTryAgain, InvalidInput
from app.phones import parse_phone
from app.web import limiter, spend

CODE_SECONDS = 300
"""How long a one-time code may be typed after it was sent."""


class DeferringDatastore(SQLAlchemyUserDatastore):
    """Flask-Security's datastore, except that ``commit`` carries what changed into one short write transaction.

    Checking a password is slow by design. Were the whole request a write transaction, every sign-in would hold SQLite's
    one write lock while it hashes, and orders would queue behind it; so its views only read, and what they changed in
    memory is written at the end.
    """

    def commit(self) -> None:
        """Write what is pending; inside a write transaction that is already open only flush, its entry point commits."""
        current = db.session()
        if current.info.get(WRITE_OPTION) is not None:
            current.flush()
            return
        added = list(current.new)
        changed = [(row, _changes(row)) for row in current.dirty if current.is_modified(row)]
        if not added and not changed:
            return
        with write_transaction() as writing:
            writing.add_all(added)
            for row, values in changed:
                for name, value in values.items():
                    setattr(row, name, value)


def _changes(row: Any) -> dict[str, Any]:
    return {attribute.key: attribute.value for attribute in inspect(row).attrs if attribute.history.has_changes()}


datastore = DeferringDatastore(db, User, Role)


class OutboxMail(MailUtil):
    """Sends nothing itself: the letter becomes an outbox row, in the same transaction as what it is about."""

    def send_mail(
        self,
        template: str,  # noqa: ARG002 -- The library's signature.
        subject: str,
        recipient: str | tuple[str, str],
        sender: str | tuple[str, str],  # noqa: ARG002 -- One sender for the whole installation.
        body: str | None,
        html: str | None,  # noqa: ARG002 -- Letters are plain text.
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Queue the letter; people known only by phone get none."""
        if recipient:
            letter = {"to": str(recipient), "subject": str(subject), "text": body or ""}
            outbox.enqueue(db.session(), "mail", letter, clock=system_clock)


class OutboxSms(SmsSenderBaseClass):
    """Sends nothing itself either."""

    def send_sms(self, from_number: str, to_number: str, msg: str) -> None:  # noqa: ARG002
        """Queue the message."""
        outbox.enqueue(db.session(), "sms", {"to": to_number, "text": msg}, clock=system_clock)


SmsSenderFactory.senders["outbox"] = OutboxSms


class VietnamesePhones(PhoneUtil):
    """Phones as people here type them, stored as E.164."""

    def validate_phone_number(self, input_data: str) -> str | None:
        """Return None for a good number, else what is wrong with it."""
        try:
            parse_phone(input_data)
        except InvalidInput as refused:
            return refused.message
        return None

    def get_canonical_form(self, input_data: str) -> str | None:
        """Return the number as E.164, or None."""
        return phone_identity(input_data)


class GoodPasswords(PasswordUtil):
    """Long enough, not one of the common ones, not the person's own name or number."""

    def validate(self, password: str, is_register: bool, **kwargs: Any) -> tuple[list[str] | None, str]:  # noqa: ARG002
        """Return the faults (None when there are none) and the password in its normal form."""
        user = kwargs.get("user")
        known = (user.name, user.us_phone_number, user.email) if user else ()
        normal = self.normalize(password)
        return password_faults(normal, known=known) or None, normal


class OnceOnlyTotp(Totp):
    """Time-based codes encrypted with the data keys at rest, each accepted once by all processes together."""

    def __init__(self, secrets: dict[str, str], issuer: str) -> None:
        self._totp = TOTP.using(issuer=issuer, wallet=AppWallet(secrets=secrets, default_tag=next(iter(secrets))))

    def set_last_counter(self, user: User, tmatch: Any) -> None:
        """Refuse a code that was accepted before; the limiter's storage remembers it for as long as it would be good."""
        used = keyed_hash(f"{user.fs_uniquifier}:{tmatch.totp.base32_key}:{tmatch.counter}")
        storage = limiter.storage
        try:
            times = storage.incr(f"used-code:{used}", 2 * CODE_SECONDS + 60)
        except storage.base_exceptions as down:
            raise BusyTryAgain("Hệ thống đang bận, bác thử lại sau giây lát nhé.") from down
        if times > 1:
            raise TokenError("used before")


def phone_identity(identity: str) -> str | None:
    """Return the E.164 phone somebody typed to sign in, or None when it is no phone."""
    if not isinstance(identity, str) or "@" in identity:
        return None
    try:
        return parse_phone(identity)
    except InvalidInput:
        return None


def email_identity(identity: str) -> str | None:
    """Return the e-mail address somebody typed to sign in, or None when it is none."""
    return identity.strip().lower() if isinstance(identity, str) and "@" in identity else None


def _identity_typed() -> str:
    typed = request.form.get("identity") or request.form.get("email") or ""
    return keyed_hash(phone_identity(typed) or typed.strip().lower()[:200])


def _half_signed_in() -> str:
    return keyed_hash(str(session.get("tf_user_id", "")))


# Guesses are limited for one network, which a village may share, and more narrowly for one account.
_LIMITS: dict[str, tuple[tuple[str, Callable[[], str] | None], ...]] = {
    "login": (("60/minute", None), ("20/15 minutes", _identity_typed)),
    "us_signin": (("60/minute", None), ("20/15 minutes", _identity_typed)),
    "us_signin_send_code": (("20/minute", None), ("5/15 minutes", _identity_typed)),
    "us_verify": (("20/minute", None),),
    "us_verify_send_code": (("5/minute", None),),
    "two_factor_token_validation": (("60/minute", None), ("10/15 minutes", _half_signed_in)),
    "two_factor_setup_validate": (("10/minute", None),),
    "mf_recovery": (("60/minute", None), ("10/15 minutes", _half_signed_in)),
    "forgot_password": (("10/minute", None), ("3/15 minutes", _identity_typed)),
    "reset_password": (("10/minute", None),),
    "change_password": (("10/minute", None),),
}

# A link in a letter that signs in is followed by mail scanners before the person does; people type the code instead.
# Choosing sign-in methods one by one is not for our users: password and codes always work.
_SWITCHED_OFF = (
    "us_verify_link",
    "us_setup",
    "us_setup_validate",
    "two_factor_rescue",
    "tf_select",
    "verify",
    "static",
)


def fit_views(app: Flask) -> None:
    """Limit guesses, keep its views reading until the end, write once, and switch off what we do not offer."""
    for endpoint, view in list(app.view_functions.items()):
        if endpoint.startswith("security."):
            name = endpoint.removeprefix("security.")
            app.view_functions[endpoint] = _not_offered if name in _SWITCHED_OFF else _fitted(name, view)


def _fitted(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def fitted(*args: Any, **kwargs: Any) -> Any:
        if request.method == "POST":
            for rate, who in _LIMITS.get(name, ()):
                spend(rate, f"security.{name}", who() if who else None)
        with db.session.no_autoflush:
            answer = view(*args, **kwargs)
        datastore.commit()
        return answer

    return fitted


def _not_offered(**_kwargs: Any) -> None:
    abort(404)
