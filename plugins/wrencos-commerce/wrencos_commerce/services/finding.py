"""What of commerce the search across plugins finds: products by their words, orders by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import SORTS, Product
from wrencos_commerce.permissions import READ_ORDERS
from wrencos_commerce.services.product_queries import ProductFilter, ProductQueries
from wrencos_core.api import Identity, Money, Platform, is_id, text as folding
from wrencos_core.contracts.search import SearchHit


def search(platform: Platform, identity: Identity, text: str, limit: int) -> Sequence[SearchHit]:
    """The best hits; orders only for those who may read everyone's."""
    if is_id(text, Order.id_prefix):
        return _order(text) if platform.allows(identity, READ_ORDERS) else []
    wanted = folding.words(text)
    if not wanted:
        return []
    query = platform.services.require(ProductQueries).query(ProductFilter(search=text))
    rows = Product.raw().find(query, {"name": 1, "sku": 1}).sort(SORTS["rating"]).limit(limit)
    return sorted((_product(row, wanted) for row in rows), key=lambda hit: -hit.score)


def _product(row: dict[str, Any], wanted: Sequence[str]) -> SearchHit:
    """A hit in the name counts for more than one in the description or the ingredients."""
    in_name = folding.words(row["name"])
    found = sum(any(word.startswith(part) for word in in_name) for part in wanted)
    return SearchHit(
        id=row["_id"],
        kind="product",
        title=row["name"],
        subtitle=row["sku"],
        score=1.0 if folding.fold(row["sku"]) in wanted else 0.5 + 0.4 * found / len(wanted),
    )


def _order(id: str) -> Sequence[SearchHit]:
    row = Order.raw().find_one({"_id": id}, {"status": 1, "total_price": 1, "currency": 1})
    if row is None:
        return []
    total = Money(row["total_price"], row["currency"])
    subtitle = f"{row['status']}, {total.major} {total.currency}"
    return [SearchHit(id=id, kind="order", title=id, subtitle=subtitle, score=1.0)]
