"""Runs one function in many threads at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def run_in_threads(count: int, work: Callable[[int], T]) -> list[T | Exception]:
    """Call `work(0)` … `work(count - 1)` at once; their results, or what they raised, in order."""
    start = threading.Barrier(count)
    outcomes: list[T | Exception] = [RuntimeError("did not end")] * count

    def call(number: int) -> None:
        start.wait()
        try:
            outcomes[number] = work(number)
        except Exception as error:  # noqa: BLE001 - the caller judges it
            outcomes[number] = error

    threads = [threading.Thread(target=call, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes
