"""Asking to be told when something is back: who may, for what, and how it is taken back."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from wrencos_commerce import plugin
from wrencos_commerce.models.stock_request import ConfirmationMails, StockRequest
from wrencos_commerce.services.confirmation_mails import MAILS_A_DAY
from wrencos_commerce.services.signed_links import opened, signed
from wrencos_commerce.services.stock_requests import CANCEL, StockRequests
from wrencos_core.api import Platform, now
from wrencos_core.auth.models.user import User
from wrencos_core.platform import current_platform as shop
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.queries import assert_uses_index
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]
GUEST = "mai@example.test"


@pytest.fixture
def sold_out(make_product: MakeProduct) -> str:
    return make_product(name="Cushion", inventory=0)


def ask(caller: Any, product_id: str, **body: Any) -> Any:
    return caller.post(f"/api/products/{product_id}/stock-requests", json=body)


@pytest.fixture
def verified(login: Any) -> Callable[[], Caller]:
    """Returns `verified()`: a customer whose address is verified."""

    def verified() -> Caller:
        caller: Caller = login()
        User.raw().update_one({"_id": caller.user_id}, {"$set": {"email_verified_at": now()}})
        return caller

    return verified


def token_in(mail: Any) -> str:
    text = mail.get_body(("plain",)).get_content()
    found = re.search(r"token=([\w.-]+)", text)
    assert found, text
    return found[1]


def test_a_user_waits_at_their_own_address(
    verified: Callable[[], Caller], sold_out: str, variant_of: Callable[[str], str]
) -> None:
    me = verified()
    answer = ask(me, sold_out)
    assert answer.status_code == 202
    request = answer.get_json()["request"]
    assert (request["state"], request["variantId"]) == ("waiting", variant_of(sold_out))
    assert ask(me, sold_out).get_json()["request"]["requestId"] == request["requestId"]
    mine = me.get("/api/stock-requests/mine").get_json()
    assert [row["requestId"] for row in mine["requests"]] == [request["requestId"]]
    refused = ask(me, sold_out, email="other@example.test")
    assert refused.status_code == 422


def test_a_user_with_an_unverified_address_confirms_it_first(
    login: Any, client: Any, sold_out: str, run_jobs: Any, sent_mail: Any
) -> None:
    me = login(locale="en")
    User.raw().update_one({"_id": me.user_id}, {"$set": {"email_verified_at": None}})
    assert ask(me, sold_out).get_json()["request"]["state"] == "unconfirmed"
    run_jobs()
    (mail,) = [m for m in sent_mail() if "is back" in m["Subject"]]
    done = client.post("/api/stock-requests/confirm", json={"token": token_in(mail)})
    assert done.status_code == 200
    assert me.get("/api/stock-requests/mine").get_json()["requests"][0]["state"] == "waiting"


def test_a_guest_confirms_before_anything_else_is_mailed(
    client: Any, sold_out: str, run_jobs: Any, sent_mail: Any
) -> None:
    answer = ask(client, sold_out, email="Mai@example.test")
    assert (answer.status_code, answer.get_json()["request"]) == (202, None)
    assert ask(client, sold_out, email=GUEST).get_json() == answer.get_json()
    run_jobs()
    (mail,) = sent_mail()
    assert mail["To"] == GUEST
    token = token_in(mail)
    assert StockRequest.raw().find_one({})["state"] == "unconfirmed"
    for _ in range(2):
        done = client.post("/api/stock-requests/confirm", json={"token": token})
        assert done.status_code == 200
    row = StockRequest.raw().find_one({})
    assert (row["state"], "expires_at" in row) == ("waiting", False)
    run_jobs()
    assert len(sent_mail()) == 1


def test_the_mail_is_in_the_language_of_the_guest(
    client: Any, sold_out: str, run_jobs: Any, sent_mail: Any
) -> None:
    client.post(
        f"/api/products/{sold_out}/stock-requests?locale=vi", json={"email": "a@example.test"}
    )
    client.post(
        f"/api/products/{sold_out}/stock-requests",
        json={"email": "b@example.test"},
        headers={"Accept-Language": "en"},
    )
    run_jobs()
    subjects = {mail["To"]: mail["Subject"] for mail in sent_mail()}
    assert subjects["a@example.test"] == "Bạn muốn được báo khi Cushion có hàng trở lại?"
    assert subjects["b@example.test"] == "Shall we tell you when Cushion is back?"


def test_the_answer_does_not_tell_whether_an_address_is_known(
    login: Any, client: Any, sold_out: str
) -> None:
    login(email="known@example.test")
    answers = [
        ask(client, sold_out, email=email).get_json()
        for email in ("known@example.test", "unknown@example.test", "unknown@example.test")
    ]
    assert answers[0] == answers[1] == answers[2]


def test_an_address_gets_only_so_many_mails_a_day(
    client: Any, make_product: MakeProduct, run_jobs: Any, sent_mail: Any, clock: Any
) -> None:
    for number in range(MAILS_A_DAY + 2):
        product = make_product(name=f"Toner {number}", inventory=0)
        assert ask(client, product, email=GUEST).status_code == 202
    run_jobs()
    assert len(sent_mail()) == MAILS_A_DAY
    clock.advance(timedelta(days=1, minutes=1))
    ask(client, make_product(name="Next day", inventory=0), email=GUEST)
    run_jobs()
    assert len(sent_mail()) == MAILS_A_DAY + 1


def test_an_unverified_user_is_mailed_no_more_than_a_guest(
    login: Any, client: Any, sold_out: str, run_jobs: Any, sent_mail: Any, clock: Any
) -> None:
    me = login(locale="en", email=GUEST)
    User.raw().update_one({"_id": me.user_id}, {"$set": {"email_verified_at": None}})

    def confirmations() -> int:
        run_jobs()
        return sum("is back" in mail["Subject"] for mail in sent_mail())

    for _ in range(MAILS_A_DAY + 3):
        request = ask(me, sold_out).get_json()["request"]
        assert request["state"] == "unconfirmed"
        assert me.delete(f"/api/stock-requests/{request['requestId']}").status_code == 200
    assert confirmations() == MAILS_A_DAY
    # The address counts, whoever asks, and also a link that is asked for once more.
    assert ask(client, sold_out, email=GUEST).status_code == 202
    request = ask(me, sold_out).get_json()["request"]["requestId"]
    clock.advance(timedelta(hours=2))
    ask(me, sold_out)
    assert StockRequest.raw().find_one({"_id": request})["mailed"] == 0
    assert confirmations() == MAILS_A_DAY
    assert GUEST not in str(ConfirmationMails.raw().find_one({}))


def test_links_asked_for_again_count_too(
    client: Any, make_product: MakeProduct, run_jobs: Any, sent_mail: Any, clock: Any
) -> None:
    products = [make_product(name=f"Toner {number}", inventory=0) for number in range(4)]
    for _ in range(2):
        for product in products:
            assert ask(client, product, email=GUEST).status_code == 202
        clock.advance(timedelta(hours=2))
    run_jobs()
    assert len(sent_mail()) == MAILS_A_DAY


def test_mails_at_once_to_one_address_are_all_counted(
    app: Any, make_product: MakeProduct, run_jobs: Any, sent_mail: Any
) -> None:
    products = [make_product(name=f"Toner {number}", inventory=0) for number in range(8)]

    def work(number: int) -> int:
        return int(ask(app.test_client(), products[number], email=GUEST).status_code)

    assert run_in_threads(8, work) == [202] * 8
    run_jobs()
    assert len(sent_mail()) == MAILS_A_DAY


def test_a_link_can_be_asked_for_once_more_and_expires(
    client: Any, sold_out: str, run_jobs: Any, sent_mail: Any, clock: Any
) -> None:
    for hours in (0, 2, 2):
        clock.advance(timedelta(hours=hours))
        ask(client, sold_out, email=GUEST)
    run_jobs()
    assert len(sent_mail()) == 2
    clock.advance(timedelta(hours=45))
    token = token_in(sent_mail()[0])
    refused = client.post("/api/stock-requests/confirm", json={"token": token})
    assert refused.status_code == 400
    ask(client, sold_out, email=GUEST)
    run_jobs()
    token = token_in(sent_mail()[-1])
    assert client.post("/api/stock-requests/confirm", json={"token": token}).status_code == 200


def test_forged_links_are_refused(client: Any, platform: Platform) -> None:
    key = platform.secret_key
    token = signed(key, CANCEL, "sreq_1")
    assert opened(key, CANCEL, token) == "sreq_1"
    for bad in (
        token[:-1],
        "sreq_2" + token[6:],
        signed("another key", CANCEL, "sreq_1"),
        "x",
        ".",
    ):
        assert opened(key, CANCEL, bad) is None
        assert client.post("/api/stock-requests/confirm", json={"token": bad}).status_code == 400
        for send in (client.get, client.post):
            assert send(f"/api/stock-requests/cancel?token={bad}").status_code == 400
    # A link to cancel confirms nothing.
    assert client.post("/api/stock-requests/confirm", json={"token": token}).status_code == 400


def test_what_can_be_bought_or_does_not_exist_is_refused(
    login: Any, client: Any, make_product: MakeProduct
) -> None:
    me, here = login(), make_product()
    for answer in (ask(me, here), ask(client, here, email=GUEST)):
        assert (answer.status_code, answer.get_json()["type"].split(":")[-1]) == (409, "in-stock")
    assert ask(me, "prod_unknown").status_code == 404
    assert ask(me, make_product(inventory=0, is_active=False)).status_code == 404
    shades = [{"shade": "A", "inventory": 0}, {"shade": "B", "inventory": 1}]
    several = make_product(price=Decimal("9.99"), inventory=None, variants=shades)
    assert ask(me, several).status_code == 422
    assert ask(me, several, variantId="var_unknown").status_code == 404
    sold_out = make_product(inventory=0)
    for body in ({}, {"email": "no address"}, {"email": "a@b@c"}, {"email": 3}, {"x": 1}):
        assert ask(client, sold_out, **body).status_code == 422, body
    assert StockRequest.raw().count_documents({}) == 0


def test_one_ends_ones_own_requests_only(verified: Callable[[], Caller], sold_out: str) -> None:
    me, other = verified(), verified()
    request = ask(me, sold_out).get_json()["request"]["requestId"]
    assert other.delete(f"/api/stock-requests/{request}").status_code == 404
    assert other.get("/api/stock-requests/mine").get_json()["totalCount"] == 0
    assert me.delete(f"/api/stock-requests/{request}").status_code == 200
    assert StockRequest.raw().find_one({})["state"] == "cancelled"
    again = ask(me, sold_out).get_json()["request"]
    assert again["state"] == "waiting"
    assert again["requestId"] != request


def test_one_click_ends_all_open_requests_of_its_person(
    platform: Platform, verified: Callable[[], Caller], client: Any, make_product: MakeProduct
) -> None:
    me, other = verified(), verified()
    products = [make_product(name=f"Toner {number}", inventory=0) for number in range(3)]
    request, *_ = (ask(me, product).get_json()["request"]["requestId"] for product in products)
    ask(other, products[0])
    url, headers = platform.services.require(StockRequests).links_for(request)
    assert headers["List-Unsubscribe"] == f"<{url}>"
    path = url.removeprefix(platform.settings.base_url)
    posted = client.post(path, data={"List-Unsubscribe": "One-Click"})
    assert posted.status_code == 200, posted.get_json()
    assert "no more mail" in posted.get_json()["message"]
    states = {
        caller.user_id: {
            row["state"] for row in StockRequest.raw().find({"user_id": caller.user_id})
        }
        for caller in (me, other)
    }
    assert states == {me.user_id: {"cancelled"}, other.user_id: {"waiting"}}


def test_the_link_shows_a_page_and_only_its_button_ends_anything(
    platform: Platform, verified: Callable[[], Caller], client: Any, sold_out: str
) -> None:
    request = ask(verified(), sold_out).get_json()["request"]["requestId"]
    url, _ = platform.services.require(StockRequests).links_for(request)
    path = url.removeprefix(platform.settings.base_url)
    # As a mail service counts clicks.
    page = client.get(f"{path}&locale=vi&utm_source=mail")
    assert (page.status_code, page.content_type) == (200, "text/html; charset=utf-8")
    assert '<form method="post"><button>Không báo nữa</button></form>' in page.text
    assert "form-action 'self'" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "no-store"
    assert StockRequest.raw().find_one({"_id": request})["state"] == "waiting"
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    done = client.post(f"{path}&locale=vi", data={}, headers=browser)
    assert "Bạn sẽ không nhận" in done.text
    assert StockRequest.raw().find_one({"_id": request})["state"] == "cancelled"


def test_asked_by_one_user_many_times_at_once_it_is_one_request(
    verified: Callable[[], Caller], sold_out: str
) -> None:
    me = verified()

    def work(_: int) -> Any:
        answer = ask(Caller(me.app, me.user_id, me.token), sold_out)
        return answer.get_json().get("request", answer.get_json())

    outcomes: list[Any] = run_in_threads(6, work)
    assert len({outcome["requestId"] for outcome in outcomes}) == 1, outcomes
    assert StockRequest.raw().count_documents({}) == 1


def test_staff_sees_what_is_waited_for(
    verified: Callable[[], Caller], login: Any, client: Any, make_product: MakeProduct
) -> None:
    much, little = make_product(name="Much", inventory=0), make_product(name="Little", inventory=0)
    people = [verified() for _ in range(3)]
    for person in people:
        ask(person, much)
    ask(people[0], little)
    ask(client, little, email=GUEST)
    staff = login("staff")
    page = staff.get("/api/stock-requests?limit=1").get_json()
    assert (page["totalCount"], page["totalPages"]) == (2, 2)
    (line,) = page["demand"]
    assert (line["productId"], line["waiting"], line["inventory"]) == (much, 3, 0)
    (line,) = staff.get("/api/stock-requests?limit=1&page=2").get_json()["demand"]
    assert (line["name"], line["waiting"]) == ("Little", 1)
    assert people[0].get("/api/stock-requests").status_code == 403
    assert client.get("/api/stock-requests").status_code == 401


@pytest.mark.parametrize(
    ("query", "sort"),
    [
        ({"open_key": "x"}, None),
        ({"state": "waiting", "variant_id": "var_1"}, [("created_at", 1), ("_id", 1)]),
        ({"user_id": "user_1"}, [("created_at", -1), ("_id", -1)]),
        ({"email": "x", "created_at": {"$gte": 1}}, None),
    ],
)
def test_requests_are_found_by_an_index(platform: Platform, query: Any, sort: Any) -> None:
    cursor = StockRequest.raw().find(query)
    assert_uses_index(cursor.sort(sort) if sort else cursor)


def test_the_demand_is_counted_on_an_index(
    platform: Platform, commands_of: Any, plans_of: Any
) -> None:
    requests = platform.services.require(StockRequests)
    (command,) = commands_of(lambda: requests.demand(0, 20))
    for plan in plans_of(command):
        assert "IXSCAN" in plan["stages"], plan
        assert "COLLSCAN" not in plan["stages"]


def test_requests_are_exported_and_erased(verified: Callable[[], Caller], sold_out: str) -> None:
    me, other = verified(), verified()
    ask(me, sold_out)
    ask(other, sold_out)
    (exported,) = plugin.export_personal_data(shop(), user_id=me.user_id).sections["stockRequests"]
    assert exported["product_id"] == sold_out
    assert plugin.erase_personal_data(shop(), user_id=me.user_id).erased["stockRequests"] == 1
    assert [row["user_id"] for row in StockRequest.raw().find({})] == [other.user_id]


@pytest.mark.parametrize("proven", [True, False])
def test_what_was_asked_for_as_a_guest_is_the_users_by_a_verified_address(
    login: Any, client: Any, make_product: MakeProduct, proven: bool
) -> None:
    me, product = login(email=GUEST), make_product(inventory=0)
    User.raw().update_one(
        {"_id": me.user_id}, {"$set": {"email_verified_at": now() if proven else None}}
    )
    ask(client, product, email=GUEST.upper())
    ask(client, product, email="somebody@example.test")
    exported = me.get("/api/auth/me/export").get_json()["plugins"]["commerce"]
    assert [row["email"] for row in exported.get("stockRequests", [])] == [GUEST] * proven
    answer = me.delete("/api/auth/me", json={"password": PASSWORD})
    assert answer.status_code == 200
    left = {row["email"] for row in StockRequest.raw().find({})}
    assert left == {"somebody@example.test"} | (set() if proven else {GUEST})


def test_the_requests_of_a_user_and_a_guest_are_found_by_an_index() -> None:
    either: list[dict[str, Any]] = [{"user_id": "user_1"}, {"email": GUEST}]
    assert_uses_index(StockRequest.raw().find({"$or": either}))
