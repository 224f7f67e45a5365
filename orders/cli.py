"""Commands of the orders package."""

import sys

import click
from flask import Flask
from flask.cli import with_appcontext

from app.db import db
from orders.invariants import check_all
from orders.payments.cli import vietqr_command


@click.command("check-invariants")
@with_appcontext
def check_invariants() -> None:
    """Check every promise about stock, orders and money; one line each, and the rows that break it.

    Ends with exit code 1 when any promise is broken, so that it can guard a backup or a deployment.
    """
    results = check_all(db.session())
    for result in results:
        click.echo(f"{'ok' if result.holds else 'BROKEN'}  {result.name}")
        for row in result.offending:
            click.echo(f"    {row}")
    if not all(result.holds for result in results):
        sys.exit(1)


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(check_invariants)
    app.cli.add_command(vietqr_command)
