"""One product as one row of CSV, in both directions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from wrencos_commerce.services.product_queries import fold_tag
from wrencos_core.api import Invalid, money, text

_BETWEEN = "; "
_MOST_IN_STOCK = 2**31 - 1


@dataclass(frozen=True)
class Column:
    """A column, the field of Product it stands for, and how its text is read.

    `read` raises ValueError with words for the person whose file it is.
    """

    name: str
    field: str
    read: Callable[[str], Any]


def _text(longest: int, required: bool = False) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        if required and not text:
            raise ValueError("Must not be empty.")
        if len(text) > longest:
            raise ValueError(f"Has more than {longest} characters.")
        return text or None

    return read


def _line(longest: int, required: bool = False) -> Callable[[str], str | None]:
    def read(cell: str) -> str | None:
        if not text.is_one_line(cell):
            raise ValueError("Must be one line, without control characters.")
        return _text(longest, required)(cell)

    return read


def _required_amount(cell: str) -> Decimal:
    try:
        return Decimal(cell)
    except InvalidOperation:
        raise ValueError(f"Is no amount: {cell!r}.") from None


def _amount(cell: str) -> Decimal | None:
    return _required_amount(cell) if cell else None


def _count(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text) > _MOST_IN_STOCK:
        raise ValueError(f"Is no count: {text!r}.")
    return int(text)


def _list(text: str) -> list[str]:
    return [part for piece in text.split(";") if (part := piece.strip())]


def _tags(text: str) -> list[str]:
    return list(dict.fromkeys(fold_tag(part) for part in _list(text)))


def _flag(text: str) -> bool:
    if text.lower() not in ("", "true", "false"):
        raise ValueError(f"Must be true or false, not {text!r}.")
    return text.lower() != "false"


COLUMNS = (
    Column("sku", "sku", _line(64, required=True)),
    Column("name", "name", _line(200, required=True)),
    Column("description", "description", lambda text: _text(5000)(text) or ""),
    Column("category", "category_id", _line(80)),
    Column("brand", "brand", _line(100)),
    Column("price", "price", _required_amount),
    Column("currency", "currency", _text(3)),
    Column("costPrice", "cost_price", _amount),
    Column("inventory", "inventory", _count),
    Column("ingredients", "ingredients", _list),
    Column("skinTypes", "skin_types", _tags),
    Column("concerns", "concerns", _tags),
    Column("imageUrl", "image_url", _line(500)),
    Column("isActive", "is_active", _flag),
)
NAMES = tuple(column.name for column in COLUMNS)
_NEEDED = {"sku", "name", "price"}


def check_header(names: set[str]) -> None:
    """Raise Invalid for a file that lacks a needed column or has an unknown one."""
    errors = {name: ["This column is needed."] for name in sorted(_NEEDED - names)}
    errors |= {name: ["There is no such column."] for name in sorted(names - set(NAMES))}
    if errors:
        raise Invalid("The columns of the file are not right.", errors=errors)


def read_row(row: Mapping[str, str], categories: Mapping[str, str]) -> dict[str, Any]:
    """The fields that the row's columns stand for, amounts still in major units.

    `categories` maps slugs to ids. Raises Invalid with every mistake in the row.
    """
    values: dict[str, Any] = {}
    errors: dict[str, list[str]] = {}
    if None in row or None in row.values():
        raise Invalid(errors={"row": ["Has more or fewer cells than there are columns."]})
    for column in COLUMNS:
        if column.name not in row:
            continue
        try:
            values[column.field] = column.read(row[column.name].strip())
        except ValueError as error:
            errors[column.name] = [str(error)]
    if slug := values.get("category_id"):
        values["category_id"] = categories.get(slug)
        if slug not in categories:
            errors["category"] = [f"There is no category {slug}."]
    if not values.get("currency"):
        values.pop("currency", None)
    if errors:
        raise Invalid(errors=errors)
    return values


def write_row(product: Mapping[str, Any], slugs: Mapping[str, str]) -> dict[str, str]:
    """A stored product as a row; `slugs` maps the ids of categories to their slugs."""
    currency = product["currency"]

    def shown(field: str) -> str:
        value = product.get(field)
        if value is None:
            return ""
        if field == "category_id":
            return slugs.get(value, "")
        if field in ("price", "cost_price"):
            return f"{money.to_major(value, currency):f}"
        if isinstance(value, bool):
            return str(value).lower()
        return _BETWEEN.join(value) if isinstance(value, list) else str(value)

    return {column.name: shown(column.field) for column in COLUMNS}
