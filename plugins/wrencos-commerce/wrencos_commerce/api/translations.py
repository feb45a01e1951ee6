"""/api/{products,categories,brands}/<id>/translations"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.permissions import WRITE_BRANDS, WRITE_CATEGORIES, WRITE_PRODUCTS
from wrencos_commerce.schemas import translations as schemas
from wrencos_commerce.services.translations import Translations
from wrencos_commerce.views.translations import (
    TranslationsChanged,
    TranslationsView,
    translations_view,
)
from wrencos_core.web import Blueprint, Schema, current_identity, service

_TEXTS = "Texts in the languages that the shop does not write itself."


def _blueprint(kind: str, plural: str, permission: str, texts: type[Schema]) -> Blueprint:
    """The three routes of one kind of thing."""
    blp = Blueprint(f"{kind}_translations", __name__, url_prefix=f"/{plural}", description=_TEXTS)

    @blp.get(f"/<{kind}_id>/translations", access=permission, endpoint=f"list_{kind}_translations")
    @blp.response(200, TranslationsView)
    def listed(**path: str) -> TranslationsView:
        """Get all texts: the shop's own, and those of each other language."""
        found = service(Translations)
        return translations_view(found.of(kind, path[f"{kind}_id"]), found.shop_locale)

    @blp.put(
        f"/<{kind}_id>/translations/<locale>",
        access=permission,
        endpoint=f"put_{kind}_translation",
    )
    @blp.arguments(texts)
    @blp.response(200, TranslationsChanged)
    def put(body: dict[str, Any], locale: str, **path: str) -> TranslationsChanged:
        """Replace the texts in a language.

        `locale` is `vi` or `en`, and not the shop's own language: those texts are changed where
        they are. What is left out is shown as the shop wrote it.
        """
        found = service(Translations)
        row = found.put(kind, path[f"{kind}_id"], locale, body, current_identity())
        return TranslationsChanged(
            message="Translation saved", texts=translations_view(row, found.shop_locale)
        )

    @blp.delete(
        f"/<{kind}_id>/translations/<locale>",
        access=permission,
        endpoint=f"delete_{kind}_translation",
    )
    @blp.response(200, TranslationsChanged)
    def delete(locale: str, **path: str) -> TranslationsChanged:
        """Forget the texts in a language; the shop's own are shown in their place."""
        found = service(Translations)
        row = found.remove(kind, path[f"{kind}_id"], locale, current_identity())
        return TranslationsChanged(
            message="Translation removed", texts=translations_view(row, found.shop_locale)
        )

    return blp


of_products = _blueprint("product", "products", WRITE_PRODUCTS, schemas.ProductTexts)
of_categories = _blueprint("category", "categories", WRITE_CATEGORIES, schemas.ProductTexts)
of_brands = _blueprint("brand", "brands", WRITE_BRANDS, schemas.BrandTexts)
