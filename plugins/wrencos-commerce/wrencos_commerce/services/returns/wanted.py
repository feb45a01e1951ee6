"""What customers want in exchange, looked up and counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.variants import find_variant, variant_name
from wrencos_core.api import Invalid

Row = Mapping[str, Any]


def wanted_variants(wishes: Sequence[str | None], currency: str) -> dict[str, Row]:
    """The variants that are wanted for the items of a return, by id, as it stores them.

    Raises Invalid for one that is not for sale; whether there is stock is seen when the goods are
    back.
    """
    ids = [id for id in wishes if id is not None]
    if not ids:
        return {}
    for_sale = {"variants.id": {"$in": ids}, "is_active": True, "currency": currency}
    found = {}
    for product in Product.raw().find(for_sale):
        for id in ids:
            variant = find_variant(product, id)
            if variant is not None and variant["is_active"]:
                found[id] = _snapshot(product, variant)
    for number, wish in enumerate(wishes):
        if wish is not None and wish not in found:
            messages = {"wantedVariantId": ["It is not for sale."]}
            raise Invalid(errors={"items": {str(number): messages}})
    return found


def counted_wishes(row: Row, pieces: Mapping[str, int]) -> Counter[Unit]:
    """How many of which variants replace the pieces of a return that came, by variant."""
    counts: Counter[Unit] = Counter()
    for item in row["items"]:
        if came := pieces.get(item["variant_id"], 0):
            wanted = item["wanted"]
            counts[Unit(wanted["product_id"], wanted["variant_id"])] += came
    return counts


def _snapshot(product: Row, variant: Row) -> Row:
    shown = {
        "product_id": product["_id"],
        "variant_id": variant["id"],
        "sku": variant["sku"],
        "name": product["name"],
        "variant_name": variant_name(variant),
    }
    return {name: value for name, value in shown.items() if value is not None}
