"""The search: what fits, counted by facets, and a page of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pyroaring import BitMap

from wrencos_commerce.models.product import LISTED, Product, brand_slug, fold_tag
from wrencos_commerce.services.search import entries, postings
from wrencos_commerce.services.search.entries import Part
from wrencos_commerce.services.search.facets import Counts, FacetReader
from wrencos_commerce.services.search.filters import SearchFilter, minor_bounds
from wrencos_commerce.services.search.ingredient_words import ingredient_keys
from wrencos_commerce.services.search.matching import Found, Matcher
from wrencos_commerce.services.search.postings import State
from wrencos_commerce.services.search.query import parse
from wrencos_commerce.services.search.shelves import ShelfReader, Shelves
from wrencos_commerce.services.search.synonyms import ThesaurusReader
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform

if TYPE_CHECKING:
    from wrencos_commerce.services.product_queries import ProductFilter

Row = Mapping[str, Any]

RELEVANCE, POPULAR = "relevance", "popular"
SORTS = (RELEVANCE, POPULAR, *entries.ORDERS)


@dataclass(frozen=True)
class SearchPage:
    """A page of what was found; `counts` are the facets of all of it.

    `unfiltered` is how many fit the words, whatever they are limited to.
    `corrected` is what was searched for in place of a mistyped query. `is_relaxed`: nothing fits
    all words, these fit the most of them.
    """

    rows: Sequence[Row] = ()
    total: int = 0
    unfiltered: int = 0
    counts: Counts = field(
        default_factory=lambda: Counts({}, {}, {}, {}, {}, {}, dict[int, int](), 0)
    )
    corrected: str | None = None
    is_relaxed: bool = False
    shelves: Shelves = field(default_factory=lambda: Shelves([]))


class ProductSearch:
    """Finds products for sale, in the index. A product is found soon after its change."""

    def __init__(self, platform: Platform) -> None:
        self._currency = platform.settings.currency
        settings = platform.settings_for(CommerceSettings)
        self._facets = FacetReader()
        self._shelves = ShelfReader()
        self._thesauri = ThesaurusReader(settings.built_in_synonyms)

    def search(
        self,
        typed: str | None,
        wanted: SearchFilter,
        sort: str = RELEVANCE,
        skip: int = 0,
        limit: int = 20,
    ) -> SearchPage:
        """A page with the counts of all facets. Without a query all products for sale fit.

        `sort` is one of SORTS. Where nothing fits all words, what fits the most is found.
        """
        state = postings.state()
        if state is None:
            return SearchPage()
        shelves = self._shelves.shelves(state.generation)
        found = self._found(state, typed, relax=True)
        book = self._facets.book(state)
        limits = book.chosen(wanted, shelves)
        ranks = _limited(found.ranks, limits)
        part = _part(wanted, sort, skip, limit)
        return SearchPage(
            rows=self._rows(state, ranks, part),
            total=sum(map(len, ranks)),
            unfiltered=sum(map(len, found.ranks)),
            counts=book.counts(found.every, limits, shelves),
            corrected=found.corrected,
            is_relaxed=found.is_relaxed,
            shelves=shelves,
        )

    def page(
        self, typed: str | None, wanted: ProductFilter, sort: str, skip: int, limit: int
    ) -> tuple[list[Row], int]:
        """As ProductQueries.page: rows for a list, and how many fit all words and filters."""
        least, most = minor_bounds(wanted.min_price, wanted.max_price, self._currency)
        filters = SearchFilter(
            categories=[wanted.category] if wanted.category else [],
            skin_types=[fold_tag(wanted.skin_type)] if wanted.skin_type else [],
            concerns=[fold_tag(wanted.concern)] if wanted.concern else [],
            min_price=least,
            max_price=most,
            in_stock=wanted.in_stock,
        )
        state = postings.state()
        if state is None:
            return [], 0
        found = self._found(state, typed, relax=False)
        ranks = _limited(
            found.ranks,
            self._facets.book(state).chosen(filters, self._shelves.shelves(state.generation)),
        )
        part = _part(filters, sort, skip, limit)
        return self._rows(state, ranks, part), sum(map(len, ranks))

    def best(self, typed: str, limit: int) -> list[Row]:
        """The best products for a query, all words of which fit; the best first."""
        state = postings.state()
        if state is None:
            return []
        part = Part(sort=RELEVANCE, skip=0, limit=limit)
        return self._rows(state, self._found(state, typed, relax=False).ranks, part)

    def shelves(self) -> Shelves:
        """The categories, at most two seconds old."""
        state = postings.state()
        return self._shelves.shelves(state.generation if state else "")

    def brand_counts(self) -> Mapping[str, int]:
        """How many products for sale each brand has, by slug."""
        state = postings.state()
        if state is None:
            return {}
        return {
            slug: len(found) for slug, found in self._facets.book(state).values["brands"].items()
        }

    def filter_of(self, args: Row) -> SearchFilter:
        """The filter of a request: prices in major units, brands by name or slug."""
        least, most = minor_bounds(args.get("min_price"), args.get("max_price"), self._currency)
        return SearchFilter(
            categories=args.get("category", ()),
            brands=[brand_slug(name) for name in args.get("brand", ())],
            skin_types=[fold_tag(tag) for tag in args.get("skin_type", ())],
            concerns=[fold_tag(tag) for tag in args.get("concern", ())],
            free_from=[fold_tag(tag) for tag in args.get("free_from", ())],
            min_price=least,
            max_price=most,
            min_rating=args.get("min_rating"),
            in_stock=args.get("in_stock", False),
        )

    def _found(self, state: State, typed: str | None, *, relax: bool) -> Found:
        book = self._facets.book(state)
        if typed is None:
            return Found([book.every])
        query = parse(typed)
        if query is None:
            return Found([])
        matcher = Matcher(
            state.generation,
            book,
            self._shelves.shelves(state.generation),
            self._thesauri.thesaurus(state),
            ingredient_keys,
        )
        found = matcher.find(query, relax)
        # A product that was withdrawn a moment ago may be under a word that was read before.
        return replace(found, ranks=[rank & book.every for rank in found.ranks])

    def _rows(self, state: State, ranks: Sequence[BitMap], part: Part) -> list[Row]:
        if part.sort == RELEVANCE:
            ids = entries.product_ids(state.generation, _slice(ranks, part.skip, part.limit))
        else:
            fitting = BitMap.union(*ranks) if ranks else BitMap()
            if part.sort == POPULAR:
                wanted = list(fitting[part.skip : part.skip + part.limit])
                ids = entries.product_ids(state.generation, wanted)
            else:
                every = len(self._facets.book(state).every)
                ids = entries.ordered(state.generation, fitting, every, part)
        if not ids:
            return []
        query = {"_id": {"$in": ids}, "is_active": True}
        rows = {row["_id"]: row for row in Product.raw().find(query, LISTED)}
        return [rows[id] for id in ids if id in rows]


def _part(wanted: SearchFilter, sort: str, skip: int, limit: int) -> Part:
    bounds = {"least": wanted.min_price, "most": wanted.max_price}
    return Part(sort=sort, skip=skip, limit=limit, **bounds)


def _limited(ranks: Sequence[BitMap], limits: Mapping[str, BitMap]) -> list[BitMap]:
    """The ranks without what does not fit every limit."""
    if not limits:
        return list(ranks)
    every = BitMap.intersection(*limits.values())
    return [rank & every for rank in ranks]


def _slice(ranks: Sequence[BitMap], skip: int, limit: int) -> list[int]:
    """The ordinals from `skip` on, rank by rank, within a rank by popularity."""
    found: list[int] = []
    for rank in ranks:
        if skip >= len(rank):
            skip -= len(rank)
            continue
        found += list(rank[skip : skip + limit - len(found)])
        skip = 0
        if len(found) == limit:
            break
    return found
