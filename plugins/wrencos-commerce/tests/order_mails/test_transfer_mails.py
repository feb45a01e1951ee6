"""Customers who transfer the money are written where to: once, whatever gets lost."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

from wrencos_commerce.models.payment import Payment
from wrencos_commerce.services.order_mails import ASK_FOR_TRANSFER
from wrencos_commerce.services.transfer_mails import SWEEP_TRANSFERS, TransferMails
from wrencos_core.api import Platform
from wrencos_core.jobs import QUEUES
from wrencos_core.testing.callers import Caller


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return " ".join(str(part.get_content()).split())


def subjects(messages: list[EmailMessage]) -> list[str]:
    return sorted(str(message["Subject"]).replace("\xa0", " ") for message in messages)


def test_who_transfers_is_told_where_and_then_that_it_came(
    me: Caller, order: Any, mails: Any, staff: Caller, platform: Platform
) -> None:
    id = order(me, "bank_transfer")
    (message,) = mails()
    payment = Payment.raw().find_one({"order_id": id})
    assert message["Subject"] == f"Hướng dẫn thanh toán đơn hàng {id} tại Wrencos Beauty"
    text = text_of(message)
    for part in (
        "Ngân hàng: ACB",
        "Số tài khoản: 257678859",
        "Chủ tài khoản: LA SEN",
        "Số tiền: 900.000 ₫",
        f"Nội dung chuyển khoản: {payment['reference']}",
        f"/orders/{id}",
    ):
        assert part in text, part
    platform.jobs.enqueue(ASK_FOR_TRANSFER, order_id=id)
    assert mails() == []
    answer = staff.post(f"/api/payments/{payment['_id']}/collect", json={})
    assert answer.status_code == 200, answer.get_json()
    sent = {str(message["Subject"]): message for message in mails()}
    assert sorted(sent) == [
        f"Đã nhận thanh toán cho đơn hàng {id}",
        f"Đơn hàng {id} của bạn tại Wrencos Beauty",
    ]
    assert "900.000 ₫" in text_of(sent[f"Đã nhận thanh toán cho đơn hàng {id}"])
    confirmation = text_of(sent[f"Đơn hàng {id} của bạn tại Wrencos Beauty"])
    assert "Chúng tôi đã nhận được thanh toán của bạn" in confirmation
    platform.jobs.enqueue(ASK_FOR_TRANSFER, order_id=id)
    assert mails() == []


def test_nobody_is_asked_for_money_for_an_order_that_waits_no_more(
    me: Caller, order: Any, mails: Any, platform: Platform
) -> None:
    id = order(me, "bank_transfer")
    me.post(f"/api/orders/{id}/cancel", json={})
    assert subjects(mails()) == [f"Đơn hàng {id} đã bị hủy"]
    platform.jobs.enqueue(ASK_FOR_TRANSFER, order_id=id)
    platform.jobs.enqueue(ASK_FOR_TRANSFER, order_id="order_gone")
    assert mails() == []


def test_who_lost_the_job_is_told_where_to_transfer_all_the_same(
    clock: Any,
    me: Caller,
    order: Any,
    mails: Any,
    platform: Platform,
    commands_of: Any,
    plans_of: Any,
) -> None:
    id = order(me, "bank_transfer")
    order(me)
    for name in QUEUES:
        platform.jobs.queue(name).empty()
    clock.advance(timedelta(minutes=4))
    platform.jobs.enqueue(SWEEP_TRANSFERS)
    assert mails() == []
    clock.advance(timedelta(minutes=1))
    for _ in range(2):
        platform.jobs.enqueue(SWEEP_TRANSFERS)
    assert subjects(mails()) == [f"Hướng dẫn thanh toán đơn hàng {id} tại Wrencos Beauty"]
    platform.jobs.enqueue(SWEEP_TRANSFERS)
    assert mails() == []
    (sent,) = commands_of(TransferMails(platform).sweep)
    (plan,) = plans_of(sent)
    assert "COLLSCAN" not in plan["stages"]
