"""The one place that turns errors into what a person or a program gets: a page, JSON, or a socket acknowledgement."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, g, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError
from werkzeug.exceptions import HTTPException

from app.db import db, is_retryable
from app.errors import BusyTryAgain, DomainError, SignInNeeded
from app.metrics import refusals

log = structlog.get_logger(__name__)

# Shown when even the page about the error cannot be drawn, for example because the database is gone.
_LAST_RESORT = (
    '<!doctype html><html lang="vi"><meta charset="utf-8"><title>Chợ Phiên</title><h1>Chợ Phiên</h1>'
    "<p data-error-sentence>Hệ thống đang trục trặc, chưa có gì bị thay đổi. Bác thử lại sau ít phút nhé.</p></html>"
)


def error_to_dict(error: DomainError) -> dict[str, Any]:
    """Return the error as a program reads it: also the body of a refused socket acknowledgement."""
    refusals.labels(error.code).inc()
    return {"ok": False, "error": error.code, "message": _(error.message), "details": error.details}


def wants_json() -> bool:
    """Tell whether the client asked for JSON rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.is_json


def _render(body: dict[str, Any], status: int) -> Response:
    response = jsonify(body) if wants_json() else make_response(_page(body, status))
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "2"
    return response


def _page(body: dict[str, Any], status: int) -> str:
    try:
        code = " · ".join(filter(None, (body["error"], body["details"].get("request"))))
        return render_template("error.html", code=code, status=status, message=body["message"])
    except Exception:
        log.exception("error_page_failed", path=request.path)
        return _LAST_RESORT


def _body(code: str, message: str) -> dict[str, Any]:
    return {"ok": False, "error": code, "message": message, "details": {}}


def _domain_error(error: DomainError) -> Response:
    if isinstance(error, SignInNeeded) and not wants_json():
        back = request.full_path.removesuffix("?") if request.method == "GET" else None
        door = "accounts.who_are_you" if error.details.get("needs") == "buyer" else "security.login"
        return make_response(redirect(url_for(door, next=back)))
    return _render(error_to_dict(error), error.status)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400 or error.response is not None:
        return error
    sentences = {
        400: _("Yêu cầu chưa đúng. Bác tải lại trang rồi thử lại nhé."),
        401: _("Bác cần đăng nhập để xem trang này."),
        403: _("Bác chưa được phép xem trang này."),
        404: _("Không tìm thấy trang này. Có thể đường dẫn đã cũ."),
        405: _("Trang này không nhận thao tác đó."),
        413: _("Tệp gửi lên quá lớn. Bác chọn ảnh nhỏ hơn 10 MB giúp em."),
        415: _("Dữ liệu gửi lên không đúng dạng trang này đọc được."),
        429: _("Bác thao tác hơi nhanh. Nghỉ một phút rồi thử lại nhé."),
        503: _("Hệ thống đang bận, bác thử lại sau giây lát nhé."),
    }
    message = sentences.get(status, sentences[400] if status < 500 else _unexpected_sentence())
    response = _render(_body(f"http_{status}", message), status)
    for name, value in error.get_headers():
        if name in ("Allow", "Retry-After"):
            response.headers[name] = value
    return response


def _csrf_error(_error: CSRFError) -> Response:
    return _render(_body("form_expired", _("Trang đã mở quá lâu. Bác tải lại trang rồi gửi lại giúp em.")), 400)


def _database_error(error: DBAPIError) -> Response:
    """Ask to try again where others were only writing at the same time; anything else of the database is a bug."""
    if not is_retryable(error):
        return _unexpected(error)
    log.warning("database_busy", path=request.path, error=str(error.orig))
    db.session.rollback()
    return _domain_error(BusyTryAgain("Hệ thống đang bận, bác thử lại sau giây lát nhé."))


def _unexpected(error: Exception) -> Response:
    if current_app.testing and current_app.config["PROPAGATE_EXCEPTIONS"] is not False:
        raise error
    log.error("unexpected_error", path=request.path, exc_info=error)
    db.session.rollback()
    body = _body("unexpected", _unexpected_sentence())
    return _render(body | {"details": {"request": g.get("request_number")}}, 500)


def _unexpected_sentence() -> str:
    return _("Có lỗi phía hệ thống, chưa có gì bị thay đổi. Bác thử lại sau ít phút nhé.")


def register(app: Flask) -> None:
    """Attach the handlers. In tests unexpected errors propagate unless ``PROPAGATE_EXCEPTIONS`` is off."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DBAPIError, _database_error)
    app.register_error_handler(Exception, _unexpected)
