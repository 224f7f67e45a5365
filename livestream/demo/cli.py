"""Commands of the start and of the demo."""

import sys

import click
from flask import Flask, current_app
from flask.cli import ScriptInfo, with_appcontext
from flask_migrate import upgrade
from gunicorn.app.wsgiapp import WSGIApplication
from sqlalchemy import exists, select

from app.accounts.models import User
from app.config import Config
from app.db import db
from app.demo import DEMO_SIGN_INS
from livestream.demo.loading import load_demo


@click.command("load-demo")
@with_appcontext
def load_demo_command() -> None:
    """Load the demo cooperative, or bring it up to today. Development only; loading twice changes nothing."""
    _load()


@click.command("prepare")
@with_appcontext
def prepare_command() -> None:
    """Bring the database up to date before a start: migrate it, and load the demo where the settings ask for it."""
    _prepare()


@click.command("start")
@click.pass_obj
def start(script: ScriptInfo) -> None:
    """Prepare, then serve in this same process: what was imported once is not imported again by the server."""
    app = script.load_app()
    with app.app_context():
        _prepare()
        # The server's worker is a child of this process, and a child must not share its parent's connections.
        db.session.remove()
        db.engine.dispose()
    sys.argv = ["gunicorn", "-c", "gunicorn.conf.py", "wsgi:server"]
    WSGIApplication("%(prog)s").run()


def _prepare() -> None:
    config: Config = current_app.extensions["chophien"]
    upgrade()
    if config.environment == "production" and db.session.scalar(select(exists().where(User.is_demo, User.active))):
        raise click.ClickException(
            "This database holds the demo's accounts, whose password is public; production needs a database of its own."
        )
    if config.demo:
        _load()
        _say_who_to_sign_in_as(config)


def _load() -> None:
    config: Config = current_app.extensions["chophien"]
    if not config.demo or config.environment == "production":
        raise click.ClickException("The demo is switched off here (CHOPHIEN_DEMO=0, or production).")
    for line in load_demo():
        click.echo(f"demo: {line}")


def _say_who_to_sign_in_as(config: Config) -> None:
    click.echo(f"\n  Chợ Phiên: {config.base_url}\n")
    width = max(len(person.role) for person in DEMO_SIGN_INS)
    for person in DEMO_SIGN_INS:
        click.echo(f"  {person.role:<{width}}  {person.identity}  {person.name}  ->  {person.start}")
    click.echo(f"  Mật khẩu của mọi người: {DEMO_SIGN_INS[0].password}\n")


def register(app: Flask) -> None:
    """Add the commands; the demo itself refuses to load where it must not."""
    app.cli.add_command(load_demo_command)
    app.cli.add_command(prepare_command)
    app.cli.add_command(start)
