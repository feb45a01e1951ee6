"""The checks pass for a good plugin, and each fails for what it is there to find."""

from importlib.metadata import PathDistribution
from pathlib import Path
from typing import ClassVar

import click
import pytest
from mongoengine import StringField

from wrencos_core.documents import Document
from wrencos_core.events import Event
from wrencos_core.identity import Permission
from wrencos_core.jobs import Job
from wrencos_core.plugins import PluginInfo
from wrencos_core.settings import Settings
from wrencos_core.testing import rules
from wrencos_core.testing.conformance import PluginConformance
from wrencos_core.testing.modules import load_module, make_plugin
from wrencos_core.web import Blueprint

sample = load_module(Path(__file__).parents[1] / "sample_plugin.py")


class TestSample(PluginConformance):
    plugin = sample

    def hot_queries(self):
        return [sample.Thing.raw().find({"label": "a"})]


class TestOwnFile(PluginConformance):
    """A plugin with a setting of its own, and a list that is bounded by itself."""

    plugin = sample
    bounded_otherwise: ClassVar = {"GET /api/sample/things": "There are three."}


PLAIN_FIELD = type(
    "Plain", (Settings,), {"section": "bad", "__annotations__": {"size": int}, "size": 1}
)


class Visit(Document):
    meta = {"collection": "bad_visits"}
    id_prefix = "badvisit"

    user_id = StringField()


class Plain(Settings):
    section = "bad"

    size: int = 1


def command() -> click.Command:
    return click.Command("sweep")


@pytest.mark.parametrize(
    ("check", "hooks"),
    [
        ("its_settings_are_described", {"register_settings": lambda: [Plain]}),
        (
            "its_permissions_and_jobs_are_described",
            {"register_permissions": lambda: [Permission("bad.things.read", "")]},
        ),
        (
            "its_permissions_and_jobs_are_described",
            {"register_jobs": lambda: [Job("bad.do_it", print, "")]},
        ),
        ("its_commands_have_help", {"register_commands": lambda: [command()]}),
        ("it_is_enabled_without_any_other_plugin", {"register_models": lambda: 1 / 0}),
        ("it_answers_for_the_people_it_stores", {"register_models": lambda: [Visit]}),
    ],
)
def test_each_check_finds_what_it_is_for(make_platform, check, hooks):
    class Bad(PluginConformance):
        plugin = make_plugin("bad", **hooks)

    platform = make_platform({"bad": Bad.plugin})
    with pytest.raises(AssertionError):
        getattr(Bad(), f"test_{check}")(platform)


def test_a_route_with_an_unknown_permission_is_found(make_platform, make_app):
    blueprint = Blueprint("bad", "bad", url_prefix="/bad", description="Bad.")

    @blueprint.get("/things", access="bad.things.read")
    @blueprint.response(200, sample.ThingPage)
    def list_things() -> None:
        """List them."""

    class Bad(PluginConformance):
        plugin = make_plugin("bad", register_blueprints=lambda: [blueprint])

    platform = make_platform({"bad": Bad.plugin})
    with pytest.raises(AssertionError, match=r"bad\.things\.read"):
        Bad().test_the_access_of_its_routes_is_declared_and_known(platform, make_app)
    document = make_app(platform).test_client().get("/openapi.json").get_json()
    with pytest.raises(AssertionError, match="answers a list without a `limit`"):
        Bad().test_its_lists_are_bounded(platform, document)


def test_a_read_that_scans_is_found(make_platform):
    class Bad(PluginConformance):
        plugin = sample

        def hot_queries(self):
            return [sample.Thing.raw().find({"count": 1})]

    with pytest.raises(AssertionError, match="sample_things is scanned"):
        Bad().test_its_busiest_reads_use_an_index(make_platform({"sample": sample}))


