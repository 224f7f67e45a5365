"""The front-end build, the colours of the tokens, and the pure parts of the page scripts."""

import json
import re
import shutil
import subprocess
import threading
from pathlib import Path

import pytest

from app import frontend
from app.money import format_vnd
from app.quantity import format_kilograms

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def built():
    return frontend.build()


@pytest.fixture
def source(tmp_path):
    """A copy of the sources with the packages already installed, to build and to break."""
    frontend.build()
    shutil.copytree(ROOT / "static" / "src", tmp_path / "static" / "src")
    shutil.copytree(ROOT / "static" / "img", tmp_path / "static" / "img")
    for name in ("package.json", "package-lock.json"):
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    return tmp_path


class TestBuild:
    def test_makes_every_entry_with_a_hash_in_its_name(self, source):
        frontend.build(source)
        files = json.loads((source / "static/dist/manifest.json").read_text())["files"]
        entries = {"app.css"} | {path.name for path in (source / "static/src").glob("*/pages/*")}
        assert entries <= files.keys()
        for name in entries:
            stem, suffix = name.rsplit(".", 1)
            assert re.fullmatch(rf"{stem}-[A-Z0-9]{{8}}\.{suffix}", files[name])
            assert (source / "static/dist" / files[name]).stat().st_size > 0

    def test_does_nothing_when_nothing_changed_and_builds_again_when_something_did(self, source):
        assert frontend.build(source).rebuilt
        again = frontend.build(source)
        assert not again.rebuilt
        (source / "static/src/js/pages/fresh.js").write_text("document.title = 'mới';\n")
        assert frontend.build(source).rebuilt
        assert frontend.asset_path("fresh.js", source / "static/dist").startswith("fresh-")

    def test_what_two_pages_share_is_bundled_once(self, source):
        for name in ("room", "console"):
            script = f'import {{ io }} from "socket.io-client";\nio("/{name}");\n'
            (source / f"static/src/js/pages/{name}.js").write_text(script)
        frontend.build(source)
        dist = source / "static/dist"
        for name in ("room.js", "console.js"):
            assert (dist / frontend.asset_path(name, dist)).stat().st_size < 1000
        assert [path for path in dist.glob("chunk-*.js") if path.stat().st_size > 20_000]

    def test_a_lost_file_is_made_again(self, source):
        frontend.build(source)
        dist = source / "static/dist"
        (dist / frontend.asset_path("base.js", dist)).unlink()
        assert frontend.build(source).rebuilt
        assert (dist / frontend.asset_path("base.js", dist)).exists()

    def test_a_broken_source_keeps_the_last_good_build_and_says_where(self, source):
        frontend.build(source)
        dist = source / "static/dist"
        before = (dist / "manifest.json").read_text()
        (source / "static/src/js/pages/broken.js").write_text("const = ;\n")
        with pytest.raises(frontend.FrontendError, match=r"broken\.js:1"):
            frontend.build(source)
        assert (dist / "manifest.json").read_text() == before

    def test_two_builds_at_once_end_with_one_whole_bundle(self, source):
        results, errors = [], []

        def work():
            try:
                results.append(frontend.build(source))
            except Exception as error:  # noqa: BLE001 - shown by the assertion below
                errors.append(error)

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(120)
        assert errors == []
        assert sorted(result.rebuilt for result in results) == [False, False, True]

    def test_the_node_wheel_builds_the_same_where_the_machine_has_no_node(self, source, monkeypatch):
        frontend.build(source)
        by_machine = json.loads((source / "static/dist/manifest.json").read_text())["files"]
        shutil.rmtree(source / "static/dist")
        monkeypatch.setattr(frontend.shutil, "which", lambda name: None)
        tools = frontend.find_toolchain()
        assert tools.origin == "the Node wheel"
        told = subprocess.run([*tools.npm, "--version"], capture_output=True, text=True, timeout=60, check=True)
        assert int(told.stdout.split(".")[0]) >= 9
        assert frontend.build(source).rebuilt
        assert json.loads((source / "static/dist/manifest.json").read_text())["files"] == by_machine

    def test_a_page_without_a_build_says_what_to_run(self, tmp_path):
        with pytest.raises(frontend.FrontendError, match=r"python -m app\.frontend build"):
            frontend.asset_path("base.js", tmp_path)

    def test_an_unknown_name_is_refused_by_name(self, built):
        with pytest.raises(frontend.FrontendError, match=r"nothing\.js"):
            frontend.asset_path("nothing.js")

    def test_the_licences_of_what_is_shipped_are_shipped_too(self, built):
        licences = (ROOT / "static/dist/licences.txt").read_text()
        for package in ("@fontsource/be-vietnam-pro", "htmx.org"):
            assert f"{package}\n=" in licences

    def test_the_lock_file_names_versions_and_checksums_but_no_download_addresses(self):
        lock = json.loads((ROOT / "package-lock.json").read_text())
        packages = {name: facts for name, facts in lock["packages"].items() if name}
        assert packages
        assert not [name for name, facts in packages.items() if "resolved" in facts]
        assert not [name for name, facts in packages.items() if "integrity" not in facts]
        wanted = json.loads((ROOT / "package.json").read_text())
        for name, version in (wanted["dependencies"] | wanted["devDependencies"]).items():
            assert re.fullmatch(r"\d+\.\d+\.\d+", version), f"{name} is not pinned"
            assert packages[f"node_modules/{name}"]["version"] == version


