"""The processes that a test may kill."""

import json
import urllib.request
from pathlib import Path

import psutil
import pytest

from wrencos_core.testing.modules import load_module
from wrencos_core.testing.processes import is_alive
from wrencos_core.testing.waiting import wait_until

sample = load_module(Path(__file__).parents[1] / "sample_plugin.py")


@pytest.fixture(scope="session")
def wrencos_plugins():
    return {"sample": sample}


def call(server, method: str, path: str):
    request = urllib.request.Request(f"{server.url}{path}", method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)


def test_the_server_shares_the_tests_database_and_plugins(server, run_jobs):
    sample.publish("from-test")
    call(server, "POST", "/api/sample/things/from-server")
    assert call(server, "GET", "/api/sample/things")["total"] == 2
    assert run_jobs() == 4


def test_what_a_killed_server_answered_is_there_after_a_restart(server):
    call(server, "POST", "/api/sample/things/kept")
    family = psutil.Process(server.pid).children(recursive=True)
    assert len(family) == server.workers
    server.kill()
    assert not any(is_alive(process) for process in family)
    # Reset: the system had taken the connection for the server that was being killed.
    with pytest.raises(OSError, match=r"refused|reset"):
        call(server, "GET", "/api/sample/things")
    server.restart()
    labels = [thing["label"] for thing in call(server, "GET", "/api/sample/things")["items"]]
    assert labels == ["kept"]


def test_server_and_worker_work_together(server, worker):
    call(server, "POST", "/api/sample/things/together")
    wait_until(
        lambda: sample.Thing.raw().find_one({"label": "noted-together"}),
        "the delivery of the event",
    )


def test_sigterm_ends_the_server_in_peace(server):
    server.ask_to_end()
    assert server.wait() == 0
