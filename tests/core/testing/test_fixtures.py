"""The fixtures that plugins' tests stand on."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from wrencos_core import platform as platforms
from wrencos_core.audit import AuditEntry
from wrencos_core.auth.models.user import User
from wrencos_core.database import database, disconnect, transaction
from wrencos_core.settings import CoreSettings
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.harness import Harness
from wrencos_core.testing.modules import load_module, make_plugin
from wrencos_core.testing.queries import assert_uses_index, explain
from wrencos_core.testing.servers import MONGODB, Addresses, SessionServers, remove_leftovers
from wrencos_core.testing.threads import run_in_threads

sample = load_module(Path(__file__).parents[1] / "sample_plugin.py")


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_begins_empty(platform, turn, wrencos_harness):
    assert sample.Thing.raw().count_documents({}) == 0
    assert platform.redis.dbsize() == 0
    assert list(platform.settings.data_dir.iterdir()) == []
    sample.Thing(label="a").save()
    platform.redis.set("left", "over")
    (platform.settings.data_dir / "left").write_text("over")
    (platform.settings.data_dir / "folder").mkdir()
    platform.jobs._jobs.clear()
    platform.outbox._subscribers.clear()


def test_what_a_test_took_from_the_registries_is_back(platform):
    assert platform.jobs.get("sample.count_up")
    assert platform.outbox.subscribers("sample.thing_happened")


def test_a_test_that_closed_the_connection_harms_no_other(make_platform):
    make_platform()
    disconnect()
    make_platform()
    assert sample.Thing.raw().count_documents({}) == 0


@pytest.mark.skipif(MONGODB in os.environ, reason="The server is not ours to set up.")
def test_nothing_is_deleted_by_the_real_time(platform):
    """Rows of the clock of the tests, which stands in the past, would go at any moment."""
    admin = database().client.admin
    assert admin.command("getParameter", 1, ttlMonitorEnabled=1)["ttlMonitorEnabled"] is False


def test_platforms_are_built_once_for_the_same_plugins_and_settings(make_platform):
    first = make_platform()
    other = make_platform(currency="USD")
    assert make_platform() is first
    assert make_platform(currency="USD") is other
    assert other.settings.currency == "USD"
    assert platforms.current_platform() is other
    assert "sample" in first.plugins.statuses
    assert "sample" not in make_platform({}).plugins.statuses


def test_the_environment_of_the_developer_plays_no_part(make_platform, monkeypatch):
    monkeypatch.setenv("WRENCOS_SHOP_NAME", "Mine")
    assert make_platform(shop_name="Test", locale="vi").settings.shop_name == "Test"
    assert make_platform(locale="vi").settings.shop_name != "Mine"


def test_callers_have_the_role_and_the_permissions_they_were_given(login, app):
    customer, staff = login(), login("staff", ["sample.things.write"])
    admin = login("admin", email="boss@example.test")
    roles = {row["_id"]: (row["role"], row["email"]) for row in User.raw().find()}
    assert roles == {
        customer.user_id: ("customer", "customer1@example.test"),
        staff.user_id: ("staff", "staff2@example.test"),
        admin.user_id: ("admin", "boss@example.test"),
    }
    assert customer.get("/api/users").status_code == 403
    assert admin.get("/api/users").status_code == 200
    body = {"email": "customer1@example.test", "password": PASSWORD}
    assert app.test_client().post("/api/auth/login", json=body).status_code == 200


def test_the_client_is_logged_out(client):
    assert client.get("/api/users").status_code == 401


@pytest.mark.rate_limits
def test_rate_limits_can_be_left_on(platform):
    assert platform.settings.rate_limits == "on"


def test_rate_limits_are_off_otherwise(platform):
    assert platform.settings.rate_limits == "off"


def test_the_sent_mail_is_read_from_the_outbox(platform, run_jobs, sent_mail, login):
    from wrencos_core.auth.services.accounts import Accounts, Person

    person = Person(email="an@example.test", password=PASSWORD, first_name="An", last_name="Lê")
    platform.services.require(Accounts).register(person)
    assert sent_mail() == []
    run_jobs()
    (mail,) = sent_mail()
    assert mail["To"] == "an@example.test"


def test_run_jobs_counts_follow_ups_and_raises_what_jobs_raise(platform, run_jobs):
    platform.jobs.enqueue("sample.fail", label="x-2")
    with pytest.raises(RuntimeError, match="attempt 1"):
        run_jobs()
    assert run_jobs() == 0
    assert run_jobs(ahead=timedelta(seconds=11)) == 1


def test_outbox_events_come_in_their_order(outbox_events, platform):
    for label in ("b", "a", "c"):
        sample.publish(label)
    assert [row["payload"]["label"] for row in outbox_events()] == ["b", "a", "c"]
    assert outbox_events("sample.other") == []


def test_index_use_is_asserted(platform):
    assert explain(AuditEntry.raw(), {"target": "x"}, [("created_at", -1)]) == ["FETCH", "IXSCAN"]
    assert_uses_index(AuditEntry.raw().find({"target": "x"}).sort("created_at", -1))
    assert_uses_index(AuditEntry.objects(target="x").order_by("-created_at"))
    with pytest.raises(AssertionError, match="core_audit_entries is scanned"):
        assert_uses_index(AuditEntry.raw().find({"role": "x"}))
    sorted_in_memory = AuditEntry.raw().find({"target": "x"}).sort("role", 1)
    with pytest.raises(AssertionError, match="sorts in memory"):
        assert_uses_index(sorted_in_memory)
    assert_uses_index(AuditEntry.raw().find({"target": "x"}).sort("role", 1), sorts_in_memory=True)


def test_threads_give_results_and_exceptions_in_order(platform):
    def work(number: int) -> int:
        if number == 1:
            raise ValueError(number)
        return transaction(lambda: number * 2)

    first, second, third = run_in_threads(3, work)
    assert (first, third) == (0, 4)
    assert isinstance(second, ValueError)


def test_plugins_can_be_made_on_the_spot(make_platform):
    made = make_plugin("made", register_demo=list)
    platform = make_platform({"made": made}, {CoreSettings: {"currency": "EUR"}})
    assert platform.plugins.statuses["made"].state == "enabled"
    assert platform.settings.currency == "EUR"


def test_more_processes_than_redis_has_databases_are_refused(tmp_path):
    with pytest.raises(RuntimeError, match="at most -n 16"):
        Harness(Addresses("mongodb://x", "redis://x"), 16, tmp_path)


def test_servers_named_by_the_environment_replace_the_embedded_ones(monkeypatch):
    monkeypatch.setenv("WRENCOS_TEST_MONGODB_URI", "mongodb://mine")
    monkeypatch.setenv("WRENCOS_TEST_REDIS_URL", "redis://mine")
    servers = SessionServers()
    assert servers.start() == Addresses("mongodb://mine", "redis://mine")
    servers.stop()


def test_folders_of_killed_test_processes_are_removed(tmp_path):
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    left = [tmp_path / f"wrencos-{ended.pid}-a", tmp_path / f"wrencos-{os.getpid()}-a"]
    left += [tmp_path / "wrencos-data", tmp_path / "wrencos-bench-a", tmp_path / f"x-{ended.pid}-a"]
    for folder in left:
        folder.mkdir()
    remove_leftovers(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(left[1:])


def test_each_process_of_xdist_has_servers_of_its_own(platform, wrencos_harness, request):
    given = getattr(request.config, "workerinput", {"workerid": "gw0"})
    number = int(given["workerid"].removeprefix("gw"))
    assert database().name == f"wrencos_test_{number}"
    assert platform.redis.connection_pool.connection_kwargs.get("db", 0) == number
