"""How plugins are found, held to the rules, and refused without harm to the others."""

import re
from types import ModuleType, SimpleNamespace

import pytest
from mongoengine import StringField

from wrencos_core import hookspecs
from wrencos_core.contributions import gather
from wrencos_core.documents import Document
from wrencos_core.errors import StartupError
from wrencos_core.events import Event, Subscriber
from wrencos_core.hookspecs import hookimpl, hookspec
from wrencos_core.identity import Permission
from wrencos_core.jobs import Job, Schedule
from wrencos_core.migrations import Migration
from wrencos_core.plugins import PluginInfo, PluginManager, discover
from wrencos_core.settings import Settings, SettingsError
from wrencos_core.testing.modules import make_plugin


def document(class_name: str, collection: str, prefix: str) -> type[Document]:
    attributes = {
        "meta": {"collection": collection},
        "id_prefix": prefix,
        "label": StringField(),
        "__module__": __name__,
    }
    return type(class_name, (Document,), attributes)


Good = document("Good", "good_things", "good")
Misplaced = document("Misplaced", "other_things", "misplaced")
BadPrefix = document("BadPrefix", "bad_things", "Bad-Prefix")
AlsoGood = document("AlsoGood", "bad_goods", "good")
CoreUser = document("CoreUser", "bad_users", "user")


class OtherSettings(Settings):
    section = "elsewhere"


class GoodSettings(Settings):
    section = "good"

    size: int = 3


class Happened(Event):
    """It happened."""

    name = "good.thing_happened"


def good(**hooks) -> ModuleType:
    return make_plugin("good", register_models=lambda: [Good], **hooks)


def statuses(platform):
    return {name: status.state for name, status in platform.plugins.statuses.items()}


def refusal(make_platform, bad: object) -> str:
    """Why `bad` is refused; the plugin beside it is enabled all the same."""
    platform = make_platform({"bad": bad, "good": good()})
    assert statuses(platform)["good"] == "enabled"
    assert statuses(platform)["bad"] == "refused"
    assert platform.plugins.statuses["bad"].module is None
    assert "bad" not in {status.name for status in platform.plugins.enabled()}
    assert Good in platform.models
    return platform.plugins.statuses["bad"].reason


def test_without_plugins_the_built_in_parts_are_enabled(make_platform):
    assert statuses(make_platform({})) == {"core": "enabled", "mail": "enabled", "auth": "enabled"}


def test_a_plugin_is_enabled_with_what_it_brings(make_platform):
    platform = make_platform(
        {
            "good": good(
                register_settings=lambda: [GoodSettings],
                register_permissions=lambda: [Permission("good.things.write", "Write.")],
                register_jobs=lambda: [Job("good.do_it", lambda: None, "Do it.")],
            )
        }
    )
    assert platform.settings_for(GoodSettings).size == 3
    assert "good.things.write" in platform.permissions
    assert platform.jobs.get("good.do_it").description == "Do it."


def test_a_plugin_that_does_not_fit_this_core_is_refused(make_platform):
    reason = refusal(make_platform, make_plugin("bad", core=">=9,<10"))
    assert "needs wrencos-core >=9,<10, this is" in reason


@pytest.mark.parametrize("core", ["", "soon", ">=x"])
def test_a_range_that_is_none_is_refused(make_platform, core):
    if core == "":  # an empty range allows every version
        assert statuses(make_platform({"bad": make_plugin("bad", core="")}))["bad"] == "enabled"
    else:
        assert "no version range" in refusal(make_platform, make_plugin("bad", core=core))


def test_a_plugin_that_cannot_be_imported_is_refused(make_platform):
    def load() -> ModuleType:
        raise ModuleNotFoundError("No module named 'stripe'")

    reason = refusal(make_platform, SimpleNamespace(load=load))
    assert reason == "ModuleNotFoundError: No module named 'stripe'"


def test_a_module_without_plugin_info_is_refused(make_platform):
    assert "PLUGIN = PluginInfo" in refusal(make_platform, ModuleType("bad"))


def test_another_name_than_its_entry_point_is_refused(make_platform):
    assert "must be one name" in refusal(make_platform, make_plugin("worse"))


