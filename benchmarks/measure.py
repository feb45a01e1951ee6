"""One measurement: load for some seconds, and what it cost whom."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection

import psutil

from benchmarks.load import LoadFailed, LoadGenerator, Tally
from benchmarks.scenarios import Scenario
from benchmarks.seed import Shop
from benchmarks.server import Databases, WebServer

_MICRO = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What came out. Latencies and `per_second` are of whole units, CPU is of single requests.

    `*_us` are microseconds of CPU, user and system, of all processes of that server together.
    """

    name: str
    title: str
    unit: str
    count: int
    per_second: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    requests: int
    requests_per_unit: float
    web_us: float
    mongod_us: float
    valkey_us: float
    bytes_per_request: float


def measure(
    scenario: Scenario,
    server: WebServer,
    base: Databases,
    shop: Shop,
    *,
    seconds: float,
    connections: int,
    processes: int,
) -> Figures:
    """Warm up, then load `server` for so long. Raises LoadFailed."""
    _rehearse(scenario, server, shop)
    work = scenario.work(shop, connections, server.port)
    with LoadGenerator(server.port, work, processes) as load:
        load.run(min(2.0, seconds / 3))
        workers = server.worker_pids()
        before = _cpu(workers, base)
        tally = load.run(seconds)
        after = _cpu(workers, base)
        if server.worker_pids() != workers:
            raise LoadFailed(f"a web worker died; see {server.log}")
    web, mongod, valkey = (
        (end - start) * _MICRO / tally.requests for start, end in zip(before, after, strict=True)
    )
    return _figures(scenario, tally, seconds, web, mongod, valkey)


def _rehearse(scenario: Scenario, server: WebServer, shop: Shop) -> None:
    """Send one cycle and look at the answer; the load generator only looks at the status."""
    requests = scenario.rounds(shop, 0, 1)[0]
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        for request in requests:
            connection.request(
                request.method, request.path, request.payload() or None, request.headers()
            )
            answer = connection.getresponse()
            body = answer.read()
            if answer.status != request.status:
                raise LoadFailed(f"{request.path} answered {answer.status}: {body[:1000]!r}")
            if scenario.filled and not json.loads(body)[scenario.filled]:
                raise LoadFailed(f"{request.path} answered no {scenario.filled}")


def _figures(
    scenario: Scenario, tally: Tally, seconds: float, web: float, mongod: float, valkey: float
) -> Figures:
    latencies = sorted(tally.latencies)

    def percentile(share: float) -> float:
        return round(latencies[min(len(latencies) - 1, int(len(latencies) * share))] * 1000, 2)

    return Figures(
        name=scenario.name,
        title=scenario.title,
        unit=scenario.unit,
        count=tally.cycles,
        # What was begun in time and answered late counts for CPU and latency, not for the rate.
        per_second=round(tally.in_time / seconds, 1),
        p50_ms=percentile(0.50),
        p95_ms=percentile(0.95),
        p99_ms=percentile(0.99),
        requests=tally.requests,
        requests_per_unit=tally.requests / tally.cycles,
        web_us=round(web, 1),
        mongod_us=round(mongod, 1),
        valkey_us=round(valkey, 1),
        bytes_per_request=round(tally.received_bytes / tally.requests, 1),
    )


def _cpu(workers: Iterable[int], base: Databases) -> tuple[float, float, float]:
    """Seconds of CPU so far: the web workers together, mongod, Valkey."""
    return (
        sum(_seconds(pid) for pid in workers),
        _seconds(base.mongod_pid),
        _seconds(base.valkey_pid),
    )


def _seconds(pid: int) -> float:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        raise LoadFailed(f"the process {pid} died under load") from None
    return float(times.user + times.system)
