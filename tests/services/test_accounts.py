"""People are made on purpose, secrets are kept as secrets, and the administrator comes from the command line."""

from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from app.accounts.actor import SYSTEM
from app.accounts.models import User
from app.accounts.passwords import password_faults
from app.accounts.people import create_person, make_administrator, parse_email
from app.audit import AuditEntry
from app.clock import FrozenClock
from app.crypto import UnreadableSecret, decrypt_text, encrypt_text, keyed_hash, same_hash
from app.db import db, write_transaction
from app.errors import Conflict, DomainError, InvalidInput

GOOD = "vải chín sớm 2026!"


def create(clock: FrozenClock, name: str = "Cô Lan", **given: str) -> User:
    with write_transaction() as session:
        return create_person(session, name, **given, actor=SYSTEM, clock=clock)


def test_phone_and_email_are_kept_in_one_form(app: Flask, clock: FrozenClock):
    user = create(clock, phone="0912.345.678", email=" Lan@Example.COM ", password=GOOD)
    assert (user.us_phone_number, user.email) == ("+84912345678", "lan@example.com")
    assert user.password.startswith("$argon2")
    assert db.session.scalar(select(AuditEntry.action)) == "accounts.user.created"


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"name": " ", "phone": "0912345678"}, "họ tên"),
        ({"name": "x" * 121, "phone": "0912345678"}, "họ tên"),
        ({}, "số điện thoại hoặc e-mail"),
        ({"phone": "12"}, "chữ số"),
        ({"email": "không phải e-mail"}, "E-mail này chưa đúng"),
        ({"email": "lan@example.com", "password": "ngắn"}, "ít nhất 8"),
        ({"phone": "0912345678", "password": "0912345678"}, "đừng giống"),
    ],
)
def test_what_cannot_be_used_is_refused(app: Flask, clock: FrozenClock, given: dict[str, str], sentence: str):
    with pytest.raises(InvalidInput, match=sentence):
        create(clock, **given)
    assert db.session.scalar(select(func.count()).select_from(User)) == 0


def test_nobody_gets_the_phone_or_email_of_another(app: Flask, clock: FrozenClock):
    create(clock, phone="0912345678", email="lan@example.com")
    with pytest.raises(Conflict):
        create(clock, phone="+84 912 345 678")
    with pytest.raises(Conflict):
        create(clock, email="LAN@example.com")


def test_the_database_itself_wants_a_way_to_reach_a_person(app: Flask, clock: FrozenClock):
    with pytest.raises(IntegrityError), write_transaction() as session:
        session.add(User(name="Không ai", fs_uniquifier="x", created_at=clock()))


def test_making_an_administrator_twice_is_once(app: Flask, clock: FrozenClock):
    user = create(clock, phone="0912345678")
    for _ in range(2):
        with write_transaction() as session:
            make_administrator(session, session.get_one(User, user.id), actor=SYSTEM, clock=clock)
    assert [role.name for role in db.session.get_one(User, user.id).roles] == ["administrator"]


@pytest.mark.parametrize("identity", ["quan.tri@example.com", "0912 345 678"])
def test_create_admin(app: Flask, identity: str):
    runner = app.test_cli_runner()
    arguments = ["create-admin", "--identity", identity, "--name", "Quản Trị"]
    refused = runner.invoke(args=[*arguments, "--password", "12345678"])
    assert refused.exit_code == 1
    assert "dễ đoán" in refused.output
    assert db.session.scalar(select(func.count()).select_from(User)) == 0
    made = runner.invoke(args=arguments, input=f"{GOOD}\n{GOOD}\n")
    assert made.exit_code == 0, made.output
    assert GOOD not in made.output
    db.session.rollback()
    user = db.session.scalar(select(User))
    assert (user.name, [role.name for role in user.roles]) == ("Quản Trị", ["administrator"])
    again = runner.invoke(args=[*arguments, "--password", GOOD])
    assert again.exit_code == 1


@pytest.mark.parametrize(
    "password",
    ["vải chín đầu mùa", "ba con bò vàng", "Tr0ng-vu0n-c0-vai", "đường làng quê em", "x7!kQ2#p"],
)
def test_long_or_odd_enough_passwords_are_good(password: str):
    assert password_faults(password, known=("Cô Lan", "+84912345678", "lan@example.com")) == []


@pytest.mark.parametrize(
    "password",
    [
        "", "1234567", "12345678", "MatKhau123", "password", "aaaaaaaa", "abababab", "23456789", "qwertyuiop",
        "matkhau", "x" * 129, "0912345678", "0912345678a", "nguyenthilan", "NguyenThiLan2026", "lan.nguyen",
    ],
)  # fmt: skip
def test_easy_passwords_are_told_so(password: str):
    faults = password_faults(password, known=("Nguyễn Thị Lan", "+84912345678", "lan.nguyen@example.com"))
    assert len(faults) == 1


@pytest.mark.parametrize("text", ["", "a@", "@b.vn", "a b@c.vn", "a@b", "x" * 300 + "@example.com"])
def test_what_is_no_email_is_refused(text: str):
    with pytest.raises(DomainError):
        parse_email(text)


def test_a_secret_comes_back_and_is_never_the_same_twice(app: Flask):
    one, two = encrypt_text("1012345678"), encrypt_text("1012345678")
    assert one != two
    assert b"1012345678" not in one
    assert decrypt_text(one) == decrypt_text(two) == "1012345678"


def test_keys_rotate(app: Flask, monkeypatch: pytest.MonkeyPatch):
    config = app.extensions["chophien"]
    stored, old_hash = encrypt_text("1012345678"), keyed_hash("123456")
    fresh = Fernet.generate_key().decode()
    monkeypatch.setitem(app.extensions, "chophien", replace(config, data_keys=(fresh, *config.data_keys)))
    assert decrypt_text(stored) == "1012345678"
    assert not same_hash(keyed_hash("123456"), old_hash)
    newer = encrypt_text("1012345678")
    monkeypatch.setitem(app.extensions, "chophien", replace(config, data_keys=(fresh,)))
    assert decrypt_text(newer) == "1012345678"
    with pytest.raises(UnreadableSecret):
        decrypt_text(stored)


def test_a_touched_secret_is_refused(app: Flask):
    stored = bytearray(encrypt_text("1012345678"))
    stored[20] ^= 1
    with pytest.raises(UnreadableSecret):
        decrypt_text(bytes(stored))
