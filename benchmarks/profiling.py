"""Where the time of a request goes: the same requests in this process, under cProfile."""

from __future__ import annotations

import cProfile
import os
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import redirect_stderr
from pathlib import Path
from typing import Any

from flask import Flask
from werkzeug.test import EnvironBuilder

from benchmarks.bare import app as bare_app
from benchmarks.scenarios import BARE, SCENARIOS, Request
from benchmarks.seed import Shop, seeded
from benchmarks.server import ROOT, databases
from wrencos_cli import web

_WARM_UP, _ROUNDS, _BATCHES = 50, 300, 15
_SHOWN = 45
_MICRO = 1_000_000
_WAITS = ("'sendall'", "'recv_into'", "'recv'", "'poll'")

# A WSGI environment and the status that its answer must have.
Call = tuple[dict[str, Any], int]


def profile(name: str, *, products: int) -> None:
    """Print the cost of the scenario's requests: plain, by package and by function.

    Raises RuntimeError for an answer with an unexpected status. cProfile makes calls of small
    functions look dearer than they are: believe the plain figure, and the order of the rest.
    """
    scenario = SCENARIOS[name]
    groups = [scenario.users] if scenario.users else []
    with databases() as base:
        # Before prometheus_client is imported: it decides once whether workers share figures.
        os.environ[web.METRICS_DIR] = tempfile.mkdtemp(prefix="wrencos-metrics-", dir=base.folder)
        with seeded(base, products, groups, users=1) as shop, Path(os.devnull).open("w") as sink:
            app = _app()
            with redirect_stderr(sink):  # the access log is made as ever, and thrown away
                _play(app, _calls(name, shop, _WARM_UP))
                bare = min(_cpu(bare_app, _calls("bare", shop, 100)) for _ in range(_BATCHES))
                plain = min(_cpu(app, _calls(name, shop, 30)) for _ in range(_BATCHES))
                calls = _calls(name, shop, _ROUNDS)
                profiler = cProfile.Profile()
                profiler.runcall(_play, app, calls)
    print(f"{scenario.title}, in this process, without a web server and one after the other:")
    print(
        f"{plain:,.0f} us of CPU for each request; the bare route {bare:,.0f}, so "
        f"{plain / bare:.1f} times it (the best of {_BATCHES} batches, profiler off)"
    )
    _show(pstats.Stats(profiler), len(calls))


def _app() -> Flask:
    from wrencos_core import logs
    from wrencos_core.app import build_app
    from wrencos_core.platform import current_platform

    platform = current_platform()
    logs.configure(platform.settings)
    return build_app(platform)


def _cpu(app: Flask, calls: Sequence[Call]) -> float:
    """Microseconds of this process's CPU for each call."""
    before = time.process_time()
    _play(app, calls)
    return (time.process_time() - before) * _MICRO / len(calls)


def _calls(name: str, shop: Shop, rounds: int) -> list[Call]:
    cycles = {BARE.name: BARE, **SCENARIOS}[name].rounds(shop, 0, rounds)
    return [(_environ(request), request.status) for cycle in cycles for request in cycle]


def _environ(request: Request) -> dict[str, Any]:
    builder = EnvironBuilder(
        request.path,
        method=request.method,
        headers=request.headers().items(),
        data=request.payload(),
    )
    try:
        return builder.get_environ()
    finally:
        builder.close()


def _play(app: Flask, calls: Sequence[Call]) -> None:
    """Call the application as a WSGI server would."""
    seen: list[str] = []

    def start_response(status: str, *_: Any) -> Any:
        seen.append(status)

    for environ, expected in calls:
        answer: Any = app(environ, start_response)
        body = b"".join(answer)
        answer.close()
        if not seen.pop().startswith(f"{expected} "):
            raise RuntimeError(f"{environ['PATH_INFO']} answered {body[:1000]!r}")


def _show(stats: pstats.Stats, requests: int) -> None:
    rows: list[tuple[str, int, float, float]] = []
    packages: Counter[str] = Counter()
    for (file, line, function), (_, calls, own, total, _callers) in stats.stats.items():  # type: ignore[attr-defined]
        waits = file == "~" and any(word in function for word in _WAITS)
        packages["(waiting for the servers)" if waits else _package(file)] += own
        rows.append((f"{_short(file)}:{line} {function}", calls, own, total))
    print("\nby package, own time, us for each request under the profiler")
    for package, own in packages.most_common(18):
        print(f"{own * _MICRO / requests:10,.0f}  {package}")
    for title, column in (("own time", 2), ("time with what they call", 3)):
        print(f"\nfunctions by {title}\n      own      total  calls  (each request)")
        for where, calls, own, total in sorted(rows, key=lambda row: -row[column])[:_SHOWN]:  # type: ignore[operator]
            print(
                f"{own * _MICRO / requests:9,.1f} {total * _MICRO / requests:10,.1f} "
                f"{calls / requests:6.1f}  {where}"
            )


def _package(file: str) -> str:
    short = _short(file)
    if short.startswith("~"):
        return "(built in)"
    parts = Path(short).parts
    return f"wrencos: {'/'.join(parts[:2])}" if parts[0].startswith("wrencos") else parts[0]


def _short(file: str) -> str:
    """The path below the project, site-packages or the standard library."""
    for root in (*map(str, ROOT.glob("plugins/*")), str(ROOT / "cli"), str(ROOT)):
        if file.startswith(f"{root}/") and "site-packages" not in file:
            return file.removeprefix(f"{root}/")
    if "site-packages/" in file:
        return file.rpartition("site-packages/")[2]
    standard = f"{sys.base_prefix}/lib/"
    return file.removeprefix(standard) if file.startswith(standard) else file
