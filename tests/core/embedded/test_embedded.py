"""The bundled mongod and Valkey, as real processes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from pymongo import MongoClient
from redis.backoff import NoBackoff
from redis.retry import Retry

from wrencos_core.embedded import process, servers
from wrencos_core.embedded.servers import EmbeddedServerError, EmbeddedServers

REFUSED = redis.AuthenticationError
pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")

# Waits for a line, starts the servers, says so, and lives until its input ends.
STARTER = """
import json, os, sys
from pathlib import Path
from wrencos_core.embedded import servers
sys.stdin.readline()
with servers.start(Path(sys.argv[1]), mongodb="mongodb" in sys.argv) as started:
    print(json.dumps([started.mongodb_uri, started.redis_url]), flush=True)
    sys.stdin.read()
"""

# Starts Valkey, lets a forked child stop it, and says whether it still answers.
FORKING = """
import os, sys
from pathlib import Path
from wrencos_core.embedded import servers
with servers.start(Path(sys.argv[1]), mongodb=False) as started:
    if (child := os.fork()) == 0:
        started.stop()
        os._exit(0)
    os.waitpid(child, 0)
    print(servers.status(Path(sys.argv[1])) is not None)
"""


@pytest.fixture
def short_path() -> Iterator[Path]:
    """Like tmp_path, but short enough for a socket whatever pytest's base folder is."""
    path = new_folder()
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def shared() -> Iterator[tuple[Path, EmbeddedServers]]:
    """Running servers for the tests that don't stop them."""
    path = new_folder()
    with servers.start(path) as started:
        yield path, started
    shutil.rmtree(path)


