"""Entry points for servers and tools: ``app`` is the Flask application, ``server`` the ASGI one with sockets.

Both are built when first asked for, so that importing this module starts nothing.
"""

from functools import cache
from typing import Any


@cache
def _app() -> Any:
    from app.factory import create_app

    return create_app()


@cache
def _server() -> Any:
    from app.factory import create_server

    return create_server()


def __getattr__(name: str) -> Any:
    if name == "app":
        return _app()
    if name == "server":
        return _server()
    raise AttributeError(name)
