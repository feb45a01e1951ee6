"""What is kept of searches, and what of that is shown to others."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask

from wrencos_commerce.models.search import SearchCount
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.report import SearchReport
from wrencos_core.api import Platform
from wrencos_core.clock import ManualClock

MakeProduct = Callable[..., str]
Ask = Callable[..., Any]


@pytest.fixture
def report(platform: Platform) -> SearchReport:
    return platform.services.require(SearchReport)


@pytest.fixture
def ask(app: Flask, make_product: MakeProduct, index: SearchIndex) -> Ask:
    """Returns `ask(q, address)`: a search by a visitor from there, in a shop with one product."""
    make_product(name="Kem chống nắng")
    index.rebuild()

    def ask(q: str, address: str = "192.0.2.1", **more: Any) -> Any:
        where = {"REMOTE_ADDR": address}
        query = {"q": q, **more}
        return (
            app.test_client()
            .get("/api/products/search", query_string=query, environ_overrides=where)
            .get_json()
        )

    return ask


def _stored() -> list[str]:
    return [row["shown"] for row in SearchCount.raw().find({"query": {"$exists": True}})]


def test_filters_do_not_make_a_query_one_that_finds_nothing(ask: Ask, report: SearchReport) -> None:
    for end in range(3):
        ask("kem chong", f"192.0.2.{end}")
    assert ask("kem chong", minPrice="99999")["totalCount"] == 0
    assert report.page(1, 0, 9, only_without_results=True) == ([], 0)
    assert report.beginning_with("kem", 5) == ["kem chong"]


def test_three_different_clients_make_a_suggestion(ask: Ask, report: SearchReport) -> None:
    for limit in range(1, 6):
        ask("kem chống", limit=limit)
        ask("kem nắng", f"2001:db8::{limit}")
    assert report.beginning_with("kem", 5) == []
    for end in range(2, 4):
        ask("kem chống", f"192.0.2.{end}")
        ask("kem nắng", f"2001:db8:{end}::1")
    assert report.beginning_with("kem", 5) == ["kem chống", "kem nắng"]


def test_clients_of_several_days_are_not_added_up(report: SearchReport, clock: ManualClock) -> None:
    for _ in range(3):
        report.record("kem", 1, "a")
        clock.advance(timedelta(days=1))
    assert report.beginning_with("kem", 5) == []


def test_of_clients_only_hashes_are_kept_that_tell_no_more(ask: Ask) -> None:
    for end in range(9):
        ask("kem", f"192.0.2.{end}")
    ask("nắng", "192.0.2.0")
    kept = {
        row["query"]: row["clients"]
        for row in SearchCount.raw().find({"clients.0": {"$exists": 1}})
    }
    assert len(kept["kem"]) == 3
    assert not set(kept["kem"]) & set(kept["nang"])
    assert "192.0.2" not in str(list(SearchCount.raw().find()))


def test_nobody_changes_what_others_are_shown(ask: Ask, report: SearchReport) -> None:
    for end in range(3):
        ask("Kem   chống", f"192.0.2.{end}")
    ask("KEM ☠☠ chong <b>!!</b>?", "192.0.2.9")
    assert report.beginning_with("kem cho", 5) == ["kem chống"]


def test_words_that_were_not_looked_at_are_not_kept(ask: Ask) -> None:
    ask("kem kem kem kem kem kem kem kem lua dao")
    assert _stored() == ["kem kem kem kem kem kem kem kem"]


def test_a_mistyped_query_is_kept_as_corrected(ask: Ask) -> None:
    assert ask("kem chogn")["correctedTo"]
    assert _stored() == ["kem chống"]


def test_what_found_nothing_is_kept_without_numbers(ask: Ask, report: SearchReport) -> None:
    ask("máy rửa 12345")
    ask("kem chống nắng máy rửa mặt")
    rows, _ = report.page(1, 0, 9, only_without_results=True)
    assert sorted(row["query"] for row in rows) == ["kem chống nắng máy rửa mặt", "máy rửa"]


@pytest.mark.parametrize(
    "typed",
    [
        "lan@example.com",
        "0912 345 678",
        "+84 (91) 234-56-78",
        "www.example.com",
        "mail lan . nguyen at example . com",
        "an.nguyen (a) gmail",
        "lan at gmail",
        "kem của Nguyễn Văn An 12 Lê Lợi",
        "09123",
        "x" * 81,
        "...",
    ],
)
def test_what_may_be_personal_is_not_kept(platform: Platform, typed: str) -> None:
    platform.services.require(SearchReport).record(typed, 0)
    assert SearchCount.raw().count_documents({}) == 0


def test_rows_of_the_report_expire(platform: Platform, clock: ManualClock) -> None:
    platform.services.require(SearchReport).record("serum", 1)
    kept = {row["expires_at"] - clock() for row in SearchCount.raw().find()}
    assert kept == {timedelta(days=180)}


def test_a_day_of_nonsense_fills_no_disk(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("wrencos_commerce.services.search.report._MOST_A_DAY", 3)
    report = platform.services.require(SearchReport)
    for number in range(9):
        report.record(f"nonsense {number}", 0)
    report.record("nonsense 1", 0)
    rows, total = report.page(1, 0, 10)
    assert total == 3
    assert rows[0]["count"] == 2
