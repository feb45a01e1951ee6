"""Files under names: on the local disk, or in a bucket. All of a file is stored, or nothing."""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import structlog

from wrencos_core.blocking import off_the_loop
from wrencos_core.errors import NotFound, TryAgain
from wrencos_core.storage.content import caching_of, disposition_of, type_of
from wrencos_core.storage.places import (
    IMPATIENT,
    PATIENT,
    Patience,
    Place,
    open_store,
    parse_place,
)

if TYPE_CHECKING:
    from obstore.store import ObjectStore

    from wrencos_core.settings import CoreSettings

log = structlog.get_logger(__name__)

T = TypeVar("T")

# A disk takes parts of 255 bytes, of which obstore needs some while it writes; S3 takes 1,024 for
# the whole key with its prefix.
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,239}(/[A-Za-z0-9][A-Za-z0-9._-]{0,239})+")
_LONGEST_NAME = 512
# What a disk says of a path that nothing can lie at.
_IMPOSSIBLE = (errno.ENOTDIR, errno.ENAMETOOLONG)
# What one client that reads slowly holds in memory.
_PIECE = 1024**2
# The process whose threads serve obstore: a fork has none of them, and would wait for ever.
_user: int | None = None


class StoredFile(msgspec.Struct, frozen=True):
    """What is known of a file without reading it; `size` in bytes."""

    size: int
    etag: str
    modified: datetime


class Storage:
    """Stores files by a name such as `commerce/products/prod_01J….svg`.

    Every method raises ValueError for what is no such name, and TryAgain when the place can't be
    reached. None may be called in a transaction: a file is not rolled back.
    """

    def __init__(
        self, place: Place, environ: Mapping[str, str], public_url: str | None = None
    ) -> None:
        self._place = place
        self._environ = environ
        self._public_url = public_url
        self.root = Path(place.path) if place.scheme == "file" else None

    def save(self, name: str, content: bytes, content_type: str | None = None) -> str:
        """Store `content` and return the URL it is served under (a private file's: its name).

        `content_type` is what a bucket serves it as; without it, what the name's suffix means.
        """
        _check(name)
        if self.root is not None:
            self._make_root()
            self._ask(lambda store: _put_safely(store, name, content, self._path(name)))
        else:
            attributes: Any = {"Content-Type": content_type or type_of(name)}
            if self._public_url is not None:
                attributes["Content-Disposition"] = disposition_of(name)
                attributes["Cache-Control"] = caching_of(name)
            self._ask(lambda store: store.put(name, content, attributes=attributes), missing=True)
        return name if self._public_url is None else self.url_of(name)

    def url_of(self, name: str) -> str:
        """The URL of a public file; RuntimeError for a private one, which has none."""
        _check(name)
        if self._public_url is None:
            raise RuntimeError("a private file has no URL: send it from a view of your own")
        return f"{self._public_url}/{name}"

    def read(self, name: str) -> bytes:
        """The whole content; raises NotFound. For what may be large there is `stream`."""
        path = self._inside(name)
        return self._ask(lambda store: bytes(store.get(path).bytes()))

    def stream(
        self, name: str, start: int = 0, end: int | None = None, file: StoredFile | None = None
    ) -> Iterator[bytes]:
        """The bytes from `start` up to `end`, in pieces of at most 1 MiB; raises NotFound.

        `file` is what `describe` said, so that it is not asked again. Raises TryAgain when the file
        is replaced meanwhile.
        """
        file = file or self.describe(name)
        until = file.size if end is None else min(end, file.size)
        for offset in range(start, until, _PIECE):
            span = (offset, min(offset + _PIECE, until))
            yield self._ask(partial(_piece, name=name, span=span, etag=file.etag))

    def describe(self, name: str) -> StoredFile:
        """Size, ETag (without quotes) and time of a file; raises NotFound."""
        path = self._inside(name)
        meta = self._ask(lambda store: store.head(path))
        etag = (meta["e_tag"] or f"{meta['size']:x}").strip('"')
        return StoredFile(meta["size"], etag, meta["last_modified"])

    def exists(self, name: str) -> bool:
        """Whether there is a file of this name."""
        try:
            self.describe(name)
        except NotFound:
            return False
        return True

    def delete(self, name: str) -> None:
        """Delete the file; fine when it is gone already."""
        _check(name)
        try:
            self._ask(lambda store: store.delete(name))
        except NotFound as error:
            if "NoSuchBucket" in str(error.__cause__):
                raise TryAgain("The files can't be reached just now.") from error

    def problem(self) -> str | None:
        """What keeps files from being stored here, in one line without addresses; or None."""
        if self.root is not None:
            existing = next(path for path in (self.root, *self.root.parents) if path.exists())
            writable = os.access(existing, os.W_OK | os.X_OK)
            return None if writable else "the folder of files can't be written to"
        try:
            off_the_loop(lambda: _first(self._open(IMPATIENT)))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is wrong
            log.warning("health.storage", error=str(error))
            for sign, meaning in _MEANINGS.items():
                if sign in str(error):
                    return meaning
            return f"the bucket can't be reached ({type(error).__name__})"
        return None

    def _make_root(self) -> None:
        if self.root is not None:
            # Of private files, no other account of the machine may even read the names.
            mode = 0o700 if self._public_url is None else 0o755
            try:
                self.root.mkdir(parents=True, exist_ok=True, mode=mode)
            except OSError as error:
                log.error("storage.failed", error=str(error))
                raise TryAgain("The files can't be reached just now.") from error

    def _open(self, patience: Patience) -> ObjectStore:
        _refuse_in_fork()
        self._make_root()
        return open_store(self._place, self._environ, patience)

    @cached_property
    def _store(self) -> ObjectStore:
        return self._open(PATIENT)

    def _path(self, name: str) -> Path:
        return Path(self._place.path) / name

    def _inside(self, name: str) -> str:
        """The name; NotFound when a link on the disk leads out of the folder, or through a file."""
        _check(name)
        if self.root is not None:
            path = self._path(name)
            if _is_impossible(path) or not path.resolve().is_relative_to(self.root.resolve()):
                raise NotFound("There is no such file.")
        return name

    def _ask(self, work: Callable[[ObjectStore], T], missing: bool = False) -> T:
        """What `work` returns; `missing` tells that only the bucket itself can be missing."""
        from obstore.exceptions import BaseError

        _refuse_in_fork()
        try:
            return off_the_loop(lambda: work(self._store))
        except FileNotFoundError as error:
            if not missing:
                raise NotFound("There is no such file.") from error
            failure: Exception = error
        except (BaseError, OSError) as error:
            failure = error
        log.error("storage.failed", error=str(failure).partition("\n\nDebug source")[0])
        raise TryAgain("The files can't be reached just now.") from failure


