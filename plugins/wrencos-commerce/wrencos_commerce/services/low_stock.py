"""Which variants run low or are sold out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.variants import variant_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform

Row = Mapping[str, Any]

_FIELDS = {"name": 1, "brand": 1, "variants": 1}


class LowVariant(NamedTuple):
    """A variant for sale of which there are few pieces, or none."""

    product_id: str
    variant_id: str
    sku: str
    name: str
    variant: str | None
    inventory: int


class LowStock:
    """Finds variants with as many pieces as the setting `low_stock_threshold`, or fewer."""

    def __init__(self, platform: Platform) -> None:
        self.threshold = platform.settings_for(CommerceSettings).low_stock_threshold

    def all(self) -> list[LowVariant]:
        """Those of products for sale, sold-out ones first, then by name."""
        rows = Product.raw().find(self.query(), _FIELDS)
        return sorted(self._low(rows), key=lambda low: (low.inventory, low.name, low.sku))

    def among(self, variant_ids: Sequence[str]) -> list[LowVariant]:
        """Those of these variants that are low now, in the same order."""
        query = {"variants.id": {"$in": list(variant_ids)}, "is_active": True}
        wanted = set(variant_ids)
        low = [v for v in self._low(Product.raw().find(query, _FIELDS)) if v.variant_id in wanted]
        return sorted(low, key=lambda low: (low.inventory, low.name, low.sku))

    def query(self) -> dict[str, Any]:
        """The MongoDB filter of the products that have such a variant."""
        few = {"is_active": True, "inventory": {"$lte": self.threshold}}
        return {"is_active": True, "variants": {"$elemMatch": few}}

    def _low(self, rows: Iterator[Row]) -> Iterator[LowVariant]:
        for row in rows:
            for variant in row["variants"]:
                if variant["is_active"] and variant["inventory"] <= self.threshold:
                    yield LowVariant(
                        product_id=row["_id"],
                        variant_id=variant["id"],
                        sku=variant["sku"],
                        name=row["name"],
                        variant=variant_name(variant),
                        inventory=variant["inventory"],
                    )
