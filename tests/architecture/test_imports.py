"""The rules of the house that hold for every plugin in plugins/, also those added later."""

from __future__ import annotations

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PLUGINS = sorted(path.name for path in (ROOT / "plugins").glob("*/wrencos_*"))
FACADES = ("wrencos_core.api", "wrencos_core.web")
OPEN_PACKAGES = ("wrencos_core.contracts.", "wrencos_core.testing.")


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(
        "wrencos_core",
        "wrencos_cli",
        *PLUGINS,
        include_external_packages=True,
        exclude_type_checking_imports=True,
        cache_dir=None,
    )


def test_there_is_a_plugin_to_check() -> None:
    assert "wrencos_commerce" in PLUGINS


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_imports_the_core_through_its_facades_only(
    graph: grimp.ImportGraph, plugin: str
) -> None:
    imported = {
        (module, target)
        for module in graph.find_descendants(plugin)
        for target in graph.find_modules_directly_imported_by(module)
        if target.startswith("wrencos_core")
    }
    assert imported, "a plugin that never touches the core is not a plugin"
    strangers = {
        (module, target)
        for module, target in imported
        if target not in FACADES and not target.startswith(OPEN_PACKAGES)
    }
    assert strangers == set()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_imports_no_other_plugin(graph: grimp.ImportGraph, plugin: str) -> None:
    others = set(PLUGINS) - {plugin}
    chains = {other: graph.find_shortest_chains(plugin, other) for other in others}
    assert {other: chain for other, chain in chains.items() if chain} == {}


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("layer", ["services", "models"])
def test_services_and_models_never_reach_flask(
    graph: grimp.ImportGraph, plugin: str, layer: str
) -> None:
    package = f"{plugin}.{layer}"
    modules = graph.find_descendants(package) | {package}
    reached = {
        module for module in modules if graph.find_shortest_chain(module, "flask") is not None
    }
    assert reached == set()


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_http_facade_is_for_the_api_folder(graph: grimp.ImportGraph, plugin: str) -> None:
    users = {
        module
        for module in graph.find_descendants(plugin)
        if "wrencos_core.web" in graph.find_modules_directly_imported_by(module)
    }
    allowed = (f"{plugin}.api", f"{plugin}.schemas")
    assert {module for module in users if not module.startswith(allowed)} == set()
