"""Carts of users and guests. Every change is one transaction, so of two at once both count."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo import ReturnDocument

from wrencos_commerce.errors import CartFull, OutOfStock, ProductUnavailable
from wrencos_commerce.models.cart import MAX_COUPONS, Cart
from wrencos_commerce.services.cart_context import shown_context
from wrencos_commerce.services.cart_rows import (
    filled,
    find_guest_cart,
    hashed,
    new_cart,
    remember_shown,
    write,
)
from wrencos_commerce.services.priced import PricedCart, PricedLine
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.product_lookup import existing
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.shown_prices import agreed, seen, shown_total
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.variants import chosen_variant, find_variant, full_name
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    Identity,
    Invalid,
    NotAuthenticated,
    NotFound,
    Platform,
    bump,
    new_id,
    now,
    transaction,
    transactional,
)

Row = Mapping[str, Any]
Items = list[dict[str, Any]]

_LOOKED_AT = {"is_active": 1, "variants": 1, "name": 1, "currency": 1}


@dataclass(frozen=True)
class CartHolder:
    """Whose cart: a user's, or that of the guest with this token. A user may bring a token too."""

    identity: Identity
    token: str | None = None


@dataclass(frozen=True)
class ShownCart:
    """A cart as it is shown: its price, and its row (empty when there is none)."""

    priced: PricedCart
    row: Row


@dataclass(frozen=True)
class AddedItem:
    """What adding gave; `new_token` is for a guest who had no cart yet, and is not stored."""

    cart_id: str
    item_id: str
    new_token: str | None


