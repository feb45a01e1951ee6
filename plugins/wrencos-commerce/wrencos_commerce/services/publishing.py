"""Products that go on sale and off it at a set moment."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.product_changes import ProductChanges
from wrencos_core.api import SYSTEM, audit, now, transaction

log = structlog.get_logger(__name__)

Row = Mapping[str, Any]

PUBLISH_DUE = "commerce.publish_due"
# Most products in one run; what is left is due a minute later.
_MOST = 5000


class Publishing:
    """Carries out what `publish_at` and `unpublish_at` say."""

    def __init__(self, changes: ProductChanges) -> None:
        self._changes = changes

    def run(self) -> int:
        """The job: publish and withdraw what is due, each in its own transaction; how many.

        One that fails is logged and tried again by the next run; it does not hold up the others.
        """
        moment = now()
        ids: dict[str, None] = {}
        for field in ("publish_at", "unpublish_at"):
            due = Product.raw().find({field: {"$lte": moment}}, {"_id": 1}).sort(field, 1)
            ids |= dict.fromkeys(row["_id"] for row in due.limit(_MOST))
        done = 0
        for id in ids:
            try:
                done += transaction(partial(self._carry_out, id, moment))
            except Exception:
                log.exception("publishing.failed", product_id=id)
        return done

    def _carry_out(self, id: str, moment: datetime) -> bool:
        """Whether there still was something due: read again, as the owner may have changed it."""
        row = Product.raw().find_one({"_id": id})
        changes = due_changes(row, moment) if row else {}
        if row is None or not changes:
            return False
        self._changes.store(id, changes)
        if "is_active" in changes:
            action = "publish" if changes["is_active"] else "unpublish"
            audit.record(SYSTEM, f"commerce.products.{action}", id)
        return True


def due_changes(row: Row, moment: datetime) -> dict[str, Any]:
    """What the schedule of a product says at `moment`: nothing, or whether it is for sale now.

    When both moments have passed the later one counts; at the same moment it is withdrawn.
    """
    due = [
        (row[field], state, field)
        for field, state in (("publish_at", True), ("unpublish_at", False))
        if row.get(field) and row[field] <= moment
    ]
    if not due:
        return {}
    # At the same moment: True sorts last, so `not state` lets the withdrawal be the last.
    _, state, _ = max(due, key=lambda found: (found[0], not found[1]))
    changes: dict[str, Any] = {field: None for _, _, field in due}
    if row["is_active"] is not state:
        changes["is_active"] = state
    return changes


def rescheduled(changes: Row) -> dict[str, Any]:
    """What a change by hand does to the schedule: the last word counts.

    Who withdraws a product does not want it published later, unless they say when; who puts it on
    sale needs no publishing any more. For `Products.update`, over what it is about to store.
    """
    if "is_active" in changes and "publish_at" not in changes:
        return {"publish_at": None}
    return {}
