"""Shipping methods: what it costs to send goods where, and how long it takes."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import (
    BooleanField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    IntField,
    ListField,
    StringField,
)

from wrencos_core.api import Document

MAX_METHODS = 50
MAX_RATES = 100
MAX_STEPS = 50


class PricedBy(StrEnum):
    """What the price of shipping goes by: `total` is that of the goods after discounts."""

    FLAT = "flat"
    WEIGHT = "weight"
    TOTAL = "total"


class ShippingStep(EmbeddedDocument):  # type: ignore[misc]
    """The price up to so many grams or minor units, `up_to` included; without it, above all."""

    up_to = IntField(min_value=0)
    price = IntField(required=True, min_value=0)


class ShippingRate(EmbeddedDocument):  # type: ignore[misc]
    """What a method costs in one zone: some regions of a country, a country, or everywhere else.

    Without a `country` it is for everywhere else, without `regions` (states or cities) for the
    rest of the country. `price` is for `flat`, `steps`, in their order, for the others. Goods for
    `free_from` or more go for nothing.
    """

    country = StringField()
    regions = ListField(StringField())
    # The regions as they are compared: without case and diacritics.
    region_keys = ListField(StringField())
    priced_by = StringField(required=True, choices=[kind.value for kind in PricedBy])
    price = IntField(min_value=0)
    steps = EmbeddedDocumentListField(ShippingStep)
    free_from = IntField(min_value=0)
    min_days = IntField(required=True, min_value=0)
    max_days = IntField(required=True, min_value=0)


class ShippingMethod(Document):
    """A way to send goods, such as "Express", with a rate for each zone that it reaches.

    `position` is its place in lists, and decides between two that cost the same.
    """

    meta = {
        "collection": "commerce_shipping_methods",
        "indexes": [
            {"fields": ["is_active", "position", "_id"], "name": "offered"},
            {"fields": ["position", "_id"], "name": "by_position"},
        ],
    }
    id_prefix = "ship"

    name = StringField(required=True)
    description = StringField(required=True, default="")
    is_active = BooleanField(required=True, default=True)
    position = IntField(required=True, default=0)
    currency = StringField(required=True)
    rates = EmbeddedDocumentListField(ShippingRate, required=True)
