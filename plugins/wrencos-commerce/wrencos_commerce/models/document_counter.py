"""The last number that was given in a series of documents."""

from __future__ import annotations

from mongoengine import IntField

from wrencos_core.api import Document


class DocumentCounter(Document):
    """One for each prefix and year; its id is made of both."""

    meta = {"collection": "commerce_document_counters"}
    id_prefix = "dcount"

    last = IntField(required=True, min_value=1)
