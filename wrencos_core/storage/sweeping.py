"""Deletes images that nobody claimed, and what is stored of whom."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from wrencos_core.clock import now
from wrencos_core.database import transaction
from wrencos_core.documents import bump
from wrencos_core.storage.images import thumbnail_name
from wrencos_core.storage.models import Image, ImageFile
from wrencos_core.storage.pixels import THUMBNAIL_WIDTHS

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

# Longer than any job lasts: one that makes thumbnails of the file has ended by then.
_GRACE = timedelta(hours=1)
_LOST_AFTER = timedelta(minutes=10)
_GIVE_UP_AFTER = timedelta(days=1)
_BATCH = 500


def sweep_images(platform: Platform) -> None:
    """The job: give up images whose time has come, delete files, queue thumbnails that were lost.

    However often and wherever it runs: an image that is claimed meanwhile stays.
    """
    due = Image.raw().find({"delete_after": {"$lte": now()}}, {"_id": 1})
    for row in list(due.sort("delete_after", 1).limit(_BATCH)):
        transaction(partial(_give_up, row["_id"]))
    files = ImageFile.raw().find({"state": "deleting", "delete_at": {"$lte": now()}})
    for file in list(files.sort("delete_at", 1).limit(_BATCH)):
        _delete(platform, file)
    lost = {
        "state": "stored",
        "created_at": {"$gt": now() - _GIVE_UP_AFTER, "$lt": now() - _LOST_AFTER},
    }
    for row in Image.raw().find(lost, {"_id": 1}).sort("created_at", 1).limit(_BATCH):
        platform.images.queue_thumbnails(row["_id"])


def _give_up(id: str) -> None:
    row = Image.raw().find_one_and_delete({"_id": id, "delete_after": {"$lte": now()}})
    if row is None:
        return
    name = row["file_name"]
    # Written in any case: an upload that shares this file at the moment must collide with this.
    change: dict[str, Any] = {}
    if Image.raw().find_one({"file_name": name}, {"_id": 1}) is None:
        change = {"$set": {"state": "deleting", "delete_at": now() + _GRACE}}
    ImageFile.raw().update_one({"_id": name}, bump(change))


def _delete(platform: Platform, file: dict[str, Any]) -> None:
    """The row goes last: whatever interrupts this, the next sweep deletes the rest."""
    widths = [width for width in THUMBNAIL_WIDTHS if width < file["width"]]
    for name in (*(thumbnail_name(file["_id"], width) for width in widths), file["_id"]):
        platform.storage.delete(name)
    ImageFile.raw().delete_one({"_id": file["_id"], "state": "deleting"})


def uploads_of(user_id: str) -> list[dict[str, Any]]:
    """The images that the user uploaded, the oldest first."""
    rows = Image.raw().find({"uploaded_by": user_id}).sort("created_at", 1)
    return [
        {
            "id": row["_id"],
            "created_at": row["created_at"].isoformat(),
            "file": row["file_name"],
            "used_by": row.get("claimed_by"),
        }
        for row in rows
    ]


def forget_uploader(user_id: str) -> int:
    """Have the user's images deleted that nothing uses, and forget who uploaded the others.

    Those go when the documents that show them release them. Returns how many there were.
    """
    mine = {"uploaded_by": user_id}
    Image.raw().update_many({**mine, "claimed_by": None}, bump({"$set": {"delete_after": now()}}))
    forgotten = Image.raw().update_many(mine, bump({"$unset": {"uploaded_by": ""}}))
    count: int = forgotten.modified_count
    return count