def test_the_versions_of_package_and_plugin_are_compared(tmp_path: Path):
    (tmp_path / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: wrencos-x\nVersion: 1.1\n"
        "Requires-Dist: wrencos-core<0.2,>=0.1\nRequires-Dist: stripe\n"
    )
    distribution = PathDistribution(tmp_path)

    def problems(version: str, core: str) -> list[str]:
        info = PluginInfo(name="x", title="X", description="X.", version=version, core=core)
        return list(rules.check_distribution(info, distribution))

    assert problems("1.1", ">=0.1,<0.2") == []
    assert "PLUGIN.version 1.0" in problems("1.0", ">=0.1,<0.2")[0]
    assert "PLUGIN.core >=0.1" in problems("1.1", ">=0.1")[0]


THING = {"type": "object", "properties": {"id": {"type": "string"}}}
DOCUMENT = {
    "components": {
        "schemas": {
            "Thing": THING,
            "Page": {
                "type": "object",
                "properties": {
                    "items": {"type": "array", "items": {"$ref": "#/components/schemas/Thing"}}
                },
            },
            "Names": {
                "type": "object",
                "properties": {"names": {"type": "array", "items": {"type": "string"}}},
            },
        }
    }
}


def answer(schema: str, *parameters: dict) -> dict:
    reference = {"$ref": f"#/components/schemas/{schema}"}
    content = {"application/json": {"schema": reference}}
    return {"parameters": list(parameters), "responses": {"200": {"content": content}}}


def limit(maximum: int | None) -> dict:
    return {"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": maximum}}


@pytest.mark.parametrize(
    ("name", "operation", "bounded"),
    [
        ("GET /things", answer("Page", limit(100)), True),
        ("GET /things", answer("Page", limit(1000)), False),
        ("GET /things", answer("Page", limit(None)), False),
        ("GET /things", answer("Page"), False),
        ("GET /things/{id}", answer("Page"), True),
        ("POST /things", answer("Page"), True),
        ("GET /names", answer("Names"), True),
        ("GET /one", answer("Thing"), True),
    ],
)
def test_lists_without_an_end_are_found(name, operation, bounded):
    assert (list(rules.check_bound(name, operation, DOCUMENT)) == []) is bounded


def test_what_a_route_does_not_document_is_found():
    assert len(list(rules.check_operation("GET /x", {}))) == 3
    documented = {"summary": "Read it.", "responses": {"200": {}, "default": {}}}
    assert list(rules.check_operation("GET /x", documented)) == []


def test_a_mail_without_a_part_is_found(tmp_path: Path):
    for locale in ("vi", "en"):
        for part in ("subject.txt", "txt", "html"):
            (tmp_path / f"welcome.{locale}.{part}").touch()
    assert list(rules.check_templates(tmp_path)) == []
    (tmp_path / "_table.vi.html").touch()
    assert list(rules.check_templates(tmp_path)) == []
    (tmp_path / "welcome.vi.html").unlink()
    assert list(rules.check_templates(tmp_path)) == ["the mail welcome has no welcome.vi.html"]
    assert list(rules.check_templates(tmp_path / "none")) == []


def test_commands_without_help_are_found():
    @click.group(help="Things.")
    def things() -> None: ...

    @things.command()
    @click.option("--all")
    def sweep(all: bool) -> None: ...

    assert list(rules.check_command(things)) == [
        "`wrencos things sweep` has no help",
        "`wrencos things sweep --all` has no help",
    ]


def test_an_import_of_flask_is_found(tmp_path: Path, monkeypatch):
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "pure_part.py").write_text("import json\n")
    (tmp_path / "web_part.py").write_text("import wrencos_core.web\n")
    (tmp_path / "through.py").write_text("import web_part\n")
    assert list(rules.check_flask_free(["pure_part"])) == []
    assert list(rules.check_flask_free(["pure_part", "through"])) == ["through imports Flask"]


def test_the_facade_of_services_needs_no_flask():
    assert list(rules.check_flask_free(["wrencos_core.api", "wrencos_core.platform"])) == []


def test_events_are_found_by_the_name_of_their_plugin():
    class Base(Event):
        """Has no name."""

    class Deep(Base):
        """Two levels down."""

        name: ClassVar[str] = "deepplugin.thing_done"

    assert rules.events_of("deepplugin") == [Deep]
    assert sample.Happened in rules.events_of("sample")
