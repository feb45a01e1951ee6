"""The demo's batches: some expire soon, one has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from random import Random
from typing import Any

from wrencos_commerce.models.batch import Batch
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.batches import Batches, Delivery
from wrencos_commerce.services.stock import Stock
from wrencos_core.api import SYSTEM, DemoContext, clock, now, transactional

_LABELLED = 60
# Days from today on which the batches expire, for one product after the other.
_EXPIRE_IN = (2, 12, 25, 40, 55, 75, 85, 120, 200, 330, 500, 700)


def fill_batches(context: DemoContext) -> None:
    """Labels the stock of sixty products as batches; nothing when there are any."""
    if Batch.raw().find_one({}, {"_id": 1}):
        return
    services = context.platform.services
    batches, today = services.require(Batches), services.require(Stock).today()
    random = Random(7)  # noqa: S311 - the same demo every time

    @transactional
    def label(row: Mapping[str, Any], number: int) -> None:
        for variant in row["variants"]:
            half = variant["inventory"] // 2
            for part, pieces in enumerate((half, variant["inventory"] - half)):
                days = _EXPIRE_IN[(number + 4 * part) % len(_EXPIRE_IN)] + random.randrange(3)
                if pieces:
                    delivery = Delivery(
                        product_id=row["_id"],
                        variant_id=variant["id"],
                        code=f"LOT-{number + 1:03d}{'AB'[part]}",
                        expires_on=today + timedelta(days=days),
                        quantity=pieces,
                        from_stock=True,
                    )
                    batches.receive(delivery, SYSTEM)

    rows = list(Product.raw().find({"inventory": {"$gt": 1}}).sort("sku", 1).limit(_LABELLED))
    with clock.use(clock.ManualClock(now())):
        for number, row in enumerate(rows):
            label(row, number)
            context.progress("Batches", number + 1, len(rows))
        batches.alert_due()
