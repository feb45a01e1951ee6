"""The columns of the shop's own format: one row a variant, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from wrencos_commerce.services.csv import cells
from wrencos_commerce.services.csv.ingredient_lines import read_ingredients, shown_ingredients
from wrencos_core.api import money

Row = Mapping[str, Any]

LOCALES = ("vi", "en")
# Before the slug of a category that is to be created, in the place of its id.
NEW = "new:"


@dataclass(frozen=True)
class Column:
    """A column, the field of Product (or of Variant) it stands for, and how its text is read.

    `read` raises ValueError with words for the person whose file it is. Translations have the
    field `translations.<locale>.<field>`. An empty cell of a `tells_by_content` column says
    nothing, as if there were no such column.
    """

    name: str
    field: str
    read: Callable[[str], Any]
    of_variant: bool = False
    is_text: bool = True
    tells_by_content: bool = False


def _of_variant(name: str, field: str, read: Callable[[str], Any], **others: bool) -> Column:
    return Column(name, field, read, of_variant=True, **others)


# Of what a variant or a product always has: empty, it would sell what is withdrawn.
_NEVER_EMPTY: Mapping[str, bool] = {"is_text": False, "tells_by_content": True}

COLUMNS = (
    Column("handle", "slug", cells.handle),
    _of_variant("sku", "sku", cells.line(64, required=True)),
    Column("name", "name", cells.line(200, required=True)),
    Column("description", "description", cells.long_text(5000)),
    Column("category", "category_id", cells.line(80)),
    Column("brand", "brand", cells.brand),
    _of_variant("price", "price", cells.required_amount, is_text=False),
    Column("currency", "currency", cells.line(3)),
    _of_variant("costPrice", "cost_price", cells.amount, is_text=False),
    _of_variant("inventory", "inventory", cells.count, **_NEVER_EMPTY),
    _of_variant("barcode", "barcode", cells.line(20)),
    _of_variant("weight", "weight", cells.grams, is_text=False),
    _of_variant("shade", "shade", cells.line(60)),
    _of_variant("swatch", "swatch", cells.line(7)),
    _of_variant("size", "size", cells.line(40)),
    Column("ingredients", "ingredients", read_ingredients),
    Column("skinTypes", "skin_types", cells.tags),
    Column("concerns", "concerns", cells.tags),
    Column("imageUrl", "image_url", cells.address),
    Column("periodAfterOpening", "period_after_opening", cells.months, is_text=False),
    Column("isActive", "is_active", cells.flag, **_NEVER_EMPTY),
    _of_variant("variantIsActive", "is_active", cells.flag, **_NEVER_EMPTY),
    Column("publishAt", "publish_at", cells.moment, is_text=False),
    *(
        Column(f"{field}_{locale}", f"translations.{locale}.{field}", read)
        for field, read in (("name", cells.line(200)), ("description", cells.long_text(5000)))
        for locale in LOCALES[::-1]
    ),
)
BY_NAME = {column.name: column for column in COLUMNS}
NAMES = tuple(BY_NAME)
# Which column a refusal of the product service is about: its names are those of the API.
_OTHER_NAMES = {"categoryId": "category", "slug": "handle", "variants": "sku"}


def column_of(api_name: str) -> str:
    """The column of what the API calls `api_name`."""
    return _OTHER_NAMES.get(api_name, api_name)


def shown(column: Column, value: Any, currency: str, slugs: Mapping[str, str]) -> str:
    """A stored value as the text of a cell; `slugs` maps the ids of categories to their slugs."""
    if value is None:
        return ""
    if column.field == "category_id":
        return slugs.get(value, str(value).removeprefix(NEW) if str(value).startswith(NEW) else "")
    if column.field in ("price", "cost_price"):
        return f"{money.to_major(value, currency):f}"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    if column.field == "ingredients":
        return shown_ingredients(value)
    return cells.joined(value) if isinstance(value, list) else str(value)


def stored_value(column: Column, product: Row, variant: Row) -> Any:
    """What the column stands for, of a stored product and its variant."""
    if column.field == "slug":
        return product.get("slug") or product["_id"]
    if column.field.startswith("translations."):
        _, locale, field = column.field.split(".")
        return product.get("translations", {}).get(locale, {}).get(field)
    return (variant if column.of_variant else product).get(column.field)
