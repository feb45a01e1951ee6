"""What the tests of prices share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wrencos_commerce.services.promotions.coupons import Coupons
from wrencos_commerce.services.promotions.promotions import Promotions
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.testing.callers import Caller

MakePromotion = Callable[..., str]


@pytest.fixture
def me(login: Any) -> Caller:
    return login()  # type: ignore[no-any-return]


@pytest.fixture
def admin(login: Any) -> Caller:
    return login("admin")  # type: ignore[no-any-return]


@pytest.fixture
def add() -> Callable[..., None]:
    """Returns `add(caller, product_id, quantity=1)`: puts it into the caller's cart."""

    def add(caller: Any, product_id: str, quantity: int = 1) -> None:
        body = {"productId": product_id, "quantity": quantity}
        answer = caller.post("/api/cart/items", json=body)
        assert answer.status_code == 201, answer.json

    return add


@pytest.fixture
def slug_of() -> Callable[[Any], str]:
    """Returns `slug_of(answer)`: what kind of problem an answer is."""

    def slug_of(answer: Any) -> str:
        return str(answer.get_json()["type"]).removeprefix("urn:wrencos:problem:")

    return slug_of


@pytest.fixture
def make_promotion(platform: Platform) -> MakePromotion:
    """Returns `make(*codes, **fields)`: a promotion with these coupons, 10 % off unless told."""

    def make(*codes: str, max_uses_of_code: int | None = None, **fields: Any) -> str:
        values = {"name": "Spring", "kind": "percent", "percent": "10", **fields}
        if values["kind"] not in ("percent", "buy_get"):
            del values["percent"]
        services = platform.services
        id = str(services.require(Promotions).create(values, SYSTEM)["_id"])
        if codes:
            services.require(Coupons).add(id, codes, max_uses_of_code, SYSTEM)
        return id

    return make
