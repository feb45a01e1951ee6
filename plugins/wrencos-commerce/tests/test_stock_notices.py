"""Back in stock: everybody who waits is mailed once, whoever runs the job however often."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.stock_movement import MovementReason
from wrencos_commerce.models.stock_request import StockRequest
from wrencos_commerce.services.products import Products
from wrencos_commerce.services.stock import Stock
from wrencos_commerce.services.stock_ledger import Unit
from wrencos_commerce.services.stock_notices import StockNotices
from wrencos_commerce.services.stock_requests import StockRequests
from wrencos_core.api import SYSTEM, Identity, Platform, Role, new_id, new_row, now
from wrencos_core.auth.models.user import User
from wrencos_core.contracts.commerce import StockBack
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
VariantOf = Callable[[str], str]


@pytest.fixture
def cushion(make_product: MakeProduct) -> str:
    return make_product(name="Cushion", inventory=0)


@pytest.fixture
def waits(platform: Platform, login: Any) -> Callable[..., Caller]:
    """Returns `waits(product_id, **login)`: a new customer who waits for the product."""

    def waits(product_id: str, **options: Any) -> Caller:
        caller: Caller = login(**options)
        User.raw().update_one({"_id": caller.user_id}, {"$set": {"email_verified_at": now()}})
        identity = Identity(user_id=caller.user_id, role=Role.CUSTOMER)
        row = platform.services.require(StockRequests).ask_as_user(identity, product_id, None)
        assert row["state"] == "waiting"
        return caller

    return waits


def restock(platform: Platform, product_id: str, variant_id: str, pieces: int = 5) -> None:
    stock = platform.services.require(Stock)
    stock.add(Unit(product_id, variant_id), pieces, MovementReason.CORRECTION, SYSTEM)


def back_mails(sent_mail: Any) -> Sequence[Any]:
    return [m for m in sent_mail() if "is back" in m["Subject"] or "có hàng" in m["Subject"]]


def test_who_waits_is_mailed_when_it_is_back(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
    client: Any,
) -> None:
    waits(cushion, locale="en", email="lan@example.test")
    waits(cushion, locale="vi", email="mai@example.test", first_name="Mai")
    name = {"translations.vi": {"name": "Phấn nước"}}
    Product.raw().update_one({"_id": cushion}, {"$set": name})
    run_jobs()
    assert not back_mails(sent_mail)
    restock(platform, cushion, variant_of(cushion))
    run_jobs()
    english, vietnamese = sorted(back_mails(sent_mail), key=lambda mail: str(mail["To"]))
    assert (english["To"], english["Subject"]) == ("lan@example.test", "Cushion is back")
    assert vietnamese["Subject"] == "Phấn nước đã có hàng trở lại"
    text = english.get_body(("plain",)).get_content()
    assert "$29.99" in text
    assert "/products/" in text
    assert "Xin chào Mai" in vietnamese.get_body(("plain",)).get_content()
    assert english["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(english["List-Unsubscribe"]).strip("<>").replace("\n", "").replace(" ", "")
    path = link.removeprefix(platform.settings.base_url)
    assert client.post(path).status_code == 200
    assert {row["state"] for row in StockRequest.raw().find({})} == {"notified"}


def test_what_an_unpaid_order_lets_go_is_back(
    platform: Platform,
    waits: Callable[..., Caller],
    make_product: Callable[..., str],
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    product = make_product(name="Lip tint", inventory=2)
    unit, stock = Unit(product, variant_of(product)), platform.services.require(Stock)
    stock.hold({unit: 2})
    waits(product, locale="en")
    run_jobs()
    assert not back_mails(sent_mail)
    stock.release([{**unit._asdict(), "quantity": 2}])
    run_jobs()
    (mail,) = back_mails(sent_mail)
    assert mail["Subject"] == "Lip tint is back"


def test_run_again_it_mails_nobody_twice(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    variant = variant_of(cushion)
    waits(cushion, locale="en")
    restock(platform, cushion, variant)
    run_jobs()
    notices = platform.services.require(StockNotices)
    notices.notify(variant)
    # Sold out and back again: whoever was told has to ask again.
    restock(platform, cushion, variant, -5)
    restock(platform, cushion, variant)
    run_jobs()
    assert len(back_mails(sent_mail)) == 1


def test_two_workers_at_once_mail_each_once(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    people = [waits(cushion, locale="en") for _ in range(6)]
    variant = variant_of(cushion)
    restock(platform, cushion, variant)
    notices = platform.services.require(StockNotices)
    outcomes = run_in_threads(4, lambda _: notices.notify(variant))
    assert outcomes == [None] * 4
    run_jobs()
    mails = back_mails(sent_mail)
    assert len(mails) == len(people)
    assert len({mail["To"] for mail in mails}) == len(people)


def test_the_oldest_is_told_first_and_a_worker_that_dies_loses_nobody(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
    clock: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(4):
        clock.advance(timedelta(minutes=1))
        waits(cushion, locale="en", email=f"c{3 - number}@example.test")
    variant = variant_of(cushion)
    restock(platform, cushion, variant)
    queue, told = type(platform.mailer).queue, []

    def dies_at_the_third(self: Any, **mail: Any) -> None:
        told.append(mail["to"])
        if len(told) == 3:
            raise KeyboardInterrupt
        queue(self, **mail)

    notices = platform.services.require(StockNotices)
    with monkeypatch.context() as patched:
        patched.setattr(type(platform.mailer), "queue", dies_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            notices.notify(variant)
    assert told == ["c3@example.test", "c2@example.test", "c1@example.test"]
    states = [row["state"] for row in StockRequest.raw().find({}).sort("created_at", 1)]
    assert states == ["notified", "notified", "waiting", "waiting"]
    notices.notify(variant)
    run_jobs()
    assert sorted(str(mail["To"]) for mail in back_mails(sent_mail)) == [
        f"c{number}@example.test" for number in range(4)
    ]


def test_the_erased_and_the_disabled_are_not_written_to(
    platform: Platform,
    waits: Callable[..., Caller],
    login: Any,
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    erased, disabled, cancelled = (waits(cushion, locale="en") for _ in range(3))
    stays = waits(cushion, locale="en", email="stays@example.test")
    erased.delete("/api/auth/me", json={"password": PASSWORD})
    User.raw().update_one({"_id": disabled.user_id}, {"$set": {"disabled_at": now()}})
    request = cancelled.get("/api/stock-requests/mine").get_json()["requests"][0]["requestId"]
    cancelled.delete(f"/api/stock-requests/{request}")
    restock(platform, cushion, variant_of(cushion))
    run_jobs()
    assert [mail["To"] for mail in back_mails(sent_mail)] == ["stays@example.test"]
    states = {row["user_id"]: row["state"] for row in StockRequest.raw().find({})}
    assert states == {
        disabled.user_id: "cancelled",
        cancelled.user_id: "cancelled",
        stays.user_id: "notified",
    }


def test_an_address_that_cannot_be_written_to_holds_nobody_up(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    variant = variant_of(cushion)
    row = new_row(
        new_id("sreq"),
        product_id=cushion,
        variant_id=variant,
        email="no address at all",
        locale="en",
        state="waiting",
        open_key="x",
    )
    StockRequest.raw().insert_one(row)
    waits(cushion, locale="en")
    restock(platform, cushion, variant)
    run_jobs()
    assert len(back_mails(sent_mail)) == 1
    assert StockRequest.raw().find_one({"_id": row["_id"]})["state"] == "cancelled"


def test_sold_out_again_the_rest_wait_on(
    platform: Platform, waits: Callable[..., Caller], cushion: str, variant_of: VariantOf
) -> None:
    waits(cushion)
    variant = variant_of(cushion)
    platform.services.require(StockNotices).notify(variant)
    assert StockRequest.raw().find_one({})["state"] == "waiting"
    restock(platform, cushion, variant)
    platform.services.require(Products).withdraw(cushion, SYSTEM)
    platform.services.require(StockNotices).notify(variant)
    assert StockRequest.raw().find_one({})["state"] == "waiting"


def test_the_sweep_finds_what_no_event_told(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    waits(cushion, locale="en")
    notices = platform.services.require(StockNotices)
    assert notices.sweep() == 0
    products = platform.services.require(Products)
    products.withdraw(cushion, SYSTEM)
    restock(platform, cushion, variant_of(cushion))
    run_jobs()
    assert not back_mails(sent_mail)
    products.update(cushion, {"is_active": True}, SYSTEM)
    platform.jobs.enqueue("commerce.sweep_stock_requests")
    run_jobs()
    assert len(back_mails(sent_mail)) == 1
    assert notices.sweep() == 0


def test_a_guest_who_confirms_late_is_told_at_once(
    platform: Platform,
    client: Any,
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
    sent_mail: Any,
) -> None:
    from wrencos_commerce.services.signed_links import signed
    from wrencos_commerce.services.stock_requests import CONFIRM

    path = f"/api/products/{cushion}/stock-requests?locale=en"
    client.post(path, json={"email": "guest@example.test"})
    restock(platform, cushion, variant_of(cushion))
    run_jobs()
    id = StockRequest.raw().find_one({})["_id"]
    token = signed(platform.secret_key, CONFIRM, id)
    assert client.post("/api/stock-requests/confirm", json={"token": token}).status_code == 200
    run_jobs()
    assert [m["To"] for m in sent_mail() if m["Subject"] == "Cushion is back"] == [
        "guest@example.test"
    ]


def test_the_event_reaches_its_subscriber_once(
    platform: Platform,
    waits: Callable[..., Caller],
    cushion: str,
    variant_of: VariantOf,
    run_jobs: Any,
) -> None:
    (subscriber,) = [
        s
        for s in platform.outbox.subscribers(StockBack.name)
        if s.name == "commerce.notify_stock_back"
    ]
    waits(cushion)
    restock(platform, cushion, variant_of(cushion))
    run_jobs()
    assert StockRequest.raw().find_one({})["state"] == "notified"
    assert subscriber.event is StockBack
