"""Brands as they come in."""

from __future__ import annotations

from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Line, PageQuery, Schema, Text


class BrandListQuery(PageQuery, LocaleQuery):
    pass


class BrandFields(Schema):
    """`imageId` is that of an uploaded image, the logo; null takes it away."""

    name = Line(100)
    description = Text(5000, 0)
    image_id = Line(40, allow_none=True)


class BrandCreate(BrandFields):
    name = Line(100, required=True)
