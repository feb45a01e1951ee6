"""/health and /ready."""

from threading import Event

import pytest

import wrencos_core
from wrencos_core import migrations
from wrencos_core.checks import Checkup
from wrencos_core.database import database
from wrencos_core.health import HealthCheck


def ready(client):
    answer = client.get("/ready")
    return answer.status_code, {check["name"]: check for check in answer.json["checks"]}


def test_health_says_that_the_process_lives(client):
    answer = client.get("/health")
    assert answer.status_code == 200
    assert answer.json == {"status": "ok", "version": wrencos_core.__version__}
    assert answer.headers["Cache-Control"] == "no-store"


def test_health_asks_no_server(make_client, no_redis):
    assert make_client(redis_url=no_redis).get("/health").status_code == 200


def test_ready_asks_the_core_and_the_plugins(make_client):
    status, checks = ready(make_client(shop_name="Fresh 1"))
    assert status == 200
    assert {"database", "redis", "disk", "migrations", "probe"} <= set(checks)
    assert all(check["status"] == "ok" and "problem" not in check for check in checks.values())


def test_ready_says_503_and_why_without_redis(make_client, no_redis):
    status, checks = ready(make_client(redis_url=no_redis))
    assert status == 503
    assert checks["redis"]["status"] == "failed"
    assert checks["redis"]["problem"] == "Redis does not answer (ConnectionError)"
    assert checks["database"]["status"] == "ok"


def test_ready_tells_the_public_no_address_but_the_log(
    make_platform, make_app, no_redis, log_lines
):
    client = make_app(make_platform(redis_url=no_redis, shop_name="Fresh 2")).test_client()
    answer = client.get("/ready")
    assert "127.0.0.1" not in answer.text
    (line,) = log_lines("health.redis")
    assert "127.0.0.1:" in line["error"]
    assert line["request_id"] == answer.headers["X-Request-ID"]


def test_ready_says_503_on_a_full_disk(make_client):
    status, checks = ready(make_client(min_free_disk_mb=10**12))
    assert status == 503
    assert "at least 1000000000000 MiB are wanted" in checks["disk"]["problem"]


def test_ready_says_503_while_a_migration_is_pending(make_platform, make_app):
    from wrencos_core.migrations import Migration
    from wrencos_core.testing.modules import make_plugin

    todo = Migration("later", 1, "rename_things", lambda db: None)
    plugin = make_plugin("later", register_migrations=lambda: [todo])
    client = make_app(make_platform(plugins={"later": plugin})).test_client()
    database()[migrations.COLLECTION].delete_one({"_id": todo.id})
    status, checks = ready(client)
    assert status == 503
    assert checks["migrations"]["problem"] == "1 pending: later:0001_rename_things"


def test_a_plugin_says_what_is_wrong(make_client, probe_state):
    probe_state["problem"] = "the probe is bent"
    status, checks = ready(make_client(shop_name="Fresh 3"))
    assert status == 503
    assert checks["probe"] == {
        "name": "probe",
        "status": "failed",
        "problem": "the probe is bent",
    }


def test_a_check_that_raises_has_failed(make_client, probe_state):
    def fail():
        raise LookupError("secret detail")

    probe_state["check"] = fail
    client = make_client(shop_name="Fresh 4")
    status, checks = ready(client)
    assert status == 503
    assert checks["probe"]["problem"] == "the check failed (LookupError)"


def test_a_check_that_hangs_delays_nobody_and_is_not_started_twice():
    started, release = [], Event()

    def hang():
        started.append(1)
        release.wait(30)

    checkup = Checkup([HealthCheck("slow", hang), HealthCheck("fine", lambda: None)], seconds=0.05)
    try:
        for _ in range(3):
            slow, fine = checkup.run()
            assert slow.problem == "no answer in time"
            assert fine.status == "ok"
        assert len(started) == 1
    finally:
        release.set()


@pytest.mark.parametrize("path", ["/health", "/ready", "/metrics"])
def test_they_are_no_part_of_the_api_description(client, path):
    assert path not in client.get("/openapi.json").json["paths"]
