"""What web tests share: the small cooperative, browsers that are somebody, and a counter of queries."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa
from flask import Flask

from app.accounts.models import User
from app.clock import system_clock
from app.db import db, write_transaction
from tests.clients import Browser, browser
from tests.world import World, make_world

MAX_QUERIES = 15
"""No page asks the database more often than this."""


@dataclass
class QueryCount:
    """The statements of a block, so that a failing test shows which they were."""

    statements: list[str] = field(default_factory=list)

    def __int__(self) -> int:
        return len(self.statements)


@pytest.fixture
def count_queries(app: Flask) -> Callable[[], Iterator[QueryCount]]:
    """Count the statements of a block: ``with count_queries() as count: …; assert int(count) <= MAX_QUERIES``."""

    @contextmanager
    def counting() -> Iterator[QueryCount]:
        count = QueryCount()

        def note(_connection, _cursor, statement, *_rest):
            if not statement.startswith(("PRAGMA", "BEGIN", "SET LOCAL")):
                count.statements.append(statement)

        sa.event.listen(db.engine, "before_cursor_execute", note)
        try:
            yield count
        finally:
            sa.event.remove(db.engine, "before_cursor_execute", note)

    return counting


@pytest.fixture
def world(app: Flask) -> World:
    """The small cooperative of ``tests.world``, made at the machine's own time because pages live in it."""
    with write_transaction() as session:
        return make_world(session, clock=system_clock)


@pytest.fixture
def client(app: Flask) -> Browser:
    """A browser that nobody knows yet."""
    return browser(app)


@pytest.fixture
def signed_in(app: Flask) -> Callable[[User], Browser]:
    """Return a browser in which this person is signed in."""
    return lambda user: browser(app).sign_in(user)
