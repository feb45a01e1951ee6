"""What returns hold of a user: exported whole; erased, only what the books need is left."""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.order_return import OrderReturn
from wrencos_commerce.models.review_feedback import LeftoverPhotos
from wrencos_commerce.services.returns.queries import history_for_owner
from wrencos_core.api import bump, new_id, new_row

_NOT_SHOWN = ("version", "user_id")


def stored_returns(user_id: str) -> dict[str, list[dict[str, Any]]]:
    """The user's returns, without the ids and notes of the staff."""
    rows = OrderReturn.raw().find({"user_id": user_id}).sort([("created_at", -1), ("_id", -1)])
    shown = [
        {
            **{key: value for key, value in row.items() if key not in _NOT_SHOWN},
            "history": history_for_owner(row),
        }
        for row in rows
    ]
    return {"returns": shown} if shown else {}


def erase_returns(user_id: str) -> None:
    """Take words and photos from the user's returns, in the running transaction.

    The photos' files go when the event that the user was erased is delivered.
    """
    for row in list(OrderReturn.raw().find({"user_id": user_id}).sort("_id", 1)):
        if photos := [photo["id"] for photo in row["photos"]]:
            left = new_row(new_id(LeftoverPhotos.id_prefix), review_id=row["_id"], image_ids=photos)
            LeftoverPhotos.raw().insert_one(left)
        gone = dict.fromkeys(("note", "rejection", "history.$[].note"), "")
        OrderReturn.raw().update_one(
            {"_id": row["_id"]}, bump({"$set": {"photos": []}, "$unset": gone})
        )