def test_a_reserved_name_is_refused(make_platform):
    platform = make_platform({"core": make_plugin("core"), "good": good()})
    # The core's own part stands, whoever claims its name.
    assert statuses(platform)["core"] == "enabled"
    assert platform.plugins.statuses["core"].module.__name__ == "wrencos_core.core_plugin"


@pytest.mark.parametrize(
    ("hooks", "reason"),
    [
        ({"register_models": lambda: [Misplaced]}, "'other_things' must be `bad_<things>`"),
        ({"register_models": lambda: [BadPrefix]}, "id_prefix 'Bad-Prefix'"),
        ({"register_models": lambda: [CoreUser]}, "id prefix 'user' belongs to auth"),
        ({"register_models": lambda: [AlsoGood, AlsoGood]}, "used twice"),
        ({"register_settings": lambda: [OtherSettings]}, "must have section 'bad'"),
        (
            {"register_permissions": lambda: [Permission("good.things.write", "x")]},
            "must be `bad.<plurals>.<verb>`",
        ),
        (
            {"register_permissions": lambda: [Permission("bad.write", "x")]},
            "must be `bad.<plurals>.<verb>`",
        ),
        (
            {"register_migrations": lambda: [Migration("good", 1, "x", lambda db: None)]},
            "must be of plugin 'bad'",
        ),
        ({"register_models": lambda: 1 / 0}, "ZeroDivisionError"),
        ({"register_jobs": lambda: [Job("good.x", print, "x")]}, "must be `bad.<verb_object>`"),
        ({"register_jobs": lambda: [Job("bad.Do", print, "x")]}, "must be `bad.<verb_object>`"),
        ({"register_jobs": lambda: [Job("bad.x", print, "x")] * 2}, "registered twice"),
        ({"register_jobs": lambda: 1 / 0}, "ZeroDivisionError"),
        (
            {"register_schedules": lambda: [Schedule("bad.s", "bad.missing", cron="0 * * * *")]},
            "bad.missing",
        ),
        (
            {"register_subscribers": lambda: [Subscriber(Happened, "good.note", print)]},
            "must be `bad.<verb_object>`",
        ),
        ({"register_services": lambda: 1 / 0}, "ZeroDivisionError"),
    ],
)
def test_a_broken_rule_is_refused_with_its_reason(make_platform, hooks, reason):
    assert reason in refusal(make_platform, make_plugin("bad", **hooks))


def test_a_schedule_may_name_a_job_of_a_plugin_that_registers_later(make_platform):
    nightly = Schedule("alpha.nightly", "core.sweep_outbox", cron="0 3 * * *")
    platform = make_platform({"alpha": make_plugin("alpha", register_schedules=lambda: [nightly])})
    assert statuses(platform)["alpha"] == "enabled"
    assert nightly in platform.schedules


def test_a_built_in_part_can_be_neither_replaced_nor_switched_off(make_platform):
    platform = make_platform({"auth": make_plugin("auth")}, disabled_plugins=("mail", "auth"))
    assert statuses(platform) == {"core": "enabled", "mail": "enabled", "auth": "enabled"}
    assert platform.plugins.statuses["auth"].module.__name__ == "wrencos_core.auth.plugin"


def test_what_a_refused_plugin_registered_before_it_failed_is_gone(make_platform):
    def provide(services):
        services.provide(StartupError, "half-way")
        raise RuntimeError("then it failed")

    platform = make_platform({"bad": make_plugin("bad", register_services=provide)})
    assert platform.services.find(StartupError) is None
    assert platform.plugins.statuses["bad"].reason == "RuntimeError: then it failed"


def test_an_id_prefix_that_another_plugin_has_is_refused(make_platform):
    claims = make_plugin("late", register_models=lambda: [document("L", "late_things", "good")])
    platform = make_platform({"good": good(), "late": claims})
    assert statuses(platform)["late"] == "refused"
    assert platform.plugins.statuses["late"].reason == "id prefix 'good' belongs to good"


def test_what_is_switched_off_is_not_even_imported(make_platform):
    def load() -> ModuleType:
        raise AssertionError("imported")

    platform = make_platform(
        {"off": SimpleNamespace(load=load), "good": good()}, disabled_plugins=("off", "absent")
    )
    assert statuses(platform)["off"] == "disabled"
    assert platform.plugins.statuses["absent"].reason == "switched off, and not installed"
    assert statuses(platform)["good"] == "enabled"


