"""Keeping shipping methods, and reading those that are offered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.models.shipping_method import MAX_METHODS, ShippingMethod
from wrencos_commerce.services.presence import Presence
from wrencos_commerce.services.shipping.rates import stored_rates
from wrencos_core.api import (
    Identity,
    Invalid,
    Listing,
    NotFound,
    Platform,
    audit,
    bump,
    new_id,
    new_row,
    transactional,
)

Row = Mapping[str, Any]


class ShippingMethods:
    """Reads and changes shipping methods; rows have the fields of the ShippingMethod document."""

    def __init__(self, platform: Platform) -> None:
        self._currency = platform.settings.currency
        self._listing = Listing(ShippingMethod.raw)
        self._any = Presence(ShippingMethod.raw, {"is_active": True})

    def offered(self) -> list[Row]:
        """The active methods by position, in one query; in none while the shop has none."""
        if not self._any():
            return []
        active = {"is_active": True}
        found = ShippingMethod.raw().find(active).sort([("position", 1), ("_id", 1)])
        rows = found.limit(MAX_METHODS)
        # Amounts of a currency that the shop had before mean nothing now.
        return [row for row in rows if row["currency"] == self._currency]

    def page(self, is_active: bool | None, skip: int, limit: int) -> tuple[list[Row], int]:
        """Methods by position, and how many there are."""
        query = {} if is_active is None else {"is_active": is_active}
        order = [("position", 1), ("_id", 1)]
        return self._listing.page(query, sort=order, skip=skip, limit=limit)

    @staticmethod
    def get(id: str) -> Row:
        """The method; raises NotFound."""
        row: Row | None = ShippingMethod.raw().find_one({"_id": id})
        if row is None:
            raise NotFound(f"There is no shipping method {id}.")
        return row

    @transactional
    def create(self, values: Row, identity: Identity) -> Row:
        """A new method with a `name` and `rates` (amounts in major units); its row.

        Raises Invalid for rates that contradict each other, and when there are 50 methods.
        """
        if ShippingMethod.raw().count_documents({}, limit=MAX_METHODS) >= MAX_METHODS:
            raise Invalid(errors={"name": [f"A shop has at most {MAX_METHODS} methods."]})
        row = new_row(
            new_id(ShippingMethod.id_prefix),
            name=values["name"],
            description=values.get("description") or "",
            is_active=values.get("is_active", True),
            position=values.get("position", 0),
            currency=self._currency,
            rates=stored_rates(values["rates"], self._currency),
        )
        ShippingMethod.raw().insert_one(row)
        self._any.forget()
        audit.record(identity, "commerce.shipping_methods.create", row["_id"], _told(row))
        return row

    @transactional
    def update(self, id: str, changes: Row, identity: Identity) -> Row:
        """Change the given fields; `rates` are exchanged as a whole. The row.

        Raises NotFound or Invalid.
        """
        stored = dict(changes)
        if "rates" in stored:
            stored["rates"] = stored_rates(stored["rates"], self._currency)
            stored["currency"] = self._currency
        row: Row | None = ShippingMethod.raw().find_one_and_update(
            {"_id": id}, bump({"$set": stored}), return_document=True
        )
        if row is None:
            raise NotFound(f"There is no shipping method {id}.")
        self._any.forget()
        audit.record(identity, "commerce.shipping_methods.update", id, _told(row))
        return row

    @transactional
    def delete(self, id: str, identity: Identity) -> None:
        """Delete a method; orders keep its name. Raises NotFound."""
        row = ShippingMethod.raw().find_one_and_delete({"_id": id})
        if row is None:
            raise NotFound(f"There is no shipping method {id}.")
        self._any.forget()
        audit.record(identity, "commerce.shipping_methods.delete", id, _told(row))


def _told(row: Row) -> dict[str, Any]:
    rates: Sequence[Row] = row["rates"]
    return {"name": row["name"], "is_active": row["is_active"], "rates": list(rates)}
