"""/api/products/imports and /api/products/export.csv"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.import_run import ImportChange, ImportRun
from wrencos_commerce.models.product import Product
from wrencos_commerce.permissions import READ_COST, WRITE_PRODUCTS
from wrencos_commerce.services.csv import uploads
from wrencos_commerce.services.csv.uploads import ImportUploads
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform
from wrencos_core.testing.callers import Caller

GOOD = "sku,name,price,inventory,costPrice\nS-1,Kem,5,3,1.50\nS-2,Son,7,1,2\n"
URL = "/api/products/imports"


@pytest.fixture
def staff(login: Any) -> Caller:
    caller: Caller = login("staff", permissions=[WRITE_PRODUCTS])
    return caller


def _upload(caller: Caller, text: str = GOOD, query: str = "") -> dict[str, Any]:
    answer = caller.post(
        f"{URL}{query}", data=text.encode(), headers={"Content-Type": "text/csv; charset=utf-8"}
    )
    assert answer.status_code == 201, answer.get_json()
    run: dict[str, Any] = answer.get_json()["productImport"]
    return run


def test_upload_look_apply_and_undo(staff: Caller, run_jobs: Any, platform: Platform) -> None:
    run = _upload(staff)
    assert (run["state"], run["rows"], run["badRows"]) == ("ready", 2, 0)
    assert run["planned"] == {"created": 2, "updated": 0, "unchanged": 0}
    assert Product.raw().count_documents({}) == 0
    name = ImportRun.raw().find_one({})["file"]
    assert platform.private_files.exists(name)
    url = f"{URL}/{run['importId']}"
    assert staff.post(f"{url}/apply").status_code == 202
    assert staff.post(f"{url}/apply").status_code == 202
    run_jobs()
    done = staff.get(url).get_json()["productImport"]
    assert (done["state"], done["done"]["created"], done["doneRow"]) == ("done", 2, 3)
    assert Product.raw().count_documents({}) == 2
    assert not platform.private_files.exists(name)
    assert staff.post(f"{url}/apply").status_code == 202
    assert staff.post(f"{url}/undo").status_code == 202
    run_jobs()
    undone = staff.get(url).get_json()["productImport"]
    assert (undone["state"], undone["undone"]["deleted"]) == ("undone", 2)
    assert Product.raw().count_documents({}) == 0
    listed = staff.get(URL).get_json()
    assert [one["importId"] for one in listed["imports"]] == [run["importId"]]
    assert listed["totalCount"] == 1


def test_the_jobs_may_run_twice(staff: Caller, platform: Platform, run_jobs: Any) -> None:
    run_id = _upload(staff)["importId"]
    staff.post(f"{URL}/{run_id}/apply")
    service = platform.services.require(ImportUploads)
    service.run_import(run_id)
    before = list(Product.raw().find())
    service.run_import(run_id)
    run_jobs()
    assert list(Product.raw().find()) == before
    staff.post(f"{URL}/{run_id}/undo")
    service.run_undo(run_id)
    service.run_undo(run_id)
    assert Product.raw().count_documents({}) == 0


def test_bad_rows_are_told_and_can_not_be_applied(staff: Caller) -> None:
    run = _upload(staff, GOOD.replace("7", "a lot"))
    assert run["state"] == "bad"
    words = "Is no amount: 'a lot'."
    assert run["errors"] == [{"row": 3, "column": "price", "words": words}]
    answer = staff.post(f"{URL}/{run['importId']}/apply")
    assert answer.status_code == 409
    skipping = _upload(staff, GOOD.replace("7", "a lot"), "?skipBad=true")
    assert skipping["state"] == "ready"
    assert skipping["planned"]["created"] == 1


def test_a_form_and_a_mapping(staff: Caller) -> None:
    content = GOOD.replace("name", "Tên").encode()
    data = {"file": (io.BytesIO(content), "../../etc/passwd.csv")}
    refused = staff.post(URL, data=data)
    assert refused.status_code == 422
    assert "Tên" in refused.get_json()["errors"]
    assert ImportRun.raw().count_documents({}) == 0
    data = {"file": (io.BytesIO(content), "x.csv")}
    answer = staff.post(f"{URL}?map=Tên%3Dname&ignore=costPrice", data=data)
    assert answer.status_code == 201, answer.get_json()
    assert answer.get_json()["productImport"]["planned"]["created"] == 2


def test_a_large_file_is_checked_in_the_background(
    staff: Caller, run_jobs: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "AT_ONCE", 10)
    run = _upload(staff)
    assert run["state"] == "checking"
    assert staff.post(f"{URL}/{run['importId']}/apply").status_code == 409
    run_jobs()
    assert staff.get(f"{URL}/{run['importId']}").get_json()["productImport"]["state"] == "ready"


@pytest.mark.parametrize(
    ("data", "type", "status"),
    [
        (b"", "text/csv", 422),
        (b"x" * 2001, "text/csv", 413),
        (b"sku,name,price\n", "application/json", 415),
        (b"name,price\nx,1\n", "text/csv", 422),
        (b"\xff\xfe\xff", "text/csv", 422),
    ],
)
def test_what_is_no_file_of_products(
    make_platform: Any, make_app: Any, data: bytes, type: str, status: int
) -> None:
    from wrencos_core.testing.accounts import Logins

    platform = make_platform(settings={CommerceSettings: {"import_max_bytes": 2000}})
    caller = Logins(platform, make_app(platform))("staff", permissions=[WRITE_PRODUCTS])
    answer = caller.post(URL, data=data, headers={"Content-Type": type})
    assert answer.status_code == status
    assert ImportRun.raw().count_documents({}) == 0


def test_only_who_may_change_products(login: Any, client: Any) -> None:
    for path in (URL, f"{URL}/import_1", "/api/products/export.csv"):
        assert client.get(path).status_code == 401
        assert login().get(path).status_code == 403
    for path in (URL, f"{URL}/import_1/apply", f"{URL}/import_1/undo"):
        assert client.post(path).status_code == 401
        assert login("staff").post(path).status_code == 403


def test_an_unknown_import(staff: Caller) -> None:
    for answer in (
        staff.get(f"{URL}/import_1"),
        staff.post(f"{URL}/import_1/apply"),
        staff.post(f"{URL}/import_1/undo"),
    ):
        assert answer.status_code == 404


def test_costs_are_for_those_who_may_see_them(staff: Caller, login: Any) -> None:
    run = _upload(staff)
    columns = [change["column"] for change in run["changes"][0]["changes"]]
    assert "price" in columns
    assert "costPrice" not in columns
    buyer = login("staff", permissions=[WRITE_PRODUCTS, READ_COST])
    shown = buyer.get(f"{URL}/{run['importId']}").get_json()["productImport"]
    assert "costPrice" in [change["column"] for change in shown["changes"][0]["changes"]]
    for caller, sees in ((staff, False), (buyer, True)):
        header = caller.get("/api/products/export.csv").get_data(as_text=True).splitlines()[0]
        assert ("costPrice" in header) is sees
        shopify = caller.get("/api/products/export.csv?format=shopify")
        assert ("Cost per item" in shopify.get_data(as_text=True).splitlines()[0]) is sees


def test_the_export(staff: Caller, make_product: Callable[..., str]) -> None:
    make_product(sku="S-1", name="=Kem", slug="kem")
    answer = staff.get("/api/products/export.csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=products-own-")
    assert "\r\nkem,S-1,'=Kem," in answer.get_data(as_text=True)
    assert staff.get("/api/products/export.csv?category=none").status_code == 404
    assert staff.get("/api/products/export.csv?format=pdf").status_code == 422


def test_the_sweep_goes_on_with_what_was_lost(
    staff: Caller, platform: Platform, run_jobs: Any, clock: Any
) -> None:
    run_id = _upload(staff)["importId"]
    staff.post(f"{URL}/{run_id}/apply")
    platform.redis.flushdb()
    service = platform.services.require(ImportUploads)
    assert service.sweep() == 0
    clock.advance(timedelta(minutes=3))
    assert service.sweep() == 1
    run_jobs()
    assert ImportRun.raw().find_one({"_id": run_id})["state"] == "done"
    clock.advance(timedelta(minutes=3))
    assert service.sweep() == 0


def test_the_sweep_deletes_what_is_old(staff: Caller, platform: Platform, clock: Any) -> None:
    run_id = _upload(staff)["importId"]
    name = ImportRun.raw().find_one({})["file"]
    service = platform.services.require(ImportUploads)
    clock.advance(timedelta(days=7, seconds=-1))
    service.sweep()
    assert platform.private_files.exists(name)
    clock.advance(timedelta(seconds=2))
    service.sweep()
    service.sweep()
    assert not platform.private_files.exists(name)
    assert ImportRun.raw().find_one({"_id": run_id}).get("file") is None
    ImportChange.raw().insert_one(
        {"_id": "ichg_1", "run_id": run_id, "created_at": clock(), "is_undone": False}
    )
    clock.advance(timedelta(days=91))
    service.sweep()
    assert ImportChange.raw().count_documents({}) == 0
    assert ImportRun.raw().find_one({"_id": run_id})["is_undoable"] is False
