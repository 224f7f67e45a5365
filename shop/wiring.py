"""Attaches the shop package to the application."""

from flask import Flask


def register(app: Flask) -> None:
    """Register this package's routes, commands and subscriptions."""
