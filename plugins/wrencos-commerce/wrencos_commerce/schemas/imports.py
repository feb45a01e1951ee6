"""Imports and exports as they are asked for."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.services.csv.options import FORMATS
from wrencos_core.web import Flag, Line, Schema


class ImportQuery(Schema):
    """`map` renames a column (`Tên=name`) and `ignore` leaves one out; both may come repeatedly."""

    format = fields.String(validate=validate.OneOf(FORMATS))
    columns = fields.List(
        Line(300), data_key="map", load_default=list, validate=validate.Length(max=100)
    )
    ignore = fields.List(Line(200), load_default=list, validate=validate.Length(max=200))
    skip_bad = Flag(load_default=False)
    create_categories = Flag(load_default=False)


class ExportQuery(Schema):
    format = fields.String(load_default="own", validate=validate.OneOf(FORMATS))
    category = Line(80)
