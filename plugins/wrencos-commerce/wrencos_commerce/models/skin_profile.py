"""Skin profiles: what a customer has told of their skin, and what for it may be used."""

from __future__ import annotations

from enum import StrEnum

from mongoengine import BooleanField, ListField, StringField

from wrencos_core.api import Document, UTCDateTimeField


class Source(StrEnum):
    """Where a profile comes from."""

    MANUAL = "manual"
    QUIZ = "quiz"


# From the palest to the darkest: the six types of Fitzpatrick, or a word for those who do not
# know theirs.
TONES = ("I", "II", "III", "IV", "V", "VI", "fair", "light", "medium", "tan", "deep")
UNDERTONES = ("cool", "neutral", "warm", "olive")
AGE_RANGES = ("under-18", "18-24", "25-34", "35-44", "45-54", "55-plus")


class SkinProfile(Document):
    """One for each customer. Without `use_for_recommendations` only `avoid` is ever applied.

    `avoid` is as the customer typed it; `avoid_keys` and `avoid_groups` are what the dictionary of
    ingredients made of it then.
    """

    meta = {
        "collection": "commerce_skin_profiles",
        "indexes": [
            {"fields": ["user_id"], "unique": True, "name": "user"},
            {
                "fields": ["use_for_recommendations", "skin_type", "user_id"],
                "name": "by_consent",
            },
        ],
    }
    id_prefix = "skin"

    user_id = StringField(required=True)
    skin_type = StringField()
    concerns = ListField(StringField())
    # Claims that the customer's skin asks for, as a product makes them: `fragrance`, `alcohol`.
    sensitivities = ListField(StringField())
    avoid = ListField(StringField())
    avoid_keys = ListField(StringField())
    avoid_groups = ListField(StringField())
    tone = StringField(choices=TONES)
    undertone = StringField(choices=UNDERTONES)
    age_range = StringField(choices=AGE_RANGES)
    source = StringField(required=True, choices=[source.value for source in Source])
    use_for_recommendations = BooleanField(required=True, default=False)
    # When the customer last agreed to it; None while they do not.
    consented_at = UTCDateTimeField()
    show_in_reviews = BooleanField(required=True, default=False)
