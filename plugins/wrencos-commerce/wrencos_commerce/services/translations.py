"""The texts that a customer reads, in the language that they want."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pymongo import ReturnDocument

from wrencos_commerce.models.brand import Brand
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.product_changes import ProductChanges
from wrencos_core.api import (
    Document,
    Identity,
    Invalid,
    NotFound,
    Platform,
    audit,
    bump,
    transactional,
)

Row = Mapping[str, Any]

LOCALES = ("vi", "en")
# What has texts. Products carry the name of their brand, so a brand keeps its own everywhere.
_MODELS: Mapping[str, type[Document]] = {
    "product": Product,
    "category": Category,
    "brand": Brand,
}


class Translations:
    """Keeps translated texts. The main texts of everything are in the shop's own language."""

    def __init__(self, platform: Platform, changes: ProductChanges) -> None:
        self.shop_locale: str = platform.settings.locale
        self._changes = changes

    def of(self, kind: str, id: str) -> Row:
        """The row of a `product`, `category` or `brand` with its texts; raises NotFound."""
        row: Row | None = _MODELS[kind].raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There is no {kind} {id}.")
        return row

    @transactional
    def put(self, kind: str, id: str, locale: str, texts: Row, identity: Identity) -> Row:
        """Replace the texts in `locale`: `name`, `description` or both; the changed row.

        What is left out or empty is shown as the shop wrote it. Raises NotFound, or Invalid for a
        language that is not translated into.
        """
        self._check_locale(locale)
        kept = {name: text for name, text in texts.items() if text}
        if not kept:
            raise Invalid(errors={"name": ["Give a text to show."]})
        row = self.of(kind, id)
        return self._store(kind, row, {**_texts(row), locale: kept}, f"{locale}: put", identity)

    @transactional
    def remove(self, kind: str, id: str, locale: str, identity: Identity) -> Row:
        """Forget the texts in `locale`; the changed row. Raises NotFound, also without any."""
        row = self.of(kind, id)
        if locale not in _texts(row):
            raise NotFound(f"There is no translation into {locale}.")
        kept = {known: texts for known, texts in _texts(row).items() if known != locale}
        return self._store(kind, row, kept, f"{locale}: removed", identity)

    def missing(self, locale: str) -> Iterator[Row]:
        """Products for sale that a reader of `locale` is shown in the shop's language, by name.

        Each has `productId`, `sku`, `name` and `missing`, the texts that are not translated.
        Raises Invalid for a language that is not translated into.
        """
        self._check_locale(locale)
        name, description = (f"translations.{locale}.{text}" for text in ("name", "description"))
        untold = {description: {"$exists": False}, "description": {"$ne": ""}}
        query = {"is_active": True, "$or": [{name: {"$exists": False}}, untold]}
        fields = {"sku": 1, "name": 1, "description": 1, "translations": 1}
        for row in Product.raw().find(query, fields).sort([("name_key", 1), ("_id", 1)]):
            texts = _texts(row).get(locale, {})
            lacking = [text for text in ("name", "description") if row[text] and text not in texts]
            yield {
                "productId": row["_id"],
                "sku": row["sku"],
                "name": row["name"],
                "missing": lacking,
            }

    def _check_locale(self, locale: str) -> None:
        if locale == self.shop_locale:
            raise Invalid(
                errors={"locale": [f"The shop's own texts are in {locale}: change those."]}
            )
        if locale not in LOCALES:
            raise Invalid(errors={"locale": [f"Must be one of {', '.join(LOCALES)}."]})

    def _store(self, kind: str, row: Row, translations: Row, told: str, identity: Identity) -> Row:
        id, stored = row["_id"], {"translations": dict(translations)}
        action = {"product": "products", "category": "categories", "brand": "brands"}[kind]
        audit.record(identity, f"commerce.{action}.translate", id, {"translation": told})
        if kind == "product":
            return self._changes.store(id, stored)
        changed: Row = (
            _MODELS[kind]
            .raw()
            .find_one_and_update(
                {"_id": id}, bump({"$set": stored}), return_document=ReturnDocument.AFTER
            )
        )
        return changed


def translated(row: Row, locale: str | None) -> tuple[str, str]:
    """Name and description in `locale`; what was not translated as the shop wrote it."""
    texts = _texts(row).get(locale, {}) if locale else {}
    return texts.get("name") or row["name"], texts.get("description") or row["description"]


def _texts(row: Row) -> Row:
    """By language; rows of before there were translations have none."""
    texts: Row = row.get("translations") or {}
    return texts