def _luminance(colour):
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one, other):
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", (ROOT / "static/src/css/tokens.css").read_text()))
GROUNDS = ("paper", "surface", "sunken")
TINTS = ("leaf-tint", "honey-tint", "clay-tint", "sky-tint", "lychee-tint")


class TestColours:
    @pytest.mark.parametrize(
        ("text", "ground"),
        [
            *[(text, ground) for text in ("ink", "ink-soft", "clay", "leaf", "honey") for ground in GROUNDS],
            *[("ink", tint) for tint in TINTS],
            ("leaf", "leaf-tint"),
            ("leaf-deep", "leaf-tint"),
            ("honey", "honey-tint"),
            ("clay", "clay-tint"),
            ("sky", "sky-tint"),
            ("on-lychee", "lychee"),
            ("on-lychee", "lychee-deep"),
            ("on-leaf", "leaf"),
            ("on-night", "night"),
            ("on-night-soft", "night-soft"),
            ("lychee-bright", "night"),
            ("focus-on-night", "night"),
            ("surface", "ink"),
        ],
    )
    def test_text_can_be_read(self, text, ground):
        assert _contrast(TOKENS[text], TOKENS[ground]) >= 4.5

    @pytest.mark.parametrize("ground", [*GROUNDS, *TINTS])
    def test_focus_and_borders_of_controls_can_be_seen(self, ground):
        assert _contrast(TOKENS["focus-on-paper"], TOKENS[ground]) >= 3
        assert _contrast(TOKENS["line-strong"], TOKENS[ground]) >= 3

    def test_colours_live_in_the_tokens(self):
        strangers = {}
        for path in (ROOT / "static/src/css").rglob("*.css"):
            if path.name not in ("tokens.css", "print.css") and (
                found := re.findall(r"#[0-9a-fA-F]{3,8}\b", path.read_text())
            ):
                strangers[path.name] = found
        assert strangers == {}


class TestScripts:
    """The pure parts of the page scripts, run by the same Node that builds them."""

    @staticmethod
    def _run(code):
        module = (ROOT / "static/src/js/lib/format.js").as_uri()
        tools = frontend.find_toolchain()
        script = f"import * as format from {json.dumps(module)};\nconsole.log(JSON.stringify({code}));"
        done = subprocess.run(
            [*tools.node, "--input-type=module", "-e", script], capture_output=True, text=True, timeout=60, check=True
        )
        return json.loads(done.stdout)

    def test_numbers_are_written_as_the_templates_write_them(self):
        amounts = [0, 7, 999, 1000, 38_000, 114_000, 1_234_567, 61_000_000_000, -5000]
        assert self._run(f"{amounts}.map(format.formatVnd)") == [format_vnd(amount) for amount in amounts]
        weights = [0, 1, 50, 500, 1000, 2500, 3020, 12_345_678, -500, -2500]
        assert self._run(f"{weights}.map(format.formatKg)") == [
            f"{format_kilograms(grams)}\u00a0kg" for grams in weights
        ]

    def test_a_clock_runs_down_to_nothing_and_not_below(self):
        lengths = [3_600_000, 1_799_000, 1_798_001, 60_000, 59_000, 900, 0, -5000]
        assert self._run(f"{lengths}.map(format.formatLeft)") == [
            "1:00:00",
            "29:59",
            "29:59",
            "1:00",
            "0:59",
            "0:01",
            "0:00",
            "0:00",
        ]

    def test_times_are_vietnams(self):
        assert self._run("format.formatTime('2026-06-12T13:45:00Z')") == "20:45"
