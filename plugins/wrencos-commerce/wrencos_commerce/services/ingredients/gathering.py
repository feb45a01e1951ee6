"""Gathers what is to be checked: products, the cart, past purchases, the customer's own list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from wrencos_commerce.models.order import Order, OrderStatus
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.carts import CartHolder, Carts
from wrencos_commerce.services.ingredients.avoiding import AvoidList, avoid_keys
from wrencos_commerce.services.ingredients.checking import (
    CheckedProduct,
    IngredientChecker,
    IngredientWarning,
    Origin,
)
from wrencos_commerce.services.ingredients.facts import (
    IngredientFacts,
    facts,
    facts_of_product,
)
from wrencos_commerce.services.ingredients.rules import Severity
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import Identity, NotAuthenticated, NotFound, Platform, now

Row = Mapping[str, Any]

# How long a product is thought to be still in use after it was bought.
PURCHASES_COUNT_FOR = timedelta(days=180)
_MOST_ORDERS = 100
_TYPED = {"vi": "Danh sách thành phần đã nhập", "en": "The ingredients given"}


class AvoidListReader(Protocol):
    """Knows what customers want to avoid, as SkinProfiles does."""

    def avoided(self, user_id: str) -> Sequence[str]:
        """What the customer avoids, as typed."""
        ...


@dataclass(frozen=True, kw_only=True)
class CheckRequest:
    """What to check together; `ingredients` is a free list, `avoid` is as people type."""

    product_ids: Sequence[str] = ()
    ingredients: Sequence[str] = ()
    avoid: Sequence[str] = ()
    with_cart: bool = False
    with_purchases: bool = False


@dataclass(frozen=True)
class CheckResult:
    """The warnings, the facts of the free list (None without one), and what was not understood."""

    warnings: list[IngredientWarning]
    typed: IngredientFacts | None
    unknown: list[str]


class IngredientGuard:
    """Checks products for one caller."""

    def __init__(self, platform: Platform, carts: Carts) -> None:
        self._platform = platform
        self._carts = carts
        self._checker = IngredientChecker()

    def check(self, identity: Identity, request: CheckRequest, locale: str) -> CheckResult:
        """Check what is asked for, against the caller's own list too when logged in.

        Raises NotFound for a product that is not for sale, NotAuthenticated for a visitor who
        asks for a cart or past purchases.
        """
        if (request.with_cart or request.with_purchases) and not identity.is_authenticated:
            raise NotAuthenticated("Log in to have your cart or your purchases checked.")
        in_cart = self._in_cart(identity) if request.with_cart else []
        owned = self._purchased(identity) if request.with_purchases else []
        rows = _rows([*request.product_ids, *in_cart, *owned])
        for id in request.product_ids:
            if id not in rows or not rows[id]["is_active"]:
                raise NotFound(f"There is no product {id}.")
        typed = facts(request.ingredients) if request.ingredients else None
        products = [
            *_checked(request.product_ids, rows, "asked"),
            *([CheckedProduct(None, _TYPED[locale], typed)] if typed else ()),
            *_checked(in_cart, rows, "cart"),
            *_checked(owned, rows, "owned"),
        ]
        avoid = avoid_keys([*request.avoid, *self._avoided(identity)])
        asked = avoid_keys(request.avoid)
        unknown = dict.fromkeys([*(typed.unknown if typed else ()), *asked.unknown])
        return CheckResult(self._checker.check(products, avoid, locale), typed, list(unknown))

    def warnings_for_cart(
        self, identity: Identity, items: Iterable[Row], locale: str
    ) -> list[IngredientWarning]:
        """The warnings for a cart's stored items, together with what the caller bought before.

        Without mere information, which nearly every product would give. At most three queries:
        orders, products, and the caller's list.
        """
        in_cart = list(dict.fromkeys(item["product_id"] for item in items))
        if not in_cart:
            return []
        owned = self._purchased(identity)
        rows = _rows([*in_cart, *owned])
        products = [*_checked(in_cart, rows, "cart"), *_checked(owned, rows, "owned")]
        found = self._checker.check(products, avoid_keys(self._avoided(identity)), locale)
        return [warning for warning in found if warning.severity is not Severity.INFO]

    def avoid_list(self, identity: Identity) -> AvoidList:
        """What the caller avoids; empty for visitors, and where no part keeps such lists."""
        return avoid_keys(self._avoided(identity))

    def _avoided(self, identity: Identity) -> Sequence[str]:
        reader: AvoidListReader | None = self._platform.services.find(SkinProfiles)
        if reader is None or identity.user_id is None:
            return ()
        return reader.avoided(identity.user_id)

    def _in_cart(self, identity: Identity) -> list[str]:
        cart = self._carts.current(CartHolder(identity))
        return [item["product_id"] for item in cart["items"]] if cart else []

    @staticmethod
    def _purchased(identity: Identity) -> list[str]:
        """The products of the caller's recent orders, the newest first; by the index `by_user`."""
        if identity.user_id is None:
            return []
        recent = {
            "user_id": identity.user_id,
            "created_at": {"$gte": now() - PURCHASES_COUNT_FOR},
            "status": {"$ne": OrderStatus.CANCELLED.value},
        }
        newest = [("created_at", -1), ("_id", -1)]
        orders = Order.raw().find(recent, {"lines.product_id": 1}).sort(newest).limit(_MOST_ORDERS)
        lines = (line for order in orders for line in order["lines"])
        return list(dict.fromkeys(line["product_id"] for line in lines))


def _rows(ids: Iterable[str]) -> dict[str, Row]:
    wanted = sorted(set(ids))
    if not wanted:
        return {}
    fields = {"name": 1, "ingredients": 1, "is_active": 1}
    return {row["_id"]: row for row in Product.raw().find({"_id": {"$in": wanted}}, fields)}


def _checked(ids: Iterable[str], rows: Mapping[str, Row], origin: Origin) -> list[CheckedProduct]:
    found = [rows[id] for id in dict.fromkeys(ids) if id in rows]
    return [
        CheckedProduct(
            row["_id"], row["name"], facts_of_product(tuple(row.get("ingredients", ()))), origin
        )
        for row in found
    ]
