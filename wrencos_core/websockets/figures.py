"""What /metrics shows of the sockets of this process."""

from __future__ import annotations

import os

from prometheus_client import CollectorRegistry, Counter, Gauge

from wrencos_core.health import Metric


class Figures:
    """Counters of one hub. With a shared metrics folder a scrape adds up all processes."""

    def __init__(self) -> None:
        self._shared = "PROMETHEUS_MULTIPROC_DIR" in os.environ
        self._registry = CollectorRegistry()
        self.open = Gauge(
            "wrencos_websockets_open",
            "Open sockets.",
            registry=self._registry,
            multiprocess_mode="livesum",
        )
        self.slow = Counter(
            "wrencos_websockets_slow",
            "Sockets that were closed because their reader was too slow.",
            registry=self._registry,
        )

    def metrics(self) -> list[Metric]:
        """The figures of this process; empty when the shared folder has them already."""
        if self._shared:
            return []
        labels = {"pid": str(os.getpid())}
        return [
            Metric(sample.name, family.documentation, sample.value, labels)
            for family in self._registry.collect()
            for sample in family.samples
            if not sample.name.endswith("_created")
        ]
