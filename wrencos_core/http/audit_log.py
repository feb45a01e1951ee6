"""GET /api/audit: what staff and admins changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from wrencos_core.audit import AuditEntry
from wrencos_core.http.blueprint import Blueprint
from wrencos_core.http.schemas import PageQuery, Paging, Text
from wrencos_core.listing import Listing

blp = Blueprint("audit", __name__, url_prefix="/audit", description="The audit log.")


_listing = Listing(AuditEntry.raw)


class AuditQuery(PageQuery):
    actor = Text(40)
    target = Text(60)


class AuditEntryView(msgspec.Struct, rename="camel", kw_only=True):
    """One change: who (`actor` is a user id or `system`) did what to what, and how."""

    id: str
    actor: str
    role: str | None
    channel: str
    action: str
    target: str
    changes: dict[str, Any]
    created_at: datetime


class AuditPage(msgspec.Struct, rename="camel", kw_only=True):
    """A page of the audit log, the newest first."""

    entries: list[AuditEntryView]
    total_count: int
    page: int
    total_pages: int


@blp.get("", access="core.audit_entries.read")
@blp.arguments(AuditQuery, location="query")
@blp.response(200, AuditPage)
def list_entries(args: dict[str, Any]) -> AuditPage:
    """Read the audit log.

    The newest entries first; `actor` and `target` limit it to one user or one thing.
    """
    paging = Paging.of(args)
    query: dict[str, Any] = {name: args[name] for name in ("actor", "target") if name in args}
    rows, total = _listing.page(
        query, sort=[("created_at", -1), ("_id", -1)], skip=paging.skip, limit=paging.limit
    )
    return AuditPage(
        entries=[_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


def _view(row: Mapping[str, Any]) -> AuditEntryView:
    return AuditEntryView(
        id=row["_id"],
        actor=row["actor"],
        role=row.get("role"),
        channel=row["channel"],
        action=row["action"],
        target=row["target"],
        changes=row.get("changes", {}),
        created_at=row["created_at"],
    )
