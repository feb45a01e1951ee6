"""One mail a day to the staff: what ran low, was sold out, or is about to expire."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from wrencos_commerce.models.batch import Batch, BatchState
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_alert import AlertKind, StockAlert
from wrencos_commerce.services.low_stock import LowStock
from wrencos_commerce.services.variants import find_variant, variant_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Event, Platform, clock, new_row, now, transactional
from wrencos_core.contracts.commerce import BatchExpiring, StockLow

Row = Mapping[str, Any]

# A replay of old events must not fill a mail.
STALE = timedelta(days=3)
_KEPT = timedelta(days=90)
# So many alerts stand in one mail; the rest in that of the next day.
MOST = 500


class StockDigest:
    """Keeps what events tell until the digest of the day; does nothing while it is off.

    It is off while the setting `stock_alert_email` is empty.
    """

    def __init__(self, platform: Platform, low_stock: LowStock) -> None:
        self._platform = platform
        self._low_stock = low_stock
        self._to = platform.settings_for(CommerceSettings).stock_alert_email

    def on_stock_low(self, event: StockLow) -> None:
        """Subscriber: note that a variant ran low or was sold out."""
        self._note(
            event,
            kind=AlertKind.LOW_STOCK.value,
            product_id=event.product_id,
            variant_id=event.variant_id,
            quantity=event.inventory,
        )

    def on_batch_expiring(self, event: BatchExpiring) -> None:
        """Subscriber: note that a batch expires soon."""
        self._note(
            event,
            kind=AlertKind.EXPIRING.value,
            product_id=event.product_id,
            variant_id=event.variant_id,
            batch_code=event.code,
            expires_on=event.expires_on,
            quantity=event.quantity,
        )

    def _note(self, event: Event, **fields: Any) -> None:
        if not self._to or now() - event.occurred_at > STALE:
            return
        row = new_row(f"{event.id}:alert", expires_at=now() + _KEPT, **fields)
        StockAlert.raw().update_one({"_id": row.pop("_id")}, {"$setOnInsert": row}, upsert=True)

    @transactional
    def send(self) -> int:
        """Job: queue the mail of this business day; how many lines it has, 0 for no mail.

        It tells what is new since the last one and is still so. Run again on the same day, it does
        nothing.
        """
        day = clock.business_day(now(), self._platform.settings.timezone)
        if not self._to or StockAlert.raw().find_one({"digest": day.isoformat()}, {"_id": 1}):
            return 0
        untold = StockAlert.raw().find({"digest": None}).sort("_id", 1).limit(MOST)
        alerts: list[Row] = list(untold)
        ids = [alert["_id"] for alert in alerts]
        # Of two workers both write these rows, so the second runs again and finds the day done.
        StockAlert.raw().update_many({"_id": {"$in": ids}}, {"$set": {"digest": day.isoformat()}})
        kinds = {kind: [a for a in alerts if a["kind"] == kind] for kind in AlertKind}
        low = self._low_stock.among([a["variant_id"] for a in kinds[AlertKind.LOW_STOCK]])
        expiring = _still_expiring(kinds[AlertKind.EXPIRING])
        if low or expiring:
            self._platform.mailer.queue(
                template="commerce/stock_digest",
                to=self._to,
                key=f"stock-digest:{day.isoformat()}",
                context={"day": day, "low": low, "expiring": expiring},
            )
        return len(low) + len(expiring)


def _still_expiring(alerts: Sequence[Row]) -> list[dict[str, Any]]:
    """The batches of the alerts that still have pieces to sell, soonest first."""
    if not alerts:
        return []
    batches = Batch.raw().find(
        {
            "variant_id": {"$in": sorted({alert["variant_id"] for alert in alerts})},
            "code": {"$in": sorted({alert["batch_code"] for alert in alerts})},
            "state": BatchState.SELLABLE.value,
            "quantity": {"$gt": 0},
        }
    )
    alerted = {(alert["variant_id"], alert["batch_code"]) for alert in alerts}
    rows = [row for row in batches if (row["variant_id"], row["code"]) in alerted]
    products = {
        row["_id"]: row
        for row in Product.raw().find(
            {"_id": {"$in": sorted({row["product_id"] for row in rows})}},
            {"name": 1, "variants": 1},
        )
    }
    lines = []
    for row in sorted(rows, key=lambda row: (row["expires_on"], row["_id"])):
        product = products.get(row["product_id"])
        variant = find_variant(product, row["variant_id"]) if product else None
        lines.append(
            {
                "name": product["name"] if product else row["product_id"],
                "variant": variant_name(variant) if variant else None,
                "code": row["code"],
                "expires_on": date.fromisoformat(row["expires_on"]),
                "quantity": row["quantity"],
            }
        )
    return lines
