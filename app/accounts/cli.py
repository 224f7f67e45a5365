"""Commands about people."""

import click
from flask import Flask
from flask.cli import with_appcontext

from app.accounts.actor import SYSTEM
from app.accounts.people import create_person, make_administrator
from app.clock import system_clock
from app.db import write_transaction
from app.errors import DomainError


@click.command("create-admin")
@click.option("--identity", prompt="Phone or e-mail to sign in with", help="Phone or e-mail to sign in with.")
@click.option("--name", prompt="Name", help="The person's name.")
@click.option("--password", prompt=True, hide_input=True, confirmation_prompt=True, help="Asked for when not given.")
@with_appcontext
def create_admin(identity: str, name: str, password: str) -> None:
    """Create a person who administers the installation; an easy password is refused."""
    reach = {"email": identity} if "@" in identity else {"phone": identity}
    try:
        with write_transaction() as session:
            user = create_person(session, name, **reach, password=password, actor=SYSTEM, clock=system_clock)
            make_administrator(session, user, actor=SYSTEM, clock=system_clock)
    except DomainError as refused:
        raise click.ClickException(refused.message) from refused
    click.echo(f"{name} can sign in at /dang-nhap with {identity}.")


def register(app: Flask) -> None:
    """Add the commands."""
    app.cli.add_command(create_admin)
