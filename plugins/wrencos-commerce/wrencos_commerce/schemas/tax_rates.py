"""Tax rates as they come in."""

from __future__ import annotations

from marshmallow import fields, validate

from wrencos_commerce.models.tax_rate import TaxedAs
from wrencos_commerce.schemas.fields import Percent
from wrencos_core.web import Country, Line, PageQuery, Schema


class TaxRateListQuery(PageQuery):
    country = Country()


class TaxRateChange(Schema):
    """`percent` is a text or number such as `8.25`, with up to 4 decimals."""

    name = Line(60)
    percent = Percent()


class TaxRateCreate(TaxRateChange):
    """Without a `region` it is for the whole country, without a `categoryId` for all goods.

    `taxedAs` is `goods`, or `shipping` for shipping and fees, which else have the rate of all
    goods.
    """

    name = Line(60, required=True)
    percent = Percent(required=True)
    country = Country(required=True)
    region = Line(100, allow_none=True)
    category_id = Line(40, allow_none=True)
    taxed_as = fields.String(
        load_default=TaxedAs.GOODS.value, validate=validate.OneOf([kind.value for kind in TaxedAs])
    )
