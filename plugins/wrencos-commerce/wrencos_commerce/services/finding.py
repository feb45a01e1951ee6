"""What of commerce the search across plugins finds: products by their words, orders by id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from wrencos_commerce.models.order import Order
from wrencos_commerce.permissions import READ_ORDERS
from wrencos_commerce.services.search.product_search import ProductSearch
from wrencos_core.api import Identity, Money, Platform, is_id, text as folding
from wrencos_core.contracts.search import SearchHit


def search(platform: Platform, identity: Identity, text: str, limit: int) -> Sequence[SearchHit]:
    """The best hits; orders only for those who may read everyone's."""
    if is_id(text, Order.id_prefix):
        return _order(text) if platform.allows(identity, READ_ORDERS) else []
    wanted = folding.words(text)
    rows = platform.services.require(ProductSearch).best(text, limit)
    return sorted((_product(row, text, wanted) for row in rows), key=lambda hit: -hit.score)


def _product(row: Mapping[str, Any], text: str, wanted: Sequence[str]) -> SearchHit:
    """A hit in the name counts for more than one in the description or the ingredients."""
    in_name = folding.words(row["name"])
    found = sum(any(word.startswith(part) for word in in_name) for part in wanted)
    is_sku = folding.fold(row["sku"]) == folding.fold(text.strip())
    return SearchHit(
        id=row["_id"],
        kind="product",
        title=row["name"],
        subtitle=row["sku"],
        score=1.0 if is_sku else 0.5 + 0.4 * found / len(wanted),
    )


def _order(id: str) -> Sequence[SearchHit]:
    row = Order.raw().find_one({"_id": id}, {"status": 1, "total_price": 1, "currency": 1})
    if row is None:
        return []
    total = Money(row["total_price"], row["currency"])
    subtitle = f"{row['status']}, {total.major} {total.currency}"
    return [SearchHit(id=id, kind="order", title=id, subtitle=subtitle, score=1.0)]
