"""The words of products moved from an array of the product into the search's own index."""

from __future__ import annotations

from pymongo.errors import OperationFailure

from wrencos_core.api import Migration, Mongo

_INDEX_NOT_FOUND = 27


def apply(database: Mongo) -> None:
    products = database["commerce_products"]
    try:
        products.drop_index("search")
    except OperationFailure as error:
        if error.code != _INDEX_NOT_FOUND:
            raise
    products.update_many({"terms": {"$exists": True}}, {"$unset": {"terms": ""}})


DROP_SEARCH_WORDS = Migration("commerce", 4, "drop_search_words", apply)
