"""What comes in. marshmallow turns camelCase JSON into the snake_case that services take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.models.product import SORTS
from wrencos_commerce.services.product_queries import fold_tag
from wrencos_core.web import (
    Country,
    Flag,
    Line,
    Major,
    Moment,
    PageQuery,
    PersonName,
    Schema,
    Text,
    Whole,
)

_MOST = 2**31 - 1
_STATUSES = [status.value for status in OrderStatus]


class Tags(fields.List[str]):
    """Up to 30 short words, kept as `large-pores`; one that comes twice counts once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Line(60), validate=validate.Length(max=30), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[str | None]:
        texts = super()._deserialize(value, attr, data, **kwargs)
        return list(dict.fromkeys(tag for text in texts if (tag := fold_tag(text or ""))))


class ImageUrl(Line):
    """A web address, or a path on this server such as `/media/…`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(500, **kwargs)
        self.validators.append(
            validate.Regexp(r"^(https?://|/)\S+$", error="Must be a web address or a path.")
        )


# Categories


class CategoryListQuery(Schema):
    tree = Flag(load_default=False)


class CategoryFields(Schema):
    name = Line(80)
    slug = Line(80)
    description = Text(2000, 0)
    parent_id = Line(40, allow_none=True)


class CategoryCreate(CategoryFields):
    name = Line(80, required=True)


# Products


class ProductListQuery(PageQuery):
    category = Line(80)
    skin_type = Line(60)
    concern = Line(60)
    search = Line(100)
    min_price = Major()
    max_price = Major()
    in_stock = Flag(load_default=False)
    sort = fields.String(load_default="newest", validate=validate.OneOf(list(SORTS)))


class ProductFields(Schema):
    """Every field that a product has; `concern` is another name for `concerns`."""

    sku = Line(64)
    name = Line(200)
    description = Text(5000, 0)
    brand = Line(100, allow_none=True)
    category_id = Line(40, allow_none=True)
    price = Major()
    cost_price = Major(allow_none=True)
    currency = Line(3)
    inventory = Whole(0, _MOST)
    ingredients = fields.List(Line(200), validate=validate.Length(max=200))
    skin_types = Tags()
    concerns = Tags()
    concern = Tags(load_only=True)
    image_url = ImageUrl(allow_none=True)
    is_active = Flag()

    @ma.post_load
    def _one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "concern" in data:
            other = data.pop("concern")
            data.setdefault("concerns", other)
        return data


class ProductCreate(ProductFields):
    name = Line(200, required=True)
    price = Major(required=True)


# Cart and checkout


class CartItemAdd(Schema):
    product_id = Line(40, required=True)
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


# Orders


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
