"""Checks before a start: ``python -m app.check_config`` ends with one clear sentence when a setting cannot work.

``Config`` judges each setting by its form. Here the settings are tried: keys are read, the database and Redis are
asked, the address is bound once. Whoever starts the server reads a sentence about the setting, never a traceback.
Drivers are imported only where their setting is used, so that the check costs an ordinary start a tenth of a second.
"""

import argparse
import socket
import sys
from pathlib import Path
from urllib.parse import urlsplit

from app.config import Config, ConfigError


def check(config: Config, *, address: bool = True) -> None:
    """Raise ``ConfigError`` with one sentence about the first setting that cannot work on this machine."""
    _check_data_keys(config.data_keys)
    if config.is_sqlite:
        _check_folder(Path(config.database_url.removeprefix("sqlite:///")).parent, "CHOPHIEN_DATABASE_URL")
    else:
        _check_postgres(config.database_url)
    _check_folder(config.media_root, "CHOPHIEN_MEDIA_ROOT")
    if config.redis_url:
        _check_redis(config.redis_url)
    if address:
        _check_address(config.host, config.port)


def _check_data_keys(keys: tuple[str, ...]) -> None:
    from cryptography.fernet import Fernet  # noqa: PLC0415 -- As the module says.

    for key in keys:
        try:
            Fernet(key)
        except ValueError:
            raise ConfigError(
                "CHOPHIEN_DATA_KEYS holds a key that cannot be used; make one with: flask --app wsgi new-data-key."
            ) from None


def _check_folder(folder: Path, name: str) -> None:
    probe = folder / ".write-check"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError(f"{name}: the folder {folder} cannot be written ({error.strerror}).") from None


def _check_postgres(url: str) -> None:
    import psycopg  # noqa: PLC0415 -- As the module says.

    parts = urlsplit(url)
    try:
        psycopg.connect(parts._replace(scheme="postgresql").geturl(), connect_timeout=5).close()
    except psycopg.Error as error:
        said = str(error).strip().splitlines()[0]
        raise ConfigError(f"CHOPHIEN_DATABASE_URL: the database does not answer ({said}).") from None


def _check_redis(url: str) -> None:
    import redis  # noqa: PLC0415 -- As the module says.

    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5)
        client.ping()
        client.close()
    except (redis.RedisError, ValueError) as error:
        raise ConfigError(f"CHOPHIEN_REDIS_URL: Redis does not answer ({error}).") from None


def _check_address(host: str, port: int) -> None:
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(place)
    except socket.gaierror:
        raise ConfigError(f"HOST: {host} is not an address of this machine.") from None
    except PermissionError:
        raise ConfigError(f"PORT: {port} needs administrator rights; choose another, for example PORT=8000.") from None
    except OSError as error:
        raise ConfigError(f"PORT: {host}:{port} cannot be used ({error.strerror}); choose another with PORT.") from None


def main(arguments: list[str]) -> int:
    """Return 0 when the server may start, 1 after printing the sentence that says why not."""
    parser = argparse.ArgumentParser(prog="python -m app.check_config", description=__doc__)
    parser.add_argument("--no-address", action="store_true", help="do not try HOST and PORT")
    options = parser.parse_args(arguments)
    try:
        check(Config.from_environment(), address=not options.no_address)
    except ConfigError as error:
        print(f"Chợ Phiên cannot start: {error}", file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
