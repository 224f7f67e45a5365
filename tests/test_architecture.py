"""The rules of the house, read off the syntax trees: who may import whom, who may commit, how long a module may grow.

The lists below are the rules of CONTRIBUTING in a form a machine can check. The checker itself is tested on made-up
sources at the end, because a rule that cannot fail protects nothing.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("app", "shop", "orders", "livestream")
"""From the kernel upwards: a room imports itself and the rooms before it."""
HEIGHTS = {**{room: height for height, room in enumerate(ROOMS)}, "app.factory": len(ROOMS), "wsgi": len(ROOMS) + 1}

PURE = (
    "app/clock.py",
    "app/errors.py",
    "app/ids.py",
    "app/money.py",
    "app/phones.py",
    "app/policy.py",
    "app/quantity.py",
    "app/states.py",
    "app/text.py",
    "shop/allocation.py",
    "shop/unit_prices.py",
    "shop/places/*.py",
    "orders/pricing.py",
    "orders/states.py",
    "orders/ledger/shares.py",
    "orders/payments/banks.py",
    "orders/payments/matching.py",
    "orders/payments/vietqr.py",
    "livestream/order_comments/*.py",
)
MODELS = ("*/models.py",)
READERS = (
    "*/queries.py",
    "*_queries.py",
    "*/queries/*.py",
    "*/access.py",
    "*/locks.py",
    "*/balances.py",
    "livestream/states.py",  # A table of arrows between the states that the models name.
)
ENTRY_POINTS = (
    "*/views.py",
    "*_views.py",
    "*/views/*.py",
    "*/forms.py",
    "*_forms.py",
    "*/forms/*.py",
    "*/cli.py",
    "*/sockets.py",
    "*/wiring.py",
    "*/webhooks.py",
    "livestream/demo/*.py",
)
WEB = ("flask", "flask_", "werkzeug", "wtforms", "socketio", "engineio", "a2wsgi", "gunicorn")
LONGEST = 400
LONGEST_SCHEMA = 600
"""A room's tables are read as one, side by side; every other module is split by meaning before this."""


