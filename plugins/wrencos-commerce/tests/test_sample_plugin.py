"""What a third party can build on the facade and the contracts: a whole order through a plugin."""

from __future__ import annotations

import ast
import hashlib
import hmac
import importlib.util
import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import requests
from flask import Flask

from wrencos_commerce import plugin
from wrencos_commerce.services.payments.refund_sending import RefundSending
from wrencos_commerce.testing.local_http import Answer, FakeServer, Request
from wrencos_core.api import Platform
from wrencos_core.testing.accounts import Logins
from wrencos_core.testing.callers import Caller

SAMPLE = Path(__file__).parent / "sample_shop_plugin.py"
SECRET = "a shared secret"
_ALLOWED = ("wrencos_core.api", "wrencos_core.web", "wrencos_core.contracts")


class CoinServer(FakeServer):
    """The coin gateway: it checks what is signed, and keeps books."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: dict[str, dict[str, str]] = {}
        self.refunded: dict[str, int] = {}

    def answer(self, request: Request) -> Answer:
        if request.path == "/pay":
            text, _, signature = request.query.rpartition("&sign=")
            if signature != sign(text):
                return Answer(400, {"message": "signature"})
            asked = dict(parse_qsl(text))
            self.asked[asked["reference"]] = asked
            return Answer(200, asked)
        if request.headers["x-coin-sign"] != sign(request.body.decode()):
            return Answer(401, {"message": "signature"})
        wish = json.loads(request.body)
        self.refunded[wish["request"]] = wish["amount"]
        return Answer(200, {"id": f"R-{wish['request']}"})

    def books(self) -> dict[str, Any]:
        return {"refunded": self.refunded}


def sign(text: str) -> str:
    return hmac.new(SECRET.encode(), text.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def coin() -> Iterator[CoinServer]:
    with CoinServer() as server:
        yield server


@pytest.fixture(scope="module")
def sample() -> ModuleType:
    """The plugin, loaded as a module of its own."""
    spec = importlib.util.spec_from_file_location("sample_shop_plugin", SAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def platform(make_platform: Any, sample: ModuleType, coin: CoinServer) -> Platform:
    settings = {sample.PerksSettings: {"coin_url": coin.url, "coin_secret": SECRET}}
    plugins = {"commerce": plugin, "perks": sample}
    return make_platform(plugins, settings)  # type: ignore[no-any-return]


@pytest.fixture
def app(platform: Platform, make_app: Any) -> Flask:
    return make_app(platform)  # type: ignore[no-any-return]


@pytest.fixture
def me(platform: Platform, app: Flask) -> Caller:
    return Logins(platform, app)()


def paid(asked: dict[str, str], **changes: Any) -> dict[str, Any]:
    """What the gateway tells of a payment."""
    return {
        "id": f"paid-{asked['reference']}",
        "status": "paid",
        "reference": asked["reference"],
        "amount": int(asked["amount"]),
        "currency": asked["currency"],
        "transaction": "T-1",
        "fee": 81,
        **changes,
    }


def tell(app: Flask, said: dict[str, Any], signature: str | None = None) -> Any:
    """The gateway sends a message; the answer."""
    body = json.dumps(said)
    headers = {"X-Coin-Sign": sign(body) if signature is None else signature}
    return app.test_client().post("/api/payments/webhooks/coin", data=body, headers=headers)


def test_it_imports_nothing_of_commerce() -> None:
    tree = ast.parse(SAMPLE.read_text("utf-8"))
    names = [
        name
        for node in ast.walk(tree)
        for name in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if name.split(".")[0].startswith("wrencos")
    ]
    assert names
    assert [name for name in names if not name.startswith(_ALLOWED)] == []
    calls = {node.func.id for node in ast.walk(tree) if _is_call_by_name(node)}
    assert not {"__import__", "import_module"} & calls


def _is_call_by_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name)


def test_a_whole_order_is_paid_and_refunded_through_it(
    platform: Platform,
    app: Flask,
    me: Caller,
    coin: CoinServer,
    make_product: Any,
    purchase: dict[str, Any],
    outbox_events: Any,
    run_jobs: Any,
    sample: ModuleType,
) -> None:
    product = make_product(price=Decimal("10.10"))
    item = {"productId": product, "quantity": 3}
    assert me.post("/api/cart/items", json=item).status_code == 201
    cart = me.get("/api/cart").get_json()
    assert cart["adjustments"] == [{"code": "perks.tenth", "label": "10 % off", "amount": -3.03}]
    offered = app.test_client().get("/api/payment-methods").get_json()["paymentMethods"]
    assert "coin" in {method["paymentMethodId"] for method in offered}

    elsewhere = {**purchase["shippingAddress"], "country": "AQ"}
    refused = me.post(
        "/api/cart/checkout", json={"paymentMethodId": "coin", "shippingAddress": elsewhere}
    )
    assert refused.status_code == 409
    assert refused.get_json()["reasons"] == ["We do not deliver to Antarctica."]

    placed = me.post("/api/cart/checkout", json={**purchase, "paymentMethodId": "coin"})
    assert placed.status_code == 201, placed.get_json()
    order = placed.get_json()["orderId"]
    started = me.post("/api/payments", json={"orderId": order}).get_json()["payment"]
    page = requests.get(started["next"]["url"], timeout=10)
    assert page.status_code == 200, page.text
    (asked,) = coin.asked.values()
    assert (asked["amount"], asked["currency"]) == ("2727", "USD")

    # The browser comes back first, and nothing is believed to it.
    back = {"reference": asked["reference"], "status": "paid"}
    back["sign"] = sign(f"{back['reference']}|paid")
    path = asked["return_url"].split("//", 1)[1].partition("/")[2]
    returned = app.test_client().get(f"/{path}?{urlencode(back)}")
    assert returned.status_code == 200
    assert me.get(f"/api/orders/{order}").get_json()["order"]["paymentStatus"] == "pending"

    assert tell(app, paid(asked), signature="0" * 64).status_code == 401
    wrong = tell(app, paid(asked, id="other", amount=1))
    assert wrong.get_json() == {"result": "mismatch"}
    assert tell(app, paid(asked)).get_json() == {"result": "applied"}
    assert tell(app, paid(asked)).get_json() == {"result": "already"}
    shown = me.get(f"/api/orders/{order}").get_json()["order"]
    assert (shown["status"], shown["paymentStatus"], shown["paid"]) == ("confirmed", "paid", 27.27)
    (event,) = outbox_events("commerce.order_paid")
    assert (event["payload"]["payment_method"], event["payload"]["fee"]) == ("coin", 81)

    run_jobs()
    run_jobs()
    (points,) = sample.Points.raw().find({})
    assert (points["order_id"], points["user_id"], points["points"]) == (order, me.user_id, 27)

    assert me.post(f"/api/orders/{order}/cancel", json={}).status_code == 200
    run_jobs()
    assert list(coin.refunded.values()) == [2727]
    shown = me.get(f"/api/orders/{order}").get_json()["order"]
    assert (shown["status"], shown["paymentStatus"]) == ("cancelled", "refunded")
    assert (shown["paid"], shown["refunded"]) == (27.27, 27.27)


def test_a_refund_whose_answer_was_lost_is_paid_once(
    clock: Any,
    platform: Platform,
    app: Flask,
    me: Caller,
    coin: CoinServer,
    place_order: Any,
    purchase: dict[str, Any],
    run_jobs: Any,
) -> None:
    purchase["paymentMethodId"] = "coin"
    order = place_order(me)
    url = me.post("/api/payments", json={"orderId": order}).get_json()["payment"]["next"]["url"]
    requests.get(url, timeout=10)
    (asked,) = coin.asked.values()
    assert tell(app, paid(asked)).status_code == 200
    coin.fail("lose", path="/refunds")
    assert me.post(f"/api/orders/{order}/cancel", json={}).status_code == 200
    run_jobs()
    assert list(coin.refunded.values()) == [2999]
    assert me.get(f"/api/orders/{order}").get_json()["order"]["paymentStatus"] == "paid"
    clock.advance(timedelta(minutes=10))
    platform.services.require(RefundSending).run()
    assert list(coin.refunded.values()) == [2999]
    assert me.get(f"/api/orders/{order}").get_json()["order"]["paymentStatus"] == "refunded"


def test_without_its_settings_it_is_not_offered(
    make_platform: Any, make_app: Any, sample: ModuleType
) -> None:
    platform = make_platform({"commerce": plugin, "perks": sample})
    offered = make_app(platform).test_client().get("/api/payment-methods").get_json()
    assert "coin" not in {method["paymentMethodId"] for method in offered["paymentMethods"]}
