"""Wishlists. Each change is one atomic update of the user's own document."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pymongo import ReturnDocument

from wrencos_commerce.errors import WishlistFull
from wrencos_commerce.models.wishlist import MAX_ITEMS, Wishlist
from wrencos_commerce.services.carts import AddedItem, CartHolder, Carts
from wrencos_commerce.services.product_lookup import for_sale
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.variants import find_variant
from wrencos_core.api import (
    Identity,
    Invalid,
    NotFound,
    bump,
    new_id,
    new_row,
    now,
    transactional,
)

Row = Mapping[str, Any]

# What of a product is looked at to add it.
_ADDED = {"name": 1, "price": 1, "currency": 1, "variants": 1}


class Wished(NamedTuple):
    """An item of a wishlist with its product and, when one was chosen, its variant, as now."""

    item: Row
    product: Row
    variant: Row | None

    @property
    def price(self) -> int:
        """What it costs now: the variant, or the product from."""
        return int((self.variant or self.product)["price"])

    @property
    def is_available(self) -> bool:
        """Whether it is for sale and in stock."""
        if not self.product["is_active"]:
            return False
        chosen = self.variant
        if chosen is not None and not chosen["is_active"]:
            return False
        return int((chosen or self.product)["inventory"]) > 0


class AddedWish(NamedTuple):
    """The item, and whether it is new."""

    item_id: str
    is_new: bool


class Wishlists:
    """Reads and changes wishlists; the caller is always the owner, but for `shared`."""

    def __init__(self, products: ProductQueries, carts: Carts) -> None:
        self._products = products
        self._carts = carts

    def page(self, user_id: str, skip: int, limit: int) -> tuple[list[Wished], int]:
        """Items with their products, the newest first, and how many there are in all."""
        found = Wishlist.raw().find_one({"user_id": user_id})
        wished = self._with_products(found["items"] if found else [])
        return wished[skip : skip + limit], len(wished)

    def shared(self, token: str, skip: int, limit: int) -> tuple[list[Wished], int]:
        """A page of what the owner of this link shows, and how much that is; raises NotFound.

        Only what is for sale.
        """
        found = Wishlist.raw().find_one({"share_token": token})
        if found is None:
            raise NotFound("There is no such wishlist, or it is not shared any more.")
        shown = [w for w in self._with_products(found["items"]) if w.product["is_active"]]
        return shown[skip : skip + limit], len(shown)

    @staticmethod
    def product_ids(user_id: str) -> list[str]:
        """The products on the user's wishlist, each once, the newest first."""
        found = Wishlist.raw().find_one({"user_id": user_id}, {"items.product_id": 1})
        items = found["items"] if found else []
        return list(dict.fromkeys(item["product_id"] for item in reversed(items)))

    @transactional
    def add(
        self, user_id: str, product_id: str, variant_id: str | None = None, note: str | None = None
    ) -> AddedWish:
        """Put a product, or a variant of it, on the list; one that is there stays as it is.

        Only a new `note` replaces the old one. Raises NotFound, or WishlistFull above MAX_ITEMS.
        """
        product = for_sale(product_id, _ADDED)
        variant = find_variant(product, variant_id) if variant_id else None
        if variant_id and variant is None:
            raise NotFound(f"There is no variant {variant_id} of {product['name']}.")
        wishlist = _opened(user_id)
        for item in wishlist["items"]:
            if (item["product_id"], item.get("variant_id")) == (product_id, variant_id):
                if note is not None and note != item.get("note"):
                    _annotate(user_id, item["id"], note)
                return AddedWish(item["id"], is_new=False)
        if len(wishlist["items"]) >= MAX_ITEMS:
            raise WishlistFull(f"At most {MAX_ITEMS} products fit.")
        item = {
            "id": new_id("wish"),
            "product_id": product_id,
            "price": (variant or product)["price"],
            "currency": product["currency"],
            "added_at": now(),
        }
        item |= {"variant_id": variant_id} if variant_id else {}
        item |= {"note": note} if note else {}
        Wishlist.raw().update_one({"user_id": user_id}, {"$push": {"items": item}})
        return AddedWish(str(item["id"]), is_new=True)

    @staticmethod
    def remove(user_id: str, item_id: str) -> None:
        """Take an item off the list; raises NotFound."""
        mine = {"user_id": user_id, "items.id": item_id}
        gone = bump({"$pull": {"items": {"id": item_id}}})
        if not Wishlist.raw().update_one(mine, gone).matched_count:
            raise _no_item()

    @transactional
    def move_to_cart(
        self, identity: Identity, item_id: str, quantity: int, variant_id: str | None = None
    ) -> AddedItem:
        """Put the item into the owner's cart and take it off the list, both or neither.

        `variant_id` chooses for an item that names no variant. Raises NotFound, Invalid, and what
        Carts.add raises, such as OutOfStock.
        """
        user_id = str(identity.user_id)
        found = Wishlist.raw().find_one({"user_id": user_id, "items.id": item_id})
        if found is None:
            raise _no_item()
        item = next(item for item in found["items"] if item["id"] == item_id)
        own = item.get("variant_id")
        if own and variant_id not in (None, own):
            raise Invalid(errors={"variantId": ["The item is of another variant."]})
        self.remove(user_id, item_id)
        holder = CartHolder(identity)
        return self._carts.add(holder, item["product_id"], quantity, own or variant_id)

    @staticmethod
    def share_token(user_id: str) -> str | None:
        """The token of the link by which others may see the list, or None while it is private."""
        found = Wishlist.raw().find_one({"user_id": user_id}, {"share_token": 1})
        return found.get("share_token") if found else None

    @transactional
    def share(self, user_id: str, *, is_on: bool) -> str | None:
        """Open or close the link; its token, the same while it is open, never one from before."""
        wishlist = _opened(user_id)
        if is_on and (token := wishlist.get("share_token")):
            return str(token)
        if not is_on:
            Wishlist.raw().update_one({"user_id": user_id}, {"$unset": {"share_token": ""}})
            return None
        made = secrets.token_urlsafe(24)
        Wishlist.raw().update_one({"user_id": user_id}, {"$set": {"share_token": made}})
        return made

    def _with_products(self, items: Sequence[Row]) -> list[Wished]:
        rows = self._products.by_ids([item["product_id"] for item in items])
        wished = []
        for item in reversed(items):
            product = rows.get(item["product_id"])
            variant_id = item.get("variant_id")
            variant = find_variant(product, variant_id) if product and variant_id else None
            if product is not None and (variant is not None or not variant_id):
                wished.append(Wished(item, product, variant))
        return wished


def _opened(user_id: str) -> Row:
    """The user's wishlist, made when there is none; nobody else changes it until the commit."""
    fresh = {
        name: value
        for name, value in new_row(new_id(Wishlist.id_prefix), items=[]).items()
        if name not in ("updated_at", "version")
    }
    row: Row = Wishlist.raw().find_one_and_update(
        {"user_id": user_id},
        bump({"$setOnInsert": fresh}),
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return row


def _annotate(user_id: str, item_id: str, note: str) -> None:
    mine = {"user_id": user_id, "items.id": item_id}
    change = {"$set": {"items.$.note": note}} if note else {"$unset": {"items.$.note": ""}}
    Wishlist.raw().update_one(mine, change)


def _no_item() -> NotFound:
    return NotFound("There is no such item on your wishlist.")
