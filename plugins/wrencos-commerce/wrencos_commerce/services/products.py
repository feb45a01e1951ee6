"""Changing the catalogue: creating, changing and withdrawing products and their variants."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymongo.errors import DuplicateKeyError

from wrencos_commerce.errors import AlreadyExists
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services import stock_ledger
from wrencos_commerce.services.brands import Brands
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.ingredient_fields import ingredient_fields
from wrencos_commerce.services.price_history import PriceHistory
from wrencos_commerce.services.product_lookup import existing
from wrencos_commerce.services.publishing import rescheduled
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.variants import (
    OF_THE_ONLY,
    checked,
    checked_together,
    find_variant,
    minor_amounts,
    new_variant,
)
from wrencos_core.api import (
    Identity,
    Invalid,
    NotFound,
    Platform,
    audit,
    bump,
    new_id,
    new_row,
    now,
    text,
    transactional,
)
from wrencos_core.contracts.commerce import ProductsChanged

Row = Mapping[str, Any]
Precondition = Callable[[Row], None]

# What the audit log tells of a change; long texts would only fill it. Of the cost it tells that it
# was set and not to what: not everybody who reads the log may see it.
_AUDITED = (
    *("sku", "slug", "price", "inventory", "is_active", "category_id"),
    *("publish_at", "unpublish_at"),
)
# Of a product that is created without them.
DEFAULTS: Row = {
    "description": "",
    "media": [],
    "translations": {},
    "ingredients": [],
    "inci": [],
    "ingredient_keys": [],
    "ingredient_groups": [],
    "allergens": [],
    "free_from": [],
    "skin_types": [],
    "concerns": [],
    "rating_count": 0,
    "rating_sum": 0,
    "sold": 0,
    "is_active": True,
}


class Products:
    """Writes products. Amounts come in as Decimals of major units and are stored in minor ones."""

    def __init__(
        self,
        platform: Platform,
        categories: Categories,
        brands: Brands,
        stock: Stock,
        prices: PriceHistory,
    ) -> None:
        self.currency = platform.settings.currency
        self._outbox = platform.outbox
        self._categories = categories
        self._brands = brands
        self._stock = stock
        self._prices = prices

    @transactional
    def create(self, values: Row, identity: Identity) -> str:
        """A new product from the fields of Product; `name` and `price` are needed. Its id.

        `variants` have the fields of Variant, and the product's price where they name none; in
        their absence the product has one, of its own `sku`, `price`, `cost_price`, `inventory`,
        `barcode` and `weight`. What is to be published later is not active until then. Raises
        Invalid, or AlreadyExists for a SKU or slug that is taken.
        """
        stored = {**DEFAULTS, **self.stored(values), "currency": self.currency}
        stored["variants"] = self._new_variants(stored, values.get("variants") or [{}])
        stored = {key: value for key, value in stored.items() if key != "barcode"}
        stored |= derived(stored, self._path(stored))
        stored["slug"] = values.get("slug") or free_slug(stored["name"])
        row = new_row(new_id(Product.id_prefix), **stored)
        self._write(row["slug"], row["variants"], lambda: Product.raw().insert_one(row))
        id = str(row["_id"])
        self._prices.record(id, price_changes([], row["variants"]), identity)
        _record_stock(id, [], row["variants"], identity)
        self._publish(id, 0)
        audit.record(identity, "commerce.products.create", id, _audited(stored))
        return id

    @transactional
    def update(
        self,
        id: str,
        changes: Row,
        identity: Identity,
        precondition: Precondition = lambda row: None,
    ) -> Row:
        """Change the given fields and return the row.

        What is in OF_THE_ONLY (`sku`, `price` and so on) is that of the only variant.
        `precondition` gets the row before the change and raises to refuse; what it saw is what is
        changed. Raises NotFound, Invalid or AlreadyExists.
        """
        before = existing(id)
        precondition(before)
        stored = self.stored(changes)
        stored = {**rescheduled(stored), **stored}
        told = _audited(stored)
        own = {field: stored.pop(field) for field in OF_THE_ONLY if field in stored}
        if own:
            if len(before["variants"]) > 1:
                name = next(iter(own))
                raise Invalid(errors={name: ["The product has variants: change theirs."]})
            stored["variants"] = [self._changed(before, before["variants"][0], own)]
        row = self._store(before, stored, identity)
        audit.record(identity, "commerce.products.update", id, told)
        return row

    @transactional
    def add_variant(self, id: str, values: Row, identity: Identity) -> tuple[str, Row]:
        """Add a variant to the product; its id and the product's row. Raises as `update` does."""
        before = existing(id)
        variant = new_variant({"price": before["price"], **minor_amounts(values, self.currency)})
        row = self._store(before, {"variants": [*before["variants"], variant]}, identity)
        audit.record(identity, "commerce.products.add_variant", id, _audited(variant))
        return variant["id"], row

    @transactional
    def update_variant(self, id: str, variant_id: str, changes: Row, identity: Identity) -> Row:
        """Change the given fields of a variant; the product's row. Raises as `update` does."""
        before = existing(id)
        variant = find_variant(before, variant_id)
        if variant is None:
            raise NotFound(f"There is no variant {variant_id} of {before['name']}.")
        values = minor_amounts(changes, self.currency)
        changed = self._changed(before, variant, values)
        variants = [changed if v["id"] == variant_id else v for v in before["variants"]]
        row = self._store(before, {"variants": variants}, identity)
        told = {"id": variant_id, **_audited(values)}
        audit.record(identity, "commerce.products.update_variant", id, told)
        return row

    @transactional
    def order_variants(self, id: str, variant_ids: Sequence[str], identity: Identity) -> Row:
        """Show the variants in this order, which names each once; the product's row."""
        before = existing(id)
        by_id = {variant["id"]: variant for variant in before["variants"]}
        if sorted(by_id) != sorted(variant_ids):
            raise Invalid(errors={"variantIds": ["Must name each variant of the product once."]})
        variants = [by_id[variant_id] for variant_id in variant_ids]
        row = self._store(before, {"variants": variants}, identity)
        audit.record(identity, "commerce.products.order_variants", id, {"ids": list(variant_ids)})
        return row

    def withdraw(self, id: str, identity: Identity) -> None:
        """Take the product off sale; carts and orders that hold it keep it. Raises NotFound."""
        self.update(id, {"is_active": False}, identity)

    def stored(
        self, values: Row, brand_named: Callable[[str], Row] | None = None
    ) -> dict[str, Any]:
        """`values` as they are stored: amounts in minor units, ingredients read. Raises Invalid.

        `brand_named` finds a brand for who writes many; without it, an unknown one is made.
        """
        if values.get("currency", self.currency) != self.currency:
            raise Invalid(errors={"currency": [f"This shop sells in {self.currency} only."]})
        left_out = ("currency", "variants")
        stored = {key: value for key, value in values.items() if key not in left_out}
        stored = minor_amounts(stored, self.currency)
        if "ingredients" in stored:
            stored |= ingredient_fields(stored["ingredients"])
        if stored.get("brand"):
            brand = (brand_named or self._brands.find_or_create)(stored["brand"])
            stored |= {"brand": brand["name"], "brand_id": brand["_id"]}
        elif "brand" in stored:
            stored["brand_id"] = None
        if (due := stored.get("publish_at")) and due > now():
            stored["is_active"] = False
        return stored

    def _new_variants(self, stored: dict[str, Any], given: Sequence[Row]) -> list[Row]:
        """The variants of a new product; those without a price have the product's."""
        own = {field: stored.pop(field) for field in OF_THE_ONLY if field in stored}
        shared: Row = (
            own if len(given) == 1 else {k: own[k] for k in ("price", "cost_price") if k in own}
        )
        variants: list[Row] = [
            new_variant({**shared, **minor_amounts(values, self.currency)}) for values in given
        ]
        checked_together(variants)
        return variants

    def _changed(self, product: Row, variant: Row, changes: Row) -> Row:
        """The variant with `changes`; a new count of its stock is told."""
        after = {**variant, **checked(changes)}
        if after["inventory"] != variant["inventory"]:
            self._stock.counted(product, variant, after["inventory"])
        return after

    def _store(self, before: Row, stored: dict[str, Any], identity: Identity) -> Row:
        after = {**before, **stored}
        if "variants" in stored:
            checked_together(after["variants"])
        stored |= derived(after, self._path(after))
        id = before["_id"]

        def write() -> Row:
            row: Row = Product.raw().find_one_and_update(
                {"_id": id}, bump({"$set": stored}), return_document=True
            )
            return row

        self._refuse_taken(id, after)
        row: Row = self._write(after.get("slug"), after["variants"], write)
        changes = price_changes(before["variants"], after["variants"])
        if changes:
            self._prices.record(id, changes, identity)
        _record_stock(id, before["variants"], after["variants"], identity)
        self._publish(id, row["version"])
        return row

    @staticmethod
    def _refuse_taken(id: str, after: Row) -> None:
        """Raise AlreadyExists before the index would, whose error ends the transaction."""
        skus = [variant["sku"] for variant in after["variants"]]
        query = {"variants.sku": {"$in": skus}, "_id": {"$ne": id}}
        if other := Product.raw().find_one(query, {"variants.sku": 1}):
            taken = {variant["sku"] for variant in other["variants"]}
            sku = next(sku for sku in skus if sku in taken)
            raise AlreadyExists(f"Another product has the SKU {sku}.")
        query = {"slug": after.get("slug"), "_id": {"$ne": id}}
        if after.get("slug") and Product.raw().find_one(query, {"_id": 1}):
            raise AlreadyExists(f"Another product has the slug {after['slug']}.")

    @staticmethod
    def _write(slug: str | None, variants: Sequence[Row], write: Callable[[], Any]) -> Any:
        try:
            return write()
        except DuplicateKeyError as error:
            if "slug" in str((error.details or {}).get("keyPattern")):
                raise AlreadyExists(f"Another product has the slug {slug}.") from error
            skus = ", ".join(variant["sku"] for variant in variants)
            raise AlreadyExists(f"Another product has the SKU {skus}.") from error

    def _publish(self, id: str, version: int) -> None:
        self._outbox.publish(
            ProductsChanged(id=f"{id}:{version}:changed", occurred_at=now(), product_ids=(id,))
        )

    def _path(self, row: Row) -> list[str]:
        category_id = row.get("category_id")
        return self._categories.path_for_product(category_id) if category_id else []


