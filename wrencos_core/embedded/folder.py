"""Private folders and files, and the lock that lets one process at a time start or stop servers."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from wrencos_core.embedded.process import EmbeddedServerError


def private_folder(path: Path) -> Path:
    """`path` as a folder that only this user can enter (0700), made when it is missing.

    Raises EmbeddedServerError when something else has that name or someone else owns it: in a
    temporary folder that all may write to, another user could have put it there first.
    """
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise EmbeddedServerError(f"can't make the folder {path}: {error}") from error
    found = path.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid():
        raise EmbeddedServerError(
            f"{path} is not a folder of this user; remove it or use another data folder"
        )
    if stat.S_IMODE(found.st_mode) != 0o700:
        path.chmod(0o700)
    return path


def write_private(path: Path, text: str) -> None:
    """Replaces `path` in one step with a file that only this user can read (0600)."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    scratch.unlink(missing_ok=True)
    descriptor = os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(path)
    except BaseException:
        scratch.unlink(missing_ok=True)
        raise


@contextmanager
def locked(path: Path, *, seconds: float) -> Iterator[None]:
    """Holds an exclusive lock on `path`; the kernel frees it when the process dies.

    Raises EmbeddedServerError when another process keeps it for longer than `seconds`.
    """
    import fcntl  # not on Windows, where this module must still import

    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        deadline = time.monotonic() + seconds
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise EmbeddedServerError(
                        f"another process has been starting or stopping the embedded servers "
                        f"for {seconds:.0f} s ({path} is locked)"
                    ) from None
                time.sleep(0.02)
        try:
            yield
        finally:
            # A child forked meanwhile shares the descriptor: closing alone would not free it.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)
