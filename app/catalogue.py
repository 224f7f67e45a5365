"""The catalogue of translations: finds every Vietnamese sentence people can read and keeps ``messages.po`` in step.

``flask --app wsgi translations`` adds what is new to ``app/translations/en/LC_MESSAGES/messages.po``, takes out what is gone
and tells what waits for a translation. Three kinds of text are found:

* what is marked in templates and modules (``_("…")``, ``{% trans %}``, ``_l``, ``N_``, ``ngettext``);
* sentences of use cases and pure rules, which know nothing of languages: every string with Vietnamese letters outside
  docstrings; one with numbers in it (an f-string) becomes a pattern, "Chỉ còn {0}.";
* of the word lists, demonstration data and generated places, which are data and not interface, only what is marked.

Compiled catalogues (``.mo``) are not kept in the repository; a server compiles what is newer than its compiled form when it
starts.
"""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from app.config import PROJECT_ROOT

TRANSLATIONS = PROJECT_ROOT / "app" / "translations"
ENGLISH = TRANSLATIONS / "en" / "LC_MESSAGES" / "messages.po"
PACKAGES = ("app", "shop", "orders", "livestream")
NOT_INTERFACE = (
    "app/catalogue.py",
    "app/demo.py",
    "app/text.py",
    "livestream/demo/",
    "livestream/order_comments/",
    "shop/places/",
)
"""Word lists, made-up people and generated data: Vietnamese, but nothing to translate save what is marked."""

Message = str | tuple[str, ...]
_MARKS = {"_": 1, "gettext": 1, "lazy_gettext": 1, "_l": 1, "N_": 1, "ngettext": 2, "_n": 2}
_VIETNAMESE = re.compile(r"[À-ỹĂăĐđĨĩŨũƠơƯư]")
_CODE = re.compile(r"\\|^<|^%|^Chợ Phiên cannot")
"""Regular expressions, markup of last resort and words for the person at the command line, who reads English."""


def find_messages(root: Path = PROJECT_ROOT) -> dict[Message, set[str]]:
    """Return every message with the files it is in."""
    found: dict[Message, set[str]] = {}
    for path in sorted((root / "templates").rglob("*.*")):
        for message in _template_messages(path):
            found.setdefault(message, set()).add(str(path.relative_to(root)))
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            name = str(path.relative_to(root))
            for message in python_messages(path.read_text(), marked_only=name.startswith(NOT_INTERFACE)):
                found.setdefault(message, set()).add(name)
    return found


def python_messages(source: str, *, marked_only: bool = False) -> Iterator[Message]:
    """Yield the marked messages of a module and, unless told otherwise, its unmarked Vietnamese sentences."""
    tree = ast.parse(source)
    done = _docstrings(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (count := _MARKS.get(_called(node))):
            words = [text for argument in node.args[:count] if (text := _text(argument))]
            done |= {id(argument) for argument in node.args[:count]}
            if len(words) == count:
                yield words[0] if count == 1 else tuple(words)
    if marked_only:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            done |= {id(part) for part in node.values}
            pattern = _pattern(node)
            if _is_sentence(pattern):
                yield pattern
        elif (text := _text(node)) and id(node) not in done and _is_sentence(text):
            yield text


def update(po: Path = ENGLISH, root: Path = PROJECT_ROOT) -> list[str]:
    """Bring the catalogue in step with the sources; return what waits for a translation."""
    old = read(po)
    fresh = Catalog(locale="en", project="Chợ Phiên", charset="utf-8", fuzzy=False)
    messages = find_messages(root)
    for message in sorted(messages, key=str):
        key = message if isinstance(message, str) else message[0]
        kept = old.get(key)
        string = kept.string if kept is not None and isinstance(kept.id, str) == isinstance(message, str) else ""
        fresh.add(message, string, locations=[(name, 0) for name in sorted(messages[message])])
    po.parent.mkdir(parents=True, exist_ok=True)
    with po.open("wb") as file:
        write_po(file, fresh, width=110, sort_output=True, include_lineno=False, omit_header=True)
    return untranslated(po)


def untranslated(po: Path = ENGLISH) -> list[str]:
    """Return the messages that have no translation, or only a guessed one."""
    return [
        str(message.id)
        for message in read(po)
        if message.id and (message.fuzzy or not message.string or not all(_strings(message.string)))
    ]


def read(po: Path) -> Catalog:
    """Return a catalogue, an empty one when there is none yet."""
    if not po.exists():
        return Catalog(locale="en")
    with po.open("rb") as file:
        return read_po(file, locale=po.parent.parent.name)


def compile_catalogues(folder: Path = TRANSLATIONS) -> int:
    """Compile every catalogue that is newer than its compiled form; return how many were."""
    compiled = 0
    for po in folder.rglob("*.po"):
        mo = po.with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime_ns >= po.stat().st_mtime_ns:
            continue
        # Written beside its name and moved there whole: two servers may start at once.
        fresh = mo.with_name(f"{mo.name}.{os.getpid()}")
        with fresh.open("wb") as file:
            write_mo(file, read(po))
        fresh.replace(mo)
        compiled += 1
    return compiled


def _template_messages(path: Path) -> Iterator[Message]:
    with path.open("rb") as file:
        for _line, message, _comments, _context in extract(
            "jinja2.ext:babel_extract", file, options={"silent": "false"}
        ):
            yield message


def _docstrings(tree: ast.AST) -> set[int]:
    """Return the strings that stand alone as statements: docstrings of modules, classes, functions and attributes."""
    return {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _text(node: ast.AST) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _is_sentence(text: str) -> bool:
    return len(text) > 1 and bool(_VIETNAMESE.search(text)) and not _CODE.search(text)


def _pattern(node: ast.JoinedStr) -> str:
    """Write an f-string as the pattern it makes: numbered gaps where values stand."""
    words, gaps = [], 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            words.append(str(part.value))
        else:
            words.append(f"{{{gaps}}}")
            gaps += 1
    return "".join(words)


def _strings(string: str | tuple[str, ...] | list[str]) -> tuple[str, ...] | list[str]:
    return (string,) if isinstance(string, str) else string
