"""Running `wrencos`: in this process on the test's platform, or in one of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.cli.places import Place, Run
from wrencos_cli.main import cli
from wrencos_core.platform import Platform
from wrencos_core.testing.servers import temporary_folder


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def run(platform: Platform) -> Run:
    """`run("user", "list", input=…)` on the test's platform, in this process."""

    def run(*arguments: str, **options: Any) -> Result:
        return CliRunner().invoke(cli, list(arguments), obj=platform, **options)

    return run


@pytest.fixture
def place() -> Iterator[Place]:
    # A short path: the embedded MongoDB listens on a Unix socket in it.
    place = Place(temporary_folder())
    try:
        yield place
    finally:
        place.stop()
