"""What is asked of the shop, and the figures that are aimed at."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from benchmarks.load import Cycle
from benchmarks.seed import PAGE, PASSWORD, Shop, User

# Different cycles that a connection goes round.
_CYCLES = 64
_ADDRESS = {
    "street": "12 Example Road",
    "city": "Hà Nội",
    "state": "Hà Nội",
    "zip": "100000",
    "country": "VN",
}


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request and the status that its answer must have."""

    method: str
    path: str
    status: int = 200
    token: str | None = None
    body: Mapping[str, Any] | None = None

    def payload(self) -> bytes:
        """The body as it is sent."""
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()

    def headers(self) -> dict[str, str]:
        """The headers beside Host and Content-Length."""
        headers = {"Accept": "application/json"}
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        return headers

    def encoded(self, port: int) -> bytes:
        """As it goes over the wire."""
        payload = self.payload()
        headers = {"Host": f"127.0.0.1:{port}", **self.headers()}
        if payload:
            headers["Content-Length"] = str(len(payload))
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{k}: {v}" for k, v in headers.items())]
        return "\r\n".join([*lines, "", ""]).encode() + payload


@dataclass(frozen=True, kw_only=True)
class Aim:
    """A figure to reach: CPU as a multiple of the bare route's, or flows in a second."""

    most_ratio: float | None = None
    least_per_second: float | None = None

    def __str__(self) -> str:
        if self.most_ratio is not None:
            return f"< {self.most_ratio:g} x bare"
        return f"> {self.least_per_second:g}/s"

    def is_met(self, ratio: float, per_second: float) -> bool:
        """Whether the figures reach it."""
        if self.most_ratio is not None:
            return ratio < self.most_ratio
        return self.least_per_second is not None and per_second > self.least_per_second


@dataclass(frozen=True)
class Client:
    """One of those who use the shop at once, by its number; `chance` is its own."""

    shop: Shop
    number: int
    chance: random.Random

    def user(self, group: str) -> User:
        """The customer of this group that only this client logs in as."""
        return self.shop.users[group][self.number]


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """A load. `cycle` makes the requests of one round for a client.

    `users` names the group of users that it needs, one for each client; `filled` a list in the
    first answer that must not be empty, lest something trivial be measured.
    """

    name: str
    title: str
    cycle: Callable[[Client], list[Request]]
    unit: str = "requests"
    users: str | None = None
    filled: str | None = None
    aim: Aim | None = None

    def work(self, shop: Shop, connections: int, port: int) -> list[list[Cycle]]:
        """The encoded cycles of each connection; the same in every run."""
        return [
            [
                [(request.encoded(port), request.status) for request in requests]
                for requests in self.rounds(shop, client, _CYCLES)
            ]
            for client in range(connections)
        ]

    def rounds(self, shop: Shop, client: int, count: int) -> list[list[Request]]:
        """So many cycles of one client."""
        chance = random.Random(f"{self.name} {client}")
        return [self.cycle(Client(shop, client, chance)) for _ in range(count)]


def _bare(_: Client) -> list[Request]:
    return [Request(method="GET", path="/bare")]


def _list(client: Client) -> list[Request]:
    category = client.chance.choice(client.shop.categories)
    return [
        Request(method="GET", path=f"/api/products?category={category}&sort=price&limit={PAGE}")
    ]


def _detail(client: Client) -> list[Request]:
    return [
        Request(method="GET", path=f"/api/products/{client.chance.choice(client.shop.product_ids)}")
    ]


def _search(client: Client) -> list[Request]:
    text = quote(client.chance.choice(client.shop.words))
    return [Request(method="GET", path=f"/api/products?search={text}&limit={PAGE}")]


def _add(client: Client) -> list[Request]:
    # Five products of its own for each client, so the cart stays at five lines.
    ids, first = client.shop.product_ids, client.number * 5
    mine = [ids[(first + n) % len(ids)] for n in range(5)]
    return [_added(client.user("cart").token, client.chance.choice(mine))]


def _added(token: str, product_id: str) -> Request:
    body = {"productId": product_id, "quantity": 1}
    return Request(method="POST", path="/api/cart/items", status=201, token=token, body=body)


def _checkout(client: Client) -> list[Request]:
    token = client.user("checkout").token
    first, second = client.chance.sample(client.shop.product_ids, 2)
    return [
        _added(token, first),
        _added(token, second),
        Request(method="GET", path="/api/cart", token=token),
        Request(
            method="POST",
            path="/api/cart/checkout",
            status=201,
            token=token,
            body={"paymentMethodId": "cod", "shippingAddress": _ADDRESS},
        ),
    ]


def _login(client: Client) -> list[Request]:
    body = {"email": client.user("login").email, "password": PASSWORD}
    return [Request(method="POST", path="/api/auth/login", body=body)]


BARE = Scenario(name="bare", title="Bare Flask route", cycle=_bare)
SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario(
            name="list",
            title="List of 20 by category and price",
            cycle=_list,
            filled="products",
            aim=Aim(most_ratio=2.5),
        ),
        Scenario(name="detail", title="Product detail", cycle=_detail, aim=Aim(most_ratio=2)),
        Scenario(name="search", title="Search", cycle=_search, filled="products"),
        Scenario(name="add", title="Add to cart", cycle=_add, users="cart"),
        Scenario(
            name="checkout",
            title="Checkout flow",
            cycle=_checkout,
            unit="flows",
            users="checkout",
            aim=Aim(least_per_second=60),
        ),
        Scenario(name="login", title="Login", cycle=_login, users="login"),
    )
}
