"""Chores that must happen on time: a sweeper thread that asks the database what is due, never a timer in memory.

A crash loses nothing, because what is due is a column; the sweeper of the next process finds it.
"""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog
from flask import Flask

from app.db import database_scope

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do every so many seconds. ``run`` is called inside an application context and opens its own writes."""

    name: str
    every_seconds: float
    run: Callable[[], object]


class Sweeper:
    """One daemon thread that runs each chore when its turn comes; a failing chore is logged and tried at its next turn."""

    def __init__(self, app: Flask, chores: Sequence[Chore]) -> None:
        self._app = app
        self._chores = chores
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="sweeper", daemon=True)

    def start(self) -> None:
        """Start sweeping."""
        self._thread.start()

    def stop(self) -> None:
        """Stop after the chore that is running."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(10)

    def _loop(self) -> None:
        due = {chore.name: 0.0 for chore in self._chores}
        while not self._stop.is_set():
            for chore in self._chores:
                if time.monotonic() >= due[chore.name]:
                    due[chore.name] = time.monotonic() + chore.every_seconds
                    self._run(chore)
            self._stop.wait(0.25)

    def _run(self, chore: Chore) -> None:
        try:
            with database_scope(self._app):
                chore.run()
        except Exception:
            log.exception("chore_failed", chore=chore.name)


def build_sweeper(app: Flask, chores: Sequence[Chore]) -> Sweeper:
    """Return a sweeper for the chores of every package."""
    return Sweeper(app, chores)
