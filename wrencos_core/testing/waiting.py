"""Waits for what another process does."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

GIVE_UP_AFTER = 30.0


def wait_until(question: Callable[[], T], what: str = "it") -> T:
    """Ask until the answer is truthy, and return it; fails after half a minute."""
    deadline = time.monotonic() + GIVE_UP_AFTER
    while True:
        answer = question()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {GIVE_UP_AFTER:.0f} s")
        time.sleep(0.02)
