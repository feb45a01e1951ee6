"""GET /api/search: one search over whatever plugins are installed."""

from __future__ import annotations

from typing import Any

import marshmallow as ma
import msgspec
from marshmallow import fields, validate

from wrencos_core.contracts.search import SearchHit
from wrencos_core.http.access import current_identity, current_platform
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.http.schemas import Schema, Text

blp = Blueprint("search", __name__, url_prefix="/search", description="Search across plugins.")


class SearchQuery(Schema):
    q = Text(100, required=True)
    limit = fields.Integer(load_default=20, validate=validate.Range(1, 50))

    @ma.validates("q")
    def _not_blank(self, value: str, data_key: str) -> None:
        if not value:
            raise ma.ValidationError("Say what to search for.")


class SearchResults(msgspec.Struct, rename="camel"):
    """What fits, the best first."""

    hits: list[SearchHit]


@blp.get("", access="core.everything.search")
@blp.arguments(SearchQuery, location="query")
@blp.response(200, SearchResults)
def search(args: dict[str, Any]) -> SearchResults:
    """Search across all installed plugins.

    Each hit carries its id and kind; only what the caller may see is found.
    """
    platform = current_platform()
    hits = platform.plugins.collect_safely(
        "search",
        platform=platform,
        identity=current_identity(),
        text=args["q"],
        limit=args["limit"],
    )
    hits.sort(key=lambda hit: (-hit.score, hit.id))
    return SearchResults(hits[: args["limit"]])