def slug_of(name: str) -> str:
    """A slug of the name; another product may have it."""
    # Without `_`, by which an id is told from a slug.
    return "-".join(text.words(name.replace("_", " ")))[:80].strip("-") or "product"


def free_slug(name: str) -> str:
    """A slug of the name that no product has."""
    slug = slug_of(name)
    if Product.raw().find_one({"slug": slug}, {"_id": 1}) is None:
        return slug
    return f"{slug}-{new_id('slug')[-8:].lower()}"


def price_changes(before: Sequence[Row], after: Sequence[Row]) -> list[Row]:
    """What the price history is told: `variant_id`, the `previous` price or None, `price`."""
    old = {variant["id"]: variant["price"] for variant in before}
    return [
        {"variant_id": v["id"], "previous": old.get(v["id"]), "price": v["price"]}
        for v in after
        if old.get(v["id"]) != v["price"]
    ]


def _record_stock(id: str, before: Sequence[Row], after: Sequence[Row], identity: Identity) -> None:
    reasons = {"new": MovementReason.OPENING, "changed": MovementReason.CORRECTION}
    stock_ledger.write(stock_ledger.differences(id, before, after, **reasons), identity)


def _audited(stored: Row) -> dict[str, Any]:
    told = {field: stored[field] for field in _AUDITED if field in stored}
    return {**told, "cost_price": "set"} if "cost_price" in stored else told
