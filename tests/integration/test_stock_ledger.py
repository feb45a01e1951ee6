"""Every piece is accounted for, however many processes trade at once and are killed meanwhile."""

from __future__ import annotations

import multiprocessing
import random
import time
from collections.abc import Iterator, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.stock_worker import DONE, trade
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import SYSTEM, Platform, Settings
from wrencos_core.database import database
from wrencos_core.testing.processes import environment
from wrencos_core.testing.waiting import wait_until

OPERATIONS = 2000
PROCESSES = 4
KILLS = 6


@pytest.fixture(scope="session")
def wrencos_settings() -> Mapping[type[Settings], Mapping[str, Any]]:
    """VNPay is offered; nobody calls it here."""
    return {
        CommerceSettings: {
            "vnpay_tmn_code": "TESTTMN1",
            "vnpay_secret": "not-called",
            "max_unpaid_orders": 100,
        }
    }


class Traders:
    """Processes that trade. They are forked from one that has imported everything."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.integration.stock_worker"])
        self._running: list[BaseProcess] = []
        self._started = 0

    def start(self) -> None:
        arguments = (self._environ, self._started, OPERATIONS)
        process = self._context.Process(target=trade, args=arguments, daemon=True)
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
            process.join(30)
        return [process.exitcode for process in self._running]

    def stop(self) -> None:
        while self._running:
            self._end(self._running.pop())

    @staticmethod
    def _end(process: BaseProcess) -> None:
        process.kill()
        process.join()


@pytest.fixture
def _quickly_dropped(platform: Platform) -> Iterator[None]:
    """What a killed process leaves open is dropped after three seconds instead of ten."""
    admin = database().client.admin
    admin.command("setParameter", 1, transactionLifetimeLimitSeconds=3)
    yield
    admin.command("setParameter", 1, transactionLifetimeLimitSeconds=10)


@pytest.fixture
def traders(platform: Platform, tmp_path: Path) -> Iterator[Traders]:
    made = Traders(environment(platform, tmp_path))
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.usefixtures("_quickly_dropped")
def test_the_ledger_is_what_is_on_hand_after_2000_operations_and_kill_9(
    platform: Platform, traders: Traders
) -> None:
    create = platform.services.require(Products).create
    for number in range(4):
        variants = [{"size": size, "inventory": 60} for size in ("S", "L")]
        create({"name": f"Cream {number}", "price": 100_000, "variants": variants}, SYSTEM)
    database()[DONE].insert_one({"_id": "all", "count": 0})
    for _ in range(PROCESSES):
        traders.start()

    audit, chance = platform.services.require(StockAudit), random.Random(5)
    for kill in range(1, KILLS + 1):
        wait_until(lambda least=kill * OPERATIONS // (KILLS + 2): done() >= least, "work")
        time.sleep(chance.uniform(0, 0.05))
        traders.restart_one(chance)
        assert list(audit.differences()) == []
    assert traders.wait() == [0] * PROCESSES

    assert done() >= OPERATIONS
    assert list(audit.differences()) == []
    # It was about something: every kind of movement came, and some orders still hold their pieces.
    reasons = set(StockMovement.raw().distinct("reason"))
    assert reasons >= {
        "opening",
        "sale",
        "cancelled",
        "returned",
        "written_off",
        "count",
        "received",
    }
    stocks = set(Order.raw().distinct("stock"))
    assert stocks == {"held", "taken", "released", "returned"}
    for row in Product.raw().find():
        assert all(v["inventory"] >= 0 and v.get("held", 0) >= 0 for v in row["variants"])


def done() -> int:
    row: Any = database()[DONE].find_one({"_id": "all"})
    return int(row["count"])
