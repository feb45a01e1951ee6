"""The tree of categories."""

from __future__ import annotations

from mongoengine import DictField, ListField, StringField

from wrencos_core.api import Document

MAX_DEPTH = 6


class Category(Document):
    """A shelf of the shop. `ancestors` are the ids from the root down to the parent."""

    meta = {
        "collection": "commerce_categories",
        "indexes": [
            {"fields": ["slug"], "unique": True, "name": "slug"},
            {"fields": ["parent_id", "name"], "name": "by_parent"},
            {"fields": ["ancestors"], "name": "by_ancestor"},
        ],
    }
    id_prefix = "cat"

    name = StringField(required=True)
    slug = StringField(required=True)
    description = StringField(required=True, default="")
    # Of the texts above in other languages: {"en": {"name": …, "description": …}}.
    translations = DictField()
    parent_id = StringField()
    ancestors = ListField(StringField())
