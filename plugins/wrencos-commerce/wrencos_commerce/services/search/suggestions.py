"""What is offered while somebody types: products, categories, brands and whole queries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from wrencos_commerce.models.brand import Brand
from wrencos_commerce.services.search import postings, vocabulary
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_commerce.services.search.query import parse
from wrencos_commerce.services.search.report import SearchReport
from wrencos_commerce.services.search.words import distinct

Row = Mapping[str, Any]

_PRODUCTS, _OTHERS = 5, 5


@dataclass(frozen=True)
class Suggested:
    """Rows of products, categories and brands, and queries as they are written."""

    products: Sequence[Row] = ()
    categories: Sequence[Row] = ()
    brands: Sequence[Row] = ()
    queries: Sequence[str] = ()


class Suggestions:
    """Answers each letter that is typed."""

    def __init__(self, search: ProductSearch, report: SearchReport) -> None:
        self._search = search
        self._report = report

    def suggest(self, typed: str) -> Suggested:
        """The best of each kind for what is typed so far; its last word may be unfinished."""
        query = parse(typed)
        if query is None:
            return Suggested()
        return Suggested(
            products=self._search.best(typed, _PRODUCTS),
            categories=self._search.shelves().beginning_with(query.telling)[:_OTHERS],
            brands=self._brands(query.telling),
            queries=self._queries(typed, query.written, query.words[-1]),
        )

    def _brands(self, words: Sequence[str]) -> list[Row]:
        counts = self._search.brand_counts()
        slugs = [
            slug
            for slug in sorted(counts, key=lambda slug: (-counts[slug], slug))
            if all(any(p.startswith(word) for p in slug.split("-")) for word in words)
        ][:_OTHERS]
        found = brands_by_slug(slugs)
        return [found[slug] for slug in slugs if slug in found]

    def _queries(self, typed: str, written: Sequence[str], last: str) -> list[str]:
        """What others searched for, then the last word completed."""
        state = postings.state()
        if state is None:
            return []
        before = " ".join(written[:-1])
        completed = [
            f"{before} {word}".strip()
            for word in vocabulary.completions(state.generation, last, _OTHERS)
        ]
        return distinct([*self._report.beginning_with(typed, _OTHERS), *completed])[:_OTHERS]


def brands_by_slug(slugs: Sequence[str]) -> dict[str, Row]:
    """The brands with these slugs; one that only stands on products has no row."""
    if not slugs:
        return {}
    rows = Brand.raw().find({"slug": {"$in": list(slugs)}}, {"name": 1, "slug": 1})
    return {row["slug"]: row for row in rows}
