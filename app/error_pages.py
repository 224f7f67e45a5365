"""The one place that turns errors into what a person or a program gets: a page, JSON, or a socket acknowledgement."""

from typing import Any

import structlog
from flask import Flask, Response, current_app, jsonify, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from app.errors import DomainError, SignInNeeded

log = structlog.get_logger(__name__)


def error_to_dict(error: DomainError) -> dict[str, Any]:
    """Return the error as a program reads it: also the body of a refused socket acknowledgement."""
    return {"ok": False, "error": error.code, "message": error.message, "details": error.details}


def wants_json() -> bool:
    """Tell whether the client asked for JSON rather than a page."""
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" or request.is_json


def _render(code: str, status: int, message: str, details: dict[str, Any]) -> Response:
    if wants_json():
        response = jsonify({"ok": False, "error": code, "message": message, "details": details})
    else:
        response = make_response(render_template("error.html", code=code, status=status, message=message))
    response.status_code = status
    return response


def _domain_error(error: DomainError) -> Response:
    if isinstance(error, SignInNeeded) and not wants_json():
        target = request.full_path if request.method == "GET" else None
        return redirect(url_for("security.login", next=target))  # type: ignore[return-value]
    return _render(error.code, error.status, error.message, error.details)


def _http_error(error: HTTPException) -> Response | HTTPException:
    status = error.code or 500
    if status < 400:
        return error
    sentences = {
        400: _("Yêu cầu chưa đúng. Bác tải lại trang rồi thử lại nhé."),
        401: _("Bác cần đăng nhập để xem trang này."),
        403: _("Bác chưa được phép xem trang này."),
        404: _("Không tìm thấy trang này. Có thể đường dẫn đã cũ."),
        405: _("Trang này không nhận thao tác đó."),
        413: _("Tệp gửi lên quá lớn. Bác chọn ảnh nhỏ hơn 10 MB giúp em."),
        429: _("Bác thao tác hơi nhanh. Nghỉ một phút rồi thử lại nhé."),
        503: _("Hệ thống đang bận, bác thử lại sau giây lát nhé."),
    }
    return _render(f"http_{status}", status, sentences.get(status, error.description or ""), {})


def _csrf_error(error: CSRFError) -> Response:  # noqa: ARG001
    return _render("form_expired", 400, _("Trang đã mở quá lâu. Bác tải lại trang rồi gửi lại giúp em."), {})


def _unexpected(error: Exception) -> Response:
    if current_app.testing:
        raise error
    log.exception("unexpected_error", path=request.path)
    message = _("Có lỗi phía hệ thống, chưa có gì bị thay đổi. Bác thử lại sau ít phút nhé.")
    return _render("unexpected", 500, message, {})


def register(app: Flask) -> None:
    """Attach the handlers. In tests unexpected errors propagate."""
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CSRFError, _csrf_error)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)
