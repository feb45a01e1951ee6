"""Shelf cards: which variants, and the PDF of their cards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from wrencos_commerce.models.product import Product, category_facet
from wrencos_commerce.services.labels.card import Card, draw
from wrencos_commerce.services.labels.formats import FORMATS, SheetFormat
from wrencos_commerce.services.labels.unit_price import unit_price
from wrencos_commerce.services.product_links import ProductLinks
from wrencos_commerce.services.translations import translated
from wrencos_commerce.services.variants import variant_name
from wrencos_core.api import Invalid, NotFound, Platform, heavy, pdf

Row = Mapping[str, Any]

MOST_CARDS = 500
_FIELDS = {
    "slug": 1,
    "name": 1,
    "description": 1,
    "translations": 1,
    "brand": 1,
    "currency": 1,
    "ingredients": 1,
    "variants": 1,
}
_BETWEEN_PRICE = " / {} {}"


@dataclass(frozen=True, kw_only=True)
class CardOrder:
    """What to print: one of `product_ids`, `variant_ids` and `category` (id or slug)."""

    product_ids: Sequence[str] = ()
    variant_ids: Sequence[str] = ()
    category: str | None = None
    format: str = "a4-3x8"
    copies: int = 1
    locale: str = "vi"
    show_price: bool = True
    show_qr: bool = True
    show_ingredients: bool = False


class ShelfCards:
    """Prints cards for the variants for sale."""

    def __init__(self, platform: Platform, links: ProductLinks) -> None:
        self._shop_name = platform.settings.shop_name
        self._links = links

    def print(self, order: CardOrder) -> bytes:
        """A PDF with a card for each variant and copy.

        Raises NotFound for a product or variant that is unknown or not for sale, and Invalid for
        an order of none, of more than MOST_CARDS, that does not say of what, or with ingredients
        where there is no room for them.
        """
        chosen = self._chosen(order)
        count = len(chosen) * order.copies
        if not 0 < count <= MOST_CARDS:
            raise Invalid(f"That would be {count} cards; from 1 to {MOST_CARDS} can be printed.")
        format = FORMATS[order.format]
        if order.show_ingredients and not format.has_small_print:
            roomy = ", ".join(name for name, f in FORMATS.items() if f.has_small_print)
            raise Invalid(errors={"showIngredients": [f"There is room only on {roomy}."]})
        # Made here, so that the fonts are read once and not by two threads at a time.
        writer = pdf.PdfWriter(format.paper, f"{self._shop_name}: {order.format}", self._shop_name)
        return heavy(lambda: self._printed(writer, chosen, order, format))

    def _printed(
        self,
        writer: pdf.PdfWriter,
        chosen: Sequence[tuple[Row, Row]],
        order: CardOrder,
        format: SheetFormat,
    ) -> bytes:
        """Runs in a thread of its own: nothing here may ask the database."""
        place = 0
        for product, variant in chosen:
            card = self._card(product, variant, order)
            for _ in range(order.copies):
                if place % format.on_a_page == 0:
                    writer.next_page()
                x, y = format.place(place % format.on_a_page)
                writer.stamp(variant["id"], x, y, partial(draw, writer, card, format))
                place += 1
        return writer.finish()

    def _chosen(self, order: CardOrder) -> list[tuple[Row, Row]]:
        named = [order.product_ids, order.variant_ids, order.category]
        if sum(1 for choice in named if choice) != 1:
            raise Invalid("Name one of productIds, variantIds and categoryId.")
        if order.category:
            query = {"is_active": True, "facets": category_facet(order.category)}
            found = Product.raw().find(query, _FIELDS).sort([("name_key", 1), ("_id", 1)])
            return _for_sale(found.limit(MOST_CARDS + 1))
        if order.product_ids:
            query = {"is_active": True, "_id": {"$in": [*order.product_ids]}}
            rows = {row["_id"]: row for row in Product.raw().find(query, _FIELDS)}
            return _for_sale(_in_order(rows, order.product_ids, "product"))
        query = {"is_active": True, "variants.id": {"$in": [*order.variant_ids]}}
        units = {
            variant["id"]: (row, variant)
            for row, variant in _for_sale(Product.raw().find(query, _FIELDS))
        }
        return _in_order(units, order.variant_ids, "variant")

    def _card(self, product: Row, variant: Row, order: CardOrder) -> Card:
        currency, locale = product["currency"], order.locale
        price = pdf.money_text(variant["price"], currency, locale) if order.show_price else None
        per = unit_price(variant["price"], variant.get("size"))
        per_text = None
        if per is not None:
            amount = pdf.money_text(per.amount, currency, locale)
            per_text = amount + _BETWEEN_PRICE.format(per.per, per.unit)
        ingredients = ", ".join(product.get("ingredients", ()))
        return Card(
            name=translated(product, locale)[0],
            brand=product.get("brand"),
            variant=variant_name(variant),
            price=price,
            unit_price=per_text,
            sku=variant["sku"],
            barcode=variant.get("barcode"),
            url=self._url(product, variant) if order.show_qr else None,
            ingredients=ingredients if order.show_ingredients else None,
        )

    def _url(self, product: Row, variant: Row) -> str:
        """The variant is named only where there are several: a short code scans from further."""
        only = len(product["variants"]) == 1
        return self._links.url(product, None if only else variant["id"])


def _for_sale(rows: Any) -> list[tuple[Row, Row]]:
    return [(row, variant) for row in rows for variant in row["variants"] if variant["is_active"]]


def _in_order(found: Mapping[str, Any], ids: Sequence[str], what: str) -> list[Any]:
    """What was found, in the order that was asked for, each once."""
    wanted = list(dict.fromkeys(ids))
    missing = [id for id in wanted if id not in found]
    if missing:
        raise NotFound(f"There is no {what} {missing[0]} for sale.")
    return [found[id] for id in wanted]
