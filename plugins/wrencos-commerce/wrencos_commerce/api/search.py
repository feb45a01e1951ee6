"""/api/products/search, /api/products/suggest, /api/search-synonyms and /api/search-report"""

from __future__ import annotations

import hmac
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from flask import request

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.api.products import sees
from wrencos_commerce.permissions import READ_COST, READ_SEARCHES, WRITE_SYNONYMS
from wrencos_commerce.schemas import search as schemas
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_commerce.services.search.report import SearchReport
from wrencos_commerce.services.search.suggestions import Suggestions, brands_by_slug
from wrencos_commerce.services.search.synonyms import Synonyms
from wrencos_commerce.views import search as views
from wrencos_commerce.views.products import product_view
from wrencos_core.web import (
    PUBLIC,
    Blueprint,
    PageQuery,
    Paging,
    current_identity,
    current_platform,
    service,
)

blp = Blueprint(
    "product_search", __name__, url_prefix="/products", description="Searching the catalogue."
)
synonyms = Blueprint(
    "search_synonyms",
    __name__,
    url_prefix="/search-synonyms",
    description="Phrases that the search takes for the same.",
)
report = Blueprint(
    "search_report",
    __name__,
    url_prefix="/search-report",
    description="What customers search for.",
)


@blp.get("/search", access=PUBLIC, remembered=True)
@blp.arguments(schemas.SearchQuery, location="query")
@blp.response(200, views.ProductSearchPage)
def search_products(args: dict[str, Any]) -> views.ProductSearchPage:
    """Search products for sale, with counts to filter by.

    The words of `q` may stand in any order; all must fit, as they are, as the beginning of a word,
    by a synonym, or with one letter mistyped. Accents are optional, and prefer when typed. Without
    `q` all products fit. `category` (id or slug), `brand`, `skinType`, `concern` and `freeFrom` may
    come several times: any of the values fits, and all fields must. Prices are in major units of
    the shop's currency. `sort` is `relevance`, `newest`, `price`, `-price`, `rating`, `popular` or
    `name`.
    """
    paging, search = Paging.of(args), service(ProductSearch)
    typed = args.get("q") or None
    page = search.search(typed, search.filter_of(args), args["sort"], paging.skip, paging.limit)
    if typed and paging.page == 1:
        # What nobody sells is not what somebody's filters left out.
        found = 0 if page.is_relaxed else page.unfiltered
        service(SearchReport).record(typed, found, _client(), page.corrected)
    with_cost, locale = sees(READ_COST), wanted_locale()
    currency = current_platform().settings.currency
    return views.ProductSearchPage(
        products=[product_view(row, with_cost, locale) for row in page.rows],
        total_count=page.total,
        page=paging.page,
        total_pages=paging.total_pages(page.total),
        facets=views.facets_view(page, brands_by_slug(list(page.counts.brands)), currency),
        corrected_to=page.corrected,
        relaxed=page.is_relaxed,
    )


@blp.get("/suggest", access=PUBLIC, remembered=True)
@blp.arguments(schemas.SuggestQuery, location="query")
@blp.response(200, views.SuggestionsView)
def suggest(args: dict[str, Any]) -> views.SuggestionsView:
    """Suggest while somebody types.

    The last word of `q` may be unfinished. Up to five products, categories, brands and queries.
    """
    found = service(Suggestions).suggest(args["q"])
    return views.suggestions_view(found, with_cost=sees(READ_COST), locale=wanted_locale())


@synonyms.get("", access=WRITE_SYNONYMS)
@synonyms.arguments(PageQuery, location="query")
@synonyms.response(200, views.SynonymsList)
def list_synonyms(args: dict[str, Any]) -> views.SynonymsList:
    """List the shop's own synonyms, the oldest first."""
    paging = Paging.of(args)
    rows, total = service(Synonyms).page(paging.skip, paging.limit)
    return views.SynonymsList(
        synonyms=[views.synonyms_view(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


@synonyms.get("/<synonyms_id>", access=WRITE_SYNONYMS)
@synonyms.response(200, views.SynonymsDetail)
def get_synonyms(synonyms_id: str) -> views.SynonymsDetail:
    """Get one group of synonyms."""
    return views.SynonymsDetail(synonyms=views.synonyms_view(service(Synonyms).get(synonyms_id)))


@synonyms.post("", access=WRITE_SYNONYMS)
@synonyms.arguments(schemas.SynonymsCreate)
@synonyms.response(201, views.SynonymsCreated)
def create_synonyms(body: dict[str, Any]) -> views.SynonymsCreated:
    """Add phrases that mean the same.

    A search for one of them finds the others from then on; with `oneWay` only a search for the
    first does. Case and accents do not matter.
    """
    id = service(Synonyms).create(body["phrases"], body.get("one_way", False), current_identity())
    return views.SynonymsCreated(synonyms_id=id, message="Synonyms created")


@synonyms.put("/<synonyms_id>", access=WRITE_SYNONYMS)
@synonyms.arguments(schemas.SynonymsFields)
@synonyms.response(200, views.SynonymsUpdated)
def update_synonyms(body: dict[str, Any], synonyms_id: str) -> views.SynonymsUpdated:
    """Change the phrases of a group, or whether it goes one way."""
    row = service(Synonyms).update(synonyms_id, body, current_identity())
    return views.SynonymsUpdated(
        message="Synonyms updated", updated_synonyms=views.synonyms_view(row)
    )


@synonyms.delete("/<synonyms_id>", access=WRITE_SYNONYMS)
@synonyms.response(200, views.SynonymsDeleted)
def delete_synonyms(synonyms_id: str) -> views.SynonymsDeleted:
    """Delete a group of synonyms."""
    service(Synonyms).delete(synonyms_id, current_identity())
    return views.SynonymsDeleted(message="Synonyms deleted")


@report.get("", access=READ_SEARCHES)
@report.arguments(schemas.ReportQuery, location="query")
@report.response(200, views.SearchReportPage)
def search_report(args: dict[str, Any]) -> views.SearchReportPage:
    """List what customers searched for, the most frequent first.

    Of the last `days`, up to 180; with `zeroResults=true` only what found nothing the last time,
    filters left aside. Only words are kept, and no query that looks like an e-mail address or a
    telephone number; a short query that found nothing may still hold a name.
    """
    paging = Paging.of(args)
    rows, total = service(SearchReport).page(
        args["days"], paging.skip, paging.limit, only_without_results=args["zero_results"]
    )
    return views.SearchReportPage(
        searches=[views.searched_query(row) for row in rows],
        total_count=total,
        page=paging.page,
        total_pages=paging.total_pages(total),
    )


def _client() -> str:
    """Who asks, told from others and no more: a keyed hash of the user, or else of the network."""
    name = current_identity().user_id or _network(request.remote_addr or "")
    return hmac.new(current_platform().secret_key.encode(), name.encode(), "sha256").hexdigest()


def _network(given: str) -> str:
    """An IPv4 address, or the /64 network of an IPv6 one: one line has that many addresses."""
    try:
        address = ip_address(given)
    except ValueError:
        return given
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((int(address), 64), strict=False))
    return given
