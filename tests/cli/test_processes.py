"""`wrencos serve`, `up` and `demo` as processes, with the embedded servers."""

from __future__ import annotations

import json
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.cli.places import Place, Run, alive, family, free_port, interrupt
from wrencos_core.platform import Platform
from wrencos_core.testing.harness import Harness
from wrencos_core.testing.waiting import wait_until


def get(port: int, path: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as response:
        found: dict[str, Any] = json.load(response)
        return found


def start_up(place: Place) -> tuple[Any, int, list[psutil.Process]]:
    port = free_port()
    process = place.start("up", "--port", str(port), "--workers", "1")
    place.says("up.ready", process)
    tree = family(process.pid)
    names = " ".join(" ".join(one.cmdline()) for one in tree)
    for expected in ("gunicorn", "wrencos_cli worker", "wrencos_cli scheduler", "mongod"):
        assert expected in names
    return process, port, tree


def test_up_serves_heals_and_one_ctrl_c_stops_it_all(place: Place) -> None:
    process, port, tree = start_up(place)
    assert get(port, "/ready")["status"] == "ok"
    # Commands use the servers that run.
    assert place.run("user", "create", "a@example.test", "--role", "admin").returncode == 0
    assert "a@example.test" in place.run("user", "list").stdout

    (worker,) = [one for one in tree if one.cmdline()[-1] == "worker" and one.ppid() == process.pid]
    worker.kill()
    place.says("part.died", process)

    def again() -> bool:
        children = psutil.Process(process.pid).children()
        return any(one.cmdline()[-1:] == ["worker"] for one in children if one.pid != worker.pid)

    wait_until(again, "a new worker")
    tree += family(process.pid)
    assert interrupt(process) == 0, place.output()
    assert not alive(tree)
    assert "up.stopped" in place.output()
    assert not [line for line in place.output().splitlines() if "Traceback" in line]


def test_kill_minus_nine_of_up_leaves_nothing_running(place: Place) -> None:
    process, _, tree = start_up(place)
    process.send_signal(signal.SIGKILL)
    process.wait()
    wait_until(lambda: not alive(tree), "the end of all parts")


def test_serve_answers_and_ends_with_sigterm(place: Place) -> None:
    port = free_port()
    process = place.start("serve", "--port", str(port), "--workers", "1")
    wait_until(lambda: answers(port), "the server")
    tree = family(process.pid)
    refused = place.run("serve", "--port", str(port))
    assert refused.returncode == 2
    assert "is taken" in refused.stderr
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, place.output()
    assert not alive(tree)


def configured(place: Place, harness: Harness) -> None:
    """As in production: the servers are named by settings."""
    place.environ |= {
        "WRENCOS_MONGODB_URI": harness.mongodb_uri,
        "WRENCOS_MONGODB_DATABASE": harness.database,
        "WRENCOS_REDIS_URL": harness.redis_url,
    }


def test_serve_with_configured_servers_becomes_gunicorn(
    place: Place, platform: Platform, wrencos_harness: Harness
) -> None:
    configured(place, wrencos_harness)
    port = free_port()
    process = place.start("serve", "--port", str(port), "--workers", "1")
    wait_until(lambda: answers(port), "the server")
    assert "gunicorn" in psutil.Process(process.pid).cmdline()
    metrics = Path(psutil.Process(process.pid).environ()["PROMETHEUS_MULTIPROC_DIR"])
    assert list(metrics.iterdir())
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0, place.output()
    assert not metrics.exists()
    assert not (place.folder / "wrencos-data" / "mongodb").exists()


def test_a_worker_ends_when_no_job_waits(
    place: Place, platform: Platform, wrencos_harness: Harness
) -> None:
    configured(place, wrencos_harness)
    platform.jobs.enqueue("core.sweep_outbox")
    ran = place.run("worker", "--burst")
    assert ran.returncode == 0, ran.stderr
    assert '"job.done"' in ran.stderr
    assert len(platform.jobs.queue("high")) == 0


def test_a_scheduler_ends_with_sigterm(
    place: Place, platform: Platform, wrencos_harness: Harness
) -> None:
    configured(place, wrencos_harness)
    process = place.start("scheduler")
    place.says("scheduler.started", process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(30) == 0
    assert "scheduler.stopped" in place.output()


def answers(port: int) -> bool:
    try:
        return bool(get(port, "/health")["status"] == "ok")
    except OSError:
        return False


def test_the_demo_starts_keeps_its_data_and_starts_again(place: Place) -> None:
    # Settings of a real shop in the same folder and shell must not reach the demo.
    (place.folder / ".env").write_text("WRENCOS_CURRENCY=nonsense\n")
    place.environ["WRENCOS_MAIL_SMTP_HOST"] = "mail.example.test"
    port = free_port()
    demo = ["demo", "--no-browser", "--port", str(port)]
    process = place.start(*demo, "--no-demo-data")
    place.says(f"Wrencos is ready: http://127.0.0.1:{port}", process)
    assert get(port, "/health")["status"] == "ok"
    assert log_in(port, "admin") == 200
    assert log_in(port, "customer") == 401
    busy = place.run(*demo, "--reset")
    assert busy.returncode == 2
    assert "Another demo runs" in busy.stderr
    tree = family(process.pid)
    assert interrupt(process) == 0, place.output()
    assert not alive(tree)

    marker = place.folder / "wrencos-demo" / "wrencos-demo.json"
    marker.write_text(json.dumps({"begun": True, "seeded": None}))
    process = place.start(*demo)
    place.says("Wrencos is ready", process)
    assert "An earlier start was interrupted" in place.output()
    assert json.loads(marker.read_text())["seeded"] == 240
    assert "customer@wrencos.example" in place.output()
    assert log_in(port, "customer") == 200
    assert interrupt(process) == 0, place.output()


def log_in(port: int, name: str) -> int:
    body = json.dumps({"email": f"{name}@wrencos.example", "password": "wrencos-demo"}).encode()
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}/api/auth/login",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.test"])
def test_the_demo_listens_on_this_machine_only(run: Run, host: str, tmp_path: Path) -> None:
    refused = run("demo", "--host", host, "--data-dir", str(tmp_path / "demo"))
    assert refused.exit_code == 2
    assert "127.0.0.1 only" in refused.stderr
    assert not (tmp_path / "demo").exists()


def test_reset_deletes_only_what_a_demo_made(run: Run, tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "one.jpg").write_bytes(b"precious")
    demo = ["demo", "--no-browser", "--data-dir", str(tmp_path / "photos")]
    for more in (["--reset"], []):
        refused = run(*demo, *more, "--port", str(free_port()))
        assert refused.exit_code == 2
        assert (tmp_path / "photos" / "one.jpg").read_bytes() == b"precious"
