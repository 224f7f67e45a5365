"""Settings: every one is read, every wrong one stops the start with one sentence, production refuses what is not safe."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from app.config import DEVELOPMENT_DATA_KEY, DEVELOPMENT_SECRET, Config, ConfigError, setting_readers
from app.policy import SalePolicy

DATA_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
PRODUCTION = {
    "CHOPHIEN_ENV": "production",
    "CHOPHIEN_SECRET_KEY": "s" * 40,
    "CHOPHIEN_DATA_KEYS": DATA_KEY,
    "CHOPHIEN_BASE_URL": "https://vai.example.vn",
}
GOOD = {
    "CHOPHIEN_ENV": ("test", "environment", "test"),
    "CHOPHIEN_SECRET_KEY": ("abc", "secret_key", "abc"),
    "CHOPHIEN_DATA_KEYS": (f"{DATA_KEY}, {DEVELOPMENT_DATA_KEY}", "data_keys", (DATA_KEY, DEVELOPMENT_DATA_KEY)),
    "CHOPHIEN_DATABASE_URL": ("postgresql://127.0.0.1/vai", "database_url", "postgresql://127.0.0.1/vai"),
    "CHOPHIEN_REDIS_URL": ("redis://127.0.0.1/1", "redis_url", "redis://127.0.0.1/1"),
    "CHOPHIEN_MEDIA_ROOT": ("/srv/anh", "media_root", Path("/srv/anh")),
    "CHOPHIEN_BASE_URL": ("https://vai.example.vn/", "base_url", "https://vai.example.vn"),
    "CHOPHIEN_DEBUG": ("1", "debug", True),
    "CHOPHIEN_DEMO": ("no", "demo", False),
    "CHOPHIEN_DEMO_CROWD": ("0", "demo_crowd", False),
    "CHOPHIEN_ROLE": ("all", "role", "all"),
    "CHOPHIEN_WORKERS": ("1", "workers", 1),
    "CHOPHIEN_FANOUT": ("stock", "fanout", "stock"),
    "CHOPHIEN_HTTP_THREADS": ("4", "http_threads", 4),
    "CHOPHIEN_SOCKET_THREADS": ("3", "socket_threads", 3),
    "CHOPHIEN_INTAKE_QUEUE": ("100", "intake_queue", 100),
    "CHOPHIEN_MAIL_FROM": ("HTX <htx@example.vn>", "mail_from", "HTX <htx@example.vn>"),
    "CHOPHIEN_SMTP_URL": ("smtps://u:p@mail.example.vn", "smtp_url", "smtps://u:p@mail.example.vn"),
    "CHOPHIEN_SMS_URL": ("https://sms.example.vn/send", "sms_url", "https://sms.example.vn/send"),
    "CHOPHIEN_SMS_TOKEN": ("abc", "sms_token", "abc"),
    "CHOPHIEN_TRUSTED_PROXIES": ("0", "trusted_proxies", 0),
    "CHOPHIEN_LOG_LEVEL": ("debug", "log_level", "debug"),
}
POLICY = {f"CHOPHIEN_{rule.name.upper()}": rule.name for rule in fields(SalePolicy)}
BAD = {
    "CHOPHIEN_ENV": ["staging"],
    "CHOPHIEN_DATA_KEYS": [",", "short", "không phải khóa", f"{DATA_KEY},x"],
    "CHOPHIEN_DATABASE_URL": ["mysql://x/y", "chophien.db", "sqlite://", "sqlite:///:memory:"],
    "CHOPHIEN_REDIS_URL": ["127.0.0.1:6379", "http://127.0.0.1"],
    "CHOPHIEN_BASE_URL": ["vai.example.vn", "ftp://vai.example.vn", "https://"],
    "CHOPHIEN_DEBUG": ["maybe", "2"],
    "CHOPHIEN_DEMO": ["x"],
    "CHOPHIEN_DEMO_CROWD": ["on!"],
    "CHOPHIEN_ROLE": ["worker", "web"],
    "CHOPHIEN_WORKERS": ["0", "-1", "2", "1.5", "nhiều", "²"],
    "CHOPHIEN_FANOUT": ["slow"],
    "CHOPHIEN_HTTP_THREADS": ["0", "x", "NaN"],
    "CHOPHIEN_SOCKET_THREADS": ["0", "x"],
    "CHOPHIEN_INTAKE_QUEUE": ["0", "x", "99999999999999999999"],
    "CHOPHIEN_MAIL_FROM": ["nobody"],
    "CHOPHIEN_SMTP_URL": ["mail.example.vn", "http://mail.example.vn", "smtp://"],
    "CHOPHIEN_SMS_URL": ["sms.example.vn", "tel:123"],
    "CHOPHIEN_TRUSTED_PROXIES": ["-1", "x"],
    "CHOPHIEN_LOG_LEVEL": ["LOUD"],
    "PORT": ["0", "65536", "http", "-1"],
    "CHOPHIEN_PLEDGE_SALE_PERCENT": ["101"],
    "CHOPHIEN_HOLD_MINUTES": ["0", "90"],
    "CHOPHIEN_HOLD_CEILING_MINUTES": ["5"],
    "CHOPHIEN_SECERT_KEY": ["a misspelt name"],
}
ANY_TEXT = {"CHOPHIEN_SECRET_KEY", "CHOPHIEN_SMS_TOKEN", "CHOPHIEN_MEDIA_ROOT"}


def test_an_empty_environment_is_a_whole_development_set_up():
    config = Config.from_environment({})
    assert config.environment == "development"
    assert config.is_sqlite
    assert config.demo
    assert config.base_url == "http://127.0.0.1:8000"
    assert not config.secure_cookies
    assert config.pool_size == config.http_threads + config.socket_threads + 3


@pytest.mark.parametrize("name", GOOD)
def test_each_setting_is_read(name: str):
    text, attribute, value = GOOD[name]
    assert getattr(Config.from_environment({name: text}), attribute) == value


@pytest.mark.parametrize("name", POLICY)
def test_each_rule_of_sale_is_read(name: str):
    default = getattr(SalePolicy(), POLICY[name])
    given = default - 1 if default else 3
    config = Config.from_environment({name: str(given), "CHOPHIEN_LOG_LEVEL": "INFO"})
    assert getattr(config.policy, POLICY[name]) == given


def test_no_setting_is_forgotten_here():
    assert set(setting_readers()) == set(GOOD) | set(POLICY)
    assert set(GOOD) - ANY_TEXT <= set(BAD)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_a_wrong_one_stops_the_start_with_one_sentence(name: str, text: str):
    with pytest.raises(ConfigError) as refused:
        Config.from_environment({name: text})
    sentence = str(refused.value)
    assert "\n" not in sentence
    assert sentence.endswith(".")
    assert name in sentence or "SQLite serves exactly one process" in sentence


@pytest.mark.parametrize("name", list(POLICY))
@pytest.mark.parametrize("text", ["-1", "1.5", "nhiều", "1e3"])
def test_a_rule_of_sale_is_a_whole_number(name: str, text: str):
    with pytest.raises(ConfigError, match=name):
        Config.from_environment({name: text})


def test_host_and_port_make_the_address():
    config = Config.from_environment({"HOST": "0.0.0.0", "PORT": "9000"})
    assert (config.host, config.port, config.base_url) == ("0.0.0.0", 9000, "http://0.0.0.0:9000")


def test_production_stands_with_its_own_secrets():
    config = Config.from_environment(PRODUCTION)
    assert (config.demo, config.demo_crowd, config.debug) == (False, False, False)
    assert config.secure_cookies


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"CHOPHIEN_SECRET_KEY": ""}, "CHOPHIEN_SECRET_KEY"),
        ({"CHOPHIEN_SECRET_KEY": DEVELOPMENT_SECRET}, "CHOPHIEN_SECRET_KEY"),
        ({"CHOPHIEN_SECRET_KEY": "too short"}, "CHOPHIEN_SECRET_KEY"),
        ({"CHOPHIEN_DATA_KEYS": ""}, "CHOPHIEN_DATA_KEYS"),
        ({"CHOPHIEN_DATA_KEYS": DEVELOPMENT_DATA_KEY}, "CHOPHIEN_DATA_KEYS"),
        ({"CHOPHIEN_DATA_KEYS": f"{DATA_KEY},{DEVELOPMENT_DATA_KEY}"}, "CHOPHIEN_DATA_KEYS"),
        ({"CHOPHIEN_DEBUG": "1"}, "CHOPHIEN_DEBUG"),
        ({"CHOPHIEN_DEMO": "1"}, "CHOPHIEN_DEMO"),
        ({"CHOPHIEN_DEMO_CROWD": "1"}, "CHOPHIEN_DEMO_CROWD"),
    ],
)
def test_production_refuses_what_is_not_safe(change: dict[str, str], sentence: str):
    with pytest.raises(ConfigError, match=sentence):
        Config.from_environment(PRODUCTION | change)


def test_production_texts_only_through_a_gateway():
    assert Config.from_environment({}).can_text
    assert not Config.from_environment(PRODUCTION).can_text
    assert Config.from_environment(PRODUCTION | {"CHOPHIEN_SMS_URL": "https://sms.example.vn"}).can_text


def test_sqlite_is_one_process_and_split_roles_need_redis():
    postgres = {"CHOPHIEN_DATABASE_URL": "postgresql://127.0.0.1/vai"}
    assert Config.from_environment(postgres | {"CHOPHIEN_WORKERS": "4"}).workers == 4
    with pytest.raises(ConfigError, match="Redis"):
        Config.from_environment(postgres | {"CHOPHIEN_ROLE": "web"})
    with pytest.raises(ConfigError, match="SQLite serves exactly one process"):
        Config.from_environment({"CHOPHIEN_WORKERS": "4"})


def test_the_settings_of_tests_are_not_ours():
    assert Config.from_environment({"CHOPHIEN_TEST_POSTGRES_URL": "x", "OTHER": "y"}) == Config.from_environment({})


def test_the_table_names_every_setting_with_its_default():
    table = (Path(__file__).resolve().parents[2] / "docs" / "settings.md").read_text()
    rows = dict(re.findall(r"^\| `([A-Z_]+)` \| ([^|]*) \|", table, re.MULTILINE))
    assert set(rows) == set(GOOD) | set(POLICY) | {"HOST", "PORT"}
    for name, rule in POLICY.items():
        assert rows[name].replace(".", "").strip().strip("`") == str(getattr(SalePolicy(), rule)), name
