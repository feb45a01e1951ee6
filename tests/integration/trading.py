"""Processes that trade on one database until they have done enough, and may be killed meanwhile."""

from __future__ import annotations

import multiprocessing
import random
from collections.abc import Callable
from multiprocessing.process import BaseProcess
from typing import Any


class Traders:
    """Each runs `trade(*arguments, seed, operations)`, forked from a process that has imported the
    module of `trade` with all that it needs."""

    def __init__(self, trade: Callable[..., None], operations: int, *arguments: Any) -> None:
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([trade.__module__])
        self._trade, self._operations, self._arguments = trade, operations, arguments
        self._running: list[BaseProcess] = []
        self._started = 0

    def start(self) -> None:
        arguments = (*self._arguments, self._started, self._operations)
        process = self._context.Process(target=self._trade, args=arguments, daemon=True)
        process.start()
        self._running.append(process)
        self._started += 1

    def restart_one(self, chance: random.Random) -> None:
        """Kill any of them in the middle of whatever it does, and start another."""
        self._end(self._running.pop(chance.randrange(len(self._running))))
        self.start()

    def wait(self) -> list[int | None]:
        """The exit statuses, once all have ended by themselves."""
        for process in self._running:
            process.join(40)
        return [process.exitcode for process in self._running]

    def stop(self) -> None:
        while self._running:
            self._end(self._running.pop())

    @staticmethod
    def _end(process: BaseProcess) -> None:
        process.kill()
        process.join()
