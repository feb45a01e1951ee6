"""What customers are written at each step of an order: once, in their language, in time."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.order_mail_values import order_values
from wrencos_commerce.services.order_mails import STALE, order_mail_subscribers
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Event, Platform, now, transaction
from wrencos_core.contracts.orders import (
    OrderCancelled,
    OrderDelivered,
    OrderPaid,
    OrderRefunded,
    OrderReturned,
    OrderShipped,
    RefundedLine,
    ReturnedLine,
    ShippedLine,
)
from wrencos_core.settings import SettingsError
from wrencos_core.testing.callers import Caller


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def subjects(messages: list[EmailMessage]) -> list[str]:
    return sorted(str(message["Subject"]).replace("\xa0", " ") for message in messages)


def publish(platform: Platform, *events: Event) -> None:
    for event in events:
        transaction(lambda event=event: platform.outbox.publish(event))


def line_of(order_id: str) -> Any:
    return Order.raw().find_one({"_id": order_id})["lines"][0]


def test_an_order_on_delivery_is_confirmed_at_once(
    me: Caller, order: Any, mails: Any, staff: Caller
) -> None:
    id = order(me)
    (message,) = mails()
    assert message["Subject"] == f"Đơn hàng {id} của bạn tại Wrencos Beauty"
    text = text_of(message)
    for part in (
        "Xin chào Lan Nguyễn,",
        "Bạn thanh toán khi nhận hàng",
        "3 x Serum: 900.000 ₫",
        "Tổng cộng: 900.000 ₫",
        "123 Main St, San Francisco, CA 94102, US",
        f"/orders/{id}",
    ):
        assert part in text, part
    assert "Tạm tính" not in text
    assert f'href="http://127.0.0.1:8000/orders/{id}"' in html_of(message)
    for status in ("shipped", "delivered"):
        staff.put(f"/api/orders/{id}/status", json={"newStatus": status})
    # It is paid with the delivery, and nobody is written that they have paid.
    assert subjects(mails()) == [
        f"Đơn hàng {id} đang được giao",
        f"Đơn hàng {id} đã được giao",
    ]


def test_a_confirmation_shows_how_the_total_comes_about(
    platform: Platform, me: Caller, order: Any
) -> None:
    id = order(me)
    row = Order.raw().find_one({"_id": id})
    row["lines"][0] |= {"discount": 90_000, "total": 810_000}
    shipping = {"code": "shipping", "label": "Nhanh", "amount": 30_000, "discount": 30_000}
    row["charges"] = [{**shipping, "tax_rate": "0", "tax": 0, "total": 0}]
    row["adjustments"] = [
        {"code": "a", "label": "Mùa hè", "amount": -90_000},
        {"code": "b", "label": "Miễn phí giao hàng", "amount": -30_000},
    ]
    row |= {"tax_total": 60_000, "total_price": 810_000, "payment_status": "paid"}
    context = {
        "name": "",
        "order_id": id,
        "order_link": "https://shop.example",
        "method": "VNPay",
        "pays_on_delivery": False,
        "estimated_delivery": now().date(),
    }
    for locale, parts in {
        "vi": (
            "Xin chào, cảm ơn",
            "Chúng tôi đã nhận được thanh toán của bạn: VNPay.",
            "Tạm tính: 900.000 ₫ Mùa hè: -90.000 ₫ Miễn phí giao hàng: -30.000 ₫ Phí vận",
            "chuyển: 30.000 ₫ Tổng cộng: 810.000 ₫ Đã gồm thuế: 60.000 ₫",
        ),
        "en": (
            "Hello, thank you",
            "Subtotal: ₫900,000 Mùa hè: -₫90,000 Miễn phí giao hàng: -₫30,000 Shipping",
            "Shipping: ₫30,000 Total: ₫810,000 Tax included: ₫60,000",
        ),
    }.items():
        values = {**context, "order": order_values(row)}
        made = platform.mailer.templates.render("commerce/order_confirmation", locale, values)
        text = " ".join(made.text.split())
        for part in parts:
            assert part in text
            assert made.html.count("</td>") >= 12
    on_top = {**row, "prices_include_tax": False}
    values = {**context, "order": order_values(on_top)}
    made = platform.mailer.templates.render("commerce/order_confirmation", "en", values)
    assert "Tax: ₫60,000 Total" in " ".join(made.text.split())
    # Where a discount could not be taken in full, their sum says what was.
    cut = {**row, "adjustments": [{"code": "a", "label": "Mùa hè", "amount": -999_000}]}
    assert order_values(cut)["discounts"] == [{"label": None, "amount": -120_000}]


def test_money_that_comes_after_the_confirmation_is_acknowledged(
    clock: Any, me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me)
    mails()
    clock.advance(timedelta(minutes=5))
    row = Order.raw().find_one({"_id": id})
    event = OrderPaid(
        id=f"{id}:paid",
        occurred_at=now(),
        order_id=id,
        user_id=me.user_id,
        channel="web",
        payment_id="pay_1",
        payment_method="a_card",
        amount=row["total_price"],
        fee=None,
        lines=(),
        charges=(),
        adjustments=(),
        prices_include_tax=True,
        tax_total=0,
        currency="VND",
    )
    publish(platform, event)
    assert subjects(mails()) == [f"Đã nhận thanh toán cho đơn hàng {id}"]


def test_each_parcel_is_told_of_with_what_is_in_it(
    me: Caller, order: Any, mails: Any, staff: Caller
) -> None:
    id = order(me)
    mails()
    variant = line_of(id)["variant_id"]
    path = f"/api/orders/{id}/shipments"
    some = {"items": [{"variantId": variant, "quantity": 2}], "carrier": "GHN"}
    assert staff.post(path, json={**some, "trackingNumber": "GHN-1"}).status_code == 201
    (message,) = mails()
    assert message["Subject"] == f"Một phần đơn hàng {id} đang được giao"
    text = text_of(message)
    for part in ("vận chuyển: GHN", "Mã vận đơn: GHN-1", "- 2 x Serum", "Phần còn lại"):
        assert part in text
    assert staff.post(path, json={}).status_code == 201
    (message,) = mails()
    assert message["Subject"] == f"Đơn hàng {id} đang được giao"
    text = text_of(message)
    assert "- 1 x Serum" in text
    assert "Mã vận đơn" not in text


def test_a_cancelled_order_says_why_and_whether_money_comes_back(
    login: Any, order: Any, mails: Any, staff: Caller, platform: Platform
) -> None:
    her = login(locale="en")
    id = order(her)
    mails()
    her.post(f"/api/orders/{id}/cancel", json={"note": "Too late"})
    (message,) = mails()
    assert message["Subject"] == f"Your order {id} has been cancelled"
    assert "has been cancelled as you wished. There is nothing to pay." in text_of(message)
    paid = order(her, "bank_transfer")
    payment = Payment.raw().find_one({"order_id": paid})
    staff.post(f"/api/payments/{payment['_id']}/collect", json={})
    mails()
    staff.put(f"/api/orders/{paid}/status", json={"newStatus": "cancelled"})
    (message,) = mails()
    assert "has been cancelled by the shop. What you have paid goes back" in text_of(message)
    for reason, words in {
        "not_paid": "because no payment came in time",
        "parcel_refused": "because the parcel was not accepted",
    }.items():
        other = order(her)
        mails()
        event = OrderCancelled(
            id=f"{other}:cancelled",
            occurred_at=now(),
            order_id=other,
            user_id=her.user_id,
            reason=reason,
            was_paid=False,
        )
        publish(platform, event)
        (message,) = mails()
        assert f"has been cancelled {words}." in text_of(message)


def refunded(order_id: str, **changes: Any) -> OrderRefunded:
    values: dict[str, Any] = {
        "id": "refund_1:refunded",
        "occurred_at": now(),
        "order_id": order_id,
        "user_id": None,
        "refund_id": "refund_1",
        "payment_id": "pay_1",
        "payment_method": "bank_transfer",
        "return_id": None,
        "amount": 300_000,
        "currency": "VND",
        "lines": (
            RefundedLine(
                variant_id=line_of(order_id)["variant_id"], quantity=1, amount=300_000, tax=0
            ),
        ),
        "charges": (),
        "reason": "returned",
    }
    return OrderRefunded(**{**values, **changes})


def test_a_refund_says_how_much_and_how(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me)
    mails()
    publish(platform, refunded(id))
    (message,) = mails()
    assert subjects([message]) == [f"Hoàn 300.000 ₫ cho đơn hàng {id}"]
    text = text_of(message)
    for part in ("đã hoàn 300.000 ₫", "bằng chuyển khoản hoặc tiền mặt", "- 1 x Serum"):
        assert part in text
    changes = {"id": "refund_2:refunded", "refund_id": "refund_2", "lines": ()}
    publish(platform, refunded(id, **changes, reason="not_owed"))
    (message,) = mails()
    assert "bạn đã trả thừa" in text_of(message)
    assert "Cho:" not in text_of(message)


def test_a_refund_through_a_gateway_names_it(
    login: Any, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(login(locale="en"))
    mails()
    publish(platform, refunded(id, payment_method="vnpay"))
    (message,) = mails()
    assert "It goes the way it came, by VNPay" in text_of(message)


def test_a_return_that_arrived_says_what_happens_now(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me)
    mails()
    variant = line_of(id)["variant_id"]
    came = ReturnedLine(variant_id=variant, restocked=1, written_off=1, cost_price=None)
    for resolution, words in {
        "refund": "Tiền sẽ được hoàn lại",
        "exchange": "Hàng đổi có đơn hàng riêng: order_2.",
        "none": "Không có khoản hoàn tiền nào",
    }.items():
        event = OrderReturned(
            id=f"ret_{resolution}:received",
            occurred_at=now(),
            order_id=id,
            user_id=me.user_id,
            return_id=f"ret_{resolution}",
            resolution=resolution,
            lines=(came,),
            exchange_order_id="order_2",
        )
        publish(platform, event)
        (message,) = mails()
        assert message["Subject"] == f"Đã nhận hàng trả lại của đơn hàng {id}"
        assert "- 2 x Serum" in text_of(message)
        assert words in text_of(message)


def steps(id: str, user_id: str | None) -> list[Event]:
    """What happens to an order after it was placed."""
    variant = line_of(id)["variant_id"]
    common: dict[str, Any] = {"occurred_at": now(), "order_id": id, "user_id": user_id}
    shipped = OrderShipped(
        id="ship_1:shipped",
        shipment_id="ship_1",
        carrier=None,
        tracking_number=None,
        lines=(ShippedLine(variant_id=variant, quantity=3),),
        is_complete=True,
        **common,
    )
    cancelled = OrderCancelled(id=f"{id}:cancelled", reason="staff", was_paid=True, **common)
    return [shipped, OrderDelivered(id=f"{id}:delivered", **common), cancelled, refunded(id)]


def test_each_step_is_told_once_however_often_it_is_delivered(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me)
    Order.raw().update_one({"_id": id}, {"$set": {"shipments": [{"id": "ship_1"}]}})
    publish(platform, *steps(id, me.user_id))
    assert len(mails()) == 5
    for name in ("placed", "status_changed", "shipped", "delivered", "cancelled", "refunded"):
        list(platform.outbox.replay(name=f"commerce.order_{name}", again=True))
    assert mails() == []


def test_what_happened_days_ago_is_told_to_nobody(
    clock: Any, me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    ids = [order(me), order(me, "bank_transfer")]
    publish(platform, *steps(ids[0], me.user_id))
    clock.advance(STALE + timedelta(seconds=1))
    assert mails() == []


def test_an_erased_customer_is_not_written_to(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me)
    answer = me.delete("/api/auth/me", json={"password": "Jasmine-rice-42"})
    assert answer.status_code == 200
    mails()
    publish(platform, *steps(id, me.user_id))
    assert mails() == []


def test_who_has_no_account_is_written_to_at_their_address(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id, silent = order(me), order(me)
    mails()
    for order_id, values in {
        id: {"email": "guest@example.test", "locale": "en"},
        silent: {"locale": "en"},
    }.items():
        change = {"$set": values, "$unset": {"user_id": ""}}
        Order.raw().update_one({"_id": order_id}, change)
        common: dict[str, Any] = {"occurred_at": now(), "order_id": order_id, "user_id": None}
        publish(platform, OrderDelivered(id=f"{order_id}:delivered", **common))
    (message,) = mails()
    assert message["To"] == "guest@example.test"
    assert message["Subject"] == f"Your order {id} has been delivered"
    assert text_of(message).startswith("Hello, your order")


def test_what_is_taken_along_is_not_said_to_be_delivered(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me)
    mails()
    Order.raw().update_one({"_id": id}, {"$unset": {"shipping_address": ""}})
    event = OrderDelivered(id=f"{id}:delivered", occurred_at=now(), order_id=id, user_id=me.user_id)
    publish(platform, event)
    assert mails() == []


def test_every_step_has_a_subscriber_of_its_own(platform: Platform) -> None:
    names = [subscriber.name for subscriber in order_mail_subscribers(platform)]
    assert len(set(names)) == 8
    assert set(names) <= {subscriber.name for subscriber in platform.outbox.subscribers()}


@pytest.mark.parametrize("url", ["https://x.example/", "ftp://x/{order_id}", "{base_url}/{id}"])
def test_the_page_of_an_order_must_be_one(make_platform: Any, url: str) -> None:
    with pytest.raises(SettingsError):
        make_platform(None, {CommerceSettings: {"order_url": url}})
