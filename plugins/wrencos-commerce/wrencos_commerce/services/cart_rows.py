"""The rows of carts: finding them by their token, and writing them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from pymongo import WriteConcern

from wrencos_commerce.errors import CartEmpty
from wrencos_commerce.models.cart import Cart
from wrencos_core.api import StaleVersion, bump, in_transaction, new_id, new_row, now

Row = Mapping[str, Any]

# What a cart was shown to cost may be lost in a crash; waiting for the disk would cost more.
_UNHURRIED = WriteConcern(w=1)


def new_cart(**values: Any) -> dict[str, Any]:
    """The row of an empty cart."""
    return new_row(new_id(Cart.id_prefix), items=[], **values)


def find_guest_cart(token: str | None) -> Row | None:
    """The guest's cart; TTL deletion lags, so expiry is checked here too."""
    if not token:
        return None
    found: Row | None = Cart.raw().find_one(
        {"token_hash": hashed(token), "expires_at": {"$gt": now()}}
    )
    return found


def hashed(token: str) -> str:
    """A guest's token as it is stored."""
    return hashlib.sha256(token.encode()).hexdigest()


def write(cart: Row, update: dict[str, Any]) -> None:
    """Change the cart, unless it changed since it was read (StaleVersion)."""
    as_read = {"_id": cart["_id"], "version": cart["version"]}
    if not Cart.raw().update_one(as_read, bump(update)).matched_count:
        raise StaleVersion("The cart was changed in the meantime.")


def filled(cart: Row | None) -> Row:
    """The cart, when there is something in it; else CartEmpty."""
    if cart is None or not cart["items"]:
        raise CartEmpty("Put something into the cart first.")
    return cart


def remember_shown(cart: Row, items: Sequence[Row], shown: Row) -> Row:
    """The cart with what was shown, stored when that differs from what it was shown before.

    The version counts only what was taken out, so that to show a cart disturbs no change of it;
    whoever changed it meanwhile is shown it anew.
    """
    changes = {"items": list(items), "shown": dict(shown)}
    if all(cart.get(name) == value for name, value in changes.items()):
        return cart
    is_less = len(items) < len(cart["items"])
    update = bump({"$set": changes}) if is_less else {"$set": changes}
    carts = Cart.raw() if in_transaction() else Cart.raw().with_options(write_concern=_UNHURRIED)
    carts.update_one({"_id": cart["_id"], "version": cart["version"]}, update)
    return {**cart, **changes}
