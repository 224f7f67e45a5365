"""Backups while the market is open: one archive of the database as it was at one moment, and of the photos and recordings.

SQLite is copied page by page by its own online backup, PostgreSQL by ``pg_dump``; both give one consistent moment and make
no seller wait. Photos are copied after the database: files are only ever added, so every file a row names is there.
The archive is written beside its final name and moved there whole, so that a backup that broke off is never mistaken for one.
"""

import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path, PurePosixPath

from sqlalchemy import create_engine, inspect, make_url, text

from app.clock import Clock
from app.config import Config

FORMAT = 1
_SQLITE_COPY, _POSTGRES_DUMP, _ABOUT, _MEDIA = "database.sqlite", "database.pgdump", "about.json", "media"
_SECONDS = 3600
"""How long the PostgreSQL programs may take before they are given up."""


class BackupError(RuntimeError):
    """The backup cannot be made or used; the message is one sentence for the person at the command line."""


def back_up(config: Config, archive: Path, *, clock: Clock) -> int:
    """Write the archive (a tar.gz) and return its size in bytes. Raises ``BackupError``."""
    archive = archive.resolve()
    if not archive.parent.is_dir():
        raise BackupError(f"There is no folder {archive.parent}.")
    with tempfile.TemporaryDirectory(dir=archive.parent, prefix=".backup-") as folder:
        room = Path(folder)
        database = _dump_sqlite(config, room) if config.is_sqlite else _dump_postgres(config, room)
        about = {"format": FORMAT, "database": database.name, "made_at": clock().isoformat()}
        (room / _ABOUT).write_text(json.dumps(about))
        whole = room / "whole.tar.gz"
        with tarfile.open(whole, "w:gz", compresslevel=6) as tar:
            tar.add(room / _ABOUT, _ABOUT)
            tar.add(database, database.name)
            if config.media_root.is_dir():
                tar.add(config.media_root, _MEDIA, filter=_only_files)
        # It holds everything the cooperative knows about people: for its owner's eyes only, and on the disk for sure.
        whole.chmod(0o600)
        with whole.open("rb") as handle:
            os.fsync(handle.fileno())
        whole.replace(archive)
    return archive.stat().st_size


def restore(config: Config, archive: Path, *, force: bool = False) -> str:
    """Put the archive's database and photos in place; return when it was made, as ISO 8601.

    The server must be stopped. Refuses (``BackupError``) to overwrite a database that already holds orders unless
    ``force``, an archive of the other kind of database, and one that would write outside its own folder.
    """
    if not archive.is_file():
        raise BackupError(f"There is no file {archive}.")
    if not force and count_orders(config) > 0:
        raise BackupError("This database already holds orders; give --force to overwrite it with the backup.")
    with _unpacked(archive, _near(config)) as room:
        about = _about(room)
        database = room / str(about["database"])
        expected = _SQLITE_COPY if config.is_sqlite else _POSTGRES_DUMP
        if database.name != expected or not database.is_file():
            raise BackupError(
                "This backup is of the other kind of database; set CHOPHIEN_DATABASE_URL to the same kind."
            )
        if config.is_sqlite:
            _put_sqlite(config, database)
        else:
            _put_postgres(config, database)
        _put_media(config, room / _MEDIA)
        return str(about["made_at"])


def count_orders(config: Config) -> int:
    """Return how many orders the configured database holds; 0 when it has no tables yet."""
    if config.is_sqlite and not sqlite_path(config).exists():
        return 0
    engine = create_engine(config.database_url)
    try:
        with engine.connect() as connection:
            if not inspect(connection).has_table("orders"):
                return 0
            return int(connection.execute(text("SELECT count(*) FROM orders")).scalar_one())
    finally:
        engine.dispose()


def sqlite_path(config: Config) -> Path:
    """Return the file of a SQLite database."""
    return Path(make_url(config.database_url).database or "")


