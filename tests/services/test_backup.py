"""A backup is one moment of a market that goes on selling; restoring it never overwrites orders by mistake."""

import io
import json
import os
import shutil
import sqlite3
import tarfile
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from app.accounts.actor import SYSTEM
from app.accounts.models import Buyer, OneTimeCode
from app.backup import BackupError, back_up, count_orders, restore
from app.clock import FrozenClock
from app.config import Config
from app.db import database_scope, db, write_transaction
from app.policy import SalePolicy
from orders.placing import place_orders
from orders.requests import BuyerRef, LineChange, OrderRequest
from tests.world import make_buyer, make_world


@pytest.fixture
def config(app: Flask) -> Config:
    return app.extensions["chophien"]


@pytest.fixture
def elsewhere(app: Flask, config: Config, tmp_path: Path) -> Iterator[Config]:
    """An empty place to restore to, of the same kind of database."""
    if config.is_sqlite:
        yield replace(
            config, database_url=f"sqlite:///{tmp_path / 'new' / 'chophien.db'}", media_root=tmp_path / "media"
        )
        return
    url = sa.make_url(config.database_url)
    name = f"chophien_restore_{os.getpid()}"
    admin = sa.create_engine(url.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    new_url = url.set(database=name).render_as_string(hide_password=False)
    yield replace(config, database_url=new_url, media_root=tmp_path / "media")
    with admin.connect() as connection:
        connection.execute(sa.text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture(autouse=True)
def needs_programs(config: Config) -> None:
    if not config.is_sqlite and not (shutil.which("pg_dump") and shutil.which("pg_restore")):
        pytest.skip("pg_dump and pg_restore are not installed")


def in_the(config: Config, query: str) -> list[tuple]:
    engine = sa.create_engine(config.database_url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(query))]
    finally:
        engine.dispose()


def test_a_backup_taken_while_selling_is_one_moment(
    app: Flask, config: Config, elsewhere: Config, clock: FrozenClock, tmp_path: Path
):
    """Every write adds a buyer and a code of theirs; whatever moment was caught, the two counts are equal."""
    with write_transaction() as session:
        make_world(session, clock=clock)
    photo = config.media_root / "anh" / "vai.webp"
    photo.parent.mkdir(parents=True, exist_ok=True)
    photo.write_bytes(b"a picture of lychee")
    stop, failures, written = threading.Event(), [], []

    def sell():
        try:
            while not stop.is_set():
                with database_scope(app), write_transaction() as session:
                    buyer = make_buyer(session, clock=clock)
                    code = OneTimeCode(
                        buyer_id=buyer.id, phone=buyer.phone, code_hash="x", created_at=clock(), expires_at=clock()
                    )
                    session.add(code)
                written.append(1)
        except Exception as error:  # noqa: BLE001 -- Shown by the assertion below.
            failures.append(error)

    seller = threading.Thread(target=sell)
    seller.start()
    try:
        while len(written) < 20 and not failures:
            stop.wait(0.01)
        before = len(written)
        size = back_up(config, tmp_path / "backup.tar.gz", clock=clock)
        after = len(written)
    finally:
        stop.set()
        seller.join(30)
    assert failures == []
    assert after > before, "selling went on meanwhile"
    assert size == (tmp_path / "backup.tar.gz").stat().st_size
    assert restore(elsewhere, tmp_path / "backup.tar.gz") == clock().isoformat()
    [(buyers, codes, households)] = in_the(
        elsewhere,
        "SELECT (SELECT count(*) FROM buyer), (SELECT count(*) FROM one_time_code), (SELECT count(*) FROM household)",
    )
    assert before <= buyers <= len(written)
    assert buyers == codes
    assert households == 3
    assert (elsewhere.media_root / "anh" / "vai.webp").read_bytes() == b"a picture of lychee"
    shutil.rmtree(photo.parent)


def test_what_was_restored_still_refuses_changes_of_the_past(
    app: Flask, config: Config, elsewhere: Config, clock: FrozenClock, tmp_path: Path
):
    with write_transaction() as session:
        make_world(session, clock=clock)
    back_up(config, tmp_path / "b.tar.gz", clock=clock)
    restore(elsewhere, tmp_path / "b.tar.gz")
    engine = sa.create_engine(elsewhere.database_url)
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), engine.begin() as connection:
        connection.exec_driver_sql("UPDATE stock_movement SET delta_total = 0")
    engine.dispose()


def test_only_its_owner_may_read_it_and_nothing_half_done_stays(
    app: Flask, config: Config, clock: FrozenClock, tmp_path: Path
):
    back_up(config, tmp_path / "b.tar.gz", clock=clock)
    assert (tmp_path / "b.tar.gz").stat().st_mode & 0o077 == 0
    assert [path.name for path in tmp_path.iterdir()] == ["b.tar.gz"]


def place_one_order(clock: FrozenClock) -> None:
    with write_transaction() as session:
        world = make_world(session, clock=clock)
        row = make_buyer(session, clock=clock)
        wanted = (LineChange("add", world.listing.id, 3000),)
        buyer = BuyerRef(row.id, row.name, row.phone)
        request = OrderRequest("test", "1", world.cooperative.id, buyer, wanted)
        place_orders(session, [request], policy=SalePolicy(), actor=SYSTEM, clock=clock)


