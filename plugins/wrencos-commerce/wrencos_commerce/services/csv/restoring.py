"""Gives one product back what it had before an import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.batch_picking import batched
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.ingredient_fields import ingredient_fields
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.products import price_changes
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.variants import checked_together
from wrencos_core.api import Identity, Invalid, bump

Row = Mapping[str, Any]
Kept = list[dict[str, str]]

_SINCE = "changed since"
# What a change of one field must name in the catalogue to be restored.
_REFERENCES = {"category_id": Category, "brand_id": Brand}


class Restorer:
    """Works in the caller's transaction."""

    def __init__(self, categories: Categories, stock: Stock, prices: PriceHistory) -> None:
        self._categories = categories
        self._stock = stock
        self._prices = prices

    def restore(self, product: Row, change: Row, used: set[str], identity: Identity) -> Kept:
        """Restore what still has the value that the import gave it; what is kept, and why.

        `used` are the ids of variants that can't be deleted.
        """
        kept: Kept = []
        fields = _restored(product, change["fields"], kept)
        if "ingredients" in fields:
            fields |= ingredient_fields(fields["ingredients"] or [])
        variants = self._variants(product, change["variants"], used, kept)
        after = {**product, **fields, "variants": variants}
        if fields or variants != product["variants"]:
            self._store(product, after, [*fields, "variants"], identity)
            undone_stock(product, variants, change["run_id"], identity)
        self._put_stock_back(after, change, kept, identity)
        return kept

    def _variants(
        self, product: Row, changes: Sequence[Row], used: set[str], kept: Kept
    ) -> list[Row]:
        by_id = {change["id"]: change for change in changes}
        variants: list[Row] = []
        for variant in product["variants"]:
            change = by_id.get(variant["id"])
            if change is None:
                variants.append(variant)
            elif not change["is_new"]:
                others = [one for one in change["fields"] if one["name"] != "inventory"]
                variants.append({**variant, **_restored(variant, others, kept, variant["sku"])})
            elif variant["id"] in used:
                variants.append({**variant, "is_active": False})
                kept.append(_kept(variant["sku"], "in use, so it was only withdrawn"))
        try:
            checked_together(variants)
        except Invalid:
            kept.append(_kept("variants", "they could not be told apart any more"))
            return list(product["variants"])
        return variants

    def _store(self, before: Row, after: Row, names: Sequence[str], identity: Identity) -> None:
        category_id = after.get("category_id")
        path = self._categories.path_for_product(category_id) if category_id else []
        update = bump({"$set": {**{n: after[n] for n in names}, **derived(after, path)}})
        Product.raw().update_one({"_id": before["_id"]}, update)
        changes = price_changes(before["variants"], after["variants"])
        if changes:
            self._prices.record(before["_id"], changes, identity)

    def _put_stock_back(self, product: Row, made: Row, kept: Kept, identity: Identity) -> None:
        """By the difference, as there may have been sales: never below what is in batches."""
        variants = {variant["id"]: variant for variant in product["variants"]}
        for change in made["variants"]:
            variant = variants.get(change["id"])
            counts = [one for one in change["fields"] if one["name"] == "inventory"]
            if variant is None or not counts:
                continue
            wanted = counts[0]["old"] - counts[0]["new"]
            pieces = max(wanted, batched(variant) - variant["inventory"])
            if pieces != wanted:
                words = f"{pieces - wanted} pieces of it were sold or put into batches since"
                kept.append(_kept(f"{variant['sku']} inventory", words))
            if pieces:
                unit, reason = Unit(product["_id"], variant["id"]), MovementReason.IMPORT_UNDONE
                self._stock.add(unit, pieces, reason, identity, reference=made["run_id"])


def undone_stock(product: Row, left: Sequence[Row], run_id: str, identity: Identity) -> None:
    """Write down what goes with the variants of a product that are not `left`."""
    undone = MovementReason.IMPORT_UNDONE
    entries = stock_ledger.differences(
        product["_id"], product["variants"], left, new=undone, changed=undone, reference=run_id
    )
    stock_ledger.write(entries, identity)


def _restored(row: Row, fields: Sequence[Row], kept: Kept, sku: str = "") -> dict[str, Any]:
    """The old values of those fields that have the imported value still."""
    changed = {one["name"]: one for one in fields}
    found = {}
    for name, one in changed.items():
        # A brand may have another name by now; it is the same by its id.
        key = "brand_id" if name == "brand" and "brand_id" in changed else name
        if row.get(key) != changed[key]["new"]:
            kept.append(_kept(f"{sku} {name}".strip(), _SINCE))
        elif not _exists(key, changed[key]["old"]):
            kept.append(_kept(name, "what it named is gone"))
        else:
            found[name] = one["old"]
    return found


def _exists(name: str, value: Any) -> bool:
    model = _REFERENCES.get(name)
    return model is None or value is None or bool(model.raw().find_one({"_id": value}, {"_id": 1}))


def _kept(what: str, reason: str) -> dict[str, str]:
    return {"what": what, "reason": reason}
