"""Mail without an SMTP server: one .eml file for each message in `<data_dir>/mail/`."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from wrencos_core.mail.errors import Unreachable
from wrencos_core.mail.message import StoredMessage, flask_mail


def outbox_folder(data_dir: Path) -> Path:
    """Where the files are; a mail program opens them, and their names sort by time."""
    return data_dir / "mail"


@contextmanager
def file_outbox(
    folder: Path, sender: tuple[str, str]
) -> Iterator[Callable[[Mapping[str, Any]], None]]:
    """A function that writes one stored row as `<id>.eml`: the whole file, or none.

    Written twice it is the same file. Only the owner may read it: it holds links with tokens. The
    function raises Unreachable when the disk does not take it.
    """
    with flask_mail():
        yield lambda row: _write(
            folder / f"{row['_id']}.eml", StoredMessage(row, sender).as_bytes()
        )


def _write(target: Path, content: bytes) -> None:
    temporary = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(target)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise Unreachable(0, f"{type(error).__name__}: {error.strerror}") from error
