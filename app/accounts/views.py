"""One's own account, and the guest buyer's name and phone."""

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import MultiDict

from app.accounts.buyers import confirm_phone_code, register_buyer, rename_buyer, request_phone_code
from app.accounts.current import current_buyer, remember_buyer, require_buyer, require_user
from app.accounts.forms import PhoneCodeForm, WhoAreYouForm
from app.accounts.models import Buyer
from app.clock import system_clock
from app.db import write_transaction
from app.error_pages import wants_json
from app.errors import DomainError, InvalidInput
from app.mail import require_texting
from app.network import network_key
from app.phones import format_phone, mask_phone
from app.web import safe_next, spend

blueprint = Blueprint("accounts", __name__)


@blueprint.get("/vao")
def landing() -> Response:
    """Lead somebody who just signed in to where their work is: the first place a package offers them, else the market."""
    require_user()
    offers = (offer() for offer in current_app.extensions["chophien_landing"])
    return make_response(redirect(next((address for address in offers if address), "/")))


@blueprint.get("/tai-khoan")
def account() -> str:
    """Show who one is signed in as, and what one may change."""
    require_user()
    return render_template("accounts/account.html", user=current_user)


@blueprint.get("/toi-la")
def who_are_you() -> str:
    """Ask a guest for name and phone."""
    buyer = current_buyer()
    form = WhoAreYouForm(data={"name": buyer.name, "phone": format_phone(buyer.phone)} if buyer else None)
    return render_template("accounts/who_are_you.html", form=form, next=_wanted_next())


@blueprint.post("/toi-la")
def introduce() -> Response | tuple[str, int]:
    """Make this browser a guest buyer, or change the name or phone of the one it is; answers a form or JSON."""
    spend("60/minute", "guest")
    form = WhoAreYouForm(_json_fields()) if request.is_json else WhoAreYouForm()
    try:
        if not form.validate():
            raise InvalidInput(next(iter(form.errors.values()))[0], field=next(iter(form.errors)))
        buyer = _save_buyer(form.name.data or "", form.phone.data or "")
    except DomainError as refused:
        if wants_json():
            raise
        _blame(form, refused)
        return render_template("accounts/who_are_you.html", form=form, next=_wanted_next()), refused.status
    if wants_json():
        response = jsonify({"ok": True, "name": buyer.name, "phone": format_phone(buyer.phone)})
    else:
        response = make_response(redirect(_wanted_next() or "/"))
    remember_buyer(response, buyer)
    return response


@blueprint.get("/toi-la/ma")
def prove_phone() -> str:
    """Ask for the code that proves the buyer's phone."""
    return _code_page(PhoneCodeForm(), require_buyer())


@blueprint.post("/toi-la/gui-ma")
def send_phone_code() -> Response:
    """Send a code to the buyer's phone."""
    spend("20/minute", "phone-code")
    require_texting()
    buyer = require_buyer()
    with write_transaction() as session:
        request_phone_code(session, buyer.id, clock=system_clock)
    flash(_("Em đã gửi mã tới số %(phone)s.", phone=mask_phone(buyer.phone)), "info")
    return make_response(redirect(url_for("accounts.prove_phone", next=_wanted_next())))


@blueprint.post("/toi-la/ma")
def check_phone_code() -> Response | tuple[str, int]:
    """Prove the buyer's phone with the code."""
    spend("20/minute", "phone-code")
    buyer = require_buyer()
    form = PhoneCodeForm()
    if form.validate():
        with write_transaction() as session:
            right = confirm_phone_code(session, buyer.id, form.code.data or "", clock=system_clock)
        if right:
            flash(_("Đã xác minh số điện thoại. Cảm ơn bác!"), "success")
            return make_response(redirect(_wanted_next() or "/"))
        form.code.errors = [_("Mã chưa đúng, bác xem lại tin nhắn giúp em.")]
    return _code_page(form, buyer), 422


def _json_fields() -> MultiDict[str, str]:
    body = request.get_json()
    if not isinstance(body, dict):
        raise InvalidInput("Bác cho em biết tên và số điện thoại trước nhé.")
    return MultiDict({str(name): str(value) for name, value in body.items()})


def _save_buyer(name: str, phone: str) -> Buyer:
    known = current_buyer()
    with write_transaction() as session:
        if known is not None:
            return rename_buyer(session, known.id, name, phone)
        return register_buyer(session, name, phone, network_key=network_key(), clock=system_clock)


def _blame(form: WhoAreYouForm, refused: DomainError) -> None:
    """Put a refusal beside the field that caused it, once."""
    field = form[refused.details["field"]] if refused.details.get("field") in form else form.name
    if refused.message not in field.errors:
        field.errors = [_(refused.message)]


def _code_page(form: PhoneCodeForm, buyer: Buyer) -> str:
    return render_template("accounts/prove_phone.html", form=form, phone=mask_phone(buyer.phone), next=_wanted_next())


def _wanted_next() -> str | None:
    return safe_next(request.values.get("next"))
