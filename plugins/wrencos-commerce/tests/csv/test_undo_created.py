"""Undoing an import that created products: no work of others on them is lost."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.services.brands import Brands
from wrencos_commerce.services.csv import judging
from wrencos_commerce.services.csv.undoing import ImportUndo
from wrencos_commerce.services.csv.usage import used_since
from wrencos_commerce.services.products import Products
from wrencos_core.api import SYSTEM, Platform, now

CREATED = "handle,sku,name,price,inventory,brand\nkem,A,Kem,1,5,Sen\n"


@pytest.fixture
def undo(platform: Platform) -> Callable[[str], dict[str, Any]]:
    return lambda run_id: platform.services.require(ImportUndo).undo(run_id, SYSTEM)


def _kem() -> Any:
    return Product.raw().find_one({"slug": "kem"})


@pytest.mark.parametrize(
    "changes",
    [
        {"description": "A day of work"},
        {"inventory": 40},
        {"translations": {"en": {"name": "Cream"}}},
        {"image_url": "/media/kem.jpg"},
    ],
)
def test_what_staff_edited_is_withdrawn_and_told(
    imported: Any, undo: Any, platform: Platform, changes: dict[str, Any]
) -> None:
    run_id = imported(CREATED)
    id = _kem()["_id"]
    platform.services.require(Products).update(id, changes, SYSTEM)
    undone = undo(run_id)
    counts = {name: undone[name] for name in ("deleted", "withdrawn", "kept")}
    assert counts == {"deleted": 0, "withdrawn": 1, "kept": 1}
    reason = "changed since, so it was only withdrawn"
    assert undone["kept_fields"] == [{"product_id": id, "what": "Kem", "reason": reason}]
    row = _kem()
    assert row["is_active"] is False
    assert {name: row[name] for name in changes} == changes


def test_what_is_in_use_is_told_too(imported: Any, undo: Any, login: Any, place_order: Any) -> None:
    run_id = imported(CREATED)
    place_order(login(), _kem()["_id"])
    undone = undo(run_id)
    assert (undone["withdrawn"], undone["kept"]) == (1, 1)
    assert undone["kept_fields"][0]["reason"] == "in use, so it was only withdrawn"


def test_what_only_the_shop_itself_touched_is_deleted(
    imported: Any, undo: Any, platform: Platform
) -> None:
    run_id = imported(CREATED)
    platform.services.require(Brands).update("sen", {"name": "Sen Việt"}, SYSTEM)
    assert _kem()["brand"] == "Sen Việt"
    Product.raw().update_one({"slug": "kem"}, {"$set": {"sold": 7}, "$inc": {"version": 1}})
    assert undo(run_id)["deleted"] == 1
    assert _kem() is None


@pytest.mark.parametrize("batch", [1, 500])
def test_a_later_row_of_the_same_import_is_no_change_since(
    imported: Any, undo: Any, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(judging, "BATCH", batch)
    run_id = imported(
        "handle,sku,name,price,shade,brand,concerns,imageUrl,name_en\n"
        "kem,A,Kem,1,Red,Sen,,,\n"
        "che,C,Che,2,,,,,\n"
        "kem,B,Kem moi,3,Pink,Hoa,acne,/media/kem.jpg,Cream\n"
    )
    assert [variant["sku"] for variant in _kem()["variants"]] == ["A", "B"]
    assert (_kem()["name"], _kem()["brand"]) == ("Kem moi", "Hoa")
    assert undo(run_id)["deleted"] == 2
    assert Product.raw().count_documents({}) == 0


def test_a_product_that_was_published_meanwhile_is_kept(
    imported: Any, undo: Any, platform: Platform
) -> None:
    at = (now() + timedelta(hours=1)).isoformat()
    run_id = imported(f"handle,sku,name,price,publishAt\nkem,A,Kem,1,{at}\n")
    assert _kem()["is_active"] is False
    platform.services.require(Products).update(_kem()["_id"], {"is_active": True}, SYSTEM)
    assert undo(run_id)["withdrawn"] == 1
    assert (_kem()["is_active"], _kem()["publish_at"]) == (False, None)


def test_looking_for_use_reads_no_whole_collection(
    platform: Platform, commands_of: Any, plans_of: Any
) -> None:
    sent = commands_of(lambda: used_since(["prod_1", "prod_2"], now()))
    found = {command["find"]: plans_of(command) for command in sent if "find" in command}
    assert len(found) == 6
    for collection, (plan,) in found.items():
        assert "COLLSCAN" not in plan["stages"], collection
