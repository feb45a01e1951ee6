"""The search index in the database, the shop's synonyms, and what customers searched for.

Rows of the index belong to a generation: a rebuild writes a new one beside the one that is read,
then the state points to it. They are no things with a history, so they have no timestamps.
"""

from __future__ import annotations

from mongoengine import (
    BinaryField,
    BooleanField,
    DictField,
    FloatField,
    IntField,
    ListField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField

# How long what customers searched for is kept.
KEPT_DAYS = 180


class SearchState(Document):
    """One row, `index`: which generation is read, and what the next change of it is called.

    `revision` counts the changes; a process that has read a part of the index knows by it whether
    that part is still right. `synonyms` is another with each change of the shop's synonyms.
    """

    meta = {"collection": "commerce_search_state"}
    id_prefix = "index"

    generation = StringField()
    revision = IntField(default=0)
    next_ordinal = IntField(default=0)
    synonyms = StringField()
    # Every change of a product before this moment is in the index.
    indexed_until = UTCDateTimeField()
    built_at = UTCDateTimeField()
    # Whether there may be rows of generations that nobody reads.
    leftovers = BooleanField()
    # Who rebuilds, and until when nobody else does.
    builder = StringField()
    builder_until = UTCDateTimeField()


class SearchPosting(Document):
    """The products under a key: a roaring bitmap of their ordinals. Its id is `generation/key`."""

    meta = {"collection": "commerce_search_postings"}
    id_prefix = "posting"

    bitmap = BinaryField(required=True)
    count = IntField(required=True)
    revision = IntField(required=True)


class SearchEntry(Document):
    """A product in the index. Its id is `generation/product id`.

    The lower the ordinal, the better known the product. `keys` are the keys that it is under,
    compressed; `product_version` is that of the product when they were made.
    """

    meta = {
        "collection": "commerce_search_entries",
        "indexes": [
            {
                "fields": ["generation", "ordinal", "product_id"],
                "unique": True,
                "name": "by_ordinal",
            },
            {"fields": ["generation", "price", "product_id", "ordinal"], "name": "by_price"},
            {"fields": ["generation", "created", "product_id", "ordinal"], "name": "by_age"},
            {"fields": ["generation", "rating", "product_id", "ordinal"], "name": "by_rating"},
            {"fields": ["generation", "name_key", "product_id", "ordinal"], "name": "by_name"},
        ],
    }
    id_prefix = "entry"

    generation = StringField(required=True)
    product_id = StringField(required=True)
    ordinal = IntField(required=True)
    product_version = IntField(required=True)
    keys = BinaryField(required=True)
    price = IntField()
    created = UTCDateTimeField()
    rating = FloatField()
    name_key = StringField()


class SearchWord(Document):
    """A word of the index. Its id is `generation/word`, without case and diacritics.

    `name`, `tag` and `rest` say how many products have it there, `forms` how many names have it in
    which written form, `written` which is the most frequent, and `deletes` what it becomes without
    one of its letters: what a mistyped word is found by.
    """

    meta = {
        "collection": "commerce_search_words",
        "indexes": [
            {"fields": ["generation", "deletes"], "name": "by_delete"},
            {"fields": ["generation", "word", "name", "tag", "rest"], "name": "by_word"},
        ],
    }
    id_prefix = "word"

    generation = StringField(required=True)
    word = StringField(required=True)
    written = StringField()
    forms = DictField()
    name = IntField()
    tag = IntField()
    rest = IntField()
    deletes = ListField(StringField())


class SearchSynonym(Document):
    """Phrases that mean the same; one way, only a search for the first finds the others."""

    meta = {
        "collection": "commerce_search_synonyms",
        "indexes": [{"fields": ["phrases.0"], "name": "by_phrase"}],
    }
    id_prefix = "syn"

    phrases = ListField(StringField(), required=True)
    one_way = BooleanField(required=True, default=False)


class SearchCount(Document):
    """How often something was searched for on a day (UTC), and how much it found at last.

    `clients` are keyed hashes of the first three different ones, of this query on this day alone.
    """

    meta = {
        "collection": "commerce_searches",
        "indexes": [
            {"fields": ["day", "query"], "name": "by_day"},
            {"fields": ["query", "day"], "name": "by_query"},
            {"fields": ["expires_at"], "expireAfterSeconds": 0, "name": "expiry"},
        ],
    }
    id_prefix = "searched"

    day = StringField(required=True)
    query = StringField(required=True)
    shown = StringField()
    clients = ListField(StringField())
    count = IntField()
    results = IntField()
    last_at = UTCDateTimeField()
    expires_at = UTCDateTimeField()
    # Only of the row that counts the others of its day.
    rows = IntField()
