"""Mail that asks for reviews: to whom, when, once, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.review_request import ReviewOptOut, ReviewRequest
from wrencos_commerce.services.review_requests import ReviewRequests
from wrencos_commerce.services.signed_links import signed
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform, new_id, now
from wrencos_core.auth.models.user import User
from wrencos_core.mail.models import MailMessage
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
JOB = "commerce.request_reviews"


@pytest.fixture
def ask(platform: Platform, run_jobs: Any, sent_mail: Any) -> Callable[[], list[Any]]:
    """Returns `ask()`: runs the daily job; all mail so far that asks for reviews."""

    def ask() -> list[Any]:
        platform.jobs.enqueue(JOB)
        run_jobs()
        return [mail for mail in sent_mail() if "List-Unsubscribe" in mail]

    return ask


def link_in(mail: Any) -> str:
    """The path and query of the unsubscribe link."""
    return re.sub(r"^https?://[^/]+", "", mail["List-Unsubscribe"].strip("<>"))


def test_one_mail_for_each_order_some_days_after_its_delivery(
    login: Any, clock: Any, make_product: MakeProduct, deliver: Any, ask: Any
) -> None:
    me = login(email="lan@example.test", locale="en")
    order = deliver(me, make_product(name="Kem chống nắng"))
    clock.advance(timedelta(days=6, hours=23))
    assert ask() == []
    clock.advance(timedelta(hours=1))
    (mail,) = ask()
    assert mail["To"] == "lan@example.test"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    text = mail.get_body(("plain",)).get_content()
    assert order in text
    assert "Kem chống nắng" in text
    assert "/products/kem-chong-nang" in text
    assert len(ask()) == 1
    clock.advance(timedelta(days=1))
    assert len(ask()) == 1
    key = f"{order}:review-request"
    assert MailMessage.raw().count_documents({"key": key, "user_id": me.user_id}) == 1


def test_in_the_customers_language(
    login: Any, clock: Any, make_product: MakeProduct, deliver: Any, ask: Any
) -> None:
    deliver(login(locale="vi"), make_product())
    clock.advance(timedelta(days=8))
    (mail,) = ask()
    assert "Bạn thấy sản phẩm" in mail["Subject"]
    assert "Không nhận" in mail.get_body(("html",)).get_content()


def test_nothing_for_what_was_reviewed_or_is_gone(
    login: Any, clock: Any, make_product: MakeProduct, deliver: Any, post: Any, ask: Any
) -> None:
    me, reviewed, gone = login(), make_product(), make_product(name="Gone")
    deliver(me, reviewed)
    post(me, reviewed)
    deliver(me, gone)
    login("admin").delete(f"/api/products/{gone}")
    clock.advance(timedelta(days=8))
    assert ask() == []
    assert ReviewRequest.raw().count_documents({"is_mailed": False}) == 2


def test_nothing_about_old_or_unfinished_orders(
    login: Any, clock: Any, make_product: MakeProduct, deliver: Any, ask: Any
) -> None:
    product = make_product()
    deliver(login(), product)
    clock.advance(timedelta(days=31))
    deliver(login(), product, until="delivered")
    clock.advance(timedelta(days=8))
    assert ask() == []


def test_nothing_for_the_erased_and_the_disabled(
    login: Any, clock: Any, make_product: MakeProduct, deliver: Any, ask: Any
) -> None:
    login("admin")
    erased, disabled, product = login(), login(), make_product()
    deliver(erased, product)
    deliver(disabled, product)
    assert erased.delete("/api/auth/me", json={"password": PASSWORD}).status_code == 200
    User.raw().update_one({"_id": disabled.user_id}, {"$set": {"disabled_at": now()}})
    clock.advance(timedelta(days=8))
    assert ask() == []


def test_zero_days_are_no_mail(
    make_platform: Any, make_app: Any, clock: Any, purchase: dict[str, Any]
) -> None:
    platform = make_platform(settings={CommerceSettings: {"review_request_days": 0}})
    requests = platform.services.require(ReviewRequests)
    Order.raw().insert_one({"_id": "order_a", "user_id": "user_a", "delivered_at": clock()})
    clock.advance(timedelta(days=8))
    assert requests.send_due() == 0
    assert ReviewRequest.raw().count_documents({}) == 0


def test_four_workers_mail_once(
    platform: Platform, login: Any, clock: Any, make_product: MakeProduct, deliver: Any
) -> None:
    product = make_product()
    for _ in range(3):
        deliver(login(), product)
    clock.advance(timedelta(days=8))
    requests = platform.services.require(ReviewRequests)
    outcomes = run_in_threads(4, lambda _: requests.send_due())
    assert sum(outcomes) == 3  # type: ignore[arg-type]
    assert MailMessage.raw().count_documents({"template": "commerce/review_request"}) == 3
    assert ReviewRequest.raw().count_documents({}) == 3


def test_a_crash_between_two_orders_loses_and_doubles_nothing(
    platform: Platform,
    login: Any,
    clock: Any,
    make_product: MakeProduct,
    deliver: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    product = make_product()
    for _ in range(2):
        deliver(login(), product)
    clock.advance(timedelta(days=8))
    requests = platform.services.require(ReviewRequests)
    queue, sent = platform.mailer.queue, []

    def failing(**mail: Any) -> None:
        queue(**mail)
        sent.append(mail["key"])
        if len(sent) == 2:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(platform.mailer, "queue", failing)
        with pytest.raises(KeyboardInterrupt):
            requests.send_due()
    query = {"template": "commerce/review_request"}
    assert MailMessage.raw().count_documents(query) == 1
    assert requests.send_due() == 1
    assert MailMessage.raw().count_documents(query) == 2


def test_one_click_ends_it(
    login: Any,
    client: Any,
    clock: Any,
    make_product: MakeProduct,
    deliver: Any,
    ask: Any,
    again: Any,
) -> None:
    me, product = login(locale="en"), make_product()
    deliver(me, product)
    clock.advance(timedelta(days=8))
    (mail,) = ask()
    path = link_in(mail)
    page = client.get(path)
    assert page.status_code == 200
    assert page.content_type.startswith("text/html")
    assert '<form method="post">' in page.text
    assert ReviewOptOut.raw().count_documents({}) == 0
    body = {"List-Unsubscribe": "One-Click"}
    for _ in range(2):
        answer = client.post(path, data=body)
        assert answer.status_code == 200
        assert answer.get_json() == {"wanted": False}
    in_browser = client.post(path, data={}, headers={"Accept": "text/html,*/*;q=0.8"})
    assert "any more" in in_browser.text
    deliver(again(me), product)
    clock.advance(timedelta(days=8))
    assert len(ask()) == 1
    me = again(me)
    preference = "/api/review-requests/preference"
    assert me.get(preference).get_json() == {"wanted": False}
    assert me.put(preference, json={"wanted": True}).get_json() == {"wanted": True}
    assert me.get(preference).get_json() == {"wanted": True}
    assert len(ask()) == 2


def test_a_link_that_was_not_made_here(client: Any, login: Any, platform: Platform) -> None:
    me = login()
    other_purpose = signed(platform.secret_key, "stock-request-cancel", me.user_id)
    for token in ("x", f"{me.user_id}.abc", f"{me.user_id}.", other_purpose):
        for send in (client.get, client.post):
            answer = send(f"/api/review-requests/unsubscribe?token={token}")
            assert answer.status_code == 400, token
    assert client.get("/api/review-requests/unsubscribe").status_code == 422
    assert ReviewOptOut.raw().count_documents({}) == 0


def test_a_replay_of_many_orders_is_read_by_an_index(
    platform: Platform, clock: Any, commands_of: Any, plans_of: Any
) -> None:
    for number in range(300):
        at = clock() - timedelta(days=8 if number < 5 else 100)
        row = {"_id": new_id("order"), "user_id": "user_x", "lines": [], "status": "delivered"}
        Order.raw().insert_one({**row, "delivered_at": at})
    requests = platform.services.require(ReviewRequests)
    sent = commands_of(lambda: requests.send_due())
    read = [command for command in sent if command.get("find") == "commerce_orders"]
    assert read
    for command in read:
        (plan,) = plans_of(command)
        assert "COLLSCAN" not in plan["stages"]
        assert "SORT" not in plan["stages"]
        assert plan["documents"] <= 10
