"""kill -9 of the web server while returns are received: each is booked once, whole or not yet."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from tests.integration.http import call
from wrencos_commerce.models.order import Channel, Order
from wrencos_commerce.models.order_return import OrderReturn, ReturnReason, ReturnResolution
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.returns.requests import OrderReturns, ReturnedItem, ReturnWish
from wrencos_commerce.services.staff_orders import Sale, SoldItem, StaffOrders
from wrencos_commerce.testing.order_books import differences
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.database import database
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.processes import LiveServer

RETURNS = 40
CLICKERS = 8
KILL_AFTER = 10


def test_what_was_received_is_booked_once(
    platform: Platform,
    server: LiveServer,
    login: Logins,
    make_product: Callable[..., str],
) -> None:
    bought, wanted = (_variant(make_product(inventory=200, price=price)) for price in (9, 12))
    returns = [_approved(platform, bought, wanted, number) for number in range(RETURNS)]
    token = login("admin").token
    booked: list[str] = []
    killed = threading.Event()

    def receive(id: str) -> None:
        if _until_answered(f"{server.url}/api/returns/{id}/receive", token) == 200:
            booked.append(id)

    def click(clicker: int) -> None:
        """Receive all of them, each clicker from another one on: two often meet at one."""
        first = clicker * RETURNS // CLICKERS
        for id in [*returns[first:], *returns[:first]][: RETURNS // 2]:
            receive(id)

    def kill_in_the_middle() -> None:
        while len(booked) < KILL_AFTER:
            time.sleep(0.005)
        server.restart()
        killed.set()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    with ThreadPoolExecutor(CLICKERS) as pool:
        list(pool.map(click, range(CLICKERS)))
    killer.join()

    assert killed.is_set()
    # The answer to one or the other was lost with the server, what it said was done.
    assert len(booked) == len(set(booked)) <= RETURNS
    rows = list(OrderReturn.raw().find())
    assert {row["state"] for row in rows} <= {"received", "closed"}
    for row in rows:
        is_exchange = row["resolution"] == "exchange"
        replacing = Order.raw().count_documents({"exchange_for": row["_id"]})
        assert replacing == int(is_exchange), row["_id"]
    events = database()["core_events"].count_documents({"name": "commerce.order_returned"})
    assert events == RETURNS
    assert differences({}) == []


def _variant(product_id: str) -> Mapping[str, Any]:
    variant: Mapping[str, Any] = Product.raw().find_one({"_id": product_id})["variants"][0]
    return variant


def _approved(
    platform: Platform, bought: Mapping[str, Any], wanted: Mapping[str, Any], number: int
) -> str:
    """A return of one of two pieces that were bought at the counter; every other an exchange."""
    item = SoldItem(variant_id=bought["id"], quantity=2)
    sale = Sale(channel=Channel.COUNTER, items=[item])
    order = platform.services.require(StaffOrders).create(sale, SYSTEM)
    is_exchange = number % 2
    back = ReturnedItem(
        variant_id=bought["id"],
        quantity=1,
        reason=ReturnReason.DAMAGED,
        wanted_variant_id=wanted["id"] if is_exchange else None,
    )
    resolution = ReturnResolution.EXCHANGE if is_exchange else ReturnResolution.REFUND
    wish = ReturnWish(items=[back], resolution=resolution)
    row = platform.services.require(OrderReturns).open(order["_id"], wish, SYSTEM)
    return str(row["_id"])


def _until_answered(url: str, token: str) -> int:
    """The status of the request, repeated while the server is away."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status, answer = call(url, "POST", {}, token)
        except OSError:
            time.sleep(0.05)
            continue
        assert status in (200, 409), answer
        return status
    raise AssertionError(f"{url} was not answered in time")
