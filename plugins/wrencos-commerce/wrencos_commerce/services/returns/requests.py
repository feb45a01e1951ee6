"""Asking for a return, and deciding about it: its pieces are set aside on the order's lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from wrencos_commerce.errors import ReturnRefused
from wrencos_commerce.models.order_return import (
    MAX_RETURNS,
    OrderReturn,
    ReturnReason,
    ReturnResolution,
    ReturnState,
)
from wrencos_commerce.permissions import MANAGE_RETURNS
from wrencos_commerce.services.order_moves import changed, locked
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.returns.mails import ReturnMails
from wrencos_commerce.services.returns.moves import entry, locked_return, moved
from wrencos_commerce.services.returns.pieces import counted, returnable
from wrencos_commerce.services.returns.wanted import wanted_variants
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    Identity,
    Invalid,
    NotFound,
    PermissionDenied,
    Platform,
    audit,
    new_id,
    new_row,
    now,
    transactional,
)

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class ReturnedItem:
    """Pieces of a line that shall come back, and what is wanted in exchange for each."""

    variant_id: str
    quantity: int
    reason: ReturnReason
    wanted_variant_id: str | None = None


@dataclass(frozen=True, kw_only=True)
class ReturnWish:
    """What somebody wants to return, each variant once, and what they want for it.

    `payment_method_id` is for what an exchange may cost more."""

    items: Sequence[ReturnedItem]
    resolution: ReturnResolution = ReturnResolution.REFUND
    note: str | None = None
    image_ids: Sequence[str] = ()
    payment_method_id: str | None = None

    @property
    def pieces(self) -> dict[str, int]:
        return {item.variant_id: item.quantity for item in self.items}


class OrderReturns:
    """Opens returns and decides about them; receiving.py books what comes."""

    def __init__(self, platform: Platform, methods: PaymentMethods) -> None:
        self._platform = platform
        self._methods = methods
        self._mails = ReturnMails(platform)
        self._currency = platform.settings.currency
        self._days = platform.settings_for(CommerceSettings).return_days

    @transactional
    def open(self, order_id: str, wish: ReturnWish, identity: Identity) -> Row:
        """Ask to return pieces of an order that arrived; the return's row.

        The customer does so for their own order and within the shop's days; who manages returns
        for any order and at any time, and that is approved at once. Raises NotFound, ReturnRefused,
        PermissionDenied, UnknownPaymentMethod, or Invalid for more pieces than there are to come
        back, or for what can't be had in exchange.
        """
        is_managed = self._platform.allows(identity, MANAGE_RETURNS)
        order = locked(_of(order_id, identity, is_managed=is_managed))
        if not is_managed:
            self._refuse_customer(order, wish)
        self._refuse(order, wish)
        wishes = [item.wanted_variant_id for item in wish.items]
        wanted = wanted_variants(wishes, self._currency)
        changed(order_id, {"$set": {"lines": counted(order, wish.pieces)}})
        id = new_id(OrderReturn.id_prefix)
        state = ReturnState.APPROVED if is_managed else ReturnState.REQUESTED
        optional = {"user_id": order.get("user_id"), "note": wish.note}
        optional["payment_method"] = wish.payment_method_id
        row = new_row(
            id,
            order_id=order_id,
            state=state.value,
            resolution=wish.resolution.value,
            items=[_stored(order, item, wanted) for item in wish.items],
            photos=self._claimed(wish.image_ids, id, identity),
            history=[entry(state, identity)],
            currency=order["currency"],
            **{name: value for name, value in optional.items() if value is not None},
        )
        OrderReturn.raw().insert_one(row)
        if is_managed:
            audit.record(identity, "commerce.returns.open", id, {"order_id": order_id})
        else:
            self._mails.tell(row)
        return row

    @transactional
    def approve(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """Let the pieces come; the row. Raises NotFound or ReturnTransitionRefused."""
        row, _ = locked_return(id)
        row = moved(row, ReturnState.APPROVED, identity, note=note)
        audit.record(identity, "commerce.returns.approve", id, {"note": note})
        self._mails.tell(row)
        return row

    @transactional
    def reject(self, id: str, reason: str, identity: Identity) -> Row:
        """Refuse a return, with a reason that the customer reads; its pieces are free. The row.

        Raises NotFound or ReturnTransitionRefused.
        """
        row, order = locked_return(id)
        values = {"rejection": reason}
        row = moved(row, ReturnState.REJECTED, identity, note=reason, values=values)
        set_free(order, row)
        audit.record(identity, "commerce.returns.reject", id, {"reason": reason})
        self._mails.tell(row)
        return row

    @transactional
    def cancel(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """Call a return off before it was received: one's own, or any for who manages them.

        Its pieces are free; the row. Raises NotFound, also for another's, or
        ReturnTransitionRefused.
        """
        row, order = locked_return(id)
        is_managed = self._platform.allows(identity, MANAGE_RETURNS)
        is_own = identity.user_id is not None and row.get("user_id") == identity.user_id
        if not (is_own or is_managed):
            raise NotFound(f"There is no return {id}.")
        row = moved(row, ReturnState.CANCELLED, identity, note=note)
        set_free(order, row)
        if not is_own:
            audit.record(identity, "commerce.returns.cancel", id, {"note": note})
        return row

    @transactional
    def close(self, id: str, identity: Identity, note: str | None = None) -> Row:
        """The money of a received return went back some other way, as its gateway refused it; the
        row. Raises NotFound or ReturnTransitionRefused."""
        row, _ = locked_return(id)
        row = moved(row, ReturnState.CLOSED, identity, note=note)
        audit.record(identity, "commerce.returns.close", id, {"note": note})
        return row

    def _refuse_customer(self, order: Row, wish: ReturnWish) -> None:
        """What only who manages returns may do."""
        if wish.resolution is ReturnResolution.NONE:
            raise PermissionDenied("Only the shop takes goods back for nothing.")
        arrived = order.get("delivered_at")
        if arrived is not None and now() > arrived + timedelta(days=self._days):
            raise ReturnRefused(
                f"An order can be returned for {self._days} days after it arrived.",
                reason="too_late",
            )

    def _refuse(self, order: Row, wish: ReturnWish) -> None:
        """What nobody may do."""
        _refuse_more(order, wish)
        if wish.payment_method_id is not None:
            self._methods.chosen(wish.payment_method_id, 0, self._currency)
        if OrderReturn.raw().count_documents({"order_id": order["_id"]}) >= MAX_RETURNS:
            raise ReturnRefused("So many returns of one order are not possible.", reason="too_many")

    def _claimed(
        self, image_ids: Sequence[str], return_id: str, identity: Identity
    ) -> list[dict[str, Any]]:
        stored = self._platform.images.claim(image_ids, return_id, identity)
        names = ("id", "url", "width", "height", "thumbnails")
        return [{name: getattr(image, name) for name in names} for image in stored]


def set_free(order: Row, row: Row) -> None:
    """The pieces of a return that came to nothing can be asked back anew."""
    fewer = {item["variant_id"]: -item["quantity"] for item in row["items"]}
    changed(order["_id"], {"$set": {"lines": counted(order, fewer)}})


def _of(order_id: str, identity: Identity, *, is_managed: bool) -> dict[str, Any]:
    if is_managed:
        return {"_id": order_id}
    if identity.user_id is None:
        raise NotFound(f"There is no order {order_id}.")
    return {"_id": order_id, "user_id": identity.user_id}


def _stored(order: Row, item: ReturnedItem, wanted: Mapping[str, Row]) -> dict[str, Any]:
    line = next(line for line in order["lines"] if line["variant_id"] == item.variant_id)
    names = ("variant_id", "sku", "name", "variant_name")
    shown = {name: line[name] for name in names if line.get(name) is not None}
    row: dict[str, Any] = {**shown, "quantity": item.quantity, "reason": item.reason.value}
    if item.wanted_variant_id is not None:
        row["wanted"] = wanted[item.wanted_variant_id]
    return row


def _refuse_more(order: Row, wish: ReturnWish) -> None:
    """Raise unless all the pieces are there to come back."""
    left = returnable(order, for_money=wish.resolution is not ReturnResolution.NONE)
    if not any(left.values()):
        raise ReturnRefused(
            "Nothing of this order can be returned: it has not arrived, or all of it is in a "
            "return, or was paid back.",
            reason="nothing_to_return",
        )
    for number, item in enumerate(wish.items):
        if item.variant_id not in {line["variant_id"] for line in order["lines"]}:
            message = f"{item.variant_id} is not in the order."
            raise Invalid(errors={"items": {str(number): {"variantId": [message]}}})
        most = left.get(item.variant_id, 0)
        if item.quantity > most:
            message = f"Of this at most {most} can be returned."
            raise Invalid(errors={"items": {str(number): {"quantity": [message]}}})
