"""The composition root: the only module that knows every room and puts them together."""

from pathlib import Path
from typing import Any

import structlog
from flask import Flask
from flask_migrate import Migrate
from werkzeug.middleware.proxy_fix import ProxyFix

import livestream.models
import livestream.wiring
import orders.ledger.models
import orders.models
import orders.wiring
import shop.models
import shop.wiring
from app import audit, cli, error_pages, events, frontend, i18n, idempotency, jobs, logs, metrics, outbox, realtime, web
from app.accounts import wiring as accounts_wiring
from app.config import PROJECT_ROOT, Config
from app.db import db, engine_options
from app.writer import BatchWriter

log = structlog.get_logger(__name__)

TABLES = (audit, idempotency, outbox, shop.models, orders.models, orders.ledger.models, livestream.models)
"""Every module with tables, so that migrations and tests see the whole schema."""


def create_app(config: Config | None = None) -> Flask:
    """Build the Flask application: plain WSGI, no threads, nothing connected until first used."""
    config = (config or Config.from_environment()).validate()
    app = Flask("chophien", root_path=str(PROJECT_ROOT), template_folder="templates", static_folder="static")
    app.extensions["chophien"] = config
    app.config.update(
        SECRET_KEY=config.secret_key,
        DEBUG=config.debug,
        TESTING=config.environment == "test",
        SQLALCHEMY_DATABASE_URI=config.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=engine_options(config),
        MAX_CONTENT_LENGTH=12 * 1024 * 1024,
        SESSION_COOKIE_NAME="chophien",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure_cookies,
        PREFERRED_URL_SCHEME="https" if config.secure_cookies else "http",
    )
    if config.trusted_proxies:
        count = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    _make_room(config)
    logs.configure(config)
    db.init_app(app)
    Migrate(app, db, directory=str(PROJECT_ROOT / "migrations"), render_as_batch=True, compare_type=True)
    events.bus.clear()
    for room in (i18n, web, frontend, error_pages, metrics, accounts_wiring, cli):
        room.register(app)
    for package in (shop.wiring, orders.wiring, livestream.wiring):
        package.register(app)
    app.extensions["chophien_writer"] = BatchWriter(app, livestream.wiring.process_intake, capacity=config.intake_queue)
    return app


def create_server(config: Config | None = None) -> Any:
    """Build the ASGI application: sockets and Flask in one process; its threads start in the ASGI lifespan."""
    app = create_app(config)
    server = realtime.build_server(app)
    livestream.wiring.attach_sockets(app, server.sio)
    writer = app.extensions["chophien_writer"]
    chores = [*outbox.chores(app), *orders.wiring.chores(app), *livestream.wiring.chores(app)]
    sweeper = jobs.build_sweeper(app, chores)
    for worker in (writer, sweeper):
        server.on_startup(worker.start)
        server.on_shutdown(worker.stop)
    return server


def _make_room(config: Config) -> None:
    config.media_root.mkdir(parents=True, exist_ok=True)
    if config.is_sqlite and (path := config.database_url.removeprefix("sqlite:///")):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