def test_settings_of_a_switched_off_plugin_may_stay(make_platform, tmp_path):
    from wrencos_core import platform as platforms
    from wrencos_core.settings import CoreSettings, Sources

    core = make_platform({}).settings
    overrides = {
        CoreSettings: {
            "mongodb_uri": core.mongodb_uri,
            "redis_url": core.redis_url,
            "data_dir": core.data_dir,
        }
    }
    sources = Sources({"WRENCOS_DISABLED_PLUGINS": "good"}, {"good": {"size": 5}})
    platforms.start(overrides, {"good": good()}, sources)
    with pytest.raises(SettingsError, match=r"\[good\]"):
        platforms.start(overrides, {}, Sources({}, {"good": {"size": 5}}))


class OwnedHooks:
    """Hooks that a plugin owns, as its own hookspecs module has them."""

    @staticmethod
    @hookspec
    def good_greet(name: str) -> str:
        """A greeting."""


def test_a_plugin_may_own_hooks_that_others_answer(make_platform):
    owner = good(add_hookspecs=lambda add: add(OwnedHooks))
    guest = make_plugin("guest", good_greet=lambda name: f"hello {name}")
    guest.good_greet = hookimpl(optionalhook=True)(guest.good_greet)
    platform = make_platform({"good": owner, "guest": guest})
    assert platform.hook.good_greet(name="An") == ["hello An"]
    alone = make_platform({"guest": guest})
    assert statuses(alone)["guest"] == "enabled"


def test_a_hook_that_no_one_owns_is_refused(make_platform):
    reason = refusal(make_platform, make_plugin("bad", register_blueprint=list))
    assert "register_blueprint" in reason


def test_a_hook_with_an_argument_it_does_not_have_is_refused(make_platform):
    reason = refusal(make_platform, make_plugin("bad", register_jobs=lambda app: []))
    assert "app" in reason


def test_items_are_collected_in_the_order_of_the_plugins_names(make_platform):
    def plugin(name: str) -> ModuleType:
        return make_plugin(name, register_jobs=lambda: [Job(f"{name}.go", print, "Go.")])

    platform = make_platform({name: plugin(name) for name in ("zulu", "alpha", "mike")})
    found = platform.plugins.collect("register_jobs", platform=platform)
    assert [name for name, job in found if job.name.endswith(".go")] == ["alpha", "mike", "zulu"]


def test_two_providers_of_one_service_are_not_both_enabled(make_platform):
    def plugin(name: str) -> ModuleType:
        return make_plugin(
            name, register_services=lambda services: services.provide(StartupError, name)
        )

    platform = make_platform({"one": plugin("one"), "two": plugin("two")})
    assert statuses(platform)["two"] == "refused"
    assert platform.services.require(StartupError) == "one"


def test_installed_plugins_are_found_by_their_entry_points(tmp_path, monkeypatch):
    info = tmp_path / "shelf-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: shelf\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[wrencos.plugins]\nshelf = shelf_plugin\n")
    (tmp_path / "shelf_plugin.py").write_text("raise RuntimeError('not before it is enabled')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    assert discover()["shelf"].value == "shelf_plugin"


def test_every_hook_says_what_it_is_for():
    hooks = [
        value
        for name, value in vars(hookspecs).items()
        if callable(value) and hasattr(value, "wrencos_spec")
    ]
    assert len(hooks) > 15
    for hook in hooks:
        assert re.match(r"[A-Z`].*\.", hook.__doc__ or ""), hook.__name__


def test_plugin_info_names_are_plain_words(make_platform):
    for name in ("Bad", "b", "bad-name", "bad_name", "1bad"):
        module = ModuleType("x")
        module.PLUGIN = PluginInfo(name=name, title="", description="", version="1", core="")
        assert statuses(make_platform({name: module}))[name] == "refused"


def test_a_part_of_the_core_that_breaks_a_rule_stops_the_start():
    module = make_plugin("mail", register_models=lambda: [BadPrefix])
    with pytest.raises(StartupError, match="a part of the core"):
        gather(PluginManager([module]))