def _dump_sqlite(config: Config, room: Path) -> Path:
    source = sqlite_path(config)
    if not source.exists():
        raise BackupError(f"There is no database {source} yet.")
    copy = room / _SQLITE_COPY
    with closing(sqlite3.connect(source, timeout=30)) as live, closing(sqlite3.connect(copy)) as target:
        # One read transaction over all pages: a copy in steps would start again at every write of a busy evening.
        live.backup(target, pages=-1)
        # A copy in WAL mode would come with side files; the archive holds one plain file.
        target.execute("PRAGMA journal_mode=DELETE")
        broken = target.execute("PRAGMA integrity_check").fetchone()[0]
    if broken != "ok":
        raise BackupError(f"The copy of the database is damaged: {broken}.")
    return copy


def _put_sqlite(config: Config, database: Path) -> None:
    with closing(sqlite3.connect(database)) as copy:
        broken = copy.execute("PRAGMA integrity_check").fetchone()[0]
    if broken != "ok":
        raise BackupError(f"The database in this backup is damaged: {broken}.")
    target = sqlite_path(config)
    target.parent.mkdir(parents=True, exist_ok=True)
    for side_file in (f"{target}-wal", f"{target}-shm"):
        Path(side_file).unlink(missing_ok=True)
    database.replace(target)


def _dump_postgres(config: Config, room: Path) -> Path:
    dump = room / _POSTGRES_DUMP
    _run([_program("pg_dump"), "--format=custom", "--no-owner", "--no-privileges", f"--file={dump}", _libpq(config)])
    return dump


def _put_postgres(config: Config, dump: Path) -> None:
    options = ["--clean", "--if-exists", "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error"]
    _run([_program("pg_restore"), *options, f"--dbname={_libpq(config)}", str(dump)])


def _libpq(config: Config) -> str:
    """Return the address as PostgreSQL's own programs read it, without SQLAlchemy's driver name."""
    return make_url(config.database_url).set(drivername="postgresql").render_as_string(hide_password=False)


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupError(f"{name} is not installed here; install PostgreSQL's client programs (postgresql-client).")
    return found


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_SECONDS, check=False)  # noqa: S603
    if done.returncode != 0:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise BackupError(f"{Path(command[0]).name} failed: {last}")


def _put_media(config: Config, media: Path) -> None:
    """Exchange the folder of photos; what was there before is kept beside it until the new one stands."""
    if not media.is_dir():
        return
    root = config.media_root
    old = root.with_name(f"{root.name}.before-restore")
    if old.exists():
        shutil.rmtree(old)
    root.parent.mkdir(parents=True, exist_ok=True)
    if root.exists():
        root.replace(old)
    shutil.move(media, root)
    if old.exists():
        shutil.rmtree(old)


@contextmanager
def _unpacked(archive: Path, near: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=near, prefix=".restore-") as folder:
        try:
            with tarfile.open(archive, "r:gz") as tar:
                tar.extractall(folder, members=_harmless(tar))  # noqa: S202 -- Every member is checked first.
        except (tarfile.TarError, OSError, EOFError) as error:
            raise BackupError(f"{archive} is not a whole backup: {error}.") from None
        yield Path(folder)


def _near(config: Config) -> Path:
    """Return a folder on the disk of the database, so that moving it into place is one step."""
    near = sqlite_path(config).parent if config.is_sqlite else config.media_root.parent
    near.mkdir(parents=True, exist_ok=True)
    return near


def _about(room: Path) -> dict[str, object]:
    try:
        about = json.loads((room / _ABOUT).read_text())
        if about["format"] == FORMAT:
            return dict(about)
    except (OSError, ValueError, KeyError, TypeError):
        raise BackupError("This file is not one of our backups.") from None
    raise BackupError("This backup was made by a newer version; update first.")


def _harmless(tar: tarfile.TarFile) -> Iterator[tarfile.TarInfo]:
    """Yield the members, refusing whatever would leave the folder; Debian's Python 3.11 has no filter that does it."""
    for member in tar:
        path = PurePosixPath(member.name)
        if path.is_absolute() or ".." in path.parts or not (member.isfile() or member.isdir()):
            raise BackupError("This file is not one of our backups.")
        member.mode = 0o700 if member.isdir() else 0o600
        yield member


def _only_files(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return entry if entry.isfile() or entry.isdir() else None
