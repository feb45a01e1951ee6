"""Customers' address books. Each change is one transaction that touches the book first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec
from pymongo import ReturnDocument

from wrencos_commerce.errors import AddressBookFull
from wrencos_commerce.models.address import MAX_ADDRESSES, AddressBook
from wrencos_core.api import NotFound, bump, new_id, new_row, transactional
from wrencos_core.contracts.orders import ShippingAddress

Row = Mapping[str, Any]


class Saved(NamedTuple):
    """An address of a book."""

    id: str
    address: ShippingAddress
    is_default: bool


class Addresses:
    """Reads and changes address books; the caller is always the owner."""

    @staticmethod
    def all(user_id: str) -> list[Saved]:
        """The user's addresses, the default first and then the newest."""
        book = AddressBook.raw().find_one({"user_id": user_id})
        newest_first = _saved(book)[::-1] if book else []
        return sorted(newest_first, key=lambda saved: not saved.is_default)

    def get(self, user_id: str, id: str) -> Saved:
        """One of the user's addresses; raises NotFound, also for another's."""
        for saved in self.all(user_id):
            if saved.id == id:
                return saved
        raise _no_address(id)

    @transactional
    def add(self, user_id: str, address: ShippingAddress, *, is_default: bool = False) -> Saved:
        """Save an address; the first one is the default. Raises AddressBookFull above 20."""
        book = _opened(user_id)
        if len(book["addresses"]) >= MAX_ADDRESSES:
            raise AddressBookFull(f"At most {MAX_ADDRESSES} addresses can be kept.")
        id = new_id("addr")
        item = {"id": id, "address": _stored(address)}
        is_default = is_default or not book["addresses"]
        chosen = {"$set": {"default_id": id}} if is_default else {}
        AddressBook.raw().update_one({"_id": book["_id"]}, {"$push": {"addresses": item}, **chosen})
        return Saved(id, address, is_default)

    @transactional
    def keep(self, user_id: str, address: ShippingAddress) -> None:
        """Save an address that was ordered to, if it is new and there is room for it."""
        known = [saved.address for saved in _saved(_opened(user_id))]
        if address not in known and len(known) < MAX_ADDRESSES:
            self.add(user_id, address)

    @transactional
    def change(
        self, user_id: str, id: str, address: ShippingAddress, *, is_default: bool = False
    ) -> Saved:
        """Replace an address; one stays the default until another one is. Raises NotFound."""
        _existing(user_id, id)
        values: dict[str, Any] = {"addresses.$.address": _stored(address)}
        if is_default:
            values["default_id"] = id
        AddressBook.raw().update_one(
            {"user_id": user_id, "addresses.id": id}, bump({"$set": values})
        )
        return self.get(user_id, id)

    @transactional
    def remove(self, user_id: str, id: str) -> None:
        """Forget an address; the newest of the others follows the default. Raises NotFound."""
        book = _existing(user_id, id)
        rest = [item for item in book["addresses"] if item["id"] != id]
        if not rest:
            AddressBook.raw().delete_one({"_id": book["_id"]})
            return
        default = rest[-1]["id"] if book["default_id"] == id else book["default_id"]
        values = {"addresses": rest, "default_id": default}
        AddressBook.raw().update_one({"_id": book["_id"]}, bump({"$set": values}))


def _opened(user_id: str) -> Row:
    """The user's book, made when there is none; nobody else changes it until the commit."""
    fresh = {
        name: value
        for name, value in new_row(new_id(AddressBook.id_prefix), addresses=[]).items()
        if name not in ("updated_at", "version")
    }
    row: Row = AddressBook.raw().find_one_and_update(
        {"user_id": user_id},
        bump({"$setOnInsert": fresh}),
        upsert=True,
        return_document=ReturnDocument.AFTER,
    )
    return row


def _existing(user_id: str, id: str) -> Row:
    row: Row | None = AddressBook.raw().find_one({"user_id": user_id, "addresses.id": id})
    if row is None:
        raise _no_address(id)
    return row


def _saved(book: Row) -> list[Saved]:
    return [
        Saved(item["id"], ShippingAddress(**item["address"]), item["id"] == book["default_id"])
        for item in book["addresses"]
    ]


def _stored(address: ShippingAddress) -> dict[str, Any]:
    """Without what is empty, as a document leaves it out."""
    return {name: v for name, v in msgspec.structs.asdict(address).items() if v is not None}


def _no_address(id: str) -> NotFound:
    return NotFound(f"There is no address {id}.")
