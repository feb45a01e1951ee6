"""The HTTP facade: what a plugin's api/ folder imports. Its other parts import `api` instead."""

from wrencos_core.http.access import (
    LOGGED_IN,
    PUBLIC,
    current_identity,
    current_platform,
    service,
)
from wrencos_core.http.blueprint import Blueprint, require_match
from wrencos_core.http.schemas import Major, PageQuery, Paging, Schema, Text, Whole

__all__ = [
    "LOGGED_IN",
    "PUBLIC",
    "Blueprint",
    "Major",
    "PageQuery",
    "Paging",
    "Schema",
    "Text",
    "Whole",
    "current_identity",
    "current_platform",
    "require_match",
    "service",
]
