"""What is stored of the products that a batch means, and which of them a product of it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.parsed import ParsedProduct, Problem
from wrencos_commerce.services.products import DEFAULTS, slug_of

Row = Mapping[str, Any]


@dataclass(slots=True)
class Known:
    """Products as they are, or as the rows that were planned so far leave them."""

    by_handle: dict[str, Row]
    by_sku: dict[str, Row]
    slugs: set[str]

    def add(self, row: Row) -> None:
        """The product is like this from now on."""
        self.by_handle[row["_id"]] = row
        if row.get("slug"):
            self.by_handle[row["slug"]] = row
        self.by_sku |= {variant["sku"]: row for variant in row["variants"]}

    def found(self, parsed: ParsedProduct, problems: list[Problem]) -> Row | None:
        """The product that is meant. A SKU of another product joins the problems."""
        handle = parsed.group.handle
        product = self.by_handle.get(handle) if handle else None
        if handle and "_" in handle and product is None:
            problems.append(Problem(parsed.group.first_row, "handle", "There is no such product."))
        for given in parsed.variants:
            sku = given.values.get("sku")
            owner = self.by_sku.get(sku) if sku else None
            if owner is None:
                continue
            if handle is None:
                product = owner
            elif product is None or owner["_id"] != product["_id"]:
                name = owner.get("slug") or owner["_id"]
                words = f"The SKU {sku} is another product's, {name}."
                problems.append(Problem(given.row, "sku", words))
        return product


def known_of(batch: Sequence[ParsedProduct], earlier: Collection[str]) -> Known:
    """What is stored of the batch; `earlier` are slugs that the same file creates before it."""
    skus: set[str] = set()
    handles: set[str] = set()
    ids: set[str] = set()
    new_slugs: set[str] = set()
    for parsed in batch:
        skus |= {given.values["sku"] for given in parsed.variants if given.values.get("sku")}
        handle = parsed.group.handle
        if handle:
            (ids if "_" in handle else handles).add(handle)
        elif parsed.values.get("name"):
            new_slugs.add(slug_of(parsed.values["name"]))
    either: list[Row] = [{"variants.sku": {"$in": sorted(skus)}}]
    either += [{"slug": {"$in": sorted(handles)}}] if handles else []
    either += [{"_id": {"$in": sorted(ids)}}] if ids else []
    known = Known({}, {}, set())
    # One query for each, as one with $or would be planned anew for every batch.
    for query in either:
        for row in Product.raw().find(query, {"facets": 0}):
            # Another query may have found it already: one row stands for each product.
            known.add(known.by_handle.get(row["_id"], row))
    query = {"slug": {"$in": sorted(new_slugs | handles)}}
    known.slugs = {row["slug"] for row in Product.raw().find(query, {"slug": 1, "_id": 0})}
    for handle in handles:
        if handle in earlier and handle not in known.by_handle:
            known.by_handle[handle] = _to_be_created(handle)
    return known


def _to_be_created(handle: str) -> Row:
    """Stands for a product of the file, until it is there."""
    return {**DEFAULTS, "_id": handle, "slug": handle, "name": handle, "price": 0, "variants": []}
