"""Orders that the staff enter, as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.cart import MAX_COUPONS
from wrencos_commerce.models.order import Channel
from wrencos_commerce.schemas.cart import ShippingAddressBody
from wrencos_commerce.schemas.fields import Locale, Percent
from wrencos_commerce.services.order_placing import Contact
from wrencos_commerce.services.promotions.coupons import typed_code
from wrencos_commerce.services.staff_discounts import StaffDiscount
from wrencos_commerce.services.staff_orders import Sale, SoldItem
from wrencos_core.contracts.orders import ShippingAddress
from wrencos_core.web import Line, Major, PersonName, Schema, Text, Whole

_CHANNELS = [Channel.PHONE.value, Channel.COUNTER.value]
_MOST_ITEMS = 100


class SoldItemBody(Schema):
    """A variant by its `sku` or its `variantId`."""

    sku = Line(64)
    variant_id = Line(40)
    quantity = Whole(1, 9999, load_default=1)

    @ma.validates_schema
    def _one_name(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("sku" in data) == ("variant_id" in data):
            raise ma.ValidationError("Give either this or `variantId`, and not both.", "sku")


class CustomerBody(Schema):
    """Somebody without an account; `locale` is the language of their mail and papers."""

    name = PersonName(120)
    phone = Line(32)
    email = fields.Email(validate=validate.Length(max=254))
    locale = Locale()


class StaffDiscountBody(Schema):
    """An `amount` or a `percent` of the goods; the `reason` is for the staff."""

    amount = Major()
    percent = Percent()
    reason = Line(200, required=True)

    @ma.validates_schema
    def _one_way(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("amount" in data) == ("percent" in data):
            raise ma.ValidationError("Give either this or `percent`, and not both.", "amount")


class StaffOrderBody(Schema):
    """An order by `phone` goes to a `shippingAddress`; one at the `counter` is taken along."""

    channel = fields.String(required=True, validate=validate.OneOf(_CHANNELS))
    user_id = Line(40)
    customer = fields.Nested(CustomerBody)
    items = fields.List(
        fields.Nested(SoldItemBody), required=True, validate=validate.Length(1, _MOST_ITEMS)
    )
    shipping_address = fields.Nested(ShippingAddressBody)
    shipping_method_id = Line(40)
    coupons = fields.List(Line(40), validate=validate.Length(max=MAX_COUPONS))
    payment_method_id = Line(64)
    discount = fields.Nested(StaffDiscountBody)
    note = Text(500, allow_none=True)
    expected_total = Major()

    @ma.validates_schema
    def _fitting(self, data: Mapping[str, Any], **_: Any) -> None:
        if "user_id" in data and "customer" in data:
            raise ma.ValidationError("Give either this or `userId`, and not both.", "customer")
        is_sent = data["channel"] == Channel.PHONE
        if is_sent != ("shipping_address" in data):
            message = "An order by phone needs it, one at the counter has none."
            raise ma.ValidationError(message, "shippingAddress")
        if not is_sent and "shipping_method_id" in data:
            raise ma.ValidationError("Nothing is sent from the counter.", "shippingMethodId")
        if is_sent and "user_id" not in data and not _is_reachable(data.get("customer", {})):
            message = "By phone, somebody without an account has a `name` and a `phone`."
            raise ma.ValidationError(message, "customer")


class PaymentLinkBody(Schema):
    """Without `paymentMethodId` the order is paid as it was chosen."""

    payment_method_id = Line(64)


def sale_of(body: Mapping[str, Any]) -> Sale:
    """What was entered. The address gets the name and phone of the customer where it has none."""
    customer: Mapping[str, Any] = body.get("customer", {})
    address: Mapping[str, Any] | None = body.get("shipping_address")
    if address is not None:
        told = {name: customer[name] for name in ("name", "phone") if name in customer}
        address = {**told, **{name: value for name, value in address.items() if value}}
    contact = Contact(name=customer.get("name"), phone=customer.get("phone"))
    discount = body.get("discount")
    same = ("user_id", "shipping_method_id", "payment_method_id", "note", "expected_total")
    return Sale(
        channel=Channel(body["channel"]),
        items=[SoldItem(**item) for item in body["items"]],
        contact=contact if contact != Contact() else None,
        email=customer.get("email"),
        locale=customer.get("locale"),
        address=ShippingAddress(**address) if address else None,
        coupons=list(dict.fromkeys(typed_code(code) for code in body.get("coupons", ()))),
        discount=StaffDiscount(**discount) if discount else None,
        **{name: body.get(name) for name in same},
    )


def _is_reachable(customer: Mapping[str, Any]) -> bool:
    return "name" in customer and "phone" in customer
