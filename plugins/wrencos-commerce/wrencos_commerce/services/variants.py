"""The variants of a product as rows: reading them, naming them, and checking what comes in."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from wrencos_commerce.models.product import MAX_VARIANTS
from wrencos_commerce.services.amounts import minor_amount
from wrencos_core.api import Invalid, NotFound, new_id

Row = Mapping[str, Any]

VARIANT_PREFIX = "var"
# What a product with one variant takes in the variant's place.
OF_THE_ONLY = ("sku", "price", "cost_price", "inventory", "barcode", "weight")

_AMOUNTS = {"price": "price", "cost_price": "costPrice"}
_SWATCH = re.compile(r"#[0-9a-f]{6}")
_GTIN = re.compile(r"\d{8}|\d{12,14}")


def variant_name(variant: Row) -> str | None:
    """What tells the variant from the others of its product: "Rosewood, 30 ml"."""
    return ", ".join(filter(None, (variant.get("shade"), variant.get("size")))) or None


def full_name(product: Row, variant: Row | None) -> str:
    """The name of a product with that of the variant."""
    name = variant_name(variant) if variant else None
    return f"{product['name']} ({name})" if name else str(product["name"])


def find_variant(product: Row, variant_id: str) -> Row | None:
    """The variant of a product's row, or None."""
    return next((v for v in product["variants"] if v["id"] == variant_id), None)


def chosen_variant(product: Row, variant_id: str | None) -> Row:
    """The variant with this id, or the only one when none is named.

    Raises NotFound, or Invalid when there are several to choose from.
    """
    if variant_id is not None:
        found = find_variant(product, variant_id)
        if found is None:
            raise NotFound(f"There is no variant {variant_id} of {product['name']}.")
        return found
    offered: Sequence[Row] = [v for v in product["variants"] if v["is_active"]] or product[
        "variants"
    ]
    if len(offered) > 1:
        raise Invalid(errors={"variantId": [f"Choose a variant of {product['name']}."]})
    return offered[0]


def minor_amounts(values: Row, currency: str) -> dict[str, Any]:
    """`values` with its amounts in minor units; they come in as Decimals. Raises Invalid."""
    stored = dict(values)
    for field, name in _AMOUNTS.items():
        if stored.get(field) is not None:
            stored[field] = minor_amount(stored[field], name, currency)
    return stored


def new_variant(values: Row) -> dict[str, Any]:
    """A variant as it is stored, amounts in minor units already; without a SKU it gets one."""
    row = {"inventory": 0, "is_active": True, "media_ids": [], **checked(values)}
    row["id"] = new_id(VARIANT_PREFIX)
    if not row.get("sku"):
        row["sku"] = new_id("sku").removeprefix("sku_")
    return row


def checked(values: Row) -> dict[str, Any]:
    """`values` of a variant, swatch and barcode tidied; raises Invalid."""
    row = dict(values)
    for field, tidy in (("swatch", _swatch), ("barcode", _barcode)):
        if row.get(field):
            row[field] = tidy(row[field])
    return row


def checked_together(variants: Sequence[Row]) -> None:
    """Raise Invalid unless they can be the variants of one product."""
    if not variants:
        raise Invalid(errors={"variants": ["A product has one variant at least."]})
    if len(variants) > MAX_VARIANTS:
        raise Invalid(errors={"variants": [f"At most {MAX_VARIANTS} of one product."]})
    _distinct(variants, lambda v: v["sku"], "variants: the SKU {} stands twice.")
    if len(variants) > 1:
        _distinct(
            variants,
            lambda v: variant_name(v) or "(without a name)",
            "There are two variants {}; tell them apart by shade or size.",
        )


def _distinct(variants: Sequence[Row], key: Callable[[Row], str], words: str) -> None:
    seen: set[str] = set()
    for variant in variants:
        value = key(variant)
        if value in seen:
            raise Invalid(errors={"variants": [words.format(value)]})
        seen.add(value)


def _swatch(text: str) -> str:
    if not _SWATCH.fullmatch(text.lower()):
        raise Invalid(errors={"swatch": ["Must be a colour such as #c4626b."]})
    return text.lower()


def _barcode(text: str) -> str:
    """A GTIN-8, -12, -13 or -14 whose last digit checks the others (GS1 General Specifications)."""
    digits = re.sub(r"[ -]", "", text)
    if not (
        _GTIN.fullmatch(digits) and digits.isascii() and check_digit(digits[:-1]) == digits[-1]
    ):
        raise Invalid(
            errors={"barcode": ["Is no GTIN (8, 12, 13 or 14 digits, the last a check)."]}
        )
    return digits


def check_digit(digits: str) -> str:
    """The GTIN check digit of the digits before it: weights 3 and 1 from the right, modulo 10."""
    total = sum(int(d) * (3 if n % 2 == 0 else 1) for n, d in enumerate(reversed(digits)))
    return str(-total % 10)
