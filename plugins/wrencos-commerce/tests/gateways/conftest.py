"""What the tests of the gateways share: an attempt to pay, and requests as they come in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from wrencos_core.api import now
from wrencos_core.contracts.payments import (
    GatewayRequest,
    KnownPayment,
    PaymentToMake,
    RefundToMake,
)

MakePayment = Callable[..., PaymentToMake]
MakeKnown = Callable[..., KnownPayment]
MakeRefund = Callable[..., RefundToMake]
MakeRequest = Callable[..., GatewayRequest]


@pytest.fixture
def payment() -> MakePayment:
    """Returns `make(**fields)`: an attempt to pay 250,000 VND within a quarter of an hour."""

    def make(**fields: Any) -> PaymentToMake:
        moment = now()
        values: dict[str, Any] = {
            "payment_id": "pay_01JCV5M8Q2T3W4X5Y6Z7A8B9C0",
            "reference": "WTEST0REFERENCE0000R",
            "order_id": "order_01JCV5M8Q2T3W4X5Y6Z7A8B9C0",
            "amount": 250_000,
            "currency": "VND",
            "description": "Thanh toán đơn hàng #5",
            "locale": "vi",
            "customer_ip": "203.0.113.7",
            "customer_email": "lan@example.com",
            "return_url": "https://shop.example.com/payments/return",
            "cancel_url": "https://shop.example.com/payments/cancel",
            "created_at": moment,
            "expires_at": moment + timedelta(minutes=15),
        }
        return PaymentToMake(**{**values, **fields})

    return make


@pytest.fixture
def known(payment: MakePayment) -> MakeKnown:
    """Returns `make(**fields)`: the same attempt, made."""

    def make(**fields: Any) -> KnownPayment:
        made = payment()
        names = set(KnownPayment.__struct_fields__) & set(PaymentToMake.__struct_fields__)
        return KnownPayment(**{**{name: getattr(made, name) for name in names}, **fields})

    return make


@pytest.fixture
def refund(known: MakeKnown) -> MakeRefund:
    """Returns `make(amount=…, **fields)`: a refund of the attempt."""

    def make(payment: KnownPayment | None = None, **fields: Any) -> RefundToMake:
        payment = payment or known()
        values: dict[str, Any] = {
            "refund_id": "refund_01JCV5M8Q2T3W4X5Y6Z7A8B9C0",
            "request_id": "WREFUNDREQUEST000001",
            "payment": payment,
            "amount": payment.amount,
            "currency": payment.currency,
            "charged_amount": payment.charged_amount,
            "is_full": True,
            "reason": "Customer returned it",
            "actor": "user_1",
            "requested_at": now(),
        }
        return RefundToMake(**{**values, **fields})

    return make


@pytest.fixture
def request_of() -> MakeRequest:
    """Returns `make(query="", body=b"", **headers)`, as a web server hands a request on."""

    def make(query: str | bytes = "", body: bytes = b"", **headers: str) -> GatewayRequest:
        raw = query if isinstance(query, bytes) else query.encode()
        pairs = parse_qsl(raw.decode("latin-1"), keep_blank_values=True, errors="replace")
        return GatewayRequest(
            method="POST" if body else "GET",
            raw_query=raw,
            query=pairs,
            headers={name.replace("_", "-").lower(): value for name, value in headers.items()},
            body=body,
        )

    return make
