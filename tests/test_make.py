"""What `make run` and `make test` lean on: pins, the start's checks, and files that must not drift apart."""

import os
import re
import socket
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from app.config import setting_readers
from app.demo import DEMO_SIGN_INS
from tests.test_architecture import HOUSE, ROOMS

ROOT = Path(__file__).resolve().parent.parent


def check(**settings: str) -> subprocess.CompletedProcess[str]:
    """Run the check before a start the way the Makefile does, with these settings only."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("CHOPHIEN_", "PORT"))}
    return subprocess.run(
        [sys.executable, "-m", "app.check_config", *([] if "PORT" in settings else ["--no-address"])],
        cwd=ROOT,
        env=environment | {"HOST": "127.0.0.1"} | settings,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_requirement_is_pinned_exactly_and_once(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert [line for line in wanted if not re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z]+\])?==[A-Za-z0-9.]+", line)] == []
    names = [re.split(r"\[|==", line)[0].lower().replace("_", "-") for line in wanted]
    assert len(names) == len(set(names))


def test_every_chosen_requirement_says_why_it_is_here() -> None:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("# What those need in turn")[0].splitlines()
    chosen = [i for i, line in enumerate(lines) if "==" in line]
    assert chosen
    assert [lines[i] for i in chosen if not lines[i - 1].startswith("# ")] == []


def test_everything_the_house_imports_is_a_chosen_requirement() -> None:
    """A library that only happens to be installed on the author's machine would stop the first start elsewhere."""
    chosen = (ROOT / "requirements.txt").read_text(encoding="utf-8").split("# What those need in turn")[0]
    names = {re.split(r"\[|==", line)[0].lower().replace("_", "-") for line in chosen.splitlines() if "==" in line}
    # These come with what was chosen and are part of its interface.
    names |= {"alembic", "babel", "click", "flask-login", "itsdangerous", "libpass", "limits", "markupsafe", "werkzeug"}
    names |= {"wtforms"}
    providers = packages_distributions()
    missing = set()
    for module in HOUSE.values():
        for name, _line in module.imports():
            top = name.split(".", maxsplit=1)[0]
            if top in sys.stdlib_module_names or top in (*ROOMS, "wsgi", "tests"):
                continue
            found = {provider.lower().replace("_", "-") for provider in providers.get(top, [top])}
            if not found & names:
                missing.add(f"{module.path}: {top}")
    assert sorted(missing) == []


def test_help_lists_the_commands() -> None:
    shown = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60, check=True).stdout
    assert {"run", "test", "lint", "bench", "demo", "fmt"} <= set(re.findall(r"make ([a-z-]+)", shown))


def test_check_lets_good_settings_start(tmp_path: Path) -> None:
    done = check(CHOPHIEN_DATABASE_URL=f"sqlite:///{tmp_path / 'a.db'}", CHOPHIEN_MEDIA_ROOT=str(tmp_path / "media"))
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"CHOPHIEN_HOLD_MINUTE": "30"}, "CHOPHIEN_HOLD_MINUTE is not a setting"),
        ({"CHOPHIEN_WORKERS": "NaN"}, "CHOPHIEN_WORKERS"),
        ({"CHOPHIEN_DATA_KEYS": "short"}, "CHOPHIEN_DATA_KEYS"),
        ({"CHOPHIEN_DATABASE_URL": "mysql://root@127.0.0.1/x"}, "CHOPHIEN_DATABASE_URL"),
        ({"CHOPHIEN_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/x"}, "the database does not answer"),
        ({"CHOPHIEN_REDIS_URL": "redis://127.0.0.1:1/0"}, "Redis does not answer"),
        ({"CHOPHIEN_MEDIA_ROOT": "/proc/nowhere"}, "cannot be written"),
        ({"PORT": "70000"}, "PORT must be between"),
        ({"PORT": "eighty"}, "PORT"),
        ({"CHOPHIEN_ENV": "production"}, "Production needs its own CHOPHIEN_SECRET_KEY"),
    ],
)
def test_wrong_setting_stops_the_start_with_one_sentence(settings: dict[str, str], said: str) -> None:
    done = check(**settings)
    assert done.returncode == 1
    assert said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_port_that_is_taken_stops_the_start() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = check(PORT=str(taken.getsockname()[1]))
    assert done.returncode == 1
    assert "choose another with PORT" in done.stderr


def test_readme_names_everyone_of_the_demo() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for person in DEMO_SIGN_INS:
        assert f"| {person.identity} | {person.name} | `{person.start}` |" in readme
        assert person.password in readme


def test_unit_and_nginx_serve_what_exists() -> None:
    unit = (ROOT / "deploy" / "chophien.service").read_text(encoding="utf-8")
    assert "-c gunicorn.conf.py wsgi:server" in unit
    assert (ROOT / "gunicorn.conf.py").is_file()
    given = (ROOT / "deploy" / "environment.example").read_text(encoding="utf-8")
    known = set(setting_readers()) | {"HOST", "PORT"}
    assert set(re.findall(r"^#?([A-Z_]+)=", given, flags=re.MULTILINE)) <= known
