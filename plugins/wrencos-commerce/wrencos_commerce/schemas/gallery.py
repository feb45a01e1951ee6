"""Pictures of products as they come in, and what is asked of their prices."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.models.product import MAX_MEDIA, MAX_VARIANTS
from wrencos_core.web import Line, PageQuery, Schema


class Alt(Schema):
    """What the picture shows, for who can't see it, by language."""

    vi = Line(300)
    en = Line(300)


class MediaAdd(Schema):
    image_id = Line(40, required=True)
    alt = fields.Nested(Alt, load_default=dict)


class MediaOrder(Schema):
    media_ids = fields.List(Line(40), required=True, validate=validate.Length(max=MAX_MEDIA))


class MediaChange(Schema):
    """`variantIds` are all the variants that the picture shows."""

    alt = fields.Nested(Alt)
    variant_ids = fields.List(Line(40), validate=validate.Length(max=MAX_VARIANTS))


class PriceHistoryQuery(PageQuery):
    variant_id = Line(40)
