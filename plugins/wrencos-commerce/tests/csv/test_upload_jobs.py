"""The jobs of uploads, when something went wrong or changed meanwhile."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.import_run import ImportRun
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.options import ImportOptions
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_commerce.services.csv.uploads import ImportUploads
from wrencos_commerce.services.csv.writing import Writer
from wrencos_core.api import SYSTEM, Conflict, Platform


@pytest.fixture
def uploads(platform: Platform) -> ImportUploads:
    return platform.services.require(ImportUploads)


@pytest.fixture
def wanted(uploads: ImportUploads) -> dict[str, Any]:
    """An import that somebody asked for and no worker has begun."""
    row = uploads.accept(b"sku,name,price\nA,Kem,1\n", ImportOptions(), SYSTEM)
    return dict(uploads.apply(row["_id"], SYSTEM))


def _run(id: str) -> Any:
    return ImportRun.raw().find_one({"_id": id})


def test_a_file_that_is_gone_is_not_asked_for_again(
    clock: Any, uploads: ImportUploads, wanted: dict[str, Any], platform: Platform
) -> None:
    platform.private_files.delete(wanted["file"])
    uploads.run_import(wanted["_id"])
    row = _run(wanted["_id"])
    assert (row["state"], row.get("wanted"), row.get("file")) == ("bad", None, None)
    assert "file" in row["notes"][-1]
    clock.advance(timedelta(minutes=3))
    assert uploads.sweep() == 0
    with pytest.raises(Conflict):
        uploads.apply(wanted["_id"], SYSTEM)


def test_a_run_that_kept_no_file_is_not_asked_for_again(
    clock: Any, uploads: ImportUploads, wanted: dict[str, Any]
) -> None:
    clock.advance(timedelta(days=8))
    uploads.sweep()
    uploads.run_import(wanted["_id"])
    row = _run(wanted["_id"])
    assert (row["state"], row.get("wanted")) == ("bad", None)


def test_an_import_that_lost_its_file_half_way_can_be_undone(
    uploads: ImportUploads, platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "".join(f"S-{n},Product {n},1\n" for n in range(600))
    content = f"sku,name,price\n{rows}".encode()
    run_id = str(uploads.accept(content, ImportOptions(), SYSTEM)["_id"])
    uploads.apply(run_id, SYSTEM)
    original = Writer.write

    def failing(self: Writer, batch: Any, run: str, number: int, *others: Any) -> Any:
        if number == 2:
            raise ConnectionError("the database went away")
        return original(self, batch, run, number, *others)

    monkeypatch.setattr(Writer, "write", failing)
    with pytest.raises(ConnectionError):
        uploads.run_import(run_id)
    platform.private_files.delete(_run(run_id)["file"])
    uploads.run_import(run_id)
    row = _run(run_id)
    assert (row["state"], row.get("wanted"), row.get("file")) == ("running", None, None)
    uploads.undo(run_id, SYSTEM)
    uploads.run_undo(run_id)
    assert _run(run_id)["state"] == "undone"
    assert Product.raw().count_documents({}) == 0


def test_an_undo_that_is_asked_for_at_the_end_of_the_import_is_done(
    uploads: ImportUploads, wanted: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id, original = wanted["_id"], ProductCsv.go_on

    def undone_at_once(self: ProductCsv, *arguments: Any, **named: Any) -> Any:
        report = original(self, *arguments, **named)
        uploads.undo(run_id, SYSTEM)
        return report

    monkeypatch.setattr(ProductCsv, "go_on", undone_at_once)
    uploads.run_import(run_id)
    uploads.run_undo(run_id)
    row = _run(run_id)
    assert (row["state"], row.get("wanted")) == ("undone", None)
    assert Product.raw().count_documents({}) == 0
