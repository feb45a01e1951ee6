"""The cart and the checkout as they come in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import marshmallow as ma
from marshmallow import fields

from wrencos_core.web import Country, Flag, Line, Major, PersonName, Schema, Text, Whole


class CartItemAdd(Schema):
    product_id = Line(40, required=True)
    variant_id = Line(40, allow_none=True)
    quantity = Whole(1, 9999, load_default=1)


class CartItemChange(Schema):
    quantity = Whole(1, 9999, required=True)


class CartShippingBody(Schema):
    """Where the cart would go: a country, and a state or city in it. Without a `shippingMethodId`
    by the cheapest method."""

    country = Country(required=True)
    region = Line(100, allow_none=True)
    shipping_method_id = Line(40, allow_none=True)


class ShippingQuoteQuery(Schema):
    country = Country()
    region = Line(100)


class ShippingAddressBody(Schema):
    street = Line(200, required=True)
    city = Line(100, required=True)
    state = Line(100, allow_none=True)
    zip = Line(20, allow_none=True)
    country = Country(required=True)
    name = PersonName(120, allow_none=True)
    phone = Line(32, allow_none=True)


class CheckoutBody(Schema):
    """`expectedTotal` is the total that the customer was shown, in major units.

    Either `shippingAddress` or the `addressId` of a saved one; `saveAddress` keeps the former.
    """

    payment_method_id = Line(64, required=True)
    shipping_method_id = Line(40)
    shipping_address = fields.Nested(ShippingAddressBody)
    address_id = Line(40)
    save_address = Flag(load_default=False)
    note = Text(500, allow_none=True)
    expected_total = Major()

    @ma.validates_schema
    def _one_address(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("shipping_address" in data) == ("address_id" in data):
            raise ma.ValidationError(
                "Give either this or `addressId`, and not both.", "shippingAddress"
            )
