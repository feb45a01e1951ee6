"""An import whose process is killed: it goes on where it was, or is undone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from wrencos_commerce.models.import_run import ImportChange, ImportRun
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.csv.product_csv import ProductCsv
from wrencos_core import clock
from wrencos_core.api import SYSTEM, Conflict, Platform, now
from wrencos_core.testing.processes import environment
from wrencos_core.testing.waiting import wait_until

_ROWS = 6000


@contextmanager
def _killed_import(platform: Platform, path: Path, folder: Path) -> Iterator[dict[str, Any]]:
    """Kill `wrencos product import` when some of the file is written; its run, a minute later."""
    process = subprocess.Popen(
        [sys.executable, "-m", "wrencos_cli", "product", "import", str(path)],
        env=environment(platform, folder),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(
            lambda: ImportRun.raw().count_documents({"batches": {"$gte": 2}}) > 0, "two batches"
        )
        os.kill(process.pid, signal.SIGKILL)
    finally:
        process.kill()
        process.wait()
    run = ImportRun.raw().find_one({})
    assert run["state"] == "running"
    with clock.use(clock.ManualClock(now() + timedelta(seconds=61))):
        yield run


@pytest.fixture
def large(file: Callable[..., Path]) -> Path:
    rows = "".join(f"p-{n // 2},S-{n},Product {n // 2},1,{n}\n" for n in range(_ROWS))
    return file(f"handle,sku,name,price,shade\n{rows}")


def test_a_killed_import_goes_on(
    platform: Platform, run: Any, large: Path, tmp_path: Path, outbox_events: Any
) -> None:
    with _killed_import(platform, large, tmp_path) as begun:
        assert 0 < Product.raw().count_documents({}) < _ROWS / 2
        (listed,) = json.loads(run("imports", "--json").output)
        assert listed["state"] == "interrupted"
        result = run("import", large, "--continue", begun["_id"])
        assert result.exit_code == 0, (result.output, result.exception)
    done = ImportRun.raw().find_one({})
    assert (done["state"], done["created"], done["done_rows"]) == ("done", _ROWS / 2, _ROWS + 1)
    assert Product.raw().count_documents({}) == _ROWS / 2
    assert ImportChange.raw().count_documents({}) == _ROWS / 2
    told = [id for event in outbox_events() for id in event["payload"].get("product_ids", ())]
    assert sorted(told) == sorted(row["_id"] for row in Product.raw().find({}, {"_id": 1}))


def test_a_killed_import_is_undone(
    platform: Platform, run: Any, large: Path, tmp_path: Path
) -> None:
    with _killed_import(platform, large, tmp_path) as begun:
        written = Product.raw().count_documents({})
        result = run("import-undo", begun["_id"])
        assert result.output.startswith(f"Restored: 0. Deleted: {written}."), result.exception
        assert Product.raw().count_documents({}) == 0
        again = run("import", large, "--continue", begun["_id"])
        assert isinstance(again.exception, Conflict)


def test_only_one_works_on_a_run(platform: Platform, imported: Any, run: Any, file: Any) -> None:
    run_id = imported("sku,name,price\nS-1,A,1\n")
    held = {"state": "running", "lease_until": now() + timedelta(seconds=30), "token": "other"}
    ImportRun.raw().update_one({"_id": run_id}, {"$set": held})
    assert isinstance(run("import-undo", run_id).exception, Conflict)
    path = file("sku,name,price\nS-1,A,1\n")
    assert isinstance(run("import", path, "--continue", run_id).exception, Conflict)
    other = run("import", file("sku,name,price\nS-2,B,1\n", "other.csv"), "--continue", run_id)
    assert "of another file" in other.output


def test_a_catalogue_that_changed_meanwhile_stops_it(
    platform: Platform, make_product: Callable[..., str], file: Any, run: Any
) -> None:
    from wrencos_commerce.services.csv.options import ImportOptions
    from wrencos_commerce.services.csv.tables import table_of_file
    from wrencos_core.api import Invalid

    service = platform.services.require(ProductCsv)
    table = table_of_file(file("handle,sku,name,price\na,S-1,A,1\n"))
    report = service.check(table, ImportOptions())
    make_product(sku="S-1", slug="b")
    with pytest.raises(Invalid, match="changed meanwhile"):
        service.run(table, ImportOptions(), report, SYSTEM)
    assert Product.raw().count_documents({}) == 1
    assert '"interrupted"' in run("imports", "--json").output
