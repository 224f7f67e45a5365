"""The intake: one writer thread per process that commits everything waiting as one batch.

Comments, order buttons and checkout forms all put a command here and are answered after the commit. Under load a commit
carries many commands, which is what makes a durable order cheap; when quiet a command goes alone and at once. Correctness
never rests on there being one writer: row locks and constraints do that.
"""

import queue
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

import structlog
from flask import Flask

from app.db import database_scope, run_in_write_transaction
from app.errors import BusyTryAgain, DomainError

log = structlog.get_logger(__name__)

MAX_BATCH = 64

Process = Callable[[Any, Sequence[Any]], Sequence[Any]]
"""``process(session, commands)`` returns one outcome a command, in order: a result, or a ``DomainError`` to raise."""


@dataclass(slots=True)
class _Waiting:
    command: Any
    future: "Future[Any]"


class BatchWriter:
    """A bounded queue and the thread that empties it. A full queue refuses at once with ``BusyTryAgain``."""

    def __init__(self, app: Flask, process: Process, *, capacity: int) -> None:
        self._app = app
        self._process = process
        self._queue: queue.Queue[_Waiting | None] = queue.Queue(maxsize=capacity)
        self._thread: threading.Thread | None = None
        self._stopping = False

    def start(self) -> None:
        """Start the writer thread, also again after a stop; called once the server is up, never at import."""
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 10.0) -> None:
        """Finish what is queued, then end the thread."""
        if self._thread is None:
            return
        self._stopping = True
        self._queue.put(None)
        self._thread.join(timeout)
        self._thread = None

    @property
    def running(self) -> bool:
        """True between start and stop; a plain WSGI process has no writer thread."""
        return self._thread is not None and not self._stopping

    @property
    def depth(self) -> int:
        """How many commands are waiting; a metric."""
        return self._queue.qsize()

    def submit(self, command: Any) -> "Future[Any]":
        """Queue a command; the future resolves after its commit, or raises the ``DomainError`` that refused it."""
        if self._stopping or self._thread is None:
            raise BusyTryAgain("Hệ thống đang khởi động lại, bác thử lại sau giây lát nhé.")
        waiting = _Waiting(command, Future())
        try:
            self._queue.put_nowait(waiting)
        except queue.Full:
            raise BusyTryAgain("Hệ thống đang bận, bác thử lại sau giây lát nhé.") from None
        return waiting.future

    def call(self, command: Any, timeout: float = 15.0) -> Any:
        """Queue a command and wait up to ``timeout`` seconds for its answer; for entry points in a thread of their own.

        Raises ``BusyTryAgain`` when the wait was too long: a command that had not begun is dropped, one that had may yet
        be carried out, and so its sender is asked to look before sending it again.
        """
        future = self.submit(command)
        try:
            return future.result(timeout)
        except TimeoutError:
            if future.cancel() or not future.done():
                raise BusyTryAgain("Hệ thống đang bận, bác xem lại đơn của mình trước khi đặt lại nhé.") from None
            return future.result()

    def _run(self) -> None:
        ending = False
        while not ending:
            taken, ending = self._take()
            # Whoever stopped waiting before the work began is not worked for; from here on nobody can cancel.
            batch = [waiting for waiting in taken if waiting.future.set_running_or_notify_cancel()]
            if batch:
                started = time.perf_counter()
                self._commit(batch)
                log.debug("batch", size=len(batch), ms=round((time.perf_counter() - started) * 1000, 1))

    def _take(self) -> tuple[list[_Waiting], bool]:
        first = self._queue.get()
        if first is None:
            return [], True
        batch = [first]
        while len(batch) < MAX_BATCH:
            try:
                waiting = self._queue.get_nowait()
            except queue.Empty:
                break
            if waiting is None:
                return batch, True
            batch.append(waiting)
        return batch, False

    def _commit(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = self._attempt([waiting.command for waiting in batch])
        except Exception as error:
            if len(batch) > 1:
                # One bad command must not take its neighbours down: run each alone.
                log.warning("batch_failed_running_singly", size=len(batch), error=repr(error))
                for waiting in batch:
                    self._commit([waiting])
                return
            if not isinstance(error, DomainError):
                log.exception("command_failed", command=type(batch[0].command).__name__)
            batch[0].future.set_exception(error)
            return
        for waiting, outcome in zip(batch, outcomes, strict=True):
            if isinstance(outcome, Exception):
                waiting.future.set_exception(outcome)
            else:
                waiting.future.set_result(outcome)

    def _attempt(self, commands: list[Any]) -> Sequence[Any]:
        with database_scope(self._app):
            return run_in_write_transaction(lambda session: self._process(session, commands))