def test_orders_are_never_overwritten_without_force(app: Flask, config: Config, clock: FrozenClock, tmp_path: Path):
    back_up(config, tmp_path / "b.tar.gz", clock=clock)
    place_one_order(clock)
    db.session.rollback()
    assert count_orders(config) == 1
    with pytest.raises(BackupError, match="--force"):
        restore(config, tmp_path / "b.tar.gz")
    assert count_orders(config) == 1
    db.session.remove()
    db.engine.dispose()
    restore(config, tmp_path / "b.tar.gz", force=True)
    assert count_orders(config) == 0


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=arguments)


def test_the_commands_say_what_happened(app: Flask, clock: FrozenClock, tmp_path: Path):
    with write_transaction() as session:
        make_buyer(session, clock=clock)
    archive = tmp_path / "b.tar.gz"
    made = run(app, "backup", str(archive))
    assert made.exit_code == 0, made.output
    assert "MB" in made.output
    with write_transaction() as session:
        session.execute(sa.delete(Buyer))
    db.session.remove()
    db.engine.dispose()
    restored = run(app, "restore", str(archive))
    assert restored.exit_code == 0, restored.output
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Buyer)) == 1


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return path


ABOUT = json.dumps({"format": 1, "database": "database.sqlite", "made_at": "2026-05-30T12:00:00+00:00"}).encode()


@pytest.mark.parametrize(
    ("members", "sentence"),
    [
        ({"hello.txt": b"hi"}, "not one of our backups"),
        ({"about.json": b"[]"}, "not one of our backups"),
        ({"about.json": ABOUT.replace(b"1", b"9", 1)}, "newer version"),
        ({"../evil.txt": b"x", "about.json": ABOUT}, "not one of our backups"),
        ({"/etc/evil.txt": b"x", "about.json": ABOUT}, "not one of our backups"),
        ({"about.json": ABOUT.replace(b"database.sqlite", b"../../x")}, "other kind of database"),
    ],
)
def test_a_file_that_is_no_backup_changes_nothing(
    app: Flask, config: Config, tmp_path: Path, clock: FrozenClock, members: dict, sentence: str
):
    with write_transaction() as session:
        make_buyer(session, clock=clock)
    with pytest.raises(BackupError, match=sentence):
        restore(config, tar_of(tmp_path / "x.tar.gz", members))
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Buyer)) == 1
    assert not (tmp_path.parent / "evil.txt").exists()


def test_a_broken_archive_is_said_to_be_broken(app: Flask, config: Config, clock: FrozenClock, tmp_path: Path):
    back_up(config, tmp_path / "b.tar.gz", clock=clock)
    whole = (tmp_path / "b.tar.gz").read_bytes()
    (tmp_path / "half.tar.gz").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackupError):
        restore(config, tmp_path / "half.tar.gz")
    with pytest.raises(BackupError, match="no file"):
        restore(config, tmp_path / "none.tar.gz")
    with pytest.raises(BackupError, match="no folder"):
        back_up(config, tmp_path / "none" / "b.tar.gz", clock=clock)


def test_a_backup_of_the_other_kind_is_refused(app: Flask, config: Config, clock: FrozenClock, tmp_path: Path):
    back_up(config, tmp_path / "b.tar.gz", clock=clock)
    other = "postgresql://127.0.0.1/x" if config.is_sqlite else f"sqlite:///{tmp_path / 'x.db'}"
    with pytest.raises(BackupError, match="other kind"):
        restore(replace(config, database_url=other), tmp_path / "b.tar.gz", force=True)


def test_a_damaged_database_is_not_put_in_place(app: Flask, elsewhere: Config, tmp_path: Path):
    if not elsewhere.is_sqlite:
        pytest.skip("PostgreSQL's own restore checks its dump")
    good = tmp_path / "x.db"
    with sqlite3.connect(good) as connection:
        connection.execute("CREATE TABLE t (a)")
        connection.executemany("INSERT INTO t VALUES (?)", [(os.urandom(200),) for _ in range(200)])
    connection.close()
    damaged = bytearray(good.read_bytes())
    damaged[5000:9000] = os.urandom(4000)
    archive = tar_of(tmp_path / "x.tar.gz", {"about.json": ABOUT, "database.sqlite": bytes(damaged)})
    with pytest.raises((BackupError, sqlite3.DatabaseError)):
        restore(elsewhere, archive)
    assert in_the_file_system(elsewhere) == []


def in_the_file_system(config: Config) -> list[str]:
    folder = Path(sa.make_url(config.database_url).database).parent
    return [path.name for path in folder.iterdir()]


def test_without_the_programs_one_sentence_says_what_to_install(
    app: Flask, config: Config, clock: FrozenClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    other = replace(config, database_url="postgresql://127.0.0.1/x")
    with pytest.raises(BackupError, match="pg_dump is not installed here"):
        back_up(other, tmp_path / "b.tar.gz", clock=clock)
