"""What was measured, as JSON and as a table."""

from __future__ import annotations

import json
import os
import platform as machine
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psutil
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Figures
from benchmarks.scenarios import SCENARIOS

LATEST = Path(__file__).parent / "results" / "latest.json"
_LIBRARIES = ("flask", "gunicorn", "gevent", "pymongo", "mongoengine", "msgspec")

Report = dict[str, Any]


def build(bare: Sequence[Figures], measured: Sequence[Figures], options: dict[str, Any]) -> Report:
    """The report. `bare[n]` was measured just before `measured[n]` and `bare[n + 1]` just after.

    So each ratio is to the bare route as it ran at that time, whatever else the machine does.
    """
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "options": options,
        "bare": [asdict(figures) for figures in bare],
        "scenarios": [
            _row(figures, (before.web_us + after.web_us) / 2)
            for before, figures, after in zip(bare, measured, bare[1:], strict=False)
        ],
    }


def _row(figures: Figures, bare_us: float) -> dict[str, Any]:
    # In a very short run the bare route may not have used one tick of the CPU's clock.
    ratio = round(figures.web_us / bare_us, 2) if bare_us else 0.0
    aim = SCENARIOS[figures.name].aim
    return {
        **asdict(figures),
        "bare_us": round(bare_us, 1),
        "ratio_to_bare": ratio,
        "aim": str(aim) if aim else None,
        "aim_met": aim.is_met(ratio, figures.per_second) if aim else None,
    }


def _machine() -> dict[str, Any]:
    return {
        "cpus": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "cpu_model": _cpu_model(),
        "memory_gib": round(psutil.virtual_memory().total / 2**30, 1),
        "system": f"{machine.system()} {machine.machine()}",
        "python": machine.python_version(),
        "libraries": {name: version(name) for name in _LIBRARIES},
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else machine.processor()


def write(report: Report, file: Path) -> None:
    """The report as JSON in `file`, whose folder is made."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", "utf-8")


def show(report: Report) -> None:
    """The report as a table on stdout."""
    console = Console(width=None if os.isatty(1) else 140, highlight=False)
    facts, options = report["machine"], report["options"]
    console.print(
        f"{facts['cpus']} x {facts['cpu_model']}, Python {facts['python']}, "
        f"{options['workers']} gevent workers, {options['connections']} connections from "
        f"{options['processes']} processes on the same machine, {options['products']} products, "
        f"{options['seconds']:g} s each, load average {facts['load_average'][0]}"
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for column in ("per second", "p50 ms", "p95 ms", "p99 ms", "web us", "x bare", "mongod us"):
        table.add_column(column, justify="right")
    table.add_column("valkey us", justify="right")
    table.add_column("aim")
    for place, row in (("first", report["bare"][0]), ("last", report["bare"][-1])):
        table.add_row(f"Bare Flask route, {place}", *_cells(row, None))
    for row in report["scenarios"]:
        title = row["title"] if row["unit"] == "requests" else f"{row['title']} ({row['unit']})"
        table.add_row(title, *_cells(row, row["ratio_to_bare"]), _aim(row))
    console.print(table)
    console.print("us: microseconds of CPU for each request; a checkout flow has four requests.")


def _cells(row: dict[str, Any], ratio: float | None) -> list[str]:
    return [
        f"{row['per_second']:,.0f}",
        f"{row['p50_ms']:.1f}",
        f"{row['p95_ms']:.1f}",
        f"{row['p99_ms']:.1f}",
        f"{row['web_us']:,.0f}",
        "" if ratio is None else f"{ratio:.2f}",
        f"{row['mongod_us']:,.0f}",
        f"{row['valkey_us']:,.0f}",
    ]


def _aim(row: dict[str, Any]) -> str:
    if row["aim"] is None:
        return ""
    return f"{row['aim']}: {'met' if row['aim_met'] else 'missed'}"
