"""Where files lie: a folder, or a bucket of S3 or GCS. All three through obstore."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

if TYPE_CHECKING:
    from obstore.store import ObjectStore

# Read here as well as by obstore, as .env is no part of the process's own environment.
_S3 = {
    "AWS_ACCESS_KEY_ID": "access_key_id",
    "AWS_SECRET_ACCESS_KEY": "secret_access_key",
    "AWS_SESSION_TOKEN": "session_token",
    "AWS_REGION": "region",
    "AWS_ENDPOINT_URL": "endpoint",
}
_GS = {
    "GOOGLE_SERVICE_ACCOUNT": "service_account",
    "GOOGLE_SERVICE_ACCOUNT_KEY": "service_account_key",
    "GOOGLE_APPLICATION_CREDENTIALS": "application_credentials",
}


@dataclass(frozen=True)
class Place:
    """`scheme` is file, s3 or gs; `path` a folder or a prefix in the bucket."""

    scheme: str
    bucket: str
    path: str

    def below(self, folder: str) -> Place:
        """The place `folder` in this one."""
        path = f"{self.path}/{folder}" if self.path else folder
        return Place(self.scheme, self.bucket, path)


@dataclass(frozen=True)
class Patience:
    """How often a request to a bucket is repeated, and for how long one may take."""

    retries: int
    seconds: float


PATIENT = Patience(retries=3, seconds=20)
IMPATIENT = Patience(retries=0, seconds=2)


def parse_place(url: str) -> Place:
    """The place that a URL names; raises ValueError that says which URLs there are."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    usual = not (parts.query or parts.fragment or parts.username or parts.password)
    if usual and parts.scheme == "file" and not parts.netloc and len(path) > 1:
        return Place("file", "", path.rstrip("/"))
    if usual and parts.scheme in ("s3", "gs") and parts.netloc and ".." not in path:
        return Place(parts.scheme, parts.netloc, path.strip("/"))
    raise ValueError(
        "must be file:///folder, s3://bucket/prefix or gs://bucket/prefix, without credentials"
    )


def open_store(place: Place, environ: Mapping[str, str], patience: Patience) -> ObjectStore:
    """A client for a place; it connects when it is used. A missing folder is made."""
    from obstore.store import GCSStore, LocalStore, S3Store

    if place.scheme == "file":
        return LocalStore(Path(place.path), mkdir=True)
    options: dict[str, Any] = {
        "prefix": place.path or None,
        "client_options": {
            "timeout": timedelta(seconds=patience.seconds),
            "connect_timeout": timedelta(seconds=min(patience.seconds, 5)),
            "allow_http": _is_plain_http(environ),
        },
        "retry_config": {
            "max_retries": patience.retries,
            "retry_timeout": timedelta(seconds=patience.seconds),
        },
    }
    if place.scheme == "s3":
        return S3Store(place.bucket, config=_chosen(_S3, environ), **options)
    return GCSStore(place.bucket, config=_chosen(_GS, environ), **options)


def _chosen(known: Mapping[str, str], environ: Mapping[str, str]) -> Any:
    return {option: environ[name] for name, option in known.items() if environ.get(name)}


def _is_plain_http(environ: Mapping[str, str]) -> bool:
    """Whether a server of one's own, named by its address, is asked without TLS."""
    both = {**os.environ, **environ}
    key = both.get("GOOGLE_SERVICE_ACCOUNT_KEY", "").replace(" ", "")
    return both.get("AWS_ENDPOINT_URL", "").startswith("http://") or '_url":"http://' in key