_MEANINGS = {
    "NoSuchBucket": "the bucket does not exist",
    "404 Not Found": "the bucket does not exist",
    "403 Forbidden": "the bucket refuses these credentials",
    "401 Unauthorized": "the bucket refuses these credentials",
}


def open_storage(settings: CoreSettings, environ: Mapping[str, str]) -> tuple[Storage, Storage]:
    """The public files and the private ones of this platform; nothing is connected to yet."""
    served_under = settings.storage_public_url or "/media"
    if settings.storage_url:
        place = parse_place(settings.storage_url)
        public, private = place.below("public"), place.below("private")
    else:
        folder = settings.data_dir.absolute()
        public = Place("file", "", str(folder / "files"))
        private = Place("file", "", str(folder / "private"))
    return Storage(public, environ, served_under), Storage(private, environ)


def _check(name: str) -> None:
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or ".." in name:
        raise ValueError(f"not a storage name: {name[: _LONGEST_NAME + 1]!r}")


def _is_impossible(path: Path) -> bool:
    """Whether no file can be at `path`: it leads through a file, or is too long with its folder."""
    try:
        path.lstat()
    except OSError as error:
        return error.errno in _IMPOSSIBLE
    return False


def _refuse_in_fork() -> None:
    global _user
    if _user is None:
        _user = os.getpid()
    elif _user != os.getpid():
        raise RuntimeError("files were used before this process was forked: start it anew")


def _put_safely(store: ObjectStore, name: str, content: bytes, path: Path) -> None:
    """Returns once a loss of power could not undo it."""
    store.put(name, content)
    for written in (path, path.parent):
        handle = os.open(written, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _piece(store: ObjectStore, name: str, span: tuple[int, int], etag: str) -> bytes:
    return bytes(store.get(name, options={"range": span, "if_match": f'"{etag}"'}).bytes())


def _first(store: ObjectStore) -> object:
    return next(iter(store.list("health/", chunk_size=1)), None)
