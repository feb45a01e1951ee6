"""Categories as they come in."""

from __future__ import annotations

from wrencos_commerce.schemas.translations import LocaleQuery
from wrencos_core.web import Flag, Line, Schema, Text


class CategoryListQuery(LocaleQuery):
    tree = Flag(load_default=False)


class CategoryFields(Schema):
    name = Line(80)
    slug = Line(80)
    description = Text(2000, 0)
    parent_id = Line(40, allow_none=True)


class CategoryCreate(CategoryFields):
    name = Line(80, required=True)
