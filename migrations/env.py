"""Alembic's environment: runs migrations on the application's own engine, foreign keys off on SQLite and checked at the end."""

from alembic import context
from flask import current_app
from sqlalchemy import text
from sqlalchemy.types import TypeDecorator

from app.db import WRITE_OPTION, UtcDateTime

database = current_app.extensions["migrate"].db
config = context.config


def include_object(obj: object, name: str | None, type_: str, reflected: bool, compare_to: object) -> bool:  # noqa: ARG001
    return not (type_ == "table" and name == "alembic_version")


def render_item(type_: str, obj: object, autogen_context: object) -> str | bool:  # noqa: ARG001
    """Write our own types into revisions as the plain types they are, so that old revisions outlive our modules."""
    if type_ != "type" or not isinstance(obj, TypeDecorator):
        return False
    return "sa.DateTime(timezone=True)" if isinstance(obj, UtcDateTime) else "sa.UnicodeText()"


def run_migrations() -> None:
    engine = database.engine
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as plain:
        if sqlite:
            # The pragma is a no-op inside a transaction, so it goes straight to the driver first.
            plain.connection.driver_connection.execute("PRAGMA foreign_keys=OFF")
        connection = plain.execution_options(**{WRITE_OPTION: True})
        context.configure(
            connection=connection,
            target_metadata=database.metadata,
            render_as_batch=True,
            compare_type=True,
            include_object=include_object,
            render_item=render_item,
        )
        with context.begin_transaction():
            context.run_migrations()
            if sqlite:
                broken = connection.execute(text("PRAGMA foreign_key_check")).fetchall()
                if broken:
                    raise RuntimeError(f"the migration leaves broken foreign keys: {broken[:5]}")
        if sqlite:
            connection.commit()
            plain.connection.driver_connection.execute("PRAGMA foreign_keys=ON")


run_migrations()
