"""What every page gets: security headers with a fresh nonce, CSRF protection, request limits, navigation, kernel routes."""

import json
import re
import secrets
from typing import Any
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, g, make_response, redirect, request, session, url_for
from flask_babel import gettext as _
from flask_limiter import Limiter
from flask_login import current_user
from flask_wtf.csrf import CSRFProtect
from limits import parse

from app.accounts.models import User
from app.db import write_transaction
from app.errors import TooManyRequests
from app.i18n import LANGUAGES
from app.logs import begin_request
from app.network import client_address, network_key

log = structlog.get_logger(__name__)
csrf = CSRFProtect()
limiter = Limiter(client_address, default_limits=[], storage_uri="memory://", headers_enabled=False)
kernel = Blueprint("kernel", __name__)
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_OWN_PATH = re.compile(r"/(?![/\\])[^\\\x00-\x1f\x7f]*")
"""A path of this site. Browsers read a backslash as a slash and drop control characters, so neither may be there."""


def csp_nonce() -> str:
    """Return this response's nonce, the only licence for a script to run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def safe_next(target: str | None) -> str | None:
    """Return a path of this site to go back to, or None for anything that leads elsewhere."""
    if target and _OWN_PATH.fullmatch(target):
        return target
    return None


def public_url(path: str) -> str:
    """Return the address of a path as people type it, for letters and links that are sent on.

    It comes from the settings and never from the request: whoever asks for a letter must not decide where its link leads.
    """
    base: str = current_app.extensions["chophien"].base_url
    return f"{base}{path}"


def spend(rate: str, what: str, who: str | None = None) -> None:
    """Count one use of ``what`` by ``who`` (the visitor's network unless told) against a rate such as ``10/minute``.

    Raises ``TooManyRequests`` when the rate is used up. For what costs money or could be guessed: codes, passwords, names.
    """
    if not current_app.config.get("RATELIMIT_ENABLED", True):
        return
    try:
        within = limiter.limiter.hit(parse(rate), what, who or network_key())
    except limiter.storage.base_exceptions:
        # Without Redis nothing can be counted; people may still sign in and buy.
        log.exception("rate_not_counted", what=what)
        return
    if not within:
        raise TooManyRequests("Bác thử hơi nhiều lần rồi. Bác nghỉ ít phút rồi thử lại nhé.")


@kernel.post("/ngon-ngu")
def set_language() -> Response:
    """Remember the visitor's language and go back to the page they were on."""
    language = request.form.get("language", "vi")
    if language not in LANGUAGES:
        abort(404)
    session["language"] = language
    session.permanent = True
    if current_user.is_authenticated and current_user.locale != language:
        user_id = current_user.id
        with write_transaction() as writing:
            writing.get_one(User, user_id).locale = language
    return make_response(redirect(safe_next(request.form.get("next")) or "/"))


@kernel.get("/healthz")
def health() -> tuple[str, int]:
    """Answer that the process serves requests; nothing else."""
    return "ok", 200


def _number_request() -> None:
    g.request_number = begin_request(request.path)


def _refuse_unstorable() -> None:
    """Refuse text that no database column can hold, before any view looks for it or keeps it."""
    typed = [request.path, *request.args, *request.args.values(), *request.form, *request.form.values()]
    if request.is_json:
        typed.append(json.dumps(request.get_json(silent=True), ensure_ascii=False).replace("\\u0000", "\0"))
    if any("\0" in text or _LONE_SURROGATE.search(text) for text in typed):
        abort(400)


def _socket_origin() -> str:
    """Return the origin of our sockets; older browsers do not count it as 'self'."""
    return public_url("").replace("http", "ws", 1)


def _add_headers(response: Response) -> Response:
    frames = "https://www.youtube-nocookie.com https://www.facebook.com"
    policy = (
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
        f"script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        f"connect-src 'self' {_socket_origin()}; font-src 'self'; frame-src 'self' {frames}"
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
    if request.path.startswith("/static/dist/") and response.status_code == 200:
        # Their names change with their contents.
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def _navigation() -> dict[str, Any]:
    """Gather what each package offers this visitor: (label, address) or (label, address, icon) per place."""
    items = []
    for offer in current_app.extensions["chophien_navigation"]:
        for label, address, *icon in offer():
            here = request.path == address or (address != "/" and request.path.startswith(f"{address}/"))
            items.append((label, address, here, *icon))
    if current_user and current_user.is_authenticated:
        account = url_for("accounts.account")
        items.append((_("Tài khoản"), account, request.path.startswith(account), "person"))
    # Of two places that both hold this page, such as /htx and /htx/don, only the nearer one is "here".
    nearest = max((len(address) for _label, address, here, *_icon in items if here), default=0)
    return {"nav_items": [(label, url, here and len(url) == nearest, *icon) for label, url, here, *icon in items]}


def register(app: Flask) -> None:
    """Attach the headers, CSRF protection, the limiter, the navigation and the kernel's routes."""
    app.extensions.setdefault("chophien_navigation", [])
    app.context_processor(_navigation)
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", 12 * 3600)
    config = app.extensions["chophien"]
    if config.redis_url:
        app.config["RATELIMIT_STORAGE_URI"] = config.redis_url
    if config.environment == "production":
        app.config["TRUSTED_HOSTS"] = [urlsplit(config.base_url).netloc, "127.0.0.1", "localhost"]
    csrf.init_app(app)
    limiter.init_app(app)
    app.register_blueprint(kernel)
    app.before_request(_number_request)
    app.before_request(_refuse_unstorable)
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.jinja_env.globals |= {"url_for": url_for, "public_url": public_url}
