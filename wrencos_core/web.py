"""The HTTP facade: what a plugin's api/ folder imports. Its other parts import `api` instead."""

from wrencos_core.http.access import (
    LOGGED_IN,
    PUBLIC,
    current_identity,
    current_platform,
    service,
)
from wrencos_core.http.blueprint import Blueprint, require_match
from wrencos_core.http.languages import LANGUAGES, accepted_language, answer_in
from wrencos_core.http.media import send_private
from wrencos_core.http.schemas import (
    Country,
    Flag,
    Line,
    Major,
    Moment,
    PageQuery,
    Paging,
    PersonName,
    Schema,
    Text,
    Whole,
)
from wrencos_core.http.uploads import takes_file, uploaded_file
from wrencos_core.http.websockets import current_hub
from wrencos_core.websockets.connection import Connection
from wrencos_core.websockets.errors import CloseCode, ConnectionClosed
from wrencos_core.websockets.hub import Hub
from wrencos_core.websockets.routes import WebSocketRoute

__all__ = [
    "LANGUAGES",
    "LOGGED_IN",
    "PUBLIC",
    "Blueprint",
    "CloseCode",
    "Connection",
    "ConnectionClosed",
    "Country",
    "Flag",
    "Hub",
    "Line",
    "Major",
    "Moment",
    "PageQuery",
    "Paging",
    "PersonName",
    "Schema",
    "Text",
    "WebSocketRoute",
    "Whole",
    "accepted_language",
    "answer_in",
    "current_hub",
    "current_identity",
    "current_platform",
    "require_match",
    "send_private",
    "service",
    "takes_file",
    "uploaded_file",
]
