"""Personal data in returns: exported whole; erased, the books stay."""

from __future__ import annotations

import json
from typing import Any

from wrencos_commerce import plugin
from wrencos_core.api import database
from wrencos_core.platform import current_platform as shop_platform
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller


def test_returns_are_exported_without_the_staff(
    me: Caller, clerk: Caller, bought: str, ask: Any, act: Any
) -> None:
    id = ask(me, bought, note="The pump is broken.")["returnId"]
    act(clerk, id, "approve", note="A difficult one")
    sections = plugin.export_personal_data(shop_platform(), user_id=me.user_id).sections
    (exported,) = sections["returns"]
    assert (exported["_id"], exported["note"]) == (id, "The pump is broken.")
    text = json.dumps(exported, default=str)
    assert "A difficult one" not in text
    assert clerk.user_id not in text


def test_erasure_takes_words_and_photos(
    me: Caller,
    clerk: Caller,
    bought: str,
    ask: Any,
    act: Any,
    upload: Any,
    run_jobs: Any,
    shop: Any,
) -> None:
    image = upload(me)
    id = ask(me, bought, note="Call Lan", imageIds=[image])["returnId"]
    act(clerk, id, "approve")
    act(clerk, id, "receive", note="Lan was kind")
    assert me.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    run_jobs()
    row = shop.back(id)
    assert "Lan" not in str(row)
    assert row["photos"] == []
    assert (row["credit"], row["items"][0]["quantity"]) == (2999, 1)
    found = database()["core_images"].find_one({"_id": image})
    assert found is None or "claimed_by" not in found
