"""`python -m benchmarks.drop`: many want the same product at once, and there are few of it.

Each attempt is the checkout of a customer who has one piece in the cart. First every customer has
another product, for comparison; then all have the same one. Figures and their meaning:
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.scenarios import Request
from benchmarks.search import shop
from benchmarks.server import SHOP, Databases, WebServer, databases
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.accounts import Accounts, Person
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.database import client as mongo
from wrencos_core.documents import new_row
from wrencos_core.identity import SYSTEM, Role
from wrencos_core.ids import new_id
from wrencos_core.platform import Platform

_PASSWORD = "Jasmine-rice-42"
_ADDRESS = {"street": "1 Drop Street", "city": "Hà Nội", "zip": "100000", "country": "VN"}
# Of one attempt: the status, how many seconds it took, and when it was answered.
Answer = tuple[int, float, float]


@dataclass(frozen=True)
class Round:
    """What came of one round that began at the moment `start`, in so many transactions."""

    start: float
    answers: Sequence[Answer]
    transactions: int

    def times(self, *statuses: int) -> list[float]:
        """The seconds that attempts with these statuses took, in order."""
        return sorted(seconds for status, seconds, _ in self.answers if status in statuses)

    def rate(self, *statuses: int) -> float:
        """How many of them there were in a second, until the last of them."""
        ends = [end for status, _, end in self.answers if status in statuses]
        return len(ends) / (max(ends) - self.start)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drop", description=__doc__)
    parser.add_argument("--stock", type=int, default=500, help="pieces of the product")
    parser.add_argument("--attempts", type=int, default=2000, help="checkouts of one piece")
    parser.add_argument("--clients", type=int, default=64, help="at once")
    parser.add_argument("--workers", type=int, default=2, help="web workers")
    parser.add_argument("--processes", type=int, default=2, help="load processes")
    options = parser.parse_args()
    with databases() as base, shop(base) as platform:
        print("Seeding ...", file=sys.stderr)
        tokens = _customers(platform, options.stock + options.attempts)
        apart, together = tokens[: options.stock], tokens[options.stock :]
        create = platform.services.require(Products).create
        each = [create(_product(n, 1), SYSTEM) for n in range(options.stock)]
        _fill_carts(apart, each)
        one = create(_product(options.stock, options.stock), SYSTEM)
        _fill_carts(together, [one])
        with _server(base, options.workers) as server:
            print("Every customer another product ...", file=sys.stderr)
            spread = _round(server, apart, options)
            print("All the same product ...", file=sys.stderr)
            drop = _round(server, together, options)
        _check(platform, spread, drop, one, options)
        _show(spread, drop, options)
    return 0


def _product(number: int, stock: int) -> dict[str, Any]:
    return {"name": f"Drop {number}", "price": 100_000, "inventory": stock}


def _customers(platform: Platform, count: int) -> list[tuple[str, str]]:
    """The ids and tokens of so many customers. One is made, the others are like that one."""
    person = Person(email="drop@bench.example", password=_PASSWORD, first_name="Lan", last_name="N")
    made = platform.services.require(Accounts).create_user(SYSTEM, person, Role.CUSTOMER)
    row = User.raw().find_one({"_id": made})
    rows = [
        {
            **row,
            "_id": new_id("user"),
            "username": f"drop-{number}",
            "email": f"drop{number}@bench.example",
        }
        for number in range(count)
    ]
    User.raw().insert_many(rows)
    sessions = platform.services.require(Sessions)
    return [(str(row["_id"]), sessions.open(row["_id"]).token) for row in rows]


def _fill_carts(customers: Sequence[tuple[str, str]], product_ids: Sequence[str]) -> None:
    """One piece in the cart of each customer, of the products in turn."""
    products = list(Product.raw().find({"_id": {"$in": list(product_ids)}}))
    rows = []
    for number, (user_id, _) in enumerate(customers):
        product = products[number % len(products)]
        item = {
            "id": new_id("item"),
            "product_id": product["_id"],
            "variant_id": product["variants"][0]["id"],
            "quantity": 1,
        }
        rows.append(new_row(new_id(Cart.id_prefix), user_id=user_id, items=[item]))
    Cart.raw().insert_many(rows)


@contextmanager
def _server(base: Databases, workers: int) -> Iterator[WebServer]:
    server = WebServer(SHOP, "/ready", workers, base)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


def _round(
    server: WebServer, customers: Sequence[tuple[str, str]], options: argparse.Namespace
) -> Round:
    """Every customer checks out once, so many at a time."""
    body = {"paymentMethodId": "cod", "shippingAddress": _ADDRESS}
    requests = [
        Request(method="POST", path="/api/cart/checkout", token=token, body=body).encoded(
            server.port
        )
        for _, token in customers
    ]
    parts, count = options.processes, options.clients // options.processes
    work = [(server.port, count, requests[n::parts]) for n in range(parts)]
    before = _begun()
    with multiprocessing.get_context("spawn").Pool(parts) as pool:
        pool.map(_nothing, range(parts))  # started, they begin together
        start = time.monotonic()
        found = pool.starmap(_load, work, chunksize=1)
    answers = [answer for part in found for answer in part]
    return Round(start, answers, _begun() - before)


def _begun() -> int:
    """How many transactions the database has begun so far."""
    status: Mapping[str, Any] = mongo().admin.command("serverStatus")
    return int(status["transactions"]["totalStarted"])


def _nothing(_: int) -> None:
    time.sleep(0.2)


def _load(port: int, clients: int, requests: Sequence[bytes]) -> list[Answer]:
    """Send the requests, each when one of so many clients is free."""
    return asyncio.run(_sent(port, clients, requests))


async def _sent(port: int, clients: int, requests: Sequence[bytes]) -> list[Answer]:
    waiting, answers = iter(requests), list[Answer]()

    async def client() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for request in waiting:
            start = time.monotonic()
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(_length(head))
            end = time.monotonic()
            answers.append((int(head[9:12]), end - start, end))
        writer.close()

    await asyncio.gather(*(client() for _ in range(clients)))
    return answers


def _length(head: bytes) -> int:
    lines = head.lower().split(b"\r\n")
    return next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))


def _check(
    platform: Platform, spread: Round, drop: Round, product: str, options: argparse.Namespace
) -> None:
    """Exactly what there was has been sold. Raises RuntimeError."""
    told = Counter(status for status, *_ in drop.answers)
    expected = {201: options.stock, 409: options.attempts - options.stock}
    orders = Order.raw().count_documents({"lines.product_id": product})
    left = Product.raw().find_one({"_id": product})["inventory"]
    if told != expected or len(spread.times(201)) != options.stock:
        raise RuntimeError(f"the answers were {dict(told)} instead of {expected}")
    if (orders, left) != (options.stock, 0):
        raise RuntimeError(f"{orders} orders, and {left} pieces are left")
    if found := list(platform.services.require(StockAudit).differences()):
        raise RuntimeError(f"the stock does not add up: {found[0]}")


def _show(spread: Round, drop: Round, options: argparse.Namespace) -> None:
    console = Console(width=None if sys.stdout.isatty() else 140, highlight=False)
    console.print(
        f"{options.attempts} attempts at {options.stock} pieces by {options.clients} clients, "
        f"{options.workers} workers: exactly {options.stock} sold, and the audit finds nothing."
    )
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("")
    for column in ("a second", "p50 ms", "p99 ms", "most ms", "transactions"):
        table.add_column(column, justify="right")
    table.add_row("Orders, every customer another product", *_cells(spread, 201))
    table.add_row("Attempts, all the same product", *_cells(drop, 201, 409))
    table.add_row("  those that got one", *_cells(drop, 201))
    table.add_row("  those that got none", *_cells(drop, 409))
    console.print(table)
    console.print(json.dumps(_ratios(spread, drop)))


def _cells(found: Round, *statuses: int) -> list[str]:
    times = found.times(*statuses)
    milliseconds = [times[int((len(times) - 1) * share)] * 1000 for share in (0.5, 0.99, 1)]
    rate, transactions = f"{found.rate(*statuses):,.0f}", f"{found.transactions:,}"
    return [rate, *(f"{t:,.0f}" for t in milliseconds), transactions]


def _ratios(spread: Round, drop: Round) -> dict[str, float]:
    """What contention costs: 1 would be nothing at all."""

    def p99(found: Round) -> float:
        times = found.times(201, 409)
        return times[int((len(times) - 1) * 0.99)]

    per_attempt = [found.transactions / len(found.answers) for found in (drop, spread)]
    return {
        "orders per second": round(drop.rate(201) / spread.rate(201), 2),
        "p99": round(p99(drop) / p99(spread), 2),
        "transactions": round(per_attempt[0] / per_attempt[1], 2),
    }


if __name__ == "__main__":
    sys.exit(main())
