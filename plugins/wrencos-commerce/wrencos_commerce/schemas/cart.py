"""The cart and the checkout as they come in."""

from __future__ import annotations

from marshmallow import fields

from wrencos_core.web import Country, Line, Major, PersonName, Schema, Text, Whole


class CartItemAdd(Schema):
    product_id = Line(40, required=True)
    variant_id = Line(40, allow_none=True)
    quantity = Whole(1, 9999, load_default=1)


class CartItemChange(Schema):
    quantity = Whole(1, 9999, required=True)


class ShippingAddressBody(Schema):
    street = Line(200, required=True)
    city = Line(100, required=True)
    state = Line(100, allow_none=True)
    zip = Line(20, allow_none=True)
    country = Country(required=True)
    name = PersonName(120, allow_none=True)
    phone = Line(32, allow_none=True)


class CheckoutBody(Schema):
    """`expectedTotal` is the total that the customer was shown, in major units."""

    payment_method_id = Line(64, required=True)
    shipping_address = fields.Nested(ShippingAddressBody, required=True)
    note = Text(500, allow_none=True)
    expected_total = Major()
