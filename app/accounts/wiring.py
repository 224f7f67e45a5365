"""Sign-in: Flask-Security set up for phones and e-mail, committing through our own write transactions."""

from collections.abc import Callable
from typing import Any

from flask import Flask, request
from flask_security import Security, SQLAlchemyUserDatastore

from app.accounts.models import Role, User
from app.db import db, write_transaction


class FlushingDatastore(SQLAlchemyUserDatastore):
    """Flask-Security's datastore, except that ``commit`` flushes: the entry point that called it commits."""

    def commit(self) -> None:
        db.session.flush()


datastore = FlushingDatastore(db, User, Role)


def register(app: Flask) -> None:
    """Attach Flask-Security and run its state-changing requests inside a write transaction."""
    app.config.setdefault("SECURITY_PASSWORD_SALT", app.config["SECRET_KEY"])
    app.config.setdefault("SECURITY_PASSWORD_HASH", "argon2")
    Security(app, datastore)
    for endpoint, view in list(app.view_functions.items()):
        if endpoint.startswith("security."):
            app.view_functions[endpoint] = _in_write_transaction(view)


def _in_write_transaction(view: Callable[..., Any]) -> Callable[..., Any]:
    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if request.method in ("GET", "HEAD", "OPTIONS"):
            return view(*args, **kwargs)
        with write_transaction():
            return view(*args, **kwargs)

    wrapped.__name__ = view.__name__
    return wrapped
