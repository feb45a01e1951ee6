"""Brands."""

from __future__ import annotations

from mongoengine import DictField, ListField, StringField

from wrencos_core.api import Document


def is_brand_name(name: str) -> bool:
    """Whether a slug can be made from it: it has a letter or a digit, of whatever script."""
    return any(char.isalnum() for char in name)


class Brand(Document):
    """Whose products they are. `slug` is made from the name; `slugs` has the former ones too.

    So an old link, and a price list with the old name, still find a brand that was renamed.
    """

    meta = {
        "collection": "commerce_brands",
        "indexes": [
            {"fields": ["slugs"], "unique": True, "name": "slugs"},
            {"fields": ["slug"], "unique": True, "name": "slug"},
            {"fields": ["name_key", "_id"], "name": "by_name"},
            {"fields": ["image_id"], "sparse": True, "name": "by_image"},
        ],
    }
    id_prefix = "brand"

    name = StringField(required=True)
    name_key = StringField(required=True)
    slug = StringField(required=True)
    slugs = ListField(StringField(), required=True)
    description = StringField(required=True, default="")
    # {"en": {"description": …}}
    translations = DictField()
    # The logo: a stored image, where it is, and its thumbnails by their width.
    image_id = StringField()
    image_url = StringField()
    thumbnails = DictField(StringField())
