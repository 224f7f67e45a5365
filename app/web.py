"""What every page gets: security headers with a fresh nonce, CSRF protection, request limits, and the small kernel routes."""

import secrets

from flask import Blueprint, Flask, Response, abort, g, redirect, request, session, url_for
from flask_limiter import Limiter
from flask_wtf.csrf import CSRFProtect

from app.i18n import LANGUAGES
from app.network import client_address

csrf = CSRFProtect()
limiter = Limiter(client_address, default_limits=[], storage_uri="memory://", headers_enabled=False)
kernel = Blueprint("kernel", __name__)


def csp_nonce() -> str:
    """Return this response's nonce, the only licence for a script to run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def safe_next(target: str | None) -> str | None:
    """Return a path of this site to go back to, or None for anything that leads elsewhere."""
    if target and target.startswith("/") and not target.startswith(("//", "/\\")) and "\n" not in target:
        return target
    return None


@kernel.post("/ngon-ngu")
def set_language() -> Response:
    """Remember the visitor's language and go back to the page they were on."""
    language = request.form.get("language", "vi")
    if language not in LANGUAGES:
        abort(404)
    session["language"] = language
    session.permanent = True
    return redirect(safe_next(request.form.get("next")) or "/")  # type: ignore[return-value]


@kernel.get("/healthz")
def health() -> tuple[str, int]:
    """Answer that the process serves requests; nothing else."""
    return "ok", 200


def _add_headers(response: Response) -> Response:
    frames = " ".join(("https://www.youtube-nocookie.com", "https://www.facebook.com"))
    policy = (
        "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
        f"script-src 'self' 'nonce-{csp_nonce()}'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        f"connect-src 'self' ws: wss:; font-src 'self'; frame-src 'self' {frames}"
    )
    response.headers.setdefault("Content-Security-Policy", policy)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(self), microphone=(self), geolocation=()")
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "private, no-store"
    return response


def register(app: Flask) -> None:
    """Attach the headers, CSRF protection, the limiter and the kernel's routes."""
    app.config.setdefault("WTF_CSRF_TIME_LIMIT", 12 * 3600)
    config = app.extensions["chophien"]
    if config.redis_url:
        app.config["RATELIMIT_STORAGE_URI"] = config.redis_url
    csrf.init_app(app)
    limiter.init_app(app)
    app.register_blueprint(kernel)
    app.after_request(_add_headers)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    app.jinja_env.globals["url_for"] = url_for
