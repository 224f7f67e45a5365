"""Attaches the livestream package to the application and its sockets."""

from collections.abc import Sequence
from typing import Any

from flask import Flask, current_app

from app.clock import system_clock
from app.db import current_policy, db
from app.events import bus
from app.jobs import Chore
from app.realtime import Server
from app.rooms import NoRooms, RemoteRooms, channel_of
from livestream import host_views, intake, room_views, staff_views
from livestream.broadcast import Broadcaster
from livestream.demo import wiring as demo_wiring
from livestream.order_comments.cli import read_comments_command
from livestream.queries import session_titles
from livestream.snapshots import shared_snapshot
from livestream.sockets import LiveNamespace
from livestream.tail import Tail

INTAKE_HANDLERS = "chophien_intake_handlers"
"""``app.extensions`` key: {command type: handler}. Packages below add the commands they put into the intake."""


def register(app: Flask) -> None:
    """Register this package's routes and commands; without a socket server, news goes over Redis or nowhere."""
    app.extensions.setdefault(INTAKE_HANDLERS, {})
    for views in (room_views, host_views, staff_views):
        app.register_blueprint(views.blueprint)
        app.extensions.setdefault("chophien_navigation", []).append(views.navigation)
    app.extensions.setdefault("chophien_landing", []).append(host_views.landing)
    app.extensions.setdefault("chophien_home_sections", []).append(room_views.home_section)
    app.extensions["chophien_session_titles"] = lambda ids: session_titles(db.session(), ids)
    app.cli.add_command(read_comments_command)
    demo_wiring.register(app)
    config = app.extensions["chophien"]
    elsewhere = RemoteRooms(config.redis_url, channel_of(config.database_url)) if config.redis_url else NoRooms()
    tail = Tail(lambda session_id: shared_snapshot(db.session(), session_id, clock=system_clock))
    broadcaster = Broadcaster(elsewhere, tail)
    broadcaster.subscribe(bus)
    app.extensions["chophien_broadcaster"] = broadcaster


def chores(app: Flask) -> list[Chore]:  # noqa: ARG001 -- Every package is asked the same way.
    """Return what this package must do on time: nothing, its rooms are told as things happen."""
    return []


def attach_sockets(app: Flask, sio: Any) -> None:
    """Attach the live room's namespace to this process's socket server and send its news there."""
    server: Server = app.extensions["chophien_server"]
    broadcaster: Broadcaster = app.extensions["chophien_broadcaster"]
    broadcaster.speak_through(server)
    namespace = LiveNamespace(app, server, app.extensions["chophien_writer"], broadcaster)
    sio.register_namespace(namespace)
    server.on_startup(namespace.start)
    demo_wiring.attach(app, server)


def process_intake(session: Any, commands: Sequence[Any]) -> Sequence[Any]:
    """Carry out one batch of intake commands in one transaction; one outcome a command, in order."""
    return intake.process_intake(
        session,
        commands,
        handlers=current_app.extensions[INTAKE_HANDLERS],
        policy=current_policy(),
        clock=system_clock,
    )
