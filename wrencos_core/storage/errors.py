"""Why an upload is refused."""

from __future__ import annotations

from wrencos_core.errors import DomainError


class UploadTooLarge(DomainError):
    status, slug, title = 413, "request-entity-too-large", "The file is too large"


class NotAnImage(DomainError):
    """The content is none of the kinds that are taken, whatever it is called."""

    status, slug, title = 415, "unsupported-media-type", "This is no JPEG, PNG or WebP image"


class UnusableImage(DomainError):
    """An image of the right kind that is broken, animated, or has too many pixels."""

    status, slug, title = 422, "unusable-image", "This image can't be used"
