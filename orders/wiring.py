"""Attaches the orders package to the application."""

from flask import Flask

from app.jobs import Chore


def register(app: Flask) -> None:
    """Register this package's routes, commands and subscriptions."""


def chores(app: Flask) -> list[Chore]:
    """Return what this package must do on time."""
    return []
