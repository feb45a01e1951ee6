"""What customers are written about their return: once for each state, in their language."""

from __future__ import annotations

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from wrencos_commerce.services.returns.mails import ReturnMails
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform
from wrencos_core.testing.callers import Caller


@pytest.fixture
def platform(make_platform: Any) -> Platform:
    address = "Tầng 3, 12 Trần Phú | Đà Nẵng <550000>"
    settings = {CommerceSettings: {"legal_name": "Công ty Lá Sen", "legal_address": address}}
    return make_platform(None, settings)  # type: ignore[no-any-return]


@pytest.fixture
def me(login: Any) -> Caller:
    return login(locale="vi")  # type: ignore[no-any-return]


@pytest.fixture
def mails(bought: str, run_jobs: Any, sent_mail: Any) -> Callable[[], list[EmailMessage]]:
    """Returns `mails()`: runs the jobs; what was sent about returns since it was called last."""
    assert bought
    run_jobs()
    seen = len(sent_mail())

    def mails() -> list[EmailMessage]:
        nonlocal seen
        run_jobs()
        sent = sent_mail()
        fresh, seen = sent[seen:], len(sent)
        return list(fresh)

    return mails


def told(message: EmailMessage) -> tuple[str, str]:
    """The subject and the text."""
    part = message.get_body(("plain",))
    assert part is not None
    return str(message["Subject"]), " ".join(str(part.get_content()).split())


def test_a_return_is_told_of_from_the_asking_to_the_money(
    me: Caller, clerk: Caller, admin: Caller, bought: str, ask: Any, act: Any, mails: Any, shop: Any
) -> None:
    id = ask(me, bought, 2)["returnId"]
    ((subject, text),) = map(told, mails())
    assert subject == f"Đã nhận yêu cầu trả hàng của đơn hàng {bought}"
    assert "- 2 x Hydrating Essence Serum" in text
    act(clerk, id, "approve", note="A difficult one")
    (message,) = mails()
    subject, text = told(message)
    assert subject == f"Bạn có thể gửi trả hàng của đơn hàng {bought}"
    assert "Vui lòng gửi đến: Công ty Lá Sen Tầng 3, 12 Trần Phú Đà Nẵng <550000>" in text
    assert "A difficult one" not in str(message)
    html = message.get_body(("html",)).get_content()
    assert "Tầng 3, 12 Trần Phú<br>Đà Nẵng &lt;550000&gt;" in html
    act(clerk, id, "receive")
    ((subject, text),) = map(told, mails())
    assert subject == f"Đã nhận hàng trả lại của đơn hàng {bought}"
    assert "Tiền sẽ được hoàn lại" in text
    (refund,) = shop.refunds(bought)
    assert admin.post(f"/api/refunds/{refund['_id']}/confirm", json={}).status_code == 200
    ((subject, text),) = map(told, mails())
    assert subject.replace("\xa0", " ") == f"Hoàn 59,98 US$ cho đơn hàng {bought}"


def test_a_rejected_return_says_why(
    me: Caller, clerk: Caller, bought: str, ask: Any, act: Any, mails: Any
) -> None:
    id = ask(me, bought)["returnId"]
    mails()
    act(clerk, id, "reject", reason="It was opened <3 weeks ago>.")
    (message,) = mails()
    subject, text = told(message)
    assert subject == f"Không thể nhận trả hàng của đơn hàng {bought}"
    assert "It was opened <3 weeks ago>." in text
    assert "&lt;3 weeks ago&gt;" in message.get_body(("html",)).get_content()


def test_what_the_staff_opens_or_the_customer_calls_off_is_not_told(
    me: Caller, clerk: Caller, bought: str, ask: Any, act: Any, mails: Any
) -> None:
    opened = ask(clerk, bought)["returnId"]
    assert mails() == []
    act(clerk, opened, "cancel")
    asked = ask(me, bought)["returnId"]
    mails()
    act(me, asked, "cancel")
    assert mails() == []


def test_each_state_is_told_once(
    platform: Platform, me: Caller, bought: str, ask: Any, mails: Any, shop: Any
) -> None:
    id = ask(me, bought)["returnId"]
    assert len(mails()) == 1
    ReturnMails(platform).tell(shop.back(id))
    assert mails() == []


def test_without_an_address_of_the_business_none_is_told(
    make_platform: Any, me: Caller, bought: str
) -> None:
    assert me.user_id
    assert bought
    other = make_platform()
    values = {
        "name": "",
        "order_id": "order_1",
        "order_link": "https://x.example",
        "pieces": [{"name": "Serum", "quantity": 1}],
        "send_to": [],
    }
    made = other.mailer.templates.render("commerce/return_approved", "en", values)
    assert "Please send it to" not in made.text
    assert (
        "Hello,\n\nyou can send back of the order order_1:\n- 1 x Serum\n\nPut a note" in made.text
    )
