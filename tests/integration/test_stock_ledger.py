"""Every piece is accounted for, however many processes trade at once and are killed meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.integration.stock_worker import DONE, trade
from tests.integration.trading import Traders
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


@pytest.fixture
def traders(platform: Platform, tmp_path: Path) -> Iterator[Traders]:
    made = Traders(trade, OPERATIONS, environment(platform, tmp_path))
    try:
        yield made
    finally:
        made.stop()


@pytest.mark.usefixtures("quickly_dropped")
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
