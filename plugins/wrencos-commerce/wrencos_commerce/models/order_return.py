"""Returns: pieces of an order that a customer wants to send back, and what became of them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from mongoengine import (
    DictField,
    EmbeddedDocument,
    EmbeddedDocumentField,
    EmbeddedDocumentListField,
    IntField,
    StringField,
)

from wrencos_core.api import Document, UTCDateTimeField

MAX_RETURN_PHOTOS = 5
# Of one order, those that came to nothing included.
MAX_RETURNS = 50


class ReturnState(StrEnum):
    """`received`: the pieces were looked at, and money is on its way back; `closed`: it is there,
    or none was due."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    RECEIVED = "received"
    CLOSED = "closed"


RETURN_TRANSITIONS: Mapping[ReturnState, frozenset[ReturnState]] = {
    ReturnState.REQUESTED: frozenset(
        {ReturnState.APPROVED, ReturnState.REJECTED, ReturnState.CANCELLED}
    ),
    ReturnState.APPROVED: frozenset(
        {ReturnState.RECEIVED, ReturnState.REJECTED, ReturnState.CANCELLED}
    ),
    ReturnState.REJECTED: frozenset(),
    ReturnState.CANCELLED: frozenset(),
    ReturnState.RECEIVED: frozenset({ReturnState.CLOSED}),
    ReturnState.CLOSED: frozenset(),
}


class ReturnReason(StrEnum):
    """Why a piece comes back."""

    CHANGED_MIND = "changed_mind"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    ALLERGIC_REACTION = "allergic_reaction"
    EXPIRED = "expired"
    NOT_AS_DESCRIBED = "not_as_described"
    OTHER = "other"


class ReturnResolution(StrEnum):
    """What the customer gets for it: money, or other pieces. `none`: the pieces alone come back, as
    the money did before; only staff say so."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    NONE = "none"


class WantedVariant(EmbeddedDocument):  # type: ignore[misc]
    """What shall replace a piece."""

    product_id = StringField(required=True)
    variant_id = StringField(required=True)
    sku = StringField(required=True)
    name = StringField(required=True)
    variant_name = StringField()


class ReturnItem(EmbeddedDocument):  # type: ignore[misc]
    """Pieces of a line of the order, and what is `wanted` in exchange for each. `restocked` and
    `written_off` are those that came, once they were looked at."""

    variant_id = StringField(required=True)
    sku = StringField(required=True)
    name = StringField(required=True)
    variant_name = StringField()
    quantity = IntField(required=True, min_value=1)
    reason = StringField(required=True, choices=[reason.value for reason in ReturnReason])
    wanted = EmbeddedDocumentField(WantedVariant)
    restocked = IntField(min_value=0)
    written_off = IntField(min_value=0)


class ReturnPhoto(EmbeddedDocument):  # type: ignore[misc]
    """A stored image that the return has claimed; `thumbnails` by width, once they are made."""

    id = StringField(required=True)
    url = StringField(required=True)
    width = IntField(required=True)
    height = IntField(required=True)
    thumbnails = DictField(StringField())


class ReturnHistory(EmbeddedDocument):  # type: ignore[misc]
    """A state that the return got, when, by whom (a user id, or `system`), and why."""

    state = StringField(required=True, choices=[state.value for state in ReturnState])
    at = UTCDateTimeField(required=True)
    actor = StringField(required=True)
    note = StringField()


class OrderReturn(Document):
    """Pieces of one order on their way back; amounts are minor units of the order's currency.

    Its pieces count as `returning` on the order's lines until they are received (then they are
    `returned`), or the return is rejected or cancelled. `credit` is what they were worth when they
    came, less `deduction`.
    """

    meta = {
        "collection": "commerce_returns",
        "indexes": [
            {"fields": ["order_id", "-created_at", "-_id"], "name": "by_order"},
            {"fields": ["user_id", "-created_at", "-_id"], "name": "by_user"},
            {"fields": ["state", "-created_at", "-_id"], "name": "by_state"},
            {"fields": ["-created_at", "-_id"], "name": "newest"},
            {"fields": ["photos.id"], "name": "by_photo", "sparse": True},
        ],
    }
    id_prefix = "ret"

    order_id = StringField(required=True)
    user_id = StringField()
    state = StringField(required=True, choices=[state.value for state in ReturnState])
    resolution = StringField(required=True, choices=[wish.value for wish in ReturnResolution])
    items = EmbeddedDocumentListField(ReturnItem, required=True)
    note = StringField()
    photos = EmbeddedDocumentListField(ReturnPhoto)
    history = EmbeddedDocumentListField(ReturnHistory, required=True)
    currency = StringField(required=True)
    # What the customer is told of why it was rejected.
    rejection = StringField()
    received_at = UTCDateTimeField()
    credit = IntField(min_value=0)
    deduction = IntField(min_value=0)
    # How the customer wants to pay what an exchange costs more, and the order that replaces it.
    payment_method = StringField()
    exchange_order_id = StringField()
