"""Reviews no longer keep their authors' skin concerns, which nobody was to see."""

from __future__ import annotations

from wrencos_core.api import Migration, Mongo


def apply(database: Mongo) -> None:
    kept = {"concerns": {"$exists": True}}
    database["commerce_reviews"].update_many(kept, {"$unset": {"concerns": ""}})


DROP_REVIEW_CONCERNS = Migration("commerce", 5, "drop_review_concerns", apply)
