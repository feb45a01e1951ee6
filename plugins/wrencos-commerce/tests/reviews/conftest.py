"""What the tests of reviews share: posting one, having an order delivered, a picture."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from PIL import Image

from wrencos_commerce.models.order import OrderStatus
from wrencos_commerce.services.orders import Orders, StatusChange
from wrencos_core.api import SYSTEM, Platform
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.testing.callers import Caller

Deliver = Callable[..., str]
Post = Callable[..., Any]


@pytest.fixture
def deliver(platform: Platform, place_order: Callable[..., str]) -> Deliver:
    """Returns `deliver(caller, product_id)`: orders it, has it delivered; the order's id.

    `until` stops before a status is reached.
    """

    def deliver(caller: Caller, product_id: str, until: str = "") -> str:
        order = place_order(caller, product_id)
        for status in (OrderStatus.PROCESSING, OrderStatus.SHIPPED, OrderStatus.DELIVERED):
            if status == until:
                break
            change = StatusChange(status=status)
            platform.services.require(Orders).change_status(order, change, SYSTEM)
        return order

    return deliver


@pytest.fixture
def post() -> Post:
    """Returns `post(caller, product_id, **fields)`: posts a review, and the answer's JSON."""

    def post(caller: Caller, product_id: str, status: int = 201, **fields: Any) -> Any:
        body: Mapping[str, Any] = {"productId": product_id, "rating": 4, "comment": "Light, fresh."}
        answer = caller.post("/api/reviews", json={**body, **fields})
        assert answer.status_code == status, answer.get_json()
        return answer.get_json()

    return post


@pytest.fixture
def upload() -> Callable[[Caller], str]:
    """Returns `upload(caller)`: uploads a picture of 800 by 400 pixels, and the image's id."""

    def upload(caller: Caller) -> str:
        content = io.BytesIO()
        Image.effect_noise((800, 400), 60).save(content, "PNG")
        content.seek(0)
        answer = caller.post("/api/images", data={"file": (content, "photo.png")})
        assert answer.status_code == 201, answer.get_json()
        return str(answer.get_json()["imageId"])

    return upload


@pytest.fixture
def again(platform: Platform) -> Callable[[Caller], Caller]:
    """Returns `again(caller)`: the same user, logged in anew after the clock was moved."""

    def again(caller: Caller) -> Caller:
        session = platform.services.require(Sessions).open(caller.user_id)
        return Caller(caller.app, caller.user_id, session.token)

    return again


def reviews_of(caller: Any, product_id: str, **query: Any) -> Any:
    """The answer of the product's list of reviews."""
    answer = caller.get(f"/api/reviews/product/{product_id}", query_string=query)
    assert answer.status_code == 200, answer.get_json()
    return answer.get_json()


@pytest.fixture
def shown() -> Callable[..., Any]:
    """Returns `shown(caller, product_id, **query)`: the product's list of reviews."""
    return reviews_of
