"""Attaches the livestream package to the application and its sockets."""

from collections.abc import Sequence
from typing import Any

from flask import Flask

from app.jobs import Chore


def register(app: Flask) -> None:
    """Register this package's routes, commands and subscriptions."""


def chores(app: Flask) -> list[Chore]:
    """Return what this package must do on time."""
    return []


def attach_sockets(app: Flask, sio: Any) -> None:
    """Attach the live room's namespace to the socket server."""


def process_intake(session: Any, commands: Sequence[Any]) -> Sequence[Any]:
    """Carry out one batch of intake commands in one transaction; one outcome a command, in order."""
    return [command(session) for command in commands]
