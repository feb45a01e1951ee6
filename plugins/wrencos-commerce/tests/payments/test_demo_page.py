"""The page of a demo that takes no money, and that no real shop has."""

from __future__ import annotations

from typing import Any

import pytest

from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import CoreSettings, Platform


@pytest.fixture
def environment() -> str:
    return "demo"


@pytest.fixture
def platform(make_platform: Any, environment: str) -> Platform:
    settings = {CoreSettings: {"currency": "VND", "environment": environment}}
    return make_platform(None, settings)  # type: ignore[no-any-return]


def test_a_demo_offers_it_beside_a_bank_that_is_none(client: Any) -> None:
    offered = client.get("/api/payment-methods?locale=en").get_json()["paymentMethods"]
    assert {(o["paymentMethodId"], o["kind"]) for o in offered} == {
        ("cod", "on_delivery"),
        ("demo", "online"),
        ("bank_transfer", "transfer"),
    }


@pytest.mark.parametrize(
    ("button", "status", "title"),
    [("paid", ("confirmed", "paid"), "Paid"), ("failed", ("pending", "pending"), "failed")],
)
def test_its_buttons(
    shop: Any, shopper: Any, client: Any, serum: str, button: str, status: Any, title: str
) -> None:
    order = shopper.order(serum, 1, "demo")
    url = shopper.start(order)["next"]["url"]
    path = url.removeprefix("http://127.0.0.1:8000")
    page = client.get(path)
    assert "300,000" in page.text
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    pressed = client.post(path, data={"outcome": button})
    assert pressed.status_code == 303
    back = client.get(f"{pressed.headers['Location'].removeprefix('http://127.0.0.1:8000')}")
    assert back.status_code == 200
    assert title in back.text
    assert shopper.shown(order) == status
    assert shop.on_hand(serum) == (9 if button == "paid" else 10)


def test_its_messages_are_signed(client: Any, shop: Any, shopper: Any, serum: str) -> None:
    order = shopper.order(serum, 1, "demo")
    reference = shopper.start(order)["next"]["url"].rpartition("/")[2]
    body = {"reference": reference, "outcome": "paid", "amount": 300_000, "currency": "VND"}
    answer = client.post("/api/payments/webhooks/demo", json=body)
    assert answer.status_code == 401
    assert shopper.shown(order) == ("pending", "pending")


@pytest.mark.parametrize("environment", ["development"])
def test_a_real_shop_has_none(client: Any, shopper: Any, serum: str) -> None:
    assert client.get("/api/payments/demo/W0").status_code == 404
    assert client.post("/api/payments/demo/W0", data={"outcome": "paid"}).status_code == 404
    offered = client.get("/api/payment-methods").get_json()["paymentMethods"]
    assert [o["paymentMethodId"] for o in offered] == ["cod"]


def test_the_address_to_come_back_to_is_checked_at_start(make_platform: Any) -> None:
    for wrong in ("{base_url}/{user}", "javascript:alert(1)"):
        with pytest.raises(Exception, match="PAYMENT_RESULT_URL"):
            make_platform(None, {CommerceSettings: {"payment_result_url": wrong}})
