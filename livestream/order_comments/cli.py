"""``flask read-comments``: the contract's JSON lines in and out."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from livestream.order_comments.reader import read_comment
from livestream.order_comments.shelf import Shelf, reading_to_dict, shelf_from_dict

_NOTHING: dict[str, Any] = {"kind": "other", "ops": [], "phone": None}


@click.command("read-comments")
@click.option("--shelves", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def read_comments_command(shelves: Path) -> None:
    """Read comments from standard input, one JSON object a line, and print how each is read, in the same order."""
    named = {name: shelf_from_dict(row) for name, row in json.loads(shelves.read_text("utf-8")).items()}
    for line in sys.stdin:
        if line.strip():
            click.echo(json.dumps(_answer(line, named), ensure_ascii=False))


def _answer(line: str, shelves: Mapping[str, Shelf]) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except ValueError:
        return {"id": None, **_NOTHING}
    if not isinstance(row, dict):
        return {"id": None, **_NOTHING}
    shelf = shelves.get(str(row.get("shelf")), Shelf(()))
    text = row.get("text")
    if not isinstance(text, str):
        return {"id": row.get("id"), **_NOTHING}
    return {"id": row.get("id"), **reading_to_dict(read_comment(text, shelf))}
