"""/media: stored files from the local disk, so that none of them can act in the shop's name."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask, Response, send_from_directory

from wrencos_core.errors import NotFound
from wrencos_core.http.security import ONE_YEAR
from wrencos_core.platform import Platform
from wrencos_core.storage.local import LocalStorage

# An SVG is a document: opened by itself it may style itself, and run or load nothing.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'"
_IMAGES = {
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
_ONE_HOUR = 3600


def init_app(app: Flask, platform: Platform) -> None:
    """Serve what `platform.storage` keeps; a name with a hash of its content is cached for good."""
    storage = platform.storage
    # Flask would take a relative folder as one beside the package.
    root = storage.root.absolute()

    @app.get("/media/<path:name>", endpoint="media")
    def media(name: str) -> Response:
        if not _is_stored(storage, name):
            raise NotFound("There is no such file.")
        suffix = Path(name).suffix.lower()
        image = _IMAGES.get(suffix)
        response = send_from_directory(
            root,
            name,
            mimetype=image or _OTHERS.get(suffix, "application/octet-stream"),
            as_attachment=image is None,
        )
        if image is not None:
            response.headers["Content-Disposition"] = "inline"
        hashed = _HASHED.search(name) is not None
        response.headers["Cache-Control"] = (
            f"public, max-age={ONE_YEAR}, immutable" if hashed else f"public, max-age={_ONE_HOUR}"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Content-Security-Policy"] = _POLICY
        # The shop's pages may stand on another origin than the API.
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        return response


def _is_stored(storage: LocalStorage, name: str) -> bool:
    """Whether `name` is one that the storage gives, of a file that lies below its folder."""
    try:
        file = storage.path_of(name).resolve()
    except ValueError:
        return False
    return file.is_relative_to(storage.root.resolve()) and file.is_file()
