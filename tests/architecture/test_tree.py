"""The tree stays one that a newcomer can read."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "wrencos_core", ROOT / "cli", *sorted((ROOT / "plugins").glob("*/wrencos_*"))]
VAGUE = {"utils.py", "helpers.py", "common.py", "misc.py", "util.py"}


def sources() -> Iterator[Path]:
    for package in PACKAGES:
        yield from (path for path in package.rglob("*.py") if "templates" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_no_file_has_a_vague_name() -> None:
    assert [name(path) for path in sources() if path.name in VAGUE] == []


def test_no_file_is_longer_than_400_lines() -> None:
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in sources()}
    assert {file: lines for file, lines in long.items() if lines > 400} == {}


def test_an_init_holds_a_version_or_nothing() -> None:
    for path in sources():
        if path.name != "__init__.py":
            continue
        body = ast.parse(path.read_text("utf-8")).body
        extra = [
            node
            for node in body
            if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))
            and not (isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__")
        ]
        assert extra == [], f"{name(path)} holds more than a version"


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_module_says_what_it_is_for(package: Path) -> None:
    silent = [
        name(path)
        for path in package.rglob("*.py")
        if "templates" not in path.parts
        and path.name != "__init__.py"
        and not ast.get_docstring(ast.parse(path.read_text("utf-8")))
    ]
    assert silent == []


def test_a_plugin_module_is_a_table_of_contents() -> None:
    modules = [*(ROOT / "plugins").glob("*/wrencos_*/plugin.py")]
    assert modules
    long = {name(path): len(path.read_text("utf-8").splitlines()) for path in modules}
    assert {file: lines for file, lines in long.items() if lines >= 100} == {}


def test_the_app_factory_stays_short() -> None:
    assert len((ROOT / "wrencos_core" / "app.py").read_text("utf-8").splitlines()) < 150
