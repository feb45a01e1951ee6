"""Checks that each plugin must pass. Two lines in a plugin's tests run them all:

class TestConformance(PluginConformance):
    plugin = wrencos_commerce.plugin
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import pytest
from flask import Flask

from wrencos_core.database import database
from wrencos_core.http.access import LOGGED_IN, PUBLIC
from wrencos_core.platform import Platform
from wrencos_core.plugins import PluginInfo
from wrencos_core.testing import rules
from wrencos_core.testing.queries import assert_uses_index

_ABOUT_PEOPLE = {"user_id", "customer_id"}


class PluginConformance:
    """Subclass it as `Test…` and set `plugin` to the plugin's module."""

    plugin: ClassVar[ModuleType]
    # `GET /api/…` to the reason why its list can't grow without a `limit`.
    bounded_otherwise: ClassVar[Mapping[str, str]] = {}

    def hot_queries(self) -> Iterable[Any]:
        """Unread cursors or QuerySets as the plugin's busiest reads make them; override it."""
        return ()

    @property
    def info(self) -> PluginInfo:
        info: PluginInfo = self.plugin.PLUGIN
        return info

    @pytest.fixture
    def alone(self, make_platform: Callable[..., Platform]) -> Platform:
        """A platform with this plugin and no other."""
        return make_platform({self.info.name: self.plugin})

    @pytest.fixture
    def document(self, alone: Platform, make_app: Callable[[Platform], Flask]) -> dict[str, Any]:
        """The OpenAPI document of `alone`."""
        response = make_app(alone).test_client().get("/openapi.json")
        assert response.status_code == 200
        described: dict[str, Any] = response.get_json()
        return described

    def brought(self, platform: Platform, hook: str) -> list[Any]:
        """What this plugin returns for a list hook."""
        status = platform.plugins.statuses[self.info.name]
        return platform.plugins.collect_one(status, hook, {"platform": platform})

    def test_it_is_enabled_without_any_other_plugin(self, alone: Platform) -> None:
        status = alone.plugins.statuses[self.info.name]
        assert (status.state, status.reason) == ("enabled", "")

    def test_it_can_be_switched_off(
        self, make_platform: Callable[..., Platform], make_app: Callable[[Platform], Flask]
    ) -> None:
        name = self.info.name
        platform = make_platform({name: self.plugin}, disabled_plugins=(name,))
        assert platform.plugins.statuses[name].state == "disabled"
        owned = [model._get_collection_name() for model in platform.models]
        assert not [collection for collection in owned if collection.startswith(f"{name}_")]
        assert make_app(platform).test_client().get("/openapi.json").status_code == 200

    def test_its_package_says_the_same(self) -> None:
        distribution = rules.distribution_of(self.plugin)
        # A module that was never installed, as in a test of its own, has no package to differ from.
        problems = list(rules.check_distribution(self.info, distribution)) if distribution else []
        assert problems == []

    def test_it_presents_itself(self) -> None:
        assert self.info.title
        assert self.info.description.endswith(".")

    def test_its_settings_are_described(self, alone: Platform) -> None:
        plain = [
            settings.environment_name(name)
            for settings in self.brought(alone, "register_settings")
            for name, field in settings.model_fields.items()
            if not field.description
        ]
        assert not plain, "settings without a description"

    def test_its_permissions_and_jobs_are_described(self, alone: Platform) -> None:
        items = [
            *self.brought(alone, "register_permissions"),
            *self.brought(alone, "register_jobs"),
        ]
        assert not [item.name for item in items if not item.description], "without a description"

    def test_its_routes_are_documented(self, alone: Platform, document: dict[str, Any]) -> None:
        problems = [
            problem
            for name, operation in self._operations(alone, document)
            for problem in rules.check_operation(name, operation)
        ]
        assert not problems

    def test_the_access_of_its_routes_is_declared_and_known(
        self, alone: Platform, make_app: Callable[[Platform], Flask]
    ) -> None:
        names = {blueprint.name for blueprint in self.brought(alone, "register_blueprints")}
        known = {PUBLIC, LOGGED_IN, *alone.permissions}
        unknown = [
            f"{endpoint}: {getattr(view, '_wrencos_access', 'nothing')}"
            for endpoint, view in make_app(alone).view_functions.items()
            if endpoint.rpartition(".")[0] in names
            and getattr(view, "_wrencos_access", None) not in known
        ]
        assert not unknown, "routes whose access is not PUBLIC, LOGGED_IN or a permission"

    def test_its_lists_are_bounded(self, alone: Platform, document: dict[str, Any]) -> None:
        operations = dict(self._operations(alone, document))
        assert set(self.bounded_otherwise) <= set(operations), "exceptions that are no routes"
        problems = [
            problem
            for name, operation in operations.items()
            if name not in self.bounded_otherwise
            for problem in rules.check_bound(name, operation, document)
        ]
        assert not problems

    def test_the_indexes_of_its_models_are_built(self, alone: Platform) -> None:
        missing = []
        for model in self.brought(alone, "register_models"):
            name = model._get_collection_name()
            built = database()[name].index_information()
            declared = {spec.get("name") for spec in model._meta["index_specs"]} - {None}
            missing += [f"{name}.{index}" for index in sorted(declared - set(built))]
        assert not missing

    def test_its_busiest_reads_use_an_index(
        self,
        alone: Platform,
    ) -> None:
        for query in self.hot_queries():
            assert_uses_index(query)

    def test_it_answers_for_the_people_it_stores(self, alone: Platform) -> None:
        about = [
            model.__name__
            for model in self.brought(alone, "register_models")
            if _ABOUT_PEOPLE & set(model._fields)
        ]
        for hook in ("export_personal_data", "erase_personal_data"):
            assert not about or hasattr(self.plugin, hook), f"{about} need {hook}"

    def test_its_events_are_described(self) -> None:
        for module in rules.modules_of(self.plugin):
            import_module(module)
        for event in rules.events_of(self.info.name):
            assert event.__dict__.get("__doc__"), f"{event.__name__} has no docstring"
            assert event.__struct_config__.frozen, f"{event.__name__} can be changed"

    def test_its_mails_are_complete(self) -> None:
        file = import_module(rules.package_of(self.plugin)).__file__
        assert file is not None
        folder = Path(file).parent / "templates" / "mail" / self.info.name
        assert not list(rules.check_templates(folder))

    def test_its_commands_have_help(self, alone: Platform) -> None:
        commands = self.brought(alone, "register_commands")
        assert not [problem for item in commands for problem in rules.check_command(item)]

    def test_its_services_and_models_need_no_flask(self) -> None:
        package = rules.package_of(self.plugin)
        parts = [
            name
            for name in rules.modules_of(self.plugin)
            if name.removeprefix(f"{package}.").split(".")[0] in rules.FLASK_FREE
        ]
        assert not list(rules.check_flask_free(parts))

    def _operations(self, platform: Platform, document: dict[str, Any]) -> list[tuple[str, Any]]:
        blueprints = self.brought(platform, "register_blueprints")
        return list(rules.operations(document, {blueprint.name for blueprint in blueprints}))
