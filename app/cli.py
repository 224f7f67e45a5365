"""Commands of the kernel. Each package adds its own in its wiring."""

import click
from cryptography.fernet import Fernet
from flask import Flask


@click.command("new-data-key")
def new_data_key() -> None:
    """Print a new key for CHOPHIEN_DATA_KEYS."""
    click.echo(Fernet.generate_key().decode())


def register(app: Flask) -> None:
    """Add the kernel's commands."""
    app.cli.add_command(new_data_key)
