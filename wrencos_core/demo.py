"""Demo data: the steps that plugins contribute to fill an empty shop."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class DemoContext:
    """What a step gets: the platform, how many products are wanted, and a way to show progress.

    `progress(label, done, total)` may be called as often as is convenient.
    """

    platform: Platform
    products: int
    progress: Progress


@dataclass(frozen=True)
class DemoStep:
    """One part of the demo; `run` does nothing when its data is there already."""

    name: str
    order: int
    run: Callable[[DemoContext], None]


def fill(platform: Platform, steps: Iterable[DemoStep], products: int, progress: Progress) -> None:
    """Run the steps by their order, then by name; the events of each reach their subscribers."""
    context = DemoContext(platform, products, progress)
    for step in sorted(steps, key=lambda s: (s.order, s.name)):
        with platform.outbox.held():
            step.run(context)
        platform.outbox.deliver_pending(lambda done, total: progress("Events", done, total))
