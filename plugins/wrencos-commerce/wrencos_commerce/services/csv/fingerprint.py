"""Tells whether anybody has edited a product since an import created it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Row = Mapping[str, Any]

# Read anew from the ingredients when those are undone.
OF_INGREDIENTS = frozenset(
    {"inci", "ingredient_keys", "ingredient_groups", "allergens", "free_from"}
)
# What the shop itself keeps up to date, and nobody edits. A brand is the same by its id.
_KEPT_BY_SHOP = OF_INGREDIENTS | {
    *("_id", "version", "created_at", "updated_at"),
    *("facets", "name_key", "sku", "price", "price_to", "cost_price", "inventory"),
    *("brand", "rating", "rating_count", "rating_sum", "sold"),
}


def fingerprint(product: Row) -> str:
    """The same for the same content: what is missing and what is empty does not differ.

    The version does not tell it, as the shop's own jobs and later rows of an import raise it.
    """
    content = {name: value for name, value in product.items() if name not in _KEPT_BY_SHOP}
    text = json.dumps(_filled(content), sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def _filled(value: Any) -> Any:
    if isinstance(value, Mapping):
        found = {name: _filled(one) for name, one in value.items()}
        return {name: one for name, one in found.items() if one not in (None, "", [], {})}
    if isinstance(value, list):
        return [_filled(one) for one in value]
    return value
