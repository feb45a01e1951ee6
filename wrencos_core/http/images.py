"""POST /api/images: a picture that a review, a return or a gallery then names by its id."""

from __future__ import annotations

import msgspec

from wrencos_core.http.access import LOGGED_IN, current_identity, current_platform
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.http.uploads import takes_file, uploaded_file

blp = Blueprint("images", __name__, url_prefix="/images", description="Uploaded pictures.")

FOLDER = "core/images"


class UploadedImage(msgspec.Struct, rename="camel", kw_only=True):
    """What names the image in other requests, and where it can be seen; sizes in pixels."""

    image_id: str
    url: str
    width: int
    height: int


@blp.post("", access=LOGGED_IN, limit="30 per minute")
@takes_file()
@blp.response(201, UploadedImage)
def upload_image() -> UploadedImage:
    """Upload an image.

    A JPEG, PNG or WebP that is not animated. It is turned upright and written anew without its
    metadata. It is deleted after a day unless something that you create names its `imageId`.
    """
    image = current_platform().images.store(uploaded_file(), FOLDER, current_identity())
    return UploadedImage(image_id=image.id, url=image.url, width=image.width, height=image.height)