@pytest.fixture
def spawn(short_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    children: list[subprocess.Popen[str]] = []

    def new(*args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", STARTER, str(short_path), *args]
        child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        children.append(child)
        return child

    yield new
    for child in children:
        child.kill()
        child.communicate()
    eventually(lambda: not of_folder(short_path))


def new_folder() -> Path:
    """In memory where there is room: the servers wait for the disk at every acknowledged write."""
    memory = Path("/dev/shm")
    roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2 * 1024**3
    return Path(tempfile.mkdtemp(prefix="wre-", dir=memory if roomy else None))


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin is not None
    child.stdin.write("\n")
    child.stdin.flush()


def addresses(child: subprocess.Popen[str]) -> list[str]:
    assert child.stdout is not None
    answer: list[str] = json.loads(child.stdout.readline())
    return answer


def eventually(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def of_folder(path: Path) -> list[int]:
    """The servers that work in a subfolder of `path`."""
    found = []
    for each in psutil.process_iter():
        try:
            if Path(each.cwd()).parent == path.resolve():
                found.append(each.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            pass
    return found


def mongo(started: EmbeddedServers) -> MongoClient[dict[str, Any]]:
    assert started.mongodb_uri is not None
    return MongoClient(started.mongodb_uri, serverSelectionTimeoutMS=5000)


def cache(started: EmbeddedServers) -> redis.Redis:
    assert started.redis_url is not None
    return redis.Redis.from_url(started.redis_url, decode_responses=True)


def running(path: Path) -> servers.Status:
    found = servers.status(path)
    assert found is not None
    return found


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_second_start_attaches_and_its_stop_ends_nothing(
    shared: tuple[Path, EmbeddedServers],
) -> None:
    path, started = shared
    before = running(path)
    with servers.start(path) as attached:
        assert attached == started
    assert running(path) == before
    assert before.mongodb is not None
    assert before.mongodb.starter_pid == os.getpid()
    assert before.mongodb.uri == started.mongodb_uri


def test_only_what_is_asked_for_has_an_address(shared: tuple[Path, EmbeddedServers]) -> None:
    path, started = shared
    with servers.start(path, redis=False) as attached:
        assert (attached.mongodb_uri, attached.redis_url) == (started.mongodb_uri, None)


def test_transactions_commit_whole_or_leave_nothing(shared: tuple[Path, EmbeddedServers]) -> None:
    with mongo(shared[1]) as client:
        stock, orders = client.shop.stock, client.shop.orders
        stock.insert_one({"_id": "soap", "left": 2})
        orders.insert_one({"_id": "first"})
        with client.start_session() as session:
            with session.start_transaction():
                stock.update_one({"_id": "soap"}, {"$inc": {"left": -1}}, session=session)
                orders.insert_one({"_id": "second"}, session=session)
            session.start_transaction()
            stock.update_one({"_id": "soap"}, {"$inc": {"left": -1}}, session=session)
            session.abort_transaction()
        assert stock.find_one() == {"_id": "soap", "left": 1}
        assert orders.count_documents({}) == 2


def test_mongod_listens_on_its_private_sockets_only(shared: tuple[Path, EmbeddedServers]) -> None:
    path, _ = shared
    found = running(path).mongodb
    assert found is not None
    connections = psutil.Process(found.pid).net_connections(kind="all")
    assert not [each for each in connections if each.family != socket.AF_UNIX]
    home = path.resolve() / "mongodb"
    assert {Path(str(each.laddr)).parent for each in connections if each.laddr} == {home}


def test_files_are_private(shared: tuple[Path, EmbeddedServers]) -> None:
    path, started = shared
    assert {mode(path / name) for name in ("mongodb", "valkey", "logs")} == {0o700}
    assert mode(path / "mongodb" / "mongod.sock") == 0o700
    secrets = ("embedded.json", "valkey/password", "valkey/valkey.conf", "logs/mongod.log")
    assert {mode(path / name) for name in secrets} == {0o600}
    password = (path / "valkey" / "password").read_text().strip()
    commands = [" ".join(psutil.Process(pid).cmdline()) for pid in of_folder(path)]
    assert len(commands) == 2
    assert not [command for command in commands if password in command]
    assert password not in repr((started, running(path)))


def test_valkey_asks_for_the_password_and_evicts_nothing(
    shared: tuple[Path, EmbeddedServers],
) -> None:
    with cache(shared[1]) as client:
        port = client.connection_pool.connection_kwargs["port"]
        once = Retry(NoBackoff(), 0)
        with (
            redis.Redis(port=port, retry=once) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()
        wanted = {
            "bind": "127.0.0.1",
            "maxmemory-policy": "noeviction",
            "save": "",
            "appendonly": "yes",
            "appendfsync": "everysec",
        }
        assert client.config_get(*wanted) == wanted


def test_a_killed_server_is_replaced_and_the_other_kept(short_path: Path) -> None:
    with servers.start(short_path) as started:
        before = running(short_path)
        assert before.redis is not None
        os.kill(before.redis.pid, signal.SIGKILL)
        with servers.start(short_path) as again:
            now = running(short_path)
            assert now.mongodb == before.mongodb
            assert now.redis is not None
            assert now.redis.pid != before.redis.pid
            assert again == started  # the address is kept, so clients find the new server
        assert running(short_path).redis is None
    assert not of_folder(short_path)


def test_a_server_that_does_not_answer_is_replaced(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "ANSWER_SECONDS", 0)
    monkeypatch.setattr(process, "STOP_SECONDS", 0.2)
    with servers.start(short_path, mongodb=False):
        (stuck,) = of_folder(short_path)
        os.kill(stuck, signal.SIGSTOP)
        with servers.start(short_path, mongodb=False) as again, cache(again) as client:
            assert client.ping()
            assert stuck not in of_folder(short_path)


def test_data_survives_a_restart(short_path: Path) -> None:
    with servers.start(short_path) as first, mongo(first) as documents, cache(first) as keys:
        documents.shop.products.insert_one({"_id": "soap"})
        keys.set("seen", "soap")
        assert len(of_folder(short_path)) == 2
    assert not of_folder(short_path)
    assert servers.status(short_path) is None
    first.stop()
    with servers.start(short_path) as second, mongo(second) as documents, cache(second) as keys:
        assert documents.shop.products.find_one() == {"_id": "soap"}
        assert keys.get("seen") == "soap"
        assert second == first


def test_two_processes_that_start_at_once_share_one_pair(
    short_path: Path, spawn: Callable[..., subprocess.Popen[str]]
) -> None:
    pair = [spawn("mongodb"), spawn("mongodb")]
    for child in pair:
        go(child)
    first, second = (addresses(child) for child in pair)
    assert first == second
    assert len(of_folder(short_path)) == 2
    found = running(short_path)
    assert found.mongodb is not None
    assert found.redis is not None
    assert found.mongodb.starter_pid == found.redis.starter_pid
    assert found.mongodb.starter_pid in [child.pid for child in pair]


@pytest.mark.parametrize("everything", [False, True], ids=["the starter", "everything"])
def test_after_a_kill_the_servers_end_and_acknowledged_data_is_there(
    short_path: Path, spawn: Callable[..., subprocess.Popen[str]], everything: bool
) -> None:
    starter = spawn("mongodb")
    go(starter)
    assert addresses(starter)
    theirs = servers.start(short_path)
    with mongo(theirs) as documents, cache(theirs) as keys:
        for number in range(50):
            documents.shop.orders.insert_one({"_id": number})
            keys.rpush("orders", number)
        victims = [*(of_folder(short_path) if everything else []), starter.pid]
        for pid in victims:
            os.kill(pid, signal.SIGKILL)
    starter.wait()
    if not everything:
        eventually(lambda: not of_folder(short_path))
    with servers.start(short_path) as mine, mongo(mine) as documents, cache(mine) as keys:
        assert documents.shop.orders.count_documents({}) == 50
        assert keys.llen("orders") == 50
        found = running(short_path).mongodb
        assert found is not None
        assert found.starter_pid == os.getpid()


def test_servers_outlive_the_thread_that_started_them(short_path: Path) -> None:
    started: list[EmbeddedServers] = []
    thread = threading.Thread(
        target=lambda: started.append(servers.start(short_path, mongodb=False))
    )
    thread.start()
    thread.join()
    with started[0], cache(started[0]) as client:
        # The kernel signals after the join: the thread's task has to be gone first.
        eventually(lambda: str(thread.native_id) not in os.listdir("/proc/self/task"))
        # A server that was signalled is gone within this wait and breaks the connection.
        assert client.blpop(["nothing"], timeout=1) is None
        assert running(short_path).redis is not None


def test_a_forked_child_stops_nothing(short_path: Path) -> None:
    command = [sys.executable, "-c", FORKING, str(short_path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ended.stdout.strip() == "True"
    assert not of_folder(short_path)


def test_a_long_path_has_its_socket_elsewhere_and_the_folder_can_be_moved(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(short_path))
    old, new = short_path / ("long" * 30), short_path / "new"
    with servers.start(old, redis=False) as started, mongo(started) as client:
        (home,) = short_path.glob("wrencos-*")
        assert mode(home) == 0o700
        assert (home / "mongod.sock").is_socket()
        assert (old / "mongodb" / "WiredTiger").exists()
        client.shop.products.insert_one({"_id": "soap"})
    old.rename(new)
    with servers.start(new, redis=False) as moved, mongo(moved) as client:
        assert (new / "mongodb" / "mongod.sock").is_socket()
        with client.start_session() as session, session.start_transaction():
            client.shop.products.insert_one({"_id": "balm"}, session=session)
        assert client.shop.products.count_documents({}) == 2
    home.rmdir()
    home.symlink_to(new)
    with pytest.raises(EmbeddedServerError, match="not a folder of this user"):
        servers.start(old, redis=False)


def test_a_copied_folder_does_not_attach_to_the_servers_of_the_original(short_path: Path) -> None:
    with servers.start(short_path / "a", mongodb=False) as original, cache(original) as keys:
        keys.set("of", "a")
        (short_path / "b").mkdir()
        shutil.copy(short_path / "a" / "embedded.json", short_path / "b")
        with servers.start(short_path / "b", mongodb=False) as copied, cache(copied) as others:
            assert others.get("of") is None
        assert keys.get("of") == "a"


def test_a_taken_port_is_given_up(short_path: Path) -> None:
    with servers.start(short_path, mongodb=False) as first:
        pass
    port = int((short_path / "valkey" / "port").read_text())
    assert str(port) in str(first.redis_url)
    with (
        socket.create_server(("127.0.0.1", port)),
        servers.start(short_path, mongodb=False) as second,
        cache(second) as client,
    ):
        assert client.ping()
        assert second.redis_url != first.redis_url


def test_a_failed_start_shows_the_log_and_leaves_nothing_running(
    short_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = script(short_path / "broken", "echo the disk is on fire; exit 3")
    monkeypatch.setenv("VALKEY_BIN", broken)
    with pytest.raises(EmbeddedServerError, match=r"(?s)status 3.*the disk is on fire"):
        servers.start(short_path / "data")
    assert "mongod.log" in os.listdir(short_path / "data" / "logs")  # it had been started
    assert not of_folder(short_path / "data")
    assert servers.status(short_path / "data") is None
