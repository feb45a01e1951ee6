"""Uploaded images: made safe, stored once for the same content, owned by whoever claims them."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from wrencos_core.blocking import heavy
from wrencos_core.clock import now
from wrencos_core.contracts.files import ImageProcessed, StoredImage
from wrencos_core.database import in_transaction, transaction
from wrencos_core.documents import bump, new_row
from wrencos_core.errors import Conflict, NotFound, TooManyRequests
from wrencos_core.identity import Identity, Role
from wrencos_core.ids import new_id
from wrencos_core.storage import pixels
from wrencos_core.storage.errors import UploadTooLarge
from wrencos_core.storage.models import Image, ImageFile

if TYPE_CHECKING:
    from wrencos_core.platform import Platform

MAKE_THUMBNAILS = "core.make_thumbnails"
SWEEP_IMAGES = "core.sweep_images"
USABLE = {"$in": ["stored", "processed"]}


class Images:
    """`platform.images`: store an image first, then claim it in the transaction of its owner."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def store(self, data: bytes, folder: str, identity: Identity) -> StoredImage:
        """Check `data`, write it anew and store it below `folder`, such as `commerce/products`.

        It is deleted in a day (WRENCOS_UPLOAD_UNCLAIMED_HOURS) unless it is claimed. Raises
        UploadTooLarge (413), NotAnImage (415), UnusableImage (422), TooManyRequests for a user with
        too many images that nothing uses, TryAgain when it can't be stored, and RuntimeError
        inside a transaction, which could not take a file back.
        """
        if in_transaction():
            raise RuntimeError("store an image before the transaction that claims it")
        settings = self._platform.settings
        if len(data) > settings.upload_max_bytes:
            raise UploadTooLarge(maxBytes=settings.upload_max_bytes)
        self._check_quota(identity)
        image = heavy(lambda: pixels.clean_image(data, settings.upload_max_pixels))
        id = new_id(Image.id_prefix)
        file_name = self._register(id, folder, image, identity)
        try:
            self._platform.storage.save(file_name, image.content, image.content_type)
        except Exception:
            Image.raw().update_one({"_id": id}, bump({"$set": {"delete_after": now()}}))
            raise
        return self._view(transaction(lambda: self._stored(id)))

    def claim(
        self, image_ids: Iterable[str], owner_id: str, identity: Identity
    ) -> list[StoredImage]:
        """Keep these images for the document `owner_id`, which is being written; in their order.

        Call it in the owner's transaction. Those that it has already are fine. Raises NotFound for
        an image that is not there or was uploaded by someone else (staff may take any), and
        Conflict for one that another document has.
        """
        _require_transaction()
        return [self._view(self._claimed(id, owner_id, identity)) for id in image_ids]

    def release(self, image_ids: Iterable[str], owner_id: str) -> None:
        """Let go of those of these images that `owner_id` has, in its transaction.

        Their files are deleted within the next hours, and stay when another upload shares them.
        """
        _require_transaction()
        Image.raw().update_many(
            {"_id": {"$in": list(image_ids)}, "claimed_by": owner_id},
            bump({"$set": {"delete_after": now()}, "$unset": {"claimed_by": ""}}),
        )

    def find(self, image_ids: Iterable[str]) -> dict[str, StoredImage]:
        """Those of these images that there are, by id."""
        rows = Image.raw().find({"_id": {"$in": list(image_ids)}, "state": USABLE})
        return {row["_id"]: self._view(row) for row in rows}

    def make_thumbnails(self, image_id: str) -> None:
        """The job: make the thumbnails unless they are there, then tell that they are."""
        row = Image.raw().find_one({"_id": image_id, "state": "stored"})
        if row is None:
            return
        name, storage = row["file_name"], self._platform.storage
        if (file := ImageFile.raw().find_one({"_id": name})) is None:
            return
        names: dict[str, str] | None = file.get("thumbnails")
        if names is None:
            original = storage.read(name)
            made = heavy(lambda: pixels.thumbnails(original))
            names = {str(width): thumbnail_name(name, width) for width in made}
            for width, content in made.items():
                storage.save(names[str(width)], content, "image/webp")
        transaction(lambda: self._processed(image_id, names))

    def _check_quota(self, identity: Identity) -> None:
        """Nearly exact: requests at the same moment may each take the last place."""
        most = self._platform.settings.upload_unclaimed_per_user
        if identity.user_id is None:
            return
        unclaimed = {"uploaded_by": identity.user_id, "claimed_by": None}
        if Image.raw().count_documents(unclaimed, limit=most) >= most:
            raise TooManyRequests(
                f"You have {most} uploaded images that nothing uses; they are deleted in time.",
                retry_after=3600,
            )

    def _register(self, id: str, folder: str, image: pixels.CleanImage, identity: Identity) -> str:
        """Write the row before the file, so that no file is there without one; its file's name."""
        name = f"{folder}/{secrets.token_hex(4)}-{image.digest}.{image.suffix}"
        self._platform.storage.url_of(name)  # refuses a folder that is none
        key = f"{folder}/{image.digest}.{image.suffix}"
        unclaimed = timedelta(hours=self._platform.settings.upload_unclaimed_hours)

        def insert() -> str:
            shared = _touch({"key": key, "state": "live"})
            if shared is None:
                row = new_row(name, key=key, state="live", width=image.width)
                ImageFile.raw().insert_one(row)
            Image.raw().insert_one(
                new_row(
                    id,
                    file_name=shared["_id"] if shared else name,
                    digest=image.digest,
                    size=len(image.content),
                    content_type=image.content_type,
                    width=image.width,
                    height=image.height,
                    uploaded_by=identity.user_id,
                    state="uploading",
                    delete_after=now() + unclaimed,
                )
            )
            return shared["_id"] if shared else name

        try:
            return transaction(insert)
        except DuplicateKeyError:  # the same content was uploaded at the same moment
            return transaction(insert)

    def _stored(self, id: str) -> dict[str, Any]:
        row = _changed(id, {"state": "uploading"}, {"$set": {"state": "stored"}})
        if row is None:
            raise NotFound(f"There is no image {id}.")
        self.queue_thumbnails(id)
        return row

    def queue_thumbnails(self, id: str) -> None:
        self._platform.jobs.enqueue(MAKE_THUMBNAILS, key=id, image_id=id)

    def _claimed(self, id: str, owner_id: str, identity: Identity) -> dict[str, Any]:
        row = Image.raw().find_one({"_id": id, "state": USABLE})
        may_see = identity.is_admin or identity.role is Role.STAFF
        if row is None or not (
            may_see
            or row.get("claimed_by") == owner_id
            or (identity.user_id is not None and row.get("uploaded_by") == identity.user_id)
        ):
            raise NotFound(f"There is no image {id}.")
        if row.get("claimed_by") not in (None, owner_id):
            raise Conflict(f"The image {id} is in use; upload it again to use it here, too.")
        change = {"$set": {"claimed_by": owner_id}, "$unset": {"delete_after": ""}}
        return _changed(id, {}, change) or row

    def _processed(self, id: str, names: dict[str, str]) -> None:
        row = _changed(id, {"state": "stored"}, {"$set": {"state": "processed"}})
        if row is None:  # another run of this job was first, or nobody wanted it
            return
        ImageFile.raw().update_one({"_id": row["file_name"]}, bump({"$set": {"thumbnails": names}}))
        image = self._view(row)
        self._platform.outbox.publish(
            ImageProcessed(
                id=f"{id}:processed",
                occurred_at=now(),
                image_id=id,
                file_name=image.name,
                url=image.url,
                width=image.width,
                height=image.height,
                thumbnails=image.thumbnails,
            )
        )

    def _view(self, row: dict[str, Any]) -> StoredImage:
        url_of = self._platform.storage.url_of
        names: dict[str, str] = {}
        if row["state"] == "processed":
            file = ImageFile.raw().find_one({"_id": row["file_name"]}, {"thumbnails": 1})
            names = (file or {}).get("thumbnails") or {}
        return StoredImage(
            id=row["_id"],
            name=row["file_name"],
            url=url_of(row["file_name"]),
            width=row["width"],
            height=row["height"],
            thumbnails={width: url_of(name) for width, name in names.items()},
        )


def thumbnail_name(name: str, width: int) -> str:
    """`folder/1a2b-<hash>.jpg` has its thumbnails at `folder/1a2b-320-<hash>.webp`."""
    stem, _, digest = name.rpartition(".")[0].rpartition("-")
    return f"{stem}-{width}-{digest}.webp"


def _touch(query: dict[str, Any]) -> dict[str, Any] | None:
    """The file, written to: so a transaction that deletes it and one that shares it collide."""
    found: dict[str, Any] | None = ImageFile.raw().find_one_and_update(
        query, bump({}), return_document=ReturnDocument.AFTER
    )
    return found


def _changed(id: str, also: dict[str, Any], change: dict[str, Any]) -> dict[str, Any] | None:
    row: dict[str, Any] | None = Image.raw().find_one_and_update(
        {"_id": id, **also}, bump(change), return_document=ReturnDocument.AFTER
    )
    return row


def _require_transaction() -> None:
    if not in_transaction():
        raise RuntimeError("images are claimed and released in the transaction of their owner")
