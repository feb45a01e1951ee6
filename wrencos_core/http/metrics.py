"""/metrics in the text format of Prometheus: requests of this app, the outbox, queues, plugins.

With PROMETHEUS_MULTIPROC_DIR set, one scrape shows all worker processes together; without it, the
process that answers shows its own and says which by the label `pid`.
"""

from __future__ import annotations

import hmac
import os
from ipaddress import ip_address
from time import perf_counter

from flask import Flask, Response, g, request
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from wrencos_core.errors import NotAuthenticated, NotFound
from wrencos_core.http.gauges import PlatformGauges
from wrencos_core.http.requests import route_template
from wrencos_core.platform import Platform

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


def init_app(app: Flask, platform: Platform) -> None:
    """Count every request, and show the figures at /metrics.

    With `metrics_token` set it needs that bearer token (401 otherwise); without one, only a
    client on this machine that came through no proxy finds the page.
    """
    requests = RequestMetrics()
    gauges = PlatformGauges(platform)
    app.before_request(requests.begin)
    app.after_request(requests.answered)
    app.teardown_request(requests.end)

    @app.get("/metrics", endpoint="metrics")
    def metrics() -> Response:
        _admit(platform)
        registry = requests.registry_to_show()
        body = generate_latest(registry) + generate_latest(gauges.registry())
        response = Response(body, content_type=CONTENT_TYPE_LATEST)
        response.headers["Cache-Control"] = "no-store"
        return response


class RequestMetrics:
    """The counters of one app, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        own = [] if self.shared else ["pid"]
        labels = ["method", "route", "status", *own]
        self._count = Counter(
            "wrencos_http_requests", "Answered requests.", labels, registry=self.registry
        )
        self._seconds = Histogram(
            "wrencos_http_request_duration_seconds",
            "Time from the request's arrival to its answer.",
            labels,
            buckets=_BUCKETS,
            registry=self.registry,
        )
        self._children: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}
        self._running = Gauge(
            "wrencos_http_requests_in_progress",
            "Requests that are being answered.",
            own,
            registry=self.registry,
            multiprocess_mode="livesum",
        )

    def registry_to_show(self) -> CollectorRegistry:
        if not self.shared:
            return self.registry
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return registry

    def begin(self) -> None:
        # A socket stays open for hours: it is counted by itself, and is no request in progress.
        if _is_socket():
            return
        g.counted = True
        self._in_progress().inc()

    def answered(self, response: Response) -> Response:
        if _is_socket():
            return response
        method = request.method if request.method in _METHODS else "OTHER"
        key = (method, route_template(), f"{response.status_code // 100}xx", *self._own())
        # `labels` takes a lock and formats; there are no more children than routes and statuses.
        children = self._children.get(key)
        if children is None:
            children = self._count.labels(*key), self._seconds.labels(*key)
            self._children[key] = children
        count, seconds = children
        count.inc()
        seconds.observe(perf_counter() - g.started)
        return response

    def end(self, _: BaseException | None) -> None:
        # A request that was refused before `begin` was never counted in.
        if g.pop("counted", False):
            self._in_progress().dec()

    def _in_progress(self) -> Gauge:
        own = self._own()
        return self._running.labels(*own) if own else self._running

    def _own(self) -> list[str]:
        # Asked each time, as a worker is forked after the app was built.
        return [] if self.shared else [str(os.getpid())]


def _is_socket() -> bool:
    return str(request.environ.get("HTTP_UPGRADE", "")).lower() == "websocket"


def _admit(platform: Platform) -> None:
    token = platform.settings.metrics_token
    if token is None:
        if not _is_local():
            raise NotFound()
        return
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {token.get_secret_value()}"
    if not hmac.compare_digest(given.encode(), wanted.encode()):
        raise NotAuthenticated("This needs the metrics token.")


def _is_local() -> bool:
    """Whether the client is on this machine itself, not behind a proxy that is."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
