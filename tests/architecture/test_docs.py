"""The documentation can't drift: what is there is documented, and what it links to is there."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

import wrencos_core.contracts
from wrencos_core import hookspecs
from wrencos_core.events import Event

ROOT = Path(__file__).parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *(ROOT / "docs").rglob("*.md"),
    *(ROOT / "plugins").glob("*/README.md"),
]


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text("utf-8")


def core_hooks() -> list[str]:
    return [name for name, value in vars(hookspecs).items() if hasattr(value, "wrencos_spec")]


def event_names() -> list[str]:
    for module in pkgutil.iter_modules(wrencos_core.contracts.__path__, "wrencos_core.contracts."):
        importlib.import_module(module.name)
    return [cls.name for cls in Event.__subclasses__() if "contracts" in cls.__module__]


@pytest.mark.parametrize("hook", core_hooks())
def test_each_hook_is_documented(hook: str) -> None:
    assert f"`{hook}(" in page("hooks.md")
    assert getattr(hookspecs, hook).__doc__


def test_the_documented_hooks_exist() -> None:
    documented = re.findall(r"^\| `([a-z_]+)\(", page("hooks.md"), re.MULTILINE)
    assert sorted(documented) == sorted(core_hooks())


def test_exactly_the_events_that_exist_are_documented() -> None:
    documented = re.findall(r"^\| `([a-z_.]+)` \|", page("events.md"), re.MULTILINE)
    assert sorted(documented) == sorted(event_names())


def test_each_decision_is_listed() -> None:
    listed = page("decisions/README.md")
    records = [path.name for path in (ROOT / "docs" / "decisions").glob("0*.md")]
    assert records
    assert [name for name in records if f"]({name})" not in listed] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text("utf-8"), flags=re.DOTALL)
    targets = re.findall(r"\]\(([^)\s#]+)(?:#[^)]*)?\)", text)
    broken = [
        target
        for target in targets
        if "://" not in target and not (path.parent / target).resolve().exists()
    ]
    assert broken == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_that_a_page_names_is_there(path: Path) -> None:
    named = re.findall(
        r"`((?:tests|docs|wrencos_core|plugins|benchmarks)/[\w./-]*)`", path.read_text("utf-8")
    )
    missing = [
        name for name in named if not ((ROOT / name).exists() or (path.parent / name).exists())
    ]
    assert missing == []
