"""Files on the local disk, below the data folder, served under /media."""

from __future__ import annotations

import os
import re
import tempfile
from pathlib import Path

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)+")


class LocalStorage:
    """Stores files by a name such as `commerce/products/prod_01J….svg`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, name: str, content: bytes) -> str:
        """Store `content` (all of it, or nothing) and return the URL path it is served under."""
        target = self.path_of(name)
        target.parent.mkdir(parents=True, exist_ok=True)
        # A leading dot is no storage name, so nobody can fetch a half-written file.
        handle, name_of_part = tempfile.mkstemp(dir=target.parent, prefix=".")
        part = Path(name_of_part)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            part.chmod(0o644)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return f"/media/{name}"

    def delete(self, name: str) -> None:
        """Delete the file; fine when it is gone already."""
        self.path_of(name).unlink(missing_ok=True)

    def path_of(self, name: str) -> Path:
        """Where the file of this name lies; raises ValueError for what is no storage name."""
        if not _NAME.fullmatch(name) or ".." in name:
            raise ValueError(f"not a storage name: {name!r}")
        return self.root / name
