"""What the nightly job has counted: each generation whole, the newest finished one in use."""

from __future__ import annotations

from mongoengine import (
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentListField,
    FloatField,
    IntField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField


class Generation(Document):
    """A run of the job. It is in use from the moment that it is `finished_at`, until the next is.

    `customers` and `by_skin_type` count those with a skin profile who agreed to be counted and
    bought something; `rated` and `rated_high` (4 or 5) are their ratings.
    """

    meta = {
        "collection": "commerce_learned_generations",
        "indexes": [{"fields": ["-finished_at"], "name": "newest"}],
    }
    id_prefix = "learned"

    finished_at = UTCDateTimeField()
    # Orders placed from here on were counted.
    since = UTCDateTimeField(required=True)
    orders = IntField(required=True, default=0)
    products = IntField(required=True, default=0)
    most_sold = IntField(required=True, default=0)
    customers = IntField(required=True, default=0)
    by_skin_type = DictField(IntField())
    rated = IntField(required=True, default=0)
    rated_high = IntField(required=True, default=0)


class Neighbour(EmbeddedDocument):  # type: ignore[misc]
    """A product that was bought by the same customers (`customers`), or in one order (`orders`).

    `score` and `together` are how much these two go together, from 0 to 1, by customers and by
    orders; see services/recommendations/pairs.py.
    """

    product_id = StringField(required=True)
    customers = IntField(required=True)
    orders = IntField(required=True)
    score = FloatField(required=True)
    together = FloatField(required=True)


class CoPurchase(Document):
    """What was bought with a product, the strongest first."""

    meta = {
        "collection": "commerce_co_purchases",
        "indexes": [{"fields": ["generation", "product_id"], "unique": True, "name": "product"}],
    }
    id_prefix = "copurchase"

    generation = StringField(required=True)
    product_id = StringField(required=True)
    neighbours = EmbeddedDocumentListField(Neighbour)


class ProfileCount(Document):
    """How people of a skin type took to a product: {"dry": {"bought": 9, "rated": 4, "high": 3}}.

    People, not pieces: whoever bought it twice counts once. No user is named. `buyers` are all who
    bought it, as the pieces sold are of all, with or without a profile.
    """

    meta = {
        "collection": "commerce_profile_counts",
        "indexes": [{"fields": ["generation", "product_id"], "unique": True, "name": "product"}],
    }
    id_prefix = "likes"

    generation = StringField(required=True)
    product_id = StringField(required=True)
    buyers = IntField(required=True, default=0)
    by_skin_type = DictField()
