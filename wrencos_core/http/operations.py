"""What the people and machines that run the platform ask: /health, /ready and /metrics."""

from __future__ import annotations

import time
from threading import Lock
from typing import Any

import msgspec
from flask import Flask, Response

import wrencos_core
from wrencos_core.checks import CheckResult, Checkup
from wrencos_core.http import metrics
from wrencos_core.platform import Platform

# However many probes ask, the servers behind are asked once in this time.
_REMEMBER_SECONDS = 1.0


def init_app(app: Flask, platform: Platform) -> None:
    """Add /health (the process lives), /ready (it can serve) and /metrics, outside /api."""
    checks = [
        check for _, check in platform.plugins.collect("register_health_checks", platform=platform)
    ]
    readiness = Readiness(Checkup(checks))

    @app.get("/health", endpoint="health")
    def health() -> Response:
        return _answer({"status": "ok", "version": wrencos_core.__version__}, 200)

    @app.get("/ready", endpoint="ready")
    def ready() -> Response:
        results = readiness.results()
        failed = any(result.status != "ok" for result in results)
        body = {"status": "failed" if failed else "ok", "checks": results}
        return _answer(body, 503 if failed else 200)

    metrics.init_app(app, platform)


class Readiness:
    """The results of the checks, at most a second old."""

    def __init__(self, checkup: Checkup) -> None:
        self._checkup = checkup
        self._lock = Lock()
        self._results: list[CheckResult] = []
        self._taken_at = -_REMEMBER_SECONDS

    def results(self) -> list[CheckResult]:
        with self._lock:
            if time.monotonic() - self._taken_at >= _REMEMBER_SECONDS or not self._results:
                self._results = self._checkup.run()
                self._taken_at = time.monotonic()
            return self._results


def _answer(body: dict[str, Any], status: int) -> Response:
    response = Response(msgspec.json.encode(body), status, content_type="application/json")
    response.headers["Cache-Control"] = "no-store"
    return response
