"""Shopify's rows as rows of the own format: variants, their options, and rows of pictures only."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from wrencos_commerce.models.product import fold_tag
from wrencos_commerce.services.csv.category_index import CategoryIndex
from wrencos_commerce.services.csv.cells import joined
from wrencos_commerce.services.csv.parsed import PICTURE, Group, Problem
from wrencos_commerce.services.csv.plain_text import plain_text
from wrencos_commerce.services.csv.reading import add_row, bad_row
from wrencos_commerce.services.csv.shopify_columns import FIELDS, field_of, is_unused
from wrencos_commerce.services.csv.tables import CsvRow, Numbered
from wrencos_core.api import Invalid, text

_SHADES = frozenset({"color", "colour", "shade", "tone", "mau", "mau sac", "sac thai"})
_SIZES = frozenset(
    {"size", "volume", "dung tich", "the tich", "kich co", "kich thuoc", "khoi luong", "quy cach"}
)
_DEFAULT = ("Title", "Default Title")
_WEB = re.compile(r"https?://[^\s/]\S*")
_MOST_TAGS = 100
# Fields whose column of the own format has the same meaning and text, or one made of it.
_OWN = {
    "title": "name",
    "body": "description",
    "vendor": "brand",
    "sku": "sku",
    "inventory": "inventory",
    "price": "price",
    "barcode": "barcode",
    "grams": "weight",
    "cost": "costPrice",
    "option1_value": "shade",
}


# What the others make, for telling which column is wrong.
_MADE_OF = {
    **dict.fromkeys(("type", "category"), "category"),
    "handle": "handle",
    "tags": "concerns",
    "status": "isActive",
    "image": "imageUrl",
}


class ShopifyGroups:
    """Reads the rows of one file, whose columns are `names`. Raises Invalid for unknown ones."""

    def __init__(self, names: Sequence[str], categories: CategoryIndex) -> None:
        self._headers = {field: name for name in names if (field := field_of(name))}
        others = [name for name in names if field_of(name) is None]
        self.ignored = [name for name in others if is_unused(name)]
        _refuse(sorted(set(others) - set(self.ignored)), self._headers)
        self._categories = categories
        self.unknown_tags: list[str] = []

    @property
    def own_names(self) -> list[str]:
        """The columns of the own format that this file fills."""
        has = self._headers
        names = [own for field, own in _OWN.items() if field in has and own != "shade"]
        names += ["handle", "sku"]
        names += ["shade", "size"] if "option1_value" in has else []
        names += ["category"] if has.keys() & {"category", "type"} else []
        names += ["skinTypes", "concerns"] if "tags" in has else []
        names += ["isActive"] if has.keys() & {"status", "published"} else []
        return names

    def header_of(self, own: str) -> str:
        """The column of the file that fills the own one."""
        for field, name in {**_OWN, **_MADE_OF}.items():
            if name == own and field in self._headers:
                return self._headers[field]
        return own

    def groups(self, rows: Iterable[Numbered]) -> Iterator[Group]:
        """The products of the file, without holding more than one."""
        reading: _Product | None = None
        for row in rows:
            if row.cells is None:
                yield from self._closed(reading)
                reading = None
                yield bad_row(row.number)
                continue
            cells = {field: row.cells[name].strip() for field, name in self._headers.items()}
            if reading is None or cells["handle"] != reading.handle:
                yield from self._closed(reading)
                reading = _Product(cells["handle"], row.number)
            self._add(reading, row.number, cells)
        yield from self._closed(reading)

    @staticmethod
    def _closed(reading: _Product | None) -> Iterator[Group]:
        if reading is not None:
            yield reading.closed()

    def _add(self, product: _Product, number: int, cells: CsvRow) -> None:
        group = product.group
        telling = ("sku", "price", "option1_value", "title")
        if group.rows and not any(cells.get(field) for field in telling):
            group.last_row = number
            group.size += 1
        else:
            product.options = product.options or _option_names(cells)
            add_row(group, number, self._own(product, number, cells))
        product.add_pictures(number, cells)

    def _own(self, product: _Product, number: int, cells: CsvRow) -> dict[str, str]:
        """The row with the columns of the own format."""
        own = {_OWN[field]: cells[field] for field in _OWN if field in cells}
        # The apostrophe by which Shopify keeps a spreadsheet from rounding it.
        own["barcode"] = own.get("barcode", "").removeprefix("'")
        own["sku"] = own.get("sku", "")
        own |= _options(product.options, cells)
        if re.fullmatch(r"-\d+", own.get("inventory", "")):
            own["inventory"] = "0"
        if product.group.rows:
            for name in ("name", "description", "brand"):
                own.pop(name, None)
            return own
        own["description"] = plain_text(own.get("description", ""))
        own["category"] = self._category(cells)
        own["isActive"] = _is_active(cells)
        own |= self._tags(cells)
        return own

    def _category(self, cells: CsvRow) -> str:
        """The shop's own type where it is a category, else the end of Shopify's."""
        wanted = [cells.get("type", ""), cells.get("category", "").rpartition(">")[2].strip()]
        named = [name for name in wanted if name]
        known = [name for name in named if self._categories.is_known(name)]
        return next(iter(known or named), "")

    def _tags(self, cells: CsvRow) -> dict[str, str]:
        found: dict[str, list[str]] = {"skinTypes": [], "concerns": []}
        for tag in filter(None, (fold_tag(part) for part in cells.get("tags", "").split(","))):
            column = _known_tags().get(tag)
            if column:
                found[column].append(tag)
            elif tag not in self.unknown_tags and len(self.unknown_tags) < _MOST_TAGS:
                self.unknown_tags.append(tag)
        return {column: joined(tags) for column, tags in found.items()}


class _Product:
    """The product that is being read: its group, the names of its options, its pictures."""

    def __init__(self, handle: str, number: int) -> None:
        self.handle = handle
        slug = "-".join(text.words(handle.replace("_", "-")))
        self.group = Group(slug or None, first_row=number, needs_sku=False)
        self.options: list[str] = []
        self._pictures: list[tuple[int, dict[str, Any]]] = []
        if not slug:
            self.group.problems.append(Problem(number, "handle", "Must not be empty."))

    def add_pictures(self, number: int, cells: CsvRow) -> None:
        position = cells.get("position", "")
        order = int(position) if position.isascii() and position.isdigit() else 10**6
        self._add_picture(number, cells.get("image", ""), order, cells.get("alt", ""))
        if url := cells.get("variant_image", ""):
            self._add_picture(number, url, 10**6, "")
            last_number, last = self.group.rows[-1]
            if last_number == number:
                self.group.rows[-1] = number, {**last, PICTURE: url}

    def _add_picture(self, number: int, url: str, order: int, alt: str) -> None:
        if not url:
            return
        if not _WEB.fullmatch(url) or len(url) > 500:
            words = "Is no web address of a picture."
            self.group.problems.append(Problem(number, "imageUrl", words))
        elif all(picture["url"] != url for _, picture in self._pictures):
            self._pictures.append((order, {"url": url, "alt": alt[:200]}))

    def closed(self) -> Group:
        """The group, its pictures in their order."""
        ordered = sorted(self._pictures, key=lambda pair: pair[0])
        self.group.media = [picture for _, picture in ordered]
        return self.group


def _option_names(cells: CsvRow) -> list[str]:
    return [text.fold(cells.get(f"option{n}_name", "")) for n in (1, 2, 3)]


def _options(names: Sequence[str], cells: CsvRow) -> Mapping[str, str]:
    """The options as shade and size; others are told with the shade."""
    shades: list[str] = []
    sizes: list[str] = []
    others: list[str] = []
    for n, name in enumerate(names or ["", "", ""], start=1):
        value = cells.get(f"option{n}_value", "")
        if not value or value == _DEFAULT[1]:
            continue
        (shades if name in _SHADES else sizes if name in _SIZES else others).append(value)
    return {"shade": " / ".join([*shades, *others]), "size": " / ".join(sizes)}


def _is_active(cells: CsvRow) -> str:
    status = cells.get("status", "").lower()
    published = cells.get("published", "").lower()
    if not (status or published):
        return ""
    return "false" if status in ("draft", "archived") or published == "false" else "true"


def _refuse(unknown: Sequence[str], headers: Mapping[str, str]) -> None:
    """Raise Invalid for columns that Shopify does not have, or without the needed ones."""
    errors = {name: ["Is no column of Shopify's; map it or ignore it."] for name in unknown}
    if "handle" not in headers:
        errors[FIELDS["handle"][0]] = ["This column is needed."]
    if errors:
        raise Invalid("The columns of the file are not right.", errors=errors)


@cache
def _known_tags() -> Mapping[str, str]:
    """The column of each skin type and concern that there are words for."""
    source = files("wrencos_commerce") / "skin_data" / "words.json"
    words = json.loads(source.read_text(encoding="utf-8"))
    skin_types = dict.fromkeys(words["skin_types"], "skinTypes")
    return {**dict.fromkeys(words["concerns"], "concerns"), **skin_types}
