"""What a promotion must be: checks what staff send, and makes of it what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from wrencos_commerce.models.category import Category
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.promotion import PromotionKind
from wrencos_commerce.services.amounts import minor_amount
from wrencos_commerce.services.taxes import checked_percent
from wrencos_core.api import Invalid

Row = Mapping[str, Any]

# What each kind needs, and which of the others it may have.
_NEEDS: Mapping[PromotionKind, frozenset[str]] = {
    PromotionKind.PERCENT: frozenset({"percent"}),
    PromotionKind.AMOUNT: frozenset({"amount"}),
    PromotionKind.FREE_SHIPPING: frozenset(),
    PromotionKind.BUY_GET: frozenset({"percent", "buy_quantity", "get_quantity"}),
}
_OF_KINDS = frozenset({"percent", "amount", "buy_quantity", "get_quantity"})
_AMOUNTS = {"amount": "amount", "min_total": "minTotal", "max_discount": "maxDiscount"}
DEFAULTS: Row = {
    "description": "",
    "is_automatic": False,
    "is_active": True,
    "is_exclusive": False,
    "priority": 0,
    "product_ids": [],
    "category_ids": [],
    "first_order_only": False,
}


def stored_fields(values: Row, currency: str) -> dict[str, Any]:
    """`values` as they are stored: amounts in minor units, per cents as texts. Raises Invalid."""
    stored = dict(values)
    for field, name in _AMOUNTS.items():
        if stored.get(field) is not None:
            stored[field] = minor_amount(stored[field], name, currency)
    if stored.get("percent") is not None:
        stored["percent"] = checked_percent(stored["percent"])
    return stored


def check(promotion: Row) -> None:
    """Raise Invalid unless the fields of a promotion go together."""
    kind = PromotionKind(promotion["kind"])
    present = {name for name in _OF_KINDS if promotion.get(name) is not None}
    for name in sorted(_NEEDS[kind] - present):
        raise _wrong(name, f"Is needed for {kind}.")
    for name in sorted(present - _NEEDS[kind]):
        raise _wrong(name, f"Has no meaning for {kind}.")
    if kind is PromotionKind.AMOUNT and not promotion["amount"]:
        raise _wrong("amount", "Must be more than nothing.")
    starts_at, ends_at = promotion.get("starts_at"), promotion.get("ends_at")
    if starts_at and ends_at and ends_at <= starts_at:
        raise _wrong("ends_at", "Is before it begins.")


def check_named(values: Row) -> None:
    """Raise Invalid unless the products and categories that `values` name exist."""
    for name, model in (("product_ids", Product), ("category_ids", Category)):
        ids = set(values.get(name) or ())
        found = model.raw().count_documents({"_id": {"$in": sorted(ids)}}) if ids else 0
        if found != len(ids):
            raise _wrong(name, "Names something that does not exist.")


def _wrong(field: str, words: str) -> Invalid:
    head, *tail = field.split("_")
    return Invalid(errors={head + "".join(part.title() for part in tail): [words]})
