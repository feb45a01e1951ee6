"""The index in step with the products: changes, misses, crashes, several at once, rebuilds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.search import (
    SearchEntry,
    SearchPosting,
    SearchState,
    SearchWord,
)
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.search import indexing, postings
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_commerce.services.search.work import INDEX
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_core.api import SYSTEM, Conflict, Platform, transaction
from wrencos_core.clock import ManualClock
from wrencos_core.testing.jobs import JobRunner
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
Find = Callable[..., list[str]]


def content() -> dict[str, Any]:
    """The index without the names of its generation and its revisions."""
    generation = SearchState.raw().find_one({"_id": "index"})["generation"]
    start = len(generation) + 1
    keys = {
        row["_id"][start:]: row["count"]
        for row in SearchPosting.raw().find({"_id": {"$regex": f"^{generation}/"}})
        if row["count"]
    }
    words = {
        row["word"]: (row.get("name", 0), row.get("tag", 0), row.get("rest", 0), row["written"])
        for row in SearchWord.raw().find({"generation": generation})
    }
    entries = {
        row["product_id"]: (row["product_version"], sorted(postings.unpacked(row["keys"])))
        for row in SearchEntry.raw().find({"generation": generation})
    }
    return {
        "keys": keys,
        "words": {word: counts for word, counts in words.items() if any(counts[:3])},
        "entries": entries,
    }


def test_a_change_is_found_once_the_jobs_have_run(
    platform: Platform, make_product: MakeProduct, run_jobs: JobRunner, find: Find
) -> None:
    id = make_product(name="Amber cream")
    run_jobs()
    assert find("amber") == ["Amber cream"]
    products = platform.services.require(Products)
    products.update(id, {"name": "Birch cream"}, SYSTEM)
    run_jobs()
    assert find("amber") == []
    assert find("birch") == ["Birch cream"]
    products.withdraw(id, SYSTEM)
    run_jobs()
    assert find() == []
    products.update(id, {"is_active": True}, SYSTEM)
    run_jobs()
    assert find("birch") == ["Birch cream"]


def test_a_withdrawn_product_is_not_shown_before_the_index_knows(
    platform: Platform, make_product: MakeProduct, index: SearchIndex, search: ProductSearch
) -> None:
    id = make_product(name="Amber cream")
    index.rebuild()
    platform.services.require(Products).withdraw(id, SYSTEM)
    assert search.search("amber", SearchFilter()).rows == []


def test_what_sells_out_and_comes_back_is_found_by_it(
    platform: Platform, make_product: MakeProduct, run_jobs: JobRunner, find: Find
) -> None:
    id = make_product(name="Amber cream", inventory=1)
    run_jobs()
    assert find(in_stock=True) == ["Amber cream"]
    variant = Product.raw().find_one({"_id": id})["variants"][0]["id"]
    stock = platform.services.require(Stock)
    stock.take({Unit(id, variant): 1}, reference="order_1", identity=SYSTEM)
    run_jobs()
    assert find(in_stock=True) == []
    stock.add(Unit(id, variant), 3, MovementReason.FOUND, SYSTEM)
    run_jobs()
    assert find(in_stock=True) == ["Amber cream"]


def test_a_job_that_runs_twice_changes_nothing(
    platform: Platform, make_product: MakeProduct, index: SearchIndex
) -> None:
    index.rebuild()
    id = make_product(name="Amber cream")
    job = platform.jobs.get(INDEX)
    job.handler(product_ids=[id])
    once = content()
    job.handler(product_ids=[id])
    assert content() == once
    assert "n/amber" in once["keys"]


def test_single_changes_end_where_a_rebuild_does(
    platform: Platform, make_product: MakeProduct, index: SearchIndex
) -> None:
    index.rebuild()
    products = platform.services.require(Products)
    ids = [
        make_product(name=f"Amber {n}", price=Decimal(n + 1), concerns=["acne"], brand="Lá Sen")
        for n in range(5)
    ]
    index.index(ids)
    products.update(ids[0], {"name": "Đất sét", "concerns": []}, SYSTEM)
    products.update(ids[1], {"price": Decimal(99), "brand": None}, SYSTEM)
    products.update(ids[2], {"ingredients": ["Aqua", "Ascorbic Acid"]}, SYSTEM)
    index.index(ids)
    changed = content()
    index.rebuild()
    assert content() == changed


def test_what_was_missed_is_found_by_its_change(
    make_product: MakeProduct, index: SearchIndex, find: Find, clock: ManualClock
) -> None:
    index.rebuild()
    make_product(name="Amber cream")
    assert find("amber") == []
    clock.advance(timedelta(minutes=1))
    assert index.catch_up() == 1
    assert find("amber") == ["Amber cream"]
    clock.advance(timedelta(minutes=1))
    assert index.catch_up() == 0


def test_a_change_that_was_committed_late_is_not_missed(
    make_product: MakeProduct, index: SearchIndex, find: Find, clock: ManualClock
) -> None:
    clock.advance(timedelta(seconds=60))
    index.rebuild()
    clock.advance(timedelta(seconds=-55))
    make_product(name="Amber cream")
    clock.advance(timedelta(seconds=60))
    index.catch_up()
    assert find("amber") == ["Amber cream"]


@pytest.mark.parametrize("writes", range(1, 5))
def test_a_crash_between_two_writes_leaves_nothing_half_done(
    monkeypatch: pytest.MonkeyPatch,
    make_product: MakeProduct,
    index: SearchIndex,
    find: Find,
    writes: int,
) -> None:
    make_product(name="Old balm")
    index.rebuild()
    id = make_product(name="Amber cream")
    before = content()

    class Killed(BaseException):
        """As a kill: nothing of ours may catch it."""

    steps = [(indexing.SearchEntry, "raw"), (indexing.postings, "change")]
    steps += [(indexing.vocabulary, "update"), (indexing, "_note")]
    owner, name = steps[writes - 1]

    def die(*_: Any, **__: Any) -> Any:
        raise Killed

    real = getattr(owner, name)

    def die_after(*args: Any, **options: Any) -> Any:
        real(*args, **options)
        raise Killed

    work = index._index if name == "raw" else index.index
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, die if name == "raw" else die_after)
        with pytest.raises(Killed):
            transaction(partial(work, [id]))
    assert content() == before
    index.index([id])
    assert find("amber") == ["Amber cream"]
    repaired = content()
    index.rebuild()
    assert content() == repaired


def test_indexers_at_the_same_time_lose_nothing(
    make_product: MakeProduct, index: SearchIndex
) -> None:
    index.rebuild()
    ids = [make_product(name=f"Amber {n}") for n in range(12)]
    outcomes = run_in_threads(4, lambda n: index.index(ids[n * 2 : n * 2 + 6]))
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    together = content()
    assert together["keys"]["n/amber"] == 12
    assert len({row["ordinal"] for row in SearchEntry.raw().find()}) == 12
    index.rebuild()
    assert content() == together


def test_only_one_rebuilds_and_a_dead_one_blocks_nobody_for_long(
    make_product: MakeProduct, index: SearchIndex, clock: ManualClock
) -> None:
    make_product(name="Amber cream")
    assert index._begin("build_dead", clock())
    with pytest.raises(Conflict):
        index.rebuild()
    clock.advance(timedelta(minutes=16))
    assert index.rebuild() == 1


def test_a_crash_of_a_rebuild_leaves_the_old_index(
    monkeypatch: pytest.MonkeyPatch,
    make_product: MakeProduct,
    index: SearchIndex,
    find: Find,
    clock: ManualClock,
) -> None:
    make_product(name="Amber cream")
    index.rebuild()

    def die(*_: Any) -> Any:
        raise RuntimeError("killed")

    with monkeypatch.context() as patch:
        patch.setattr("wrencos_commerce.services.search.rebuilding._postings", die)
        with pytest.raises(RuntimeError):
            index.rebuild()
    assert find("amber") == ["Amber cream"]
    assert len(SearchEntry.raw().distinct("generation")) == 2
    clock.advance(timedelta(minutes=2))
    index.catch_up()
    assert find("amber") == ["Amber cream"]
    assert len(SearchEntry.raw().distinct("generation")) == 1


def test_searches_during_rebuilds_find_everything(
    make_product: MakeProduct, index: SearchIndex, search: ProductSearch
) -> None:
    for number in range(8):
        make_product(name=f"Amber {number}")
    index.rebuild()

    def work(number: int) -> set[int]:
        if number == 0:
            for _ in range(3):
                index.rebuild()
            return {8}
        pages = [search.search("amber", SearchFilter(), "price") for _ in range(30)]
        return {len(page.rows) for page in pages} | {page.total for page in pages}

    assert run_in_threads(3, work) == [{8}, {8}, {8}]


def test_old_generations_are_deleted_once_nobody_reads_them(
    make_product: MakeProduct, index: SearchIndex, find: Find, clock: ManualClock
) -> None:
    make_product(name="Amber cream")
    index.rebuild()
    index.rebuild()
    assert len(SearchEntry.raw().distinct("generation")) == 2
    clock.advance(timedelta(minutes=2))
    index.catch_up()
    assert len(SearchEntry.raw().distinct("generation")) == 1
    assert find("amber") == ["Amber cream"]


def test_a_rebuild_ranks_by_what_is_bought(
    make_product: MakeProduct, index: SearchIndex, find: Find
) -> None:
    first, second = make_product(name="Amber one"), make_product(name="Amber two")
    Product.raw().update_one({"_id": first}, {"$set": {"sold": 5}})
    index.rebuild()
    assert find("amber") == ["Amber one", "Amber two"]
    Product.raw().update_one({"_id": second}, {"$set": {"sold": 9}})
    index.rebuild()
    assert find("amber") == find(sort="popular") == ["Amber two", "Amber one"]
