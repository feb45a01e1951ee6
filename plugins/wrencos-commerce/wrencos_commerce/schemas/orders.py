"""What is asked of orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.order import Channel, OrderStatus, PaymentStatus
from wrencos_core.web import Flag, Line, Moment, PageQuery, Schema, Text

_STATUSES = [status.value for status in OrderStatus]
_PAYMENT_STATUSES = [status.value for status in PaymentStatus]
_CHANNELS = [channel.value for channel in Channel]


class OrdersQuery(Schema):
    """`from` and `to` are moments (ISO 8601); `from` is included, `to` is not."""

    status = fields.String(validate=validate.OneOf(_STATUSES))
    payment_status = fields.String(validate=validate.OneOf(_PAYMENT_STATUSES))
    payment_method = Line(64)
    channel = fields.String(validate=validate.OneOf(_CHANNELS))
    user_id = Line(40)
    text = Line(254)
    placed_from = Moment(data_key="from")
    placed_before = Moment(data_key="to")

    @ma.validates_schema
    def _ordered(self, data: Mapping[str, Any], **_: Any) -> None:
        first: datetime | None = data.get("placed_from")
        last: datetime | None = data.get("placed_before")
        if first and last and first >= last:
            raise ma.ValidationError("Must be later than `from`.", "to")


class AllOrdersQuery(OrdersQuery, PageQuery):
    pass


class OrderExportQuery(OrdersQuery):
    """`bom` begins the file with a byte order mark, by which Excel knows it for UTF-8."""

    format = fields.String(load_default="csv", validate=validate.OneOf(["csv"]))
    bom = Flag(load_default=False)


class OrderStatusBody(Schema):
    new_status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    tracking_number = Line(100)
    note = Text(500)


class OrderNoteBody(Schema):
    text = Text(2000, required=True)


class OrderCancelBody(Schema):
    note = Text(500)
