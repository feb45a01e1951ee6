"""What a file is served as: its name says it, never whoever uploaded it."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

ONE_YEAR = 365 * 24 * 3600
_ONE_HOUR = 3600
IMAGES = {
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
}
# Players ignore Content-Disposition, but want the right type.
_OTHERS = {
    ".m3u8": "application/vnd.apple.mpegurl",
    ".mp4": "video/mp4",
    ".pdf": "application/pdf",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
}
_HASHED = re.compile(r"(?:^|[/._-])[0-9a-f]{16,64}\.[a-z0-9]+$")


def type_of(name: str) -> str:
    """The content type that the name's suffix stands for."""
    suffix = _suffix(name)
    return IMAGES.get(suffix) or _OTHERS.get(suffix, "application/octet-stream")


def disposition_of(name: str) -> str:
    """`inline` for an image; whatever else a browser is given, it saves."""
    return "inline" if _suffix(name) in IMAGES else "attachment"


def caching_of(name: str) -> str:
    """Cache-Control: for good, when the name ends in a hash of the content."""
    if _HASHED.search(name):
        return f"public, max-age={ONE_YEAR}, immutable"
    return f"public, max-age={_ONE_HOUR}"


def _suffix(name: str) -> str:
    return PurePosixPath(name).suffix.lower()