@dataclass(frozen=True)
class Module:
    """One source file: its path below the root, and its syntax tree."""

    path: str
    tree: ast.Module
    lines: int

    @classmethod
    def read(cls, path: str, source: str) -> "Module":
        return cls(path, ast.parse(source), source.count("\n"))

    @property
    def name(self) -> str:
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        return self.name if self.path.endswith("__init__.py") else self.name.rpartition(".")[0]

    @property
    def kind(self) -> str:
        """What the file is by its place and name: an entry point wins over everything, a use case is what is left."""
        for kind, patterns in (("entry", ENTRY_POINTS), ("pure", PURE), ("models", MODELS), ("reader", READERS)):
            if any(fnmatch(self.path, pattern) for pattern in patterns):
                return kind
        if self.path.startswith("app/") or "/" not in self.path:
            return "kernel"
        return "package" if self.path.endswith("__init__.py") else "use case"

    def imports(self) -> Iterator[tuple[str, int]]:
        """Every imported name with its dots resolved, wherever the statement stands, with its line."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield alias.name, node.lineno
            elif isinstance(node, ast.ImportFrom):
                base = node.module or ""
                if node.level:
                    parts = self.package.split(".")
                    parents = parts[: len(parts) - node.level + 1]
                    base = ".".join([*parents, base]).strip(".")
                for alias in node.names:
                    yield f"{base}.{alias.name}", node.lineno


def height_of(name: str) -> int | None:
    """How high a module stands in the house; None for libraries."""
    for special in ("app.factory", "wsgi"):
        if name == special or name.startswith(f"{special}."):
            return HEIGHTS[special]
    return HEIGHTS.get(name.split(".", maxsplit=1)[0])


def is_web(name: str) -> bool:
    top = name.split(".", maxsplit=1)[0]
    return any(top == web or (web.endswith("_") and top.startswith(web)) for web in WEB)


def kind_of_name(name: str, known: dict[str, Module]) -> str | None:
    """The kind of the module a dotted name comes from, whether it names the module or something inside it."""
    module = known.get(name) or known.get(name.rpartition(".")[0])
    return module.kind if module else None


def broken_rules(module: Module, known: dict[str, Module]) -> list[str]:
    """Return a sentence for every rule the module breaks; ``known`` are all modules by dotted name."""
    found: list[str] = []

    def say(line: int, sentence: str) -> None:
        found.append(f"{module.path}:{line} {sentence}")

    def reads_environment(line: int) -> None:
        if module.path != "app/config.py":
            say(line, "reads the environment; only app/config.py does")

    own_height = height_of(module.name)
    for name, line in module.imports():
        if name in ("os.environ", "os.getenv"):
            reads_environment(line)
        height = height_of(name)
        target = kind_of_name(name, known)
        if height is not None and own_height is not None and height > own_height:
            say(line, f"imports {name}, which stands above it")
        if module.kind == "pure":
            if is_web(name) or name.split(".")[0] in ("sqlalchemy", "structlog"):
                say(line, f"is pure and imports {name}")
            elif height is not None and target not in ("pure", "package", None):
                say(line, f"is pure and imports {name}, which is not")
        if module.kind in ("models", "reader", "use case") and is_web(name):
            if name.startswith(("flask_security.AsaList", "flask_security.RoleMixin", "flask_security.UserMixin")):
                continue
            say(line, f"is not an entry point and imports {name}")
        # A constant is a fact, whoever states it; only what acts is out of bounds for readers.
        is_fact = name.rpartition(".")[2].isupper()
        if module.kind in ("models", "reader") and target in ("use case", "entry") and not is_fact:
            say(line, f"only reads and imports {name}, which acts")
        if module.kind == "use case" and target == "entry":
            say(line, f"is a use case and imports the entry point {name}")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            _check_call(module, node, node.func, say)
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("os.environ", "os.getenv"):
            reads_environment(node.lineno)
    longest = LONGEST_SCHEMA if module.kind == "models" else LONGEST
    if module.lines > longest:
        say(module.lines, f"is longer than {longest} lines; split it by meaning")
    return found


def _check_call(module: Module, node: ast.Call, func: ast.Attribute, say: object) -> None:
    owner = ast.unparse(func.value)
    is_session = owner == "session" or owner.endswith((".session", "session()"))
    if module.kind in ("use case", "reader", "pure", "models") and func.attr == "commit":
        say(node.lineno, "commits; entry points do, through write_transaction()")  # type: ignore[operator]
    if module.kind == "reader" and is_session and func.attr in ("add", "add_all", "delete", "merge", "flush"):
        say(node.lineno, f"only reads and calls {owner}.{func.attr}()")  # type: ignore[operator]
    is_thin = module.kind == "entry" and not module.path.startswith("livestream/demo/")
    if is_thin and is_session and func.attr in ("add", "add_all", "delete", "merge", "commit"):
        say(node.lineno, f"is an entry point and calls {owner}.{func.attr}(); a use case writes")  # type: ignore[operator]


def house() -> dict[str, Module]:
    """Every module of the house by dotted name."""
    paths = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))] + [ROOT / "wsgi.py"]
    modules = [Module.read(str(path.relative_to(ROOT)), path.read_text(encoding="utf-8")) for path in paths]
    return {module.name: module for module in modules}


HOUSE = house()


@pytest.mark.parametrize("module", HOUSE.values(), ids=lambda module: module.path)
def test_module_keeps_the_rules(module: Module) -> None:
    assert broken_rules(module, HOUSE) == []


def test_top_level_holds_only_what_the_house_has_room_for() -> None:
    allowed = {*ROOMS, "tests", "bench", "docs", "deploy", "migrations", "static", "templates", "var", "node_modules"}
    found = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith((".", "__"))}
    assert found <= allowed


def test_nothing_is_left_to_do_later() -> None:
    left = "TO" + "DO"
    fixme = "FIX" + "ME"
    folders = [ROOT / name for name in (*ROOMS, "tests", "bench", "templates", "static/src", "deploy", "docs")]
    written = [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in (".py", ".html", ".js", ".css", ".md")
    ]
    assert written
    offenders = [
        str(path.relative_to(ROOT))
        for path in written
        if any(word in path.read_text(encoding="utf-8") for word in (left, fixme))
    ]
    assert offenders == []


def test_every_pure_pattern_still_names_something() -> None:
    """A renamed module must not slip out of the list of pure ones."""
    paths = [module.path for module in HOUSE.values()]
    assert [pattern for pattern in PURE if not any(fnmatch(path, pattern) for path in paths)] == []


MADE_UP = {
    "app/money.py": "",
    "app/db.py": "",
    "shop/models.py": "",
    "shop/queries.py": "",
    "shop/pledging.py": "",
    "orders/states.py": "",
    "orders/models.py": "",
    "orders/placing.py": "",
    "livestream/desk.py": "",
    "livestream/views.py": "",
}


@pytest.mark.parametrize(
    ("path", "source", "said"),
    [
        ("shop/pledging.py", "from orders.placing import place_orders", "stands above it"),
        ("orders/placing.py", "def f():\n    import livestream.desk", "stands above it"),
        ("app/db.py", "import shop.models", "stands above it"),
        ("app/db.py", "from app import factory", "stands above it"),
        ("livestream/desk.py", "from app.factory import create_app", "stands above it"),
        ("app/factory.py", "import wsgi", "stands above it"),
        ("orders/payments/vietqr.py", "from ...livestream import desk", "stands above it"),
        ("app/money.py", "import flask", "is pure"),
        ("orders/states.py", "from sqlalchemy import select", "is pure"),
        ("orders/states.py", "from shop.models import Listing", "is pure"),
        ("orders/states.py", "from app.db import db", "is pure"),
        ("shop/pledging.py", "from flask import request", "not an entry point"),
        ("shop/pledging.py", "from flask_security import current_user", "not an entry point"),
        ("livestream/desk.py", "import socketio", "not an entry point"),
        ("orders/models.py", "from flask import g", "not an entry point"),
        ("shop/queries.py", "from shop.pledging import pledge_harvest", "which acts"),
        ("shop/queries.py", "def f(session):\n    session.add(1)", "only reads"),
        ("livestream/desk.py", "from livestream.views import page", "imports the entry point"),
        ("shop/pledging.py", "def f(session):\n    session.commit()", "commits"),
        ("livestream/views.py", "from app.db import db\ndef f():\n    db.session.add(1)", "a use case writes"),
        ("shop/pledging.py", "import os\nos.environ['A']", "reads the environment"),
        ("shop/pledging.py", "from os import environ", "reads the environment"),
        ("shop/pledging.py", "\n" * 401, "longer than 400 lines"),
        ("shop/models.py", "\n" * 601, "longer than 600 lines"),
    ],
)
def test_checker_catches(path: str, source: str, said: str) -> None:
    known = {module.name: module for module in (Module.read(p, s) for p, s in MADE_UP.items())}
    module = Module.read(path, source)
    assert any(said in sentence for sentence in broken_rules(module, known | {module.name: module}))


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("livestream/desk.py", "from orders.placing import place_orders\nfrom app.db import db"),
        ("orders/placing.py", "from shop.models import Listing\nimport sqlalchemy"),
        ("orders/states.py", "from app import money\nfrom app.money import split\nfrom enum import StrEnum"),
        ("livestream/views.py", "from flask import request\nfrom livestream.desk import settle"),
        ("shop/queries.py", "from sqlalchemy import select\nfrom shop.models import Listing"),
        ("shop/queries.py", "from shop.pledging import PLEDGE_DAYS_AHEAD"),
        ("app/factory.py", "import livestream.views"),
        ("app/config.py", "import os\nos.environ['A']"),
    ],
)
def test_checker_lets_good_code_pass(path: str, source: str) -> None:
    known = {module.name: module for module in (Module.read(p, s) for p, s in MADE_UP.items())}
    module = Module.read(path, source)
    assert broken_rules(module, known | {module.name: module}) == []
