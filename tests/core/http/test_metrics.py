"""/metrics: who may read it and what it shows."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from wrencos_core.health import Metric
from wrencos_core.http.gauges import families
from wrencos_core.outbox import Delivery


def samples(client, **options):
    answer = client.get("/metrics", **options)
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    found = {}
    for family in text_string_to_metric_families(answer.text):
        for sample in family.samples:
            labels = tuple(sorted(item for item in sample.labels.items()))
            assert (sample.name, labels) not in found
            found[sample.name, labels] = sample.value
    return found


def value(found, name, **labels):
    wanted = labels.items()
    return sum(
        amount
        for (sample, given), amount in found.items()
        if sample == name and wanted <= dict(given).items()
    )


def test_loopback_may_read_them_without_a_token(client):
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "127.0.0.1"}).status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "::1"}).status_code == 200


@pytest.mark.parametrize("address", ["203.0.113.7", "10.0.0.9", ""])
def test_others_do_not_find_them_without_a_token(client, address):
    answer = client.get("/metrics", environ_base={"REMOTE_ADDR": address})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"
    assert "wrencos_http" not in answer.text


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded"])
def test_a_proxy_on_this_machine_is_not_loopback(client, header):
    assert client.get("/metrics", headers={header: "203.0.113.7"}).status_code == 404


def test_with_a_token_the_token_is_what_counts(make_client):
    client = make_client(metrics_token="scrape-me")
    far = {"REMOTE_ADDR": "203.0.113.7"}
    right = {"Authorization": "Bearer scrape-me"}
    assert client.get("/metrics", environ_base=far, headers=right).status_code == 200
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "scrape-me"}):
        answer = client.get("/metrics", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_requests_are_counted_by_method_route_and_status_class(client):
    before = samples(client)
    for _ in range(3):
        client.get("/api/probe/links/some-token")
    client.post("/api/probe/notes", json={})
    client.open("/api/no-such/one", method="GET")
    client.open("/api/no-such/two", method="BREW")
    after = samples(client)

    def grown(**labels):
        name = "wrencos_http_requests_total"
        count = "wrencos_http_request_duration_seconds_count"
        by = value(after, name, **labels) - value(before, name, **labels)
        assert value(after, count, **labels) - value(before, count, **labels) == by
        return by

    assert grown(method="GET", route="/api/probe/links/<token>", status="2xx") == 3
    assert grown(method="POST", route="/api/probe/notes", status="4xx") == 1
    assert grown(method="GET", route="(unmatched)", status="4xx") == 1
    assert grown(method="OTHER", route="(unmatched)", status="4xx") == 1
    assert "some-token" not in client.get("/metrics").text


def test_each_process_says_which_it_is(client):
    client.get("/health")
    found = samples(client)
    pids = {dict(labels)["pid"] for name, labels in found if name.startswith("wrencos_http_")}
    assert pids == {str(os.getpid())}


def test_only_the_scrape_itself_is_in_progress(client):
    client.get("/api/probe/broken")
    client.get("/api/probe/open")
    assert value(samples(client), "wrencos_http_requests_in_progress") == 1


def test_refused_requests_leave_the_number_in_progress_right(make_client):
    client = make_client(rate_limits="on", rate_limit_default="1 per hour")
    codes = [client.get("/api/probe/open").status_code for _ in range(3)]
    assert codes == [200, 429, 429]
    found = samples(client)
    assert value(found, "wrencos_http_requests_in_progress") == 1
    assert value(found, "wrencos_http_requests_total", status="4xx") == 2


def test_two_apps_of_one_process_count_for_themselves(make_client):
    one = make_client(shop_name="One")
    before = value(samples(one), "wrencos_http_requests_total", route="/health")
    other = make_client(shop_name="Other")
    other.get("/health")
    assert value(samples(one), "wrencos_http_requests_total", route="/health") == before


def test_outbox_and_queues_are_shown(client, platform):
    for number, state in enumerate(["pending", "pending", "dead", "done"]):
        Delivery.raw().insert_one({"_id": f"e{number}|s", "state": state, "event_id": f"e{number}"})
    platform.jobs.enqueue("core.sweep_outbox")
    platform.jobs.enqueue("core.sweep_outbox", delay=timedelta(hours=1))
    found = samples(client)
    assert value(found, "wrencos_outbox_deliveries", state="pending") == 2
    assert value(found, "wrencos_outbox_deliveries", state="dead") == 1
    assert value(found, "wrencos_jobs_queued", queue="high") == 1
    assert value(found, "wrencos_jobs_queued", queue="low") == 0
    assert value(found, "wrencos_jobs_failed", queue="high") == 0
    assert value(found, "wrencos_metrics_source_up", source="outbox") == 1


def test_plugins_add_their_figures(client, probe_state):
    probe_state["figures"] = [
        Metric("probe_things", "Things.", 4, {"kind": "big"}),
        Metric("probe_things", "Things.", 5, {"kind": "small"}),
        Metric("probe_seconds", "Age.", 1.5),
    ]
    found = samples(client)
    assert value(found, "probe_things", kind="big") == 4
    assert value(found, "probe_things", kind="small") == 5
    assert value(found, "probe_seconds") == 1.5
    assert value(found, "wrencos_metrics_source_up", source="plugin:probe") == 1


def test_a_plugin_that_fails_takes_nobody_with_it(client, probe_state):
    probe_state["figures"] = None
    # A request counts once it is answered, and this may be the first of its process.
    samples(client)
    found = samples(client)
    assert found["wrencos_metrics_source_up", (("source", "plugin:probe"),)] == 0
    assert found["wrencos_metrics_source_up", (("source", "outbox"),)] == 1
    assert value(found, "wrencos_http_requests_total") >= 1


def test_without_redis_the_rest_is_shown(make_client, no_redis):
    found = samples(make_client(redis_url=no_redis))
    assert found["wrencos_metrics_source_up", (("source", "queues"),)] == 0
    assert found["wrencos_metrics_source_up", (("source", "outbox"),)] == 1


def test_a_bad_name_is_left_out_and_labels_are_made_equal():
    shown = list(
        families(
            [
                Metric("no good name", "x", 1),
                Metric("no_good_label", "x", 1, {"a b": "1"}),
                Metric("fine", "x", 1, {"a": "1"}),
                Metric("fine", "x", 2, {"b": "2"}),
            ]
        )
    )
    assert [family.name for family in shown] == ["fine"]
    assert [sample.labels for sample in shown[0].samples] == [
        {"a": "1", "b": ""},
        {"a": "", "b": "2"},
    ]


SHARED = """
import os
from flask import Flask, Response
from prometheus_client.exposition import generate_latest
from wrencos_core.http.metrics import RequestMetrics
from wrencos_core.http import requests

app = Flask("shared", static_folder=None)
metrics = RequestMetrics()
requests.init_app(app, None)
app.before_request(metrics.begin)
app.after_request(metrics.answered)
app.teardown_request(metrics.end)
app.get("/thing", endpoint="thing")(lambda: "ok")
for _ in range(2):
    pid = os.fork()
    if pid == 0:
        for _ in range(5):
            app.test_client().get("/thing")
        os._exit(0)
    os.waitpid(pid, 0)
print(generate_latest(metrics.registry_to_show()).decode())
"""


def test_with_a_shared_folder_one_scrape_shows_all_workers(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", SHARED],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    line = 'wrencos_http_requests_total{method="GET",route="/thing",status="2xx"} 10.0'
    text = "\n".join(line for line in run.stdout.splitlines() if line.startswith("wrencos"))
    assert line in text
