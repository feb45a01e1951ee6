"""What the tests of imports share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from wrencos_commerce.commands.products import product
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_core.api import Platform


@pytest.fixture(autouse=True)
def _stock_adds_up(platform: Platform) -> Iterator[None]:
    """Whatever was imported and undone: the ledger of the stock tells all of it."""
    yield
    differences = list(platform.services.require(StockAudit).differences())
    assert [one for one in differences if one.check != "held"] == []


@pytest.fixture
def run(platform: Platform) -> Callable[..., Result]:
    """Returns `run(*arguments)`: the result of `wrencos product …`."""
    return lambda *arguments: CliRunner().invoke(product, list(map(str, arguments)), obj=platform)


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., Path]:
    """Returns `file(text, name=…, encoding=…)`: the path of a file with this text."""

    def file(text: str, name: str = "products.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return file


@pytest.fixture
def imported(run: Callable[..., Result], file: Callable[..., Path]) -> Callable[..., str]:
    """Returns `imported(text, *options)`: imports this text; the id of the run."""

    def imported(text: str, *options: str) -> str:
        result = run("import", file(text), *options)
        assert result.exit_code == 0, (result.output, result.exception)
        return result.output.split()[-1]

    return imported
