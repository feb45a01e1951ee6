"""Nothing is oversold, however many buy at once and through however many processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.integration.conftest import ORDER
from tests.integration.http import call
from wrencos_core.database import database
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.processes import LiveServer

STOCK = 20
BUYERS = 60


def test_sixty_buyers_of_twenty_get_exactly_twenty(
    server: LiveServer, login: Logins, make_product: Callable[..., str]
) -> None:
    product_id = make_product(inventory=STOCK)
    buyers = [login("customer") for _ in range(BUYERS)]
    for buyer in buyers:
        added = buyer.post("/api/cart/items", json={"productId": product_id, "quantity": 1})
        assert added.status_code == 201

    def check_out(token: str) -> tuple[int, str]:
        status, body = call(f"{server.url}/api/cart/checkout", "POST", ORDER, token)
        return status, body.get("type", "")

    with ThreadPoolExecutor(BUYERS) as pool:
        answers = Counter(pool.map(check_out, [buyer.token for buyer in buyers]))

    assert answers == {
        (201, ""): STOCK,
        (409, "urn:wrencos:problem:out-of-stock"): BUYERS - STOCK,
    }
    product = database()["commerce_products"].find_one({"_id": product_id})
    assert product is not None
    assert product["inventory"] == 0
    assert database()["commerce_orders"].count_documents({}) == STOCK
    assert database()["core_events"].count_documents({"name": "commerce.order_placed"}) == STOCK


def test_one_order_cannot_take_more_than_there_is_by_asking_twice(
    server: LiveServer, login: Logins, make_product: Callable[..., str]
) -> None:
    product_id = make_product(inventory=3)
    buyer = login("customer")
    for quantity in (2, 2):
        item = {"productId": product_id, "quantity": quantity}
        buyer.post("/api/cart/items", json=item)

    status, cart = call(f"{server.url}/api/cart", token=buyer.token)
    assert status == 200
    assert sum(item["quantity"] for item in cart["items"]) <= 3
    status, _ = call(f"{server.url}/api/cart/checkout", "POST", ORDER, buyer.token)

    product = database()["commerce_products"].find_one({"_id": product_id})
    assert product is not None
    sold = sum(
        line["quantity"]
        for order in database()["commerce_orders"].find()
        for line in order["lines"]
    )
    assert product["inventory"] == 3 - sold >= 0
