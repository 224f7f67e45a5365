"""Commands of the kernel. Each package adds its own in its wiring."""

from pathlib import Path

import click
from cryptography.fernet import Fernet
from flask import Flask, current_app
from flask.cli import with_appcontext

from app import catalogue
from app.backup import BackupError, back_up, restore
from app.clock import system_clock
from app.config import PROJECT_ROOT


@click.command("new-data-key")
def new_data_key() -> None:
    """Print a new key for CHOPHIEN_DATA_KEYS."""
    click.echo(Fernet.generate_key().decode())


@click.command("translations")
def translations_command() -> None:
    """Bring the English catalogue in step with the sources and list what waits for a translation."""
    waiting = catalogue.update()
    for message in waiting:
        click.echo(message)
    click.echo(f"{len(waiting)} messages wait for a translation in {catalogue.ENGLISH.relative_to(PROJECT_ROOT)}.")
    catalogue.compile_catalogues()


@click.command("backup")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup_command(file: Path) -> None:
    """Write the database, photos and recordings to FILE (a .tar.gz); selling goes on meanwhile."""
    try:
        size = back_up(current_app.extensions["chophien"], file, clock=system_clock)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(
        f"{file}: {size / 1_000_000:.1f} MB. Keep CHOPHIEN_DATA_KEYS apart: without it bank accounts stay locked."
    )


@click.command("restore")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Overwrite a database that already holds orders.")
@with_appcontext
def restore_command(file: Path, *, force: bool) -> None:
    """Put the database, photos and recordings of FILE in place. Stop the server first."""
    try:
        made_at = restore(current_app.extensions["chophien"], file, force=force)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Restored the backup made at {made_at}. Run: flask --app wsgi db upgrade, then start the server.")


def register(app: Flask) -> None:
    """Add the kernel's commands."""
    for command in (new_data_key, translations_command, backup_command, restore_command):
        app.cli.add_command(command)