class Carts:
    """Reads and changes carts.

    A user who brings the token of a guest's cart gets its items, once: quantities are added up to
    the limit, and the guest's cart is gone.
    """

    def __init__(
        self, platform: Platform, products: ProductQueries, pricing: Pricing, stock: Stock
    ) -> None:
        self._settings = platform.settings_for(CommerceSettings)
        self._stock = stock
        self._products = products
        self._pricing = pricing

    def shown(self, holder: CartHolder) -> ShownCart:
        """The cart at present prices, to be shown; an empty one for whoever has none.

        It remembers what it was shown to cost. What does not exist any more is taken out: nobody
        could see it, or order beside it.
        """
        cart = self.current(holder)
        lines = self.lines_of(cart)
        context = shown_context(cart, holder.identity)
        priced = self._pricing.price(lines, context)
        if cart is None:
            return ShownCart(priced, {})
        by_id = {line.item_id: line for line in lines}
        items = [
            seen(item, by_id[item["id"]].price) for item in cart["items"] if item["id"] in by_id
        ]
        return ShownCart(priced, remember_shown(cart, items, shown_total(priced, context)))

    def lines_of(self, cart: Row | None) -> list[PricedLine]:
        """What is in the cart at present prices, without what does not exist any more."""
        items = cart["items"] if cart else []
        rows = self._products.by_ids([item["product_id"] for item in items])
        lines = []
        for item in items:
            product = rows.get(item["product_id"])
            variant = find_variant(product, item["variant_id"]) if product else None
            if product and variant:
                lines.append(self._pricing.line(item, product, variant))
        return lines

    def current(self, holder: CartHolder) -> Row | None:
        """The holder's cart as stored, after a guest's has been merged into it."""
        if not holder.identity.is_authenticated:
            return find_guest_cart(holder.token)
        if find_guest_cart(holder.token):
            self._merge(holder)
        found: Row | None = Cart.raw().find_one({"user_id": holder.identity.user_id})
        return found

    @transactional
    def add(
        self, holder: CartHolder, product_id: str, quantity: int, variant_id: str | None = None
    ) -> AddedItem:
        """Put so many (more) of a variant into the cart; there is one item for each.

        A product with one variant needs no `variant_id`. Raises NotFound, ProductUnavailable,
        Invalid above the limit or for a variant to be chosen, CartFull, OutOfStock with the
        `available` count.
        """
        cart, token = self._opened(holder)
        items = _copied(cart)
        product = existing(product_id, _LOOKED_AT)
        variant = chosen_variant(product, variant_id)
        item = next((item for item in items if item["variant_id"] == variant["id"]), None)
        if item is None:
            if len(items) >= self._settings.max_lines:
                raise CartFull(f"At most {self._settings.max_lines} different products fit.")
            unit = {"product_id": product_id, "variant_id": variant["id"]}
            item = {"id": new_id("item"), **unit, "quantity": 0}
            items.append(item)
        number = items.index(item)
        items[number] = item = agreed(item, variant["price"])
        item["quantity"] += quantity
        self._check(product, variant, item["quantity"])
        self._store(cart, items)
        return AddedItem(cart["_id"], item["id"], token)

    def set_quantity(self, holder: CartHolder, item_id: str, quantity: int) -> None:
        """Change how many of an item are in the cart; raises as `add` does."""

        def change(items: Items) -> Items:
            item = _item(items, item_id)
            product = existing(item["product_id"], _LOOKED_AT)
            variant = chosen_variant(product, item["variant_id"])
            self._check(product, variant, quantity)
            changed = {**agreed(item, variant["price"]), "quantity": quantity}
            return [changed if one is item else one for one in items]

        self._change(holder, change)

    def remove(self, holder: CartHolder, item_id: str) -> None:
        """Take an item out of the cart; raises NotFound."""

        def change(items: Items) -> Items:
            items.remove(_item(items, item_id))
            return items

        self._change(holder, change)

    def take(self, holder: CartHolder) -> Row | None:
        """Empty the user's cart and return it as it was, or None when nothing was in it.

        To be called in the transaction of a checkout: what refuses the order puts all back, and
        of two at once the second finds it empty. Raises NotAuthenticated for a guest.
        """
        user_id = holder.identity.user_id
        if user_id is None:
            raise NotAuthenticated("Log in to order.")
        if find_guest_cart(holder.token):
            self._merge(holder)
        query = {"user_id": user_id, "items.0": {"$exists": True}}
        spent = {"coupons": "", "shown": ""}
        before: Row | None = Cart.raw().find_one_and_update(
            query, bump({"$set": {"items": []}, "$unset": spent})
        )
        return before

    @transactional
    def change(self, holder: CartHolder, fields: Callable[[Row], Row]) -> None:
        """Set the fields that `fields` makes of the cart as it is; raises CartEmpty for none."""
        cart = filled(self.current(holder))
        write(cart, {"$set": dict(fields(cart))})

    def _change(self, holder: CartHolder, change: Callable[[Items], Items]) -> None:
        def work() -> None:
            cart = self.current(holder)
            if cart is None:
                raise NotFound("There is no such item in your cart.")
            self._store(cart, change(_copied(cart)))

        transaction(work)

    def _check(self, product: Row, variant: Row, quantity: int) -> None:
        """Refuse a quantity that is above the limit or that is not in stock."""
        most = self._settings.max_quantity
        if quantity > most:
            raise Invalid(errors={"quantity": [f"At most {most} of one product."]})
        name = full_name(product, variant)
        for_sale = product["is_active"] and variant["is_active"]
        if not for_sale or product["currency"] != self._pricing.currency:
            raise ProductUnavailable(f"{name} is not for sale now.")
        available = self._stock.available(variant)
        if quantity > available:
            unit = {"productId": product["_id"], "variantId": variant["id"]}
            raise OutOfStock(
                f"Only {available} of {name} are in stock.",
                available=available,
                products=[{**unit, "available": available}],
            )

    def _opened(self, holder: CartHolder) -> tuple[Row, str | None]:
        """The holder's cart, made when there is none, and the token of a new guest's cart."""
        cart = self.current(holder)
        if cart:
            return cart, None
        if holder.identity.is_authenticated:
            return self._user_cart(str(holder.identity.user_id)), None
        # Never the caller's own choice of token: somebody else could know it.
        token = secrets.token_urlsafe(32)
        row = new_cart(token_hash=hashed(token), expires_at=self._guest_expiry())
        Cart.raw().insert_one(row)
        return row, token

    @staticmethod
    def _user_cart(user_id: str) -> Row:
        """The user's cart, made when there is none; of two at once one runs again."""
        cart: Row = Cart.raw().find_one_and_update(
            {"user_id": user_id},
            {"$setOnInsert": new_cart()},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        return cart

    @transactional
    def _merge(self, holder: CartHolder) -> None:
        guest = Cart.raw().find_one_and_delete({"token_hash": hashed(str(holder.token))})
        if guest is None:
            return
        cart = self._user_cart(str(holder.identity.user_id))
        items = {item["variant_id"]: item for item in _copied(cart)}
        for item in guest["items"]:
            known = items.setdefault(item["variant_id"], {**item, "quantity": 0})
            # What this client showed last.
            known |= {key: item[key] for key in ("price", "previous_price") if key in item}
            most = self._settings.max_quantity
            known["quantity"] = min(known["quantity"] + item["quantity"], most)
        coupons = list(dict.fromkeys([*cart.get("coupons", ()), *guest.get("coupons", ())]))
        kept = {"shipping": guest["shipping"]} if guest.get("shipping") else {}
        kept |= {"coupons": coupons[:MAX_COUPONS]} if coupons else {}
        self._store(cart, list(items.values())[: self._settings.max_lines], kept)

    def _store(self, cart: Row, items: Items, others: Row | None = None) -> None:
        """Exchange the items of the cart, unless it changed since it was read (StaleVersion)."""
        changes: dict[str, Any] = {"items": items, **(others or {})}
        if "token_hash" in cart:
            changes["expires_at"] = self._guest_expiry()
        write(cart, {"$set": changes, "$unset": {"shown": ""}})

    def _guest_expiry(self) -> datetime:
        return now() + timedelta(days=self._settings.guest_cart_days)


def _copied(cart: Row) -> Items:
    return [dict(item) for item in cart["items"]]


def _item(items: Items, item_id: str) -> dict[str, Any]:
    for item in items:
        if item["id"] == item_id:
            return item
    raise NotFound("There is no such item in your cart.")
