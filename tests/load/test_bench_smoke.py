"""`make bench` runs and reports: a short run with few products. The figures themselves are free."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
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


def test_a_short_run_reports_every_figure(tmp_path: Path) -> None:
    report = run_bench(tmp_path / "report.json")
    rows = report["scenarios"]
    assert [row["name"] for row in rows] == NAMES
    for row in [*report["bare"], *rows]:
        assert all(row[figure] > 0 for figure in POSITIVE), row
        assert all(row[figure] >= 0 for figure in NOT_NEGATIVE), row
        assert row["p50_ms"] <= row["p95_ms"] <= row["p99_ms"]
    # The yardstick is the bare route as measured just before and just after.
    assert len(report["bare"]) == len(NAMES) + 1
    for before, row, after in zip(report["bare"], rows, report["bare"][1:], strict=False):
        assert row["bare_us"] == pytest.approx((before["web_us"] + after["web_us"]) / 2, abs=0.1)
    flow = rows[NAMES.index("checkout")]
    assert flow["unit"] == "flows"
    assert flow["requests"] == 4 * flow["count"]
    assert [row["aim"] for row in rows] == ["< 2.5 x bare", None, "> 60/s"]
    assert report["machine"]["python"].startswith("3.")
    assert report["options"]["products"] == 40


def test_a_small_drop_sells_what_there_is() -> None:
    command = [sys.executable, "-m", "benchmarks.drop", "--processes", "1"]
    done = run([*command, "--stock", "5", "--attempts", "20", "--clients", "4"])
    assert "exactly 5 sold" in done.stdout
    ratios = json.loads(done.stdout.strip().splitlines()[-1])
    assert set(ratios) == {"orders per second", "p99", "transactions"}
    assert min(ratios.values()) > 0


def run_bench(file: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks", "--json", str(file), "--no-latest"]
    command += ["--seconds", "0.5", "--products", "40", "--connections", "4", "--processes", "1"]
    done = run([*command, "--only", *NAMES])
    assert "per second" in done.stdout
    content: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return content


def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={k: v for k, v in os.environ.items() if not k.startswith("WRENCOS_")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done
