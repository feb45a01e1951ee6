"""What comes in. marshmallow turns camelCase JSON into the snake_case that services take."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import marshmallow as ma
from marshmallow import fields, validate

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.models.product import SORTS
from wrencos_commerce.services.product_queries import fold_tag
from wrencos_core.web import Major, PageQuery, Schema, Text, Whole

_MOST = 2**31 - 1
_STATUSES = [status.value for status in OrderStatus]


class Flag(fields.Boolean):
    """`true` or `false` in a query."""

    truthy = {True, "true", "1"}
    falsy = {False, "false", "0"}


class Tags(fields.List[str]):
    """Up to 30 short words, kept as `large-pores`; one that comes twice counts once."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Text(60), validate=validate.Length(max=30), **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> list[str | None]:
        texts = super()._deserialize(value, attr, data, **kwargs)
        return list(dict.fromkeys(tag for text in texts if (tag := fold_tag(text or ""))))


class ImageUrl(Text):
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
    name = Text(80)
    slug = Text(80)
    description = Text(2000, 0)
    parent_id = Text(40, allow_none=True)


class CategoryCreate(CategoryFields):
    name = Text(80, required=True)


# Products


class ProductListQuery(PageQuery):
    category = Text(80)
    skin_type = Text(60)
    concern = Text(60)
    search = Text(100)
    min_price = Major()
    max_price = Major()
    in_stock = Flag(load_default=False)
    sort = fields.String(load_default="newest", validate=validate.OneOf(list(SORTS)))


class ProductFields(Schema):
    """Every field that a product has; `concern` is another name for `concerns`."""

    sku = Text(64)
    name = Text(200)
    description = Text(5000, 0)
    brand = Text(100, allow_none=True)
    category_id = Text(40, allow_none=True)
    price = Major()
    cost_price = Major(allow_none=True)
    currency = Text(3)
    inventory = Whole(0, _MOST)
    ingredients = fields.List(Text(200), validate=validate.Length(max=200))
    skin_types = Tags()
    concerns = Tags()
    concern = Tags(load_only=True)
    image_url = ImageUrl(allow_none=True)
    is_active = fields.Boolean(truthy={True}, falsy={False})

    @ma.post_load
    def _one_name(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        if "concern" in data:
            other = data.pop("concern")
            data.setdefault("concerns", other)
        return data


class ProductCreate(ProductFields):
    name = Text(200, required=True)
    price = Major(required=True)


# Cart and checkout


class CartItemAdd(Schema):
    product_id = Text(40, required=True)
    quantity = Whole(1, 9999, load_default=1)


class CartItemChange(Schema):
    quantity = Whole(1, 9999, required=True)


class ShippingAddressBody(Schema):
    street = Text(200, required=True)
    city = Text(100, required=True)
    state = Text(100, allow_none=True)
    zip = Text(20, allow_none=True)
    country = fields.String(
        required=True,
        validate=validate.Regexp(r"^[A-Z]{2}$", error="Must be an ISO 3166-1 alpha-2 code."),
    )
    name = Text(120, allow_none=True)
    phone = Text(32, allow_none=True)


class CheckoutBody(Schema):
    """`expectedTotal` is the total that the customer was shown, in major units."""

    payment_method_id = Text(64, required=True)
    shipping_address = fields.Nested(ShippingAddressBody, required=True)
    note = Text(500, allow_none=True)
    expected_total = Major()


# Orders


class AllOrdersQuery(PageQuery):
    """`from` and `to` are moments (ISO 8601); `from` is included, `to` is not."""

    status = fields.String(validate=validate.OneOf(_STATUSES))
    user_id = Text(40)
    placed_from = fields.AwareDateTime(default_timezone=UTC, data_key="from")
    placed_before = fields.AwareDateTime(default_timezone=UTC, data_key="to")

    @ma.validates_schema
    def _ordered(self, data: Mapping[str, Any], **_: Any) -> None:
        first: datetime | None = data.get("placed_from")
        last: datetime | None = data.get("placed_before")
        if first and last and first >= last:
            raise ma.ValidationError("Must be later than `from`.", "to")


class OrderStatusBody(Schema):
    new_status = fields.String(required=True, validate=validate.OneOf(_STATUSES))
    tracking_number = Text(100)
    note = Text(500)


class OrderCancelBody(Schema):
    note = Text(500)
