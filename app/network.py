"""The visitor's network address, and the keyed hash of it that is kept instead."""

import hmac
from hashlib import sha256

from flask import current_app, request


def client_address() -> str:
    """Return the address the request came from (behind proxies: as the configured number of them vouch for)."""
    return request.remote_addr or "unknown"


def network_key(address: str | None = None) -> str:
    """Return a keyed hash of an address: enough to cap what one network holds, useless to find out who it was."""
    secret = str(current_app.config["SECRET_KEY"]).encode()
    return hmac.new(secret, (address or client_address()).encode(), sha256).hexdigest()[:32]
