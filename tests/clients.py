"""Browsers for tests: each request gets a context of its own, as on a real server, though the test holds one open."""

import re
import time
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.accounts.models import User


class Browser(FlaskClient):
    """A test client whose requests share nothing but cookies.

    A test that holds an application context open would lend it to every request, and what one request remembers in ``g``
    (who is signed in, the nonce) would leak into the next, even of another client.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        with self.application.app_context():
            return super().open(*args, **kwargs)

    def sign_in(self, user: User) -> "Browser":
        """Be this person from now on, freshly authenticated, without walking through the sign-in page."""
        uniquifier = user.fs_uniquifier
        with self.application.app_context(), self.session_transaction() as cookie:
            cookie.update(_user_id=uniquifier, _fresh=True, fs_paa=time.time(), fs_cc="set", identity_id=uniquifier)
        return self


def browser(app: Flask) -> Browser:
    """Return a browser with no cookies yet."""
    return Browser(app, app.response_class, use_cookies=True)


def form_token(page: TestResponse) -> str:
    """Return the form token that a page carries."""
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
    assert found, "the page has no form token"
    return found[1]
