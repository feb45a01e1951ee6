"""What the core says of stored images."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from wrencos_core.events import Event


class StoredImage(msgspec.Struct, frozen=True, kw_only=True):
    """An image that may be shown. `width` and `height` in pixels.

    `thumbnails` maps a width in pixels (`"320"`, `"640"`, `"1280"`) to a URL. It is empty until
    they are made, and has no width that is not less than the image's own.
    """

    id: str
    name: str
    url: str
    width: int
    height: int
    thumbnails: dict[str, str]


class ImageProcessed(Event, frozen=True, kw_only=True):
    """The thumbnails of an image are there; `file_name` is its name in the storage."""

    name: ClassVar[str] = "core.image_processed"
    image_id: str
    file_name: str
    url: str
    width: int
    height: int
    thumbnails: dict[str, str]
