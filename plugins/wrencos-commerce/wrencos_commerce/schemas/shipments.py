"""Parcels as they come in."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_core.web import Line, Schema, Text, Whole


class ParcelItem(Schema):
    variant_id = Line(40, required=True)
    quantity = Whole(1, 9999, required=True)


class ParcelBody(Schema):
    """Without `items` all that is left of the order is in the parcel."""

    items = fields.List(fields.Nested(ParcelItem), validate=validate.Length(1, 100))
    carrier = Line(60, allow_none=True)
    tracking_number = Line(100, allow_none=True)
    note = Text(500, allow_none=True)


class RefusedBody(Schema):
    note = Text(500, allow_none=True)
