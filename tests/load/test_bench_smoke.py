"""`make bench` runs and reports: a short run with few products. The figures themselves are free."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
NAMES = ["list", "add", "checkout"]
POSITIVE = (
    "count",
    "requests",
    "requests_per_unit",
    "per_second",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "bytes_per_request",
)
# The clock of a process's CPU ticks every 10 ms: in half a second these may show nothing.
NOT_NEGATIVE = ("web_us", "mongod_us", "valkey_us")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    file = tmp_path_factory.mktemp("bench") / "report.json"
    command = [sys.executable, "-m", "benchmarks", "--json", str(file), "--only", *NAMES]
    command += ["--seconds", "0.5", "--products", "40", "--connections", "4", "--processes", "1"]
    done = subprocess.run(
        [*command, "--no-latest"],
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("WRENCOS_")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "per second" in done.stdout
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content


def test_every_scenario_has_all_figures(report: dict[str, Any]) -> None:
    assert [row["name"] for row in report["scenarios"]] == NAMES
    for row in [*report["bare"], *report["scenarios"]]:
        assert all(row[figure] > 0 for figure in POSITIVE), row
        assert all(row[figure] >= 0 for figure in NOT_NEGATIVE), row
        assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]


def test_the_bare_route_is_measured_around_each_scenario(report: dict[str, Any]) -> None:
    assert len(report["bare"]) == len(NAMES) + 1
    for before, row, after in zip(
        report["bare"], report["scenarios"], report["bare"][1:], strict=False
    ):
        assert row["bare_us"] == pytest.approx((before["web_us"] + after["web_us"]) / 2, abs=0.1)


def test_a_flow_is_four_requests(report: dict[str, Any]) -> None:
    flow = next(row for row in report["scenarios"] if row["name"] == "checkout")
    assert flow["unit"] == "flows"
    assert flow["requests"] == 4 * flow["count"]


def test_aims_and_facts_are_shown(report: dict[str, Any]) -> None:
    aims = {row["name"]: row["aim"] for row in report["scenarios"]}
    assert aims == {"list": "< 2.5 x bare", "add": None, "checkout": "> 60/s"}
    assert report["machine"]["python"].startswith("3.")
    assert report["options"]["products"] == 40
