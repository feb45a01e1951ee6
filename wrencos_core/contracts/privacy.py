"""What a plugin answers when a person asks for their data, or to be forgotten."""

from __future__ import annotations

from typing import Any

import msgspec


class PersonalData(msgspec.Struct, frozen=True):
    """All that one plugin stores about a user: named sections of JSON-able rows."""

    sections: dict[str, list[dict[str, Any]]]


class ErasedData(msgspec.Struct, frozen=True):
    """What one plugin erased (thing to count), and what it kept (thing to the reason)."""

    erased: dict[str, int]
    kept: dict[str, str]
