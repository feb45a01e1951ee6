"""A phone order that is paid online: the staff send the link."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import requests

from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.testing.callers import Caller


@pytest.fixture
def clerk(login: Any) -> Caller:
    return login("staff")  # type: ignore[no-any-return]


@pytest.fixture
def phoned(clerk: Caller, serum: str, purchase: dict[str, Any]) -> Callable[..., str]:
    """Returns `phoned(**changes)`: enters an order of one serum by phone, and its id."""

    def phoned(**changes: Any) -> str:
        body = {
            "channel": "phone",
            "items": [{"sku": "SERUM"}],
            "customer": {"name": "Mai", "phone": "0901", "email": "mai@example.test"},
            "shippingAddress": purchase["shippingAddress"],
            "paymentMethodId": "vnpay",
            **changes,
        }
        answer = clerk.post("/api/orders", json=body)
        assert answer.status_code == 201, answer.get_json()
        return str(answer.get_json()["order"]["orderId"])

    return phoned


def link(caller: Caller, order: str, status: int = 200, **body: str) -> Any:
    answer = caller.post(f"/api/orders/{order}/payment-link", json=body)
    assert answer.status_code == status, answer.get_json()
    return answer.get_json()["payment"] if status == 200 else answer.get_json()


def test_the_customer_pays_by_the_link(
    shop: Any,
    clerk: Caller,
    login: Any,
    serum: str,
    phoned: Callable[..., str],
    vnpay: FakeVNPay,
    ipn: Callable[[str], str],
) -> None:
    order = phoned()
    assert shop.order(order)["status"] == "pending"
    assert shop.stock(serum) == (9, 1)
    payment = link(clerk, order)
    assert link(clerk, order)["paymentId"] == payment["paymentId"]
    reference = requests.get(payment["next"]["url"], timeout=10).json()["reference"]
    assert ipn(vnpay.pay(reference)) == "00"
    row = shop.order(order)
    assert (row["status"], row["payment_status"], row["paid"]) == ("confirmed", "paid", 300_000)
    assert shop.stock(serum) == (9, 0)
    assert link(clerk, order, 409)["type"] == "urn:wrencos:problem:nothing-to-pay"
    entries = login("admin").get(f"/api/audit?target={order}").get_json()["entries"]
    assert "commerce.orders.request_payment" in {entry["action"] for entry in entries}


def test_another_way_may_be_chosen(
    shop: Any, clerk: Caller, serum: str, phoned: Callable[..., str]
) -> None:
    order = phoned(paymentMethodId="cod")
    assert link(clerk, order)["next"]["kind"] == "none"
    assert link(clerk, order, paymentMethodId="vnpay")["next"]["kind"] == "redirect"
    link(clerk, "order_nothing", 404)
    link(clerk, order, 422, paymentMethodId="shells")


def test_the_link_is_for_the_staff_alone(
    clerk: Caller, login: Any, phoned: Callable[..., str]
) -> None:
    order = phoned()
    link(login(), order, 403)
    answer = login().post("/api/payments", json={"orderId": order})
    assert answer.status_code == 404
