"""The addresses that customers keep for their next order: one book for each user."""

from __future__ import annotations

from mongoengine import (
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    StringField,
)

from wrencos_commerce.models.order import Address
from wrencos_core.api import Document

MAX_ADDRESSES = 20


class SavedAddress(EmbeddedDocument):  # type: ignore[misc]
    """An address that its owner can choose by its id."""

    id = StringField(required=True)
    address = EmbeddedDocumentField(Address, required=True)


class AddressBook(Document):
    """A user's addresses, the oldest first. `default_id` names one of them while there are any."""

    meta = {
        "collection": "commerce_addresses",
        "indexes": [{"fields": ["user_id"], "unique": True, "name": "user"}],
    }
    id_prefix = "abook"

    user_id = StringField(required=True)
    addresses = EmbeddedDocumentListField(SavedAddress)
    default_id = StringField()
