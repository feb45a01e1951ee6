"""A shop in đồng whose mails about orders are read."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from email.message import EmailMessage
from typing import Any

import pytest

from wrencos_commerce.permissions import COLLECT_PAYMENTS, REQUEST_REFUNDS
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import CoreSettings, Platform
from wrencos_core.testing.callers import Caller

MakeProduct = Callable[..., str]
BANK = {
    "bank_bin": "970416",
    "bank_account": "257678859",
    "bank_account_name": "LA SEN",
    "bank_name": "ACB",
}
VNPAY = {"vnpay_tmn_code": "TESTTMN1", "vnpay_secret": "VNPAYTESTSECRETKEY0123456789ABCD"}


@pytest.fixture
def platform(make_platform: Any) -> Platform:
    """A shop in đồng that takes transfers and cash on delivery."""
    settings = {CoreSettings: {"currency": "VND"}, CommerceSettings: {**BANK, **VNPAY}}
    return make_platform(None, settings)  # type: ignore[no-any-return]


@pytest.fixture
def me(login: Any) -> Caller:
    return login(email="lan@example.test", locale="vi")  # type: ignore[no-any-return]


@pytest.fixture
def staff(login: Any) -> Caller:
    return login("staff", [COLLECT_PAYMENTS, REQUEST_REFUNDS])  # type: ignore[no-any-return]


@pytest.fixture
def order(make_product: MakeProduct, purchase: dict[str, Any]) -> Callable[..., str]:
    """Returns `order(caller, method="cod", quantity=3)`: orders serum at 300,000 đồng."""
    serum = make_product(name="Serum", price=Decimal(300_000), inventory=100)

    def place(caller: Caller, method: str = "cod", quantity: int = 3) -> str:
        caller.post("/api/cart/items", json={"productId": serum, "quantity": quantity})
        body = {**purchase, "paymentMethodId": method}
        answer = caller.post("/api/cart/checkout", json=body)
        assert answer.status_code == 201, answer.get_json()
        return str(answer.get_json()["orderId"])

    return place


@pytest.fixture
def mails(run_jobs: Any, sent_mail: Any) -> Callable[[], list[EmailMessage]]:
    """Returns `mails()`: runs the jobs; what was sent since it was called last."""
    seen = 0

    def mails() -> list[EmailMessage]:
        nonlocal seen
        run_jobs()
        sent = sent_mail()
        fresh, seen = sent[seen:], len(sent)
        return list(fresh)

    return mails
