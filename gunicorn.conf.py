"""How gunicorn runs ``wsgi:server``; every choice a cooperative may make is a ``CHOPHIEN_*`` setting."""

from typing import Any

from app.config import Config
from app.realtime import MAX_MESSAGE_BYTES

_config = Config.from_environment()

bind = f"{_config.host}:{_config.port}"
worker_class = "asgi"
workers = _config.workers
asgi_loop = "uvloop"
asgi_lifespan = "on"
backlog = 4096
timeout = 60
graceful_timeout = 5
keepalive = 15
websocket_max_message_size = MAX_MESSAGE_BYTES
control_socket_disable = True
loglevel = _config.log_level.lower()
accesslog = None


def post_worker_init(worker: Any) -> None:
    """Widen the listen queue: the ASGI worker leaves it at 100, and a crowd that comes at once would be turned away."""
    worker.loop.call_soon(_widen_backlog, worker)


def _widen_backlog(worker: Any) -> None:
    if not worker.servers:
        worker.loop.call_later(0.05, _widen_backlog, worker)
        return
    for listener in worker.sockets:
        listener.sock.listen(backlog)
