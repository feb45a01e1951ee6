"""What /ready asks, and what /metrics shows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class HealthCheck:
    """`check` returns None when all is well, else what is wrong in one line. It must be quick."""

    name: str
    check: Callable[[], str | None]


@dataclass(frozen=True)
class Metric:
    """One figure for /metrics: a gauge in the base unit of Prometheus (seconds, bytes, counts)."""

    name: str
    help: str
    value: float
    labels: dict[str, str] = field(default_factory=dict)
