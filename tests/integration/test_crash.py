"""kill -9 of the web server in the middle of 200 checkouts loses nothing and doubles nothing."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from email.message import EmailMessage

from tests.integration.conftest import ORDER
from tests.integration.http import call
from wrencos_core.database import database
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.jobs import JobRunner
from wrencos_core.testing.processes import LiveServer

START = 1000
CHECKOUTS = 200
BUYERS = 20
KILL_AFTER = 50


def test_every_order_that_was_answered_exists_once(
    server: LiveServer,
    login: Logins,
    make_product: Callable[..., str],
    run_jobs: JobRunner,
    sent_mail: Callable[[], list[EmailMessage]],
) -> None:
    product_id = make_product(inventory=START)
    tokens = [login("customer").token for _ in range(BUYERS)]
    answered: list[str] = []
    killed = threading.Event()

    def buy(number: int, token: str) -> str:
        """Fill the cart and check out, repeating each request until it is answered."""
        item = {"productId": product_id, "quantity": 1}
        until_answered(f"{server.url}/api/cart/items", item, token, None)
        key = f"checkout-{number}"
        order_id = until_answered(f"{server.url}/api/cart/checkout", ORDER, token, key)["orderId"]
        answered.append(order_id)
        return str(order_id)

    def buy_in_turn(buyer: int) -> list[str]:
        return [buy(n, tokens[buyer]) for n in range(buyer, CHECKOUTS, BUYERS)]

    def kill_in_the_middle() -> None:
        while len(answered) < KILL_AFTER:
            time.sleep(0.005)
        server.restart()
        killed.set()

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    with ThreadPoolExecutor(BUYERS) as pool:
        order_ids = [id for ids in pool.map(buy_in_turn, range(BUYERS)) for id in ids]
    killer.join()

    assert killed.is_set()
    assert len(order_ids) == CHECKOUTS
    assert [id for id, count in Counter(order_ids).items() if count > 1] == []
    orders = list(database()["commerce_orders"].find())
    assert {order["_id"] for order in orders} == set(order_ids)
    product = database()["commerce_products"].find_one({"_id": product_id})
    assert product is not None
    sold = sum(line["quantity"] for order in orders for line in order["lines"])
    assert product["inventory"] + sold == START

    # No event is lost: those whose job was never queued are swept, and each order is mailed once.
    database()["core_deliveries"].update_many(
        {"state": "pending"}, {"$set": {"updated_at": orders[0]["created_at"].replace(year=2020)}}
    )
    run_jobs.platform.outbox.sweep()
    run_jobs()
    assert database()["core_deliveries"].count_documents({"state": {"$ne": "done"}}) == 0
    events = database()["core_events"].distinct("_id", {"name": "commerce.order_placed"})
    assert len(events) == CHECKOUTS
    confirmations = [mail for mail in sent_mail() if "order_" in str(mail.get_body(("plain",)))]
    assert len(confirmations) == CHECKOUTS


def until_answered(url: str, body: object, token: str, key: str | None) -> dict[str, str]:
    """The 201 of a request, repeated with the same key while the server is away."""
    headers = {} if key is None else {"Idempotency-Key": key}
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            status, answer = call(url, "POST", body, token, headers)
        except OSError:
            time.sleep(0.05)
            continue
        assert status == 201, answer
        return dict(answer)
    raise AssertionError(f"{url} was not answered in time")
