"""What is asked of batches."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.models.batch import BatchState
from wrencos_commerce.schemas.fields import MOST_IN_STOCK
from wrencos_core.web import Flag, Line, PageQuery, Schema, Text, Whole


class BatchListQuery(PageQuery):
    state = fields.String(validate=validate.OneOf([state.value for state in BatchState]))
    product_id = Line(40)
    variant_id = Line(40)
    expires_within = fields.Integer(validate=validate.Range(0, 3650))


class BatchReceive(Schema):
    """`expiresOn` is the last day of sale; `fromStock` labels pieces that are counted already."""

    product_id = Line(40, required=True)
    variant_id = Line(40, allow_none=True)
    code = Line(60, required=True)
    expires_on = fields.Date(required=True)
    quantity = Whole(1, MOST_IN_STOCK, required=True)
    from_stock = Flag(load_default=False)


class BatchTake(Schema):
    """Without a `quantity` all pieces go."""

    quantity = Whole(1, MOST_IN_STOCK)
    note = Text(500, required=True)


class BatchRecall(Schema):
    note = Text(500, required=True)
