"""The demo's search: an index, synonyms of the shop's own, and what was searched for."""

from __future__ import annotations

from random import Random

from wrencos_commerce.models.search import SearchCount
from wrencos_commerce.services.search.filters import SearchFilter
from wrencos_commerce.services.search.indexing import SearchIndex
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_commerce.services.search.report import SearchReport
from wrencos_commerce.services.search.synonyms import Synonyms
from wrencos_core.api import SYSTEM, DemoContext

_SEED = 7
_SEARCHED = (
    *("kem chống nắng", "sunscreen", "son dưỡng", "serum vitamin c", "rau má", "trị mụn"),
    *("dầu gội bưởi", "cushion", "nước hoa hồng", "kem mắt", "retinol", "sữa rửa mặt"),
    *("máy rửa mặt", "kem tan mỡ", "collagen uống"),
)


def fill(context: DemoContext) -> None:
    """Index all products; once, add a group of synonyms and some searches of customers."""
    services = context.platform.services
    services.require(SearchIndex).rebuild(
        lambda done, total: context.progress("Search index", done, total)
    )
    if SearchCount.raw().find_one({"_id": {"$gt": ""}}, {"_id": 1}):
        return
    services.require(Synonyms).create(
        ["set quà", "gift set", "discovery set"], one_way=False, identity=SYSTEM
    )
    search, report = services.require(ProductSearch), services.require(SearchReport)
    random = Random(_SEED)  # noqa: S311 - plausible, not secret
    for place, typed in enumerate(_SEARCHED):
        page = search.search(typed, SearchFilter(), limit=1)
        for customer in range(random.randint(1, 2 * (len(_SEARCHED) - place))):
            found = 0 if page.is_relaxed else page.unfiltered
            report.record(typed, found, f"customer {customer}")
