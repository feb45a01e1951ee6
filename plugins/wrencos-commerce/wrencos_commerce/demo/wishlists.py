"""Wishlists, views and waiting customers of the demo, through the services that serve the API."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from random import Random

from wrencos_commerce.demo.customers import DemoCustomer, demo_customers
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_commerce.services.recent_views import RecentlyViewed
from wrencos_commerce.services.stock_requests import StockRequests
from wrencos_commerce.services.wishlists import Wishlists
from wrencos_core.api import DemoContext, clock, now, transaction

_MOST_PRODUCTS = 200
_BATCH = 25


def fill(context: DemoContext) -> None:
    """Give two of three customers a wishlist and views; nothing when there is a wishlist already.

    For what the demo has sold out, some customers wait.
    """
    if Wishlist.raw().find_one({}, {"_id": 1}):
        return
    customers = demo_customers(context)
    products = [
        row["_id"] for row in Product.raw().find({"is_active": True}, {"_id": 1}).sort("sku", 1)
    ][:_MOST_PRODUCTS]
    if not products:
        return
    filler, end = _Filler(context, products), now()
    time = clock.ManualClock(end)
    with clock.use(time):
        for first in range(0, len(customers), _BATCH):
            batch = customers[first : first + _BATCH]
            transaction(lambda batch=batch: filler.lists(batch, time))  # type: ignore[misc]
            done = min(first + _BATCH, len(customers))
            context.progress("Wishlists", done, len(customers))
    filler.waiting(customers)


class _Filler:
    def __init__(self, context: DemoContext, products: Sequence[str]) -> None:
        services = context.platform.services
        self._wishlists = services.require(Wishlists)
        self._views = services.require(RecentlyViewed)
        self._requests = services.require(StockRequests)
        self._products = products
        self._end = now()

    def lists(self, customers: Sequence[DemoCustomer], time: clock.ManualClock) -> None:
        """The lists of some customers, in the running transaction."""
        for customer in customers:
            user_id = str(customer.identity.user_id)
            # Seeded by the customer: run again after a conflict, it fills in the same.
            random = Random(str(customer.since))  # noqa: S311 - the same demo every time
            if random.random() < 1 / 3:
                continue
            for product_id in random.sample(self._products, min(3, len(self._products))):
                time.move_to(self._end - timedelta(days=random.uniform(1, 60)))
                self._wishlists.add(user_id, product_id)
            for product_id in random.sample(self._products, min(5, len(self._products))):
                self._views.note(user_id, product_id)

    def waiting(self, customers: Sequence[DemoCustomer]) -> None:
        """Up to five customers for each of the first variants that are sold out."""
        random = Random(31)  # noqa: S311 - the same demo every time
        sold_out = Product.raw().find({"is_active": True, "inventory": 0}, {"variants": 1})
        for row in sold_out.sort("_id", 1).limit(8):
            variant = next((v for v in row["variants"] if v["is_active"]), None)
            if variant is None:
                continue
            for customer in random.sample(list(customers), min(5, len(customers))):
                self._requests.ask_as_user(customer.identity, row["_id"], variant["id"])
