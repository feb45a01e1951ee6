"""Taxes: what per cent where, on what."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import StringField

from wrencos_core.api import Document


class TaxedAs(StrEnum):
    """What a rate is for: goods, or shipping and other charges."""

    GOODS = "goods"
    SHIPPING = "shipping"


class TaxRate(Document):
    """`percent` per cent (a decimal text of up to 4 decimals) of what goes to `country`.

    Without a `region` (a state or city) everywhere in the country, without a `category_id` on all
    goods. What is None is stored as None, so that the index tells every pair of rates apart.
    """

    meta = {
        "collection": "commerce_tax_rates",
        "indexes": [
            {
                "fields": ["country", "region_key", "category_id", "taxed_as"],
                "unique": True,
                "name": "subject",
            },
        ],
    }
    id_prefix = "tax"

    country = StringField(required=True)
    region = StringField()
    # The region as it is compared: without case and diacritics.
    region_key = StringField()
    category_id = StringField()
    taxed_as = StringField(required=True, choices=[kind.value for kind in TaxedAs])
    name = StringField(required=True)
    percent = StringField(required=True)
