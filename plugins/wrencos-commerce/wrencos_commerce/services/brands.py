"""Keeping brands, and their names on the products that carry them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pymongo import ReturnDocument, UpdateOne
from pymongo.errors import DuplicateKeyError

from wrencos_commerce.errors import AlreadyExists, BrandInUse
from wrencos_commerce.models.brand import Brand, is_brand_name
from wrencos_commerce.models.product import Product, brand_facet, brand_slug
from wrencos_core.api import (
    Identity,
    Invalid,
    Listing,
    NotFound,
    Platform,
    audit,
    bump,
    is_id,
    new_id,
    new_row,
    now,
    text,
    transaction,
    transactional,
)
from wrencos_core.contracts.commerce import ProductsChanged

Row = Mapping[str, Any]

RENAME_ON_PRODUCTS = "commerce.rename_brand_on_products"
# Most products that are changed together with their brand, and that one event names.
BATCH = 500


class Brands:
    """Reads and changes brands; rows have the fields of the Brand document."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._listing = Listing(Brand.raw)

    def page(self, skip: int, limit: int) -> tuple[list[Row], int]:
        """Brands by name, and how many there are."""
        return self._listing.page({}, sort=[("name_key", 1), ("_id", 1)], skip=skip, limit=limit)

    def get(self, id_or_slug: str) -> Row:
        """The brand with this id, or with this slug now or formerly; raises NotFound."""
        field = "_id" if is_id(id_or_slug, Brand.id_prefix) else "slugs"
        found: Row | None = Brand.raw().find_one({field: id_or_slug})
        if found is None:
            raise NotFound(f"There is no brand {id_or_slug}.")
        return found

    def find_or_create(self, name: str) -> Row:
        """The brand of this name, whatever its case and accents, made when there is none.

        To be called in the transaction that stores its product: it touches the brand, so that
        renaming or deleting it at the same time conflicts. Raises Invalid for a name without
        letters and digits.
        """
        _check_name(name, "brand")
        slug = brand_slug(name)
        found: Row | None = Brand.raw().find_one_and_update(
            {"slugs": slug}, bump({}), return_document=ReturnDocument.AFTER
        )
        if found is not None:
            return found
        # An upsert: two at once get the same brand, and neither a duplicate key.
        made: Row = Brand.raw().find_one_and_update(
            {"slugs": slug},
            {"$setOnInsert": _new(name, {})},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return made

    @transactional
    def create(self, values: Row, identity: Identity) -> str:
        """A new brand with `name` and perhaps `description` and `image_id`, its logo; its id.

        Raises AlreadyExists, Invalid for a name without letters and digits, and NotFound for an
        image that is none of the caller's.
        """
        _check_name(values["name"], "name")
        row = _new(values["name"], values)
        self._refuse_taken(row["slug"], row["_id"])
        if values.get("image_id"):
            row |= self._claimed(values["image_id"], row["_id"], identity)
        self._write(row["name"], lambda: Brand.raw().insert_one(row))
        audit.record(identity, "commerce.brands.create", row["_id"], {"name": row["name"]})
        return str(row["_id"])

    @transactional
    def update(self, id_or_slug: str, changes: Row, identity: Identity) -> Row:
        """Change the given fields and return the row; `image_id` None takes the logo away.

        A new name is written to the brand's products too: at once, or by a job when there are more
        than 500. Raises NotFound, AlreadyExists, or Invalid for a name without letters and digits.
        """
        before = self.get(id_or_slug)
        id, stored = before["_id"], dict(changes)
        if "name" in stored:
            _check_name(stored["name"], "name")
            stored |= _named(stored["name"])
            self._refuse_taken(stored["slug"], id)
            stored["slugs"] = sorted({*before["slugs"], stored["slug"]})
        if "image_id" in stored and stored["image_id"] != before.get("image_id"):
            if before.get("image_id"):
                self._platform.images.release([before["image_id"]], id)
            stored |= self._claimed(stored["image_id"], id, identity)
        row: Row = self._write(
            stored.get("name"),
            lambda: Brand.raw().find_one_and_update(
                {"_id": id}, bump({"$set": stored}), return_document=ReturnDocument.AFTER
            ),
        )
        if row["name"] != before["name"]:
            self._rename_products(row)
        told = {name: changes[name] for name in ("name", "image_id") if name in changes}
        audit.record(identity, "commerce.brands.update", id, told)
        return row

    @transactional
    def delete(self, id_or_slug: str, identity: Identity) -> None:
        """Delete a brand without products; raises NotFound or BrandInUse."""
        row = self.get(id_or_slug)
        # Deleted first: whoever gives it a product at this moment conflicts with this write.
        Brand.raw().delete_one({"_id": row["_id"]})
        products = Product.raw().count_documents({"brand_id": row["_id"]})
        if products:
            raise BrandInUse(f"{products} products are of this brand.", products=products)
        if row.get("image_id"):
            self._platform.images.release([row["image_id"]], row["_id"])
        audit.record(identity, "commerce.brands.delete", row["_id"], {"name": row["name"]})

    def rename_on_products(self, brand_id: str) -> None:
        """The job: give products that carry a former name of the brand the present one."""
        while transaction(lambda: self._rename_batch(brand_id)) == BATCH:
            pass

    def sweep_names(self) -> None:
        """The nightly job: do what a lost `rename_on_products` left behind."""
        for brand in Brand.raw().find({}, {"name": 1}):
            stale = {"brand_id": brand["_id"], "brand": {"$ne": brand["name"]}}
            if Product.raw().find_one(stale, {"_id": 1}):
                self.rename_on_products(brand["_id"])

    def _rename_products(self, row: Row) -> None:
        stale = {"brand_id": row["_id"], "brand": {"$ne": row["name"]}}
        if Product.raw().count_documents(stale, limit=BATCH + 1) > BATCH:
            id = row["_id"]
            key = f"{id}:{row['version']}"
            self._platform.jobs.enqueue(RENAME_ON_PRODUCTS, key=key, brand_id=id)
        else:
            self._rename_batch(row["_id"])

    def _rename_batch(self, brand_id: str) -> int:
        """Rename on up to 500 products; on how many."""
        # Touched: a rename at the same time conflicts, so the name is the present one.
        brand = Brand.raw().find_one_and_update(
            {"_id": brand_id}, bump({}), return_document=ReturnDocument.AFTER
        )
        if brand is None:
            return 0
        stale = {"brand_id": brand_id, "brand": {"$ne": brand["name"]}}
        rows = list(Product.raw().find(stale).limit(BATCH))
        if not rows:
            return 0
        Product.raw().bulk_write([_renamed(row, brand) for row in rows], ordered=False)
        self._platform.outbox.publish(
            ProductsChanged(
                id=f"{brand_id}:{brand['version']}:changed",
                occurred_at=now(),
                product_ids=tuple(row["_id"] for row in rows),
            )
        )
        return len(rows)

    def _claimed(self, image_id: str | None, id: str, identity: Identity) -> dict[str, Any]:
        """The fields of the logo."""
        if image_id is None:
            return {"image_id": None, "image_url": None, "thumbnails": {}}
        (image,) = self._platform.images.claim([image_id], id, identity)
        return {"image_id": image.id, "image_url": image.url, "thumbnails": image.thumbnails}

    @staticmethod
    def _refuse_taken(slug: str, id: str) -> None:
        """Raise AlreadyExists before the index would, whose error ends the transaction."""
        other = Brand.raw().find_one({"slugs": slug, "_id": {"$ne": id}}, {"name": 1})
        if other is not None:
            raise AlreadyExists(f"There is the brand {other['name']} already.")

    @staticmethod
    def _write(name: str | None, write: Callable[[], Any]) -> Any:
        try:
            return write()
        except DuplicateKeyError as error:
            raise AlreadyExists(f"There is a brand {name} already.") from error


def _check_name(name: str, field: str) -> None:
    """Or `!!!` and `???` would have the same slug, and be one brand."""
    if not is_brand_name(name):
        raise Invalid(errors={field: ["Must have a letter or a digit."]})


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "name_key": text.fold(name), "slug": brand_slug(name)}


def _new(name: str, values: Row) -> dict[str, Any]:
    named = _named(name)
    return new_row(
        new_id(Brand.id_prefix),
        **named,
        slugs=[named["slug"]],
        description=values.get("description") or "",
        translations={},
        thumbnails={},
    )


def _renamed(row: Row, brand: Row) -> UpdateOne:
    facets: Sequence[str] = [
        *(facet for facet in row["facets"] if not facet.startswith(brand_facet(""))),
        brand_facet(brand["slug"]),
    ]
    changes = {"brand": brand["name"], "facets": facets}
    return UpdateOne({"_id": row["_id"]}, bump({"$set": changes}))
