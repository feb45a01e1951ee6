"""What promotions remember of a user, and what is left of it when they are forgotten."""

from __future__ import annotations

from typing import Any

from wrencos_commerce.models.promotion import PromotionUse, PromotionUser
from wrencos_core.api import bump


def stored_uses(user_id: str) -> dict[str, list[dict[str, Any]]]:
    """The promotions that took something off the user's orders."""
    rows = PromotionUse.raw().find({"user_id": user_id}).sort("_id", 1)
    names = ("promotion_id", "order_id", "code", "created_at")
    return {"promotions": [{name: row.get(name) for name in names} for row in rows]}


def erase_uses(user_id: str) -> dict[str, int]:
    """Forget who used what; how often something was used stays counted."""
    counted = PromotionUser.raw().delete_many({"user_id": user_id}).deleted_count
    PromotionUse.raw().update_many({"user_id": user_id}, bump({"$unset": {"user_id": ""}}))
    return {"promotionUses": counted} if counted else {}
