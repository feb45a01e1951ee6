"""Figures that are asked for at each scrape: outbox, queues, and those of the plugins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import pymongo
import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pymongo.errors import PyMongoError
from redis.exceptions import RedisError

from wrencos_core.checks import impatient_redis
from wrencos_core.health import Metric
from wrencos_core.jobs import QUEUES, JobQueue
from wrencos_core.outbox import Delivery
from wrencos_core.platform import Platform

log = structlog.get_logger(__name__)

_SECONDS = 2.0
_STATES = ("pending", "dead")
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


class PlatformGauges(Collector):
    """Asks each source when it is scraped; one that fails is shown as down, the others stay."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def registry(self) -> CollectorRegistry:
        """A registry with these figures alone, for one scrape."""
        registry = CollectorRegistry()
        registry.register(self)
        return registry

    def collect(self) -> Iterator[GaugeMetricFamily]:
        up = GaugeMetricFamily(
            "wrencos_metrics_source_up", "1 when the source answered.", labels=["source"]
        )
        metrics: list[Metric] = []
        for name, source in self._sources():
            try:
                with pymongo.timeout(_SECONDS):
                    metrics += source()
                up.add_metric([name], 1)
            except (PyMongoError, RedisError) as error:
                log.warning("metrics.source_down", source=name, error=str(error))
                up.add_metric([name], 0)
            except Exception:
                log.warning("metrics.source_down", source=name, exc_info=True)
                up.add_metric([name], 0)
        yield up
        yield from families(metrics)

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing: describing must not ask the servers."""
        return []

    def _sources(self) -> Iterator[tuple[str, Callable[[], list[Metric]]]]:
        yield "outbox", _outbox
        yield "queues", self._queues
        plugins = self._platform.plugins
        for status in plugins.enabled():
            yield (
                f"plugin:{status.name}",
                partial(plugins.collect_one, status, "collect_metrics", {}),
            )

    def _queues(self) -> list[Metric]:
        metrics = []
        with impatient_redis(self._platform) as redis:
            for name in QUEUES:
                queue = JobQueue(redis).queue(name)
                failed = queue.failed_job_registry.get_job_count(cleanup=False)
                labels = {"queue": name}
                metrics += [
                    Metric("wrencos_jobs_queued", "Jobs that wait.", queue.count, labels),
                    Metric("wrencos_jobs_failed", "Jobs that failed for good.", failed, labels),
                ]
        return metrics


def _outbox() -> list[Metric]:
    return [
        Metric(
            "wrencos_outbox_deliveries",
            "Deliveries of events that wait, or that failed for good.",
            Delivery.raw().count_documents({"state": state}),
            {"state": state},
        )
        for state in _STATES
    ]


def families(metrics: Iterable[Metric]) -> Iterator[GaugeMetricFamily]:
    """One gauge family a name, whatever plugin its samples come from; bad names are left out."""
    grouped: dict[str, list[Metric]] = {}
    for metric in metrics:
        grouped.setdefault(metric.name, []).append(metric)
    for name, samples in grouped.items():
        labels = sorted({label for sample in samples for label in sample.labels})
        # prometheus_client takes any text as a name, most readers of the format do not.
        if not all(_NAME.fullmatch(text) for text in (name, *labels)):
            log.warning("metrics.bad_name", metric=name, labels=labels)
            continue
        family = GaugeMetricFamily(name, samples[0].help, labels=labels)
        for sample in samples:
            family.add_metric([sample.labels.get(label, "") for label in labels], sample.value)
        yield family
