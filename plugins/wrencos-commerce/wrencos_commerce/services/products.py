"""Changing the catalogue: creating, changing and withdrawing products."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from mongoengine.errors import NotUniqueError

from wrencos_commerce.errors import AlreadyExists
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.services.categories import Categories
from wrencos_core.api import (
    Identity,
    Invalid,
    NotFound,
    Platform,
    audit,
    bump,
    money,
    new_id,
    transactional,
)

Row = Mapping[str, Any]

# With 99 pieces of each of 100 products, a total stays exact in a client that reads doubles.
MAX_PRICE = 10**11
# What the audit log tells of a change; long texts would only fill it. Of the cost it tells that it
# was set and not to what: not everybody who reads the log may see it.
_AUDITED = ("sku", "price", "inventory", "is_active", "category_id")


class Products:
    """Writes products. Amounts come in as Decimals of major units and are stored in minor ones."""

    def __init__(self, platform: Platform, categories: Categories) -> None:
        self.currency = platform.settings.currency
        self._categories = categories

    @transactional
    def create(self, values: Row, identity: Identity) -> str:
        """A new product from the fields of Product; `name` and `price` are needed. Its id.

        Without a `sku` it gets one. Raises Invalid, or AlreadyExists for a SKU that is taken.
        """
        stored = self.stored(values)
        stored.setdefault("sku", new_id("sku").removeprefix("sku_"))
        stored |= derived(stored, self._path(stored))
        product = Product(currency=self.currency, **stored)
        try:
            product.save()
        except NotUniqueError as error:
            raise AlreadyExists(f"Another product has the SKU {stored['sku']}.") from error
        audit.record(identity, "commerce.products.create", product.id, _audited(stored))
        return str(product.id)

    @transactional
    def update(
        self,
        id: str,
        changes: Row,
        identity: Identity,
        precondition: Callable[[Row], None] = lambda row: None,
    ) -> Row:
        """Change the given fields and return the row.

        `precondition` gets the row before the change and raises to refuse; what it saw is what is
        changed. Raises NotFound, Invalid or AlreadyExists.
        """
        before = Product.raw().find_one({"_id": id})
        if before is None:
            raise NotFound(f"There is no product {id}.")
        precondition(before)
        stored = self.stored(changes)
        if "sku" in stored and Product.raw().find_one({"sku": stored["sku"], "_id": {"$ne": id}}):
            raise AlreadyExists(f"Another product has the SKU {stored['sku']}.")
        after = {**before, **stored}
        stored |= derived(after, self._path(after))
        row: Row = Product.raw().find_one_and_update(
            {"_id": id}, bump({"$set": stored}), return_document=True
        )
        audit.record(identity, "commerce.products.update", id, _audited(stored))
        return row

    def withdraw(self, id: str, identity: Identity) -> None:
        """Take the product off sale; carts and orders that hold it keep it. Raises NotFound."""
        self.update(id, {"is_active": False}, identity)

    def stored(self, values: Row) -> dict[str, Any]:
        """`values` as they are stored: amounts in minor units. Raises Invalid."""
        stored = {key: value for key, value in values.items() if key != "currency"}
        if values.get("currency", self.currency) != self.currency:
            raise Invalid(errors={"currency": [f"This shop sells in {self.currency} only."]})
        for field, name in (("price", "price"), ("cost_price", "costPrice")):
            if stored.get(field) is not None:
                stored[field] = self._minor(stored[field], name)
        return stored

    def _minor(self, value: Decimal, name: str) -> int:
        try:
            amount = money.to_minor(value, self.currency)
        except ValueError as error:
            raise Invalid(errors={name: [f"Is no amount of {self.currency}: {error}."]}) from error
        if not 0 <= amount <= MAX_PRICE:
            raise Invalid(errors={name: ["Is out of range."]})
        return amount

    def _path(self, row: Row) -> list[str]:
        category_id = row.get("category_id")
        return self._categories.path_for_product(category_id) if category_id else []


def _audited(stored: Row) -> dict[str, Any]:
    told = {field: stored[field] for field in _AUDITED if field in stored}
    return {**told, "cost_price": "set"} if "cost_price" in stored else told
