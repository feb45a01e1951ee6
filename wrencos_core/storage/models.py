"""What is stored of images: an upload each, and the file that uploads of one content share."""

from __future__ import annotations

from mongoengine import DictField, IntField, StringField

from wrencos_core.documents import Document, UTCDateTimeField


class Image(Document):
    """One upload. It goes at `delete_after`, which it has as long as nothing claims it."""

    meta = {
        "collection": "core_images",
        "indexes": [
            {"fields": ["file_name"], "name": "by_file"},
            {"fields": ["delete_after"], "name": "to_delete", "sparse": True},
            {"fields": ["uploaded_by", "claimed_by"], "name": "by_uploader"},
            {"fields": ["state", "created_at"], "name": "by_state"},
        ],
    }
    id_prefix = "img"

    file_name = StringField(required=True)
    # Of the stored content, which is what makes two uploads the same.
    digest = StringField(required=True)
    size = IntField(required=True)
    content_type = StringField(required=True)
    width = IntField(required=True)
    height = IntField(required=True)
    uploaded_by = StringField()
    state = StringField(required=True, choices=("uploading", "stored", "processed"))
    claimed_by = StringField()
    delete_after = UTCDateTimeField()


class ImageFile(Document):
    """The file of one or more images, named by `_id`, and its thumbnails (width to name).

    A name is never used again once its file is being deleted: a new upload gets another.
    """

    id_prefix = "imgfile"
    meta = {
        "collection": "core_image_files",
        "indexes": [
            {
                "fields": ["key"],
                "name": "one_live",
                "unique": True,
                "partialFilterExpression": {"state": "live"},
            },
            {"fields": ["state", "delete_at"], "name": "to_delete"},
        ],
    }

    key = StringField(required=True)
    state = StringField(required=True, choices=("live", "deleting"))
    width = IntField(required=True)
    delete_at = UTCDateTimeField()
    thumbnails = DictField()
