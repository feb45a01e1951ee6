"""Ids: `<prefix>_<ULID>`, sortable by time of creation, unguessable in their last 80 bits."""

from __future__ import annotations

import re

from ulid import ULID

_PREFIX = re.compile(r"[a-z][a-z0-9]{1,15}")
_ID = re.compile(r"[a-z][a-z0-9]{1,15}_[0-9A-HJKMNP-TV-Z]{26}")


def new_id(prefix: str) -> str:
    """A new id such as `order_01JCV5…`; `prefix` names the kind of thing."""
    if not is_prefix(prefix):
        raise ValueError(f"not an id prefix: {prefix!r}")
    return f"{prefix}_{ULID()}"


def is_prefix(text: str) -> bool:
    """Whether `text` can stand before the underscore of an id."""
    return _PREFIX.fullmatch(text) is not None


def is_id(text: str, prefix: str | None = None) -> bool:
    """Whether `text` has the form of an id (of the kind `prefix`, when given)."""
    return _ID.fullmatch(text) is not None and (prefix is None or text.startswith(f"{prefix}_"))
