"""Who is asking: the signed-in person, the guest buyer behind a signed cookie, or nobody, once a request."""

from dataclasses import dataclass

from flask import Flask, Response, current_app, g, request
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.datastructures import Headers
from werkzeug.test import EnvironBuilder

from app.accounts.actor import ANONYMOUS, Actor
from app.accounts.models import ADMINISTRATOR, Buyer
from app.db import db
from app.errors import SignInNeeded
from app.network import network_key

BUYER_COOKIE = "chophien_buyer"
BUYER_COOKIE_SECONDS = 400 * 24 * 3600
"""As long as browsers keep a cookie; a buyer who comes back next season is still known."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is at the other end of a socket, fixed when it connects."""

    actor: Actor
    network_key: str


def current_actor() -> Actor:
    """Return who is acting in this request; ``ANONYMOUS`` for somebody we know nothing about."""
    if "actor" not in g:
        g.actor = _find_actor()
    actor: Actor = g.actor
    return actor


def require_user() -> Actor:
    """Return the signed-in person; raises ``SignInNeeded``, which leads a browser to the sign-in page and back."""
    actor = current_actor()
    if actor.user_id is None:
        raise SignInNeeded("Bác cần đăng nhập để làm việc này.")
    return actor


def current_buyer() -> Buyer | None:
    """Return the guest buyer whose signed cookie came with this request; a forged or unknown cookie counts for nothing."""
    if "buyer" not in g:
        g.buyer = _find_buyer(request.cookies.get(BUYER_COOKIE, ""))
    buyer: Buyer | None = g.buyer
    return buyer


def require_buyer() -> Buyer:
    """Return the guest buyer; raises ``SignInNeeded`` when this browser has not said its name and phone yet."""
    buyer = current_buyer()
    if buyer is None:
        raise SignInNeeded("Bác cho em biết tên và số điện thoại trước nhé.", needs="buyer")
    return buyer


def remember_buyer(response: Response, buyer: Buyer) -> None:
    """Hand the browser the signed cookie that makes it this buyer from now on."""
    response.set_cookie(
        BUYER_COOKIE,
        _serializer().dumps(buyer.token),
        max_age=BUYER_COOKIE_SECONDS,
        httponly=True,
        samesite="Lax",
        secure=current_app.config["SESSION_COOKIE_SECURE"],
    )
    g.buyer = buyer
    g.pop("actor", None)


def identify_caller(app: Flask, cookie_header: str, address: str) -> Caller:
    """Tell who opens a socket by the cookies of its handshake and the network address it came from.

    Sockets live outside Flask's requests, so a small one is made of what the handshake brought, in a context of its own:
    what one caller's look-up remembers must not answer for the next.
    """
    builder = EnvironBuilder(headers=Headers({"Cookie": cookie_header}), environ_base={"REMOTE_ADDR": address})
    with app.app_context(), app.request_context(builder.get_environ()):
        return Caller(actor=current_actor(), network_key=network_key())


def _find_actor() -> Actor:
    buyer = current_buyer()
    buyer_id = buyer.id if buyer else None
    if current_user and current_user.is_authenticated:
        return Actor(
            name=current_user.name,
            user_id=current_user.id,
            buyer_id=buyer_id,
            is_administrator=any(role.name == ADMINISTRATOR for role in current_user.roles),
        )
    return Actor(name=buyer.name, buyer_id=buyer.id) if buyer else ANONYMOUS


def _find_buyer(cookie: str) -> Buyer | None:
    try:
        token = _serializer().loads(cookie, max_age=BUYER_COOKIE_SECONDS)
    except BadSignature:
        return None
    return db.session.scalar(select(Buyer).where(Buyer.token == token)) if isinstance(token, str) else None


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="guest-buyer")
