"""Nothing is oversold, however many buy at once and through however many processes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.conftest import ORDER
from tests.integration.http import call
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform, Settings
from wrencos_core.database import database
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.processes import LiveServer

STOCK = 20
BUYERS = 60
FEW, ATTEMPTS, CLIENTS = 50, 200, 16
STOCKS = ("held", "taken")


@pytest.fixture(scope="session")
def wrencos_settings() -> Mapping[type[Settings], Mapping[str, Any]]:
    """VNPay is offered; nobody calls it here."""
    return {CommerceSettings: {"vnpay_tmn_code": "TESTTMN1", "vnpay_secret": "not-called"}}


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


def test_200_attempts_at_50_pieces_sell_exactly_50(
    server: LiveServer, platform: Platform, login: Logins, make_product: Callable[..., str]
) -> None:
    """Half of them hold what they get until it is paid for, the others buy it at once."""
    product_id = make_product(inventory=FEW)
    product: Any = database()["commerce_products"].find_one({"_id": product_id})
    item = {
        "id": "item_1",
        "product_id": product_id,
        "variant_id": product["variants"][0]["id"],
        "quantity": 1,
    }
    clients = [login("customer") for _ in range(CLIENTS)]

    def buy(client: int) -> Counter[int]:
        """One after the other, each with one piece in the cart, even when none is left."""
        token, user_id = clients[client].token, clients[client].user_id
        statuses: Counter[int] = Counter()
        for number in range(client, ATTEMPTS, CLIENTS):
            cart = {"$set": {"items": [item]}, "$setOnInsert": {"_id": f"cart_{client}"}}
            database()["commerce_carts"].update_one({"user_id": user_id}, cart, upsert=True)
            order = {**ORDER, "paymentMethodId": ("cod", "vnpay")[number // CLIENTS % 2]}
            status, _ = call(f"{server.url}/api/cart/checkout", "POST", order, token)
            statuses[status] += 1
        return statuses

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = sum(pool.map(buy, range(CLIENTS)), Counter[int]())

    assert answers == {201: FEW, 409: ATTEMPTS - FEW}
    (variant,) = database()["commerce_products"].find_one({"_id": product_id})["variants"]  # type: ignore[index]
    held, taken = (database()["commerce_orders"].count_documents({"stock": s}) for s in STOCKS)
    assert held + taken == FEW
    assert min(held, taken) > 0
    assert (variant["inventory"], variant["held"]) == (0, held)
    assert list(platform.services.require(StockAudit).differences()) == []


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
