"""What is asked of orders."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.order import OrderStatus
from wrencos_core.web import Line, Moment, PageQuery, Schema, Text

_STATUSES = [status.value for status in OrderStatus]


class AllOrdersQuery(PageQuery):
    """`from` and `to` are moments (ISO 8601); `from` is included, `to` is not."""

    status = fields.String(validate=validate.OneOf(_STATUSES))
    user_id = Line(40)
    placed_from = Moment(data_key="from")
    placed_before = Moment(data_key="to")

    @ma.validates_schema
    def _ordered(self, data: Mapping[str, Any], **_: Any) -> None:
        first: datetime | None = data.get("placed_from")
        last: datetime | None = data.get("placed_before")
        if first and last and first >= last:
            raise ma.ValidationError("Must be later than `from`.", "to")


class OrderStatusBody(Schema):
    new_status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    tracking_number = Line(100)
    note = Text(500)


class OrderCancelBody(Schema):
    note = Text(500)
