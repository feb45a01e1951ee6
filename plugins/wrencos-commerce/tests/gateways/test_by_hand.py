"""Cash on delivery and at the counter: nothing is sent, asked or paid back by a program."""

from __future__ import annotations

import pytest

from wrencos_commerce.services.gateways.counter import Counter
from wrencos_commerce.services.gateways.on_delivery import CashOnDelivery
from wrencos_core.contracts.payments import (
    BadSignature,
    PaymentGateway,
    PaymentKind,
    PaymentStep,
    RefundOutcome,
    ReturnInfo,
    WebhookResult,
)


@pytest.mark.parametrize(
    ("gateway", "id", "kind"),
    [
        (CashOnDelivery(), "cod", PaymentKind.ON_DELIVERY),
        (Counter(), "cash", PaymentKind.COUNTER),
    ],
)
def test_people_do_it_all(
    gateway: PaymentGateway, id: str, kind: PaymentKind, payment, known, refund, request_of
) -> None:
    assert (gateway.id, gateway.kind, set(gateway.names)) == (id, kind, {"vi", "en"})
    assert gateway.accepts(1, "USD")
    assert not gateway.accepts(0, "VND")
    assert gateway.create(payment()) == PaymentStep(kind="none")
    assert gateway.parse_return(request_of("a=b")) == ReturnInfo()
    assert gateway.query(known()) is None
    assert gateway.refund(refund()).outcome is RefundOutcome.MANUAL
    assert gateway.query_refund(refund()).outcome is RefundOutcome.MANUAL
    with pytest.raises(BadSignature):
        gateway.parse_webhook(request_of(body=b"{}"))
    assert gateway.webhook_reply(WebhookResult.REFUSED).status == 404
