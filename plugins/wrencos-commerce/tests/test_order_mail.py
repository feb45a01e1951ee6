"""The confirmation of an order: in whose language, how often, and when not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce.services.order_mails import STALE, OrderMails
from wrencos_core.api import Platform, now
from wrencos_core.contracts.auth import UserDirectory
from wrencos_core.contracts.orders import OrderPlaced

MakeProduct = Callable[..., str]
PlaceOrder = Callable[..., str]


@pytest.mark.parametrize(
    ("locale", "subject", "total"),
    [
        ("en", "Your order {} at Wrencos Beauty", "Total: $59.98"),
        ("vi", "Đơn hàng {} của bạn tại Wrencos Beauty", "Tổng cộng: 59,98 US$"),
    ],
)
def test_the_customer_is_written_to_in_their_language(
    login: Any,
    make_product: MakeProduct,
    place_order: PlaceOrder,
    run_jobs: Any,
    sent_mail: Any,
    locale: str,
    subject: str,
    total: str,
) -> None:
    me = login(email="an@example.test", locale=locale)
    order = place_order(me, make_product(name="Serum <b>"), 2)
    run_jobs()
    (message,) = sent_mail()
    assert message["To"] == "an@example.test"
    assert message["Subject"] == subject.format(order)
    text = message.get_body(("plain",)).get_content()
    assert total in text.replace("\xa0", " ")
    assert "2 x Serum <b>" in text
    assert "123 Main St, San Francisco, CA 94102, US" in text
    assert "Serum &lt;b&gt;" in message.get_body(("html",)).get_content()


def event_of(outbox_events: Any) -> OrderPlaced:
    import msgspec

    (row,) = outbox_events("commerce.order_placed")
    return msgspec.convert(row["payload"], OrderPlaced)


def test_delivered_again_it_is_sent_once(
    platform: Platform,
    login: Any,
    place_order: PlaceOrder,
    run_jobs: Any,
    sent_mail: Any,
    outbox_events: Any,
) -> None:
    place_order(login())
    run_jobs()
    OrderMails(platform).placed(event_of(outbox_events))
    list(platform.outbox.replay(name="commerce.order_placed", again=True))
    run_jobs()
    assert len(sent_mail()) == 1


def test_old_orders_are_not_written_about(
    clock: Any,
    platform: Platform,
    login: Any,
    place_order: PlaceOrder,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    place_order(login())
    clock.advance(STALE + timedelta(seconds=1))
    run_jobs()
    assert sent_mail() == []


def test_nobody_is_written_to_for_an_order_that_is_gone(
    platform: Platform, run_jobs: Any, sent_mail: Any, login: Any
) -> None:
    me = login()
    assert platform.services.require(UserDirectory).find(me.user_id)
    OrderMails(platform).placed(
        OrderPlaced(
            id="order_x:placed",
            occurred_at=now(),
            order_id="order_x",
            user_id=me.user_id,
            channel="web",
            status="confirmed",
            payment_method="cod",
            lines=(),
            charges=(),
            adjustments=(),
            prices_include_tax=True,
            tax_total=0,
            total_price=int(Decimal(0)),
            currency="USD",
        ),
    )
    run_jobs()
    assert sent_mail() == []
