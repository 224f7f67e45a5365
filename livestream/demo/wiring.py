"""Attaches the demo, where the settings ask for it and never in production."""

from flask import Flask

from app.config import Config
from app.realtime import Server
from livestream.demo import cli, views
from livestream.demo.crowd import Crowd


def register(app: Flask) -> None:
    """Add the commands of the start, and where there is a demo its switch (``demo_crowd_switch()`` in templates)."""
    config: Config = app.extensions["chophien"]
    cli.register(app)
    app.jinja_env.globals["demo_crowd_switch"] = views.crowd_switch
    if config.demo and config.environment != "production":
        app.register_blueprint(views.blueprint)


def attach(app: Flask, server: Server) -> None:
    """Let the crowd in once the server runs, where it is wanted and this process is the only one."""
    config: Config = app.extensions["chophien"]
    if not (config.demo and config.demo_crowd and config.environment == "development"):
        return
    if config.workers > 1 or config.role != "all":
        return
    host = "127.0.0.1" if config.host in ("0.0.0.0", "::") else config.host  # noqa: S104 -- Compared, not bound.
    crowd = Crowd(server, f"http://{host}:{config.port}")
    app.extensions[views.CROWD] = crowd
    server.on_startup(crowd.start)
