"""What staff do with reviews: states and their reasons, answers, reports, the terminal."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner

from wrencos_commerce.commands.reviews import review as command
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import TRANSITIONS, Review, ReviewState
from wrencos_core.api import Platform
from wrencos_core.audit import AuditEntry
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads

MakeProduct = Callable[..., str]


def move(staff: Any, id: str, status: str, reason: str | None = "It is an advert.") -> Any:
    body = {"status": status, **({"reason": reason} if reason else {})}
    return staff.put(f"/api/reviews/{id}/status", json=body)


def test_the_queue_and_the_way_out_of_it(
    login: Any, client: Any, make_product: MakeProduct, post: Any, shown: Any, outbox_events: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product(name="Kem")
    first, second = post(me, product)["reviewId"], post(login(), product)["reviewId"]
    queue = staff.get("/api/reviews?status=pending").get_json()
    assert [review["reviewId"] for review in queue["reviews"]] == [second, first]
    assert queue["reviews"][0]["productName"] == "Kem"
    answer = move(staff, first, "published", None)
    assert answer.status_code == 200
    assert answer.get_json()["updatedReview"]["history"][-1]["actor"] == staff.user_id
    assert staff.get("/api/reviews?status=pending").get_json()["totalCount"] == 1
    assert staff.get("/api/reviews").get_json()["totalCount"] == 2
    assert shown(me, product)["totalCount"] == 1
    assert [event["_id"] for event in outbox_events("commerce.review_posted")] == [
        f"{first}:posted"
    ]
    assert client.get(f"/api/reviews/{first}").status_code == 200
    assert client.get(f"/api/reviews/{second}").status_code == 404
    assert staff.get(f"/api/reviews/{second}").status_code == 200
    assert AuditEntry.raw().count_documents({"action": "commerce.reviews.set_state"}) == 1


def test_a_hidden_review_is_seen_and_counted_nowhere(
    login: Any,
    client: Any,
    make_product: MakeProduct,
    deliver: Any,
    post: Any,
    shown: Any,
    outbox_events: Any,
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    deliver(me, product)
    id = post(me, product)["reviewId"]
    assert move(staff, id, "hidden").status_code == 200
    listed = shown(me, product)
    assert (listed["totalCount"], listed["avgRating"], listed["reviews"]) == (0, None, [])
    assert sum(listed["ratingCounts"].values()) == 0
    assert client.get(f"/api/reviews/{id}").status_code == 404
    other = login()
    assert other.put(f"/api/reviews/{id}/vote", json={"helpful": True}).status_code == 404
    assert other.post(f"/api/reviews/{id}/reports", json={}).status_code == 404
    assert move(staff, id, "published", None).status_code == 200
    assert shown(me, product)["avgRating"] == 4.0
    assert len(outbox_events("commerce.review_posted")) == 1


@pytest.mark.parametrize("start", list(ReviewState))
def test_the_allowed_transitions(
    login: Any, make_product: MakeProduct, post: Any, start: ReviewState
) -> None:
    staff, id = login("staff"), post(login(), make_product())["reviewId"]
    for wanted in (ReviewState.PUBLISHED, ReviewState.HIDDEN, ReviewState.REJECTED):
        Review.raw().update_one({"_id": id}, {"$set": {"state": start.value}})
        answer = move(staff, id, wanted.value)
        if wanted in TRANSITIONS[start]:
            assert answer.status_code == 200
        else:
            assert answer.status_code == 409
            assert answer.get_json()["allowed"] == sorted(s.value for s in TRANSITIONS[start])


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"status": "pending"},
        {"status": "gone"},
        {"status": "rejected"},
        {"status": "rejected", "reason": " "},
        {"status": "published", "extra": 1},
    ],
)
def test_bad_decisions(login: Any, make_product: MakeProduct, post: Any, body: Any) -> None:
    staff, id = login("staff"), post(login(), make_product())["reviewId"]
    assert staff.put(f"/api/reviews/{id}/status", json=body).status_code == 422
    assert Review.raw().find_one({"_id": id})["state"] == "pending"


def test_customers_moderate_nothing(
    login: Any, client: Any, make_product: MakeProduct, post: Any
) -> None:
    me = login()
    id = post(me, make_product())["reviewId"]
    for caller, status in ((me, 403), (client, 401)):
        for answer in (
            caller.get("/api/reviews"),
            caller.put(f"/api/reviews/{id}/status", json={"status": "published"}),
            caller.put(f"/api/reviews/{id}/reply", json={"text": "Hi"}),
            caller.delete(f"/api/reviews/{id}/reply"),
            caller.get(f"/api/reviews/{id}/reports"),
            caller.delete(f"/api/reviews/{id}/reports"),
        ):
            assert answer.status_code == status
    for path in ("status", "reply"):
        body = {"status": "published"} if path == "status" else {"text": "Hi"}
        assert login("staff").put(f"/api/reviews/review_x/{path}", json=body).status_code == 404
    assert login("staff").get("/api/reviews/review_x/reports").status_code == 404


def test_two_moderators_at_once(
    app: Any, platform: Platform, login: Any, make_product: MakeProduct, post: Any
) -> None:
    staff, product = login("staff"), make_product()
    id = post(login(), product)["reviewId"]

    def work(number: int) -> int:
        caller = Caller(app, staff.user_id, staff.token)
        return int(move(caller, id, "published" if number % 2 else "rejected").status_code)

    outcomes = run_in_threads(6, work)
    row, counted = Review.raw().find_one({"_id": id}), Product.raw().find_one({"_id": product})
    assert set(outcomes) <= {200, 409}
    assert len(row["history"]) == 1 + outcomes.count(200)
    assert counted["rating_count"] == (row["state"] == "published")


def test_the_shops_answer(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any, shown: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    deliver(me, product)
    id = post(me, product)["reviewId"]
    for text in ("Thank you!", "Cảm ơn bạn!"):
        assert staff.put(f"/api/reviews/{id}/reply", json={"text": text}).status_code == 200
    listed = shown(me, product)
    assert listed["reviews"][0]["reply"]["text"] == "Cảm ơn bạn!"
    assert staff.user_id not in str(listed)
    assert staff.put(f"/api/reviews/{id}/reply", json={"text": ""}).status_code == 422
    for _ in range(2):
        assert staff.delete(f"/api/reviews/{id}/reply").status_code == 200
    assert shown(me, product)["reviews"][0]["reply"] is None


def test_reports_and_what_becomes_of_them(
    login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, staff, product = login(), login("staff"), make_product()
    deliver(me, product)
    id = post(me, product)["reviewId"]
    others = [login(), login()]
    for other in others:
        answer = other.post(f"/api/reviews/{id}/reports", json={"reason": "spam", "note": "Ad"})
        assert answer.status_code == 201
        assert other.post(f"/api/reviews/{id}/reports", json={}).status_code == 409
    assert me.post(f"/api/reviews/{id}/reports", json={}).status_code == 403
    assert staff.post(f"/api/reviews/{id}/reports", json={}).status_code == 403
    bad = login().post(f"/api/reviews/{id}/reports", json={"reason": "boring"})
    assert bad.status_code == 422
    queue = staff.get("/api/reviews?reported=1").get_json()
    assert [(r["reviewId"], r["openReports"]) for r in queue["reviews"]] == [(id, 2)]
    reports = staff.get(f"/api/reviews/{id}/reports").get_json()
    assert reports["totalCount"] == 2
    assert {r["userId"] for r in reports["reports"]} == {other.user_id for other in others}
    assert staff.delete(f"/api/reviews/{id}/reports").status_code == 200
    assert staff.get("/api/reviews?reported=1").get_json()["totalCount"] == 0
    reports = staff.get(f"/api/reviews/{id}/reports").get_json()["reports"]
    assert all(report["resolvedAt"] for report in reports)
    assert others[0].post(f"/api/reviews/{id}/reports", json={}).status_code == 409


def run(platform: Platform, *arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(command, list(arguments), obj=platform)
    assert result.exit_code == code, result.output
    return result.output


def test_the_terminal(
    platform: Platform, login: Any, make_product: MakeProduct, post: Any, shown: Any
) -> None:
    me, product = login(), make_product(name="Kem")
    assert "No reviews." in run(platform, "list")
    first, second = post(me, product)["reviewId"], post(login(), product)["reviewId"]
    listed = json.loads(run(platform, "list", "--status", "pending", "--json"))
    assert [review["reviewId"] for review in listed["reviews"]] == [second, first]
    assert "Kem" in run(platform, "list")
    assert "published" in run(platform, "publish", first)
    assert "rejected" in run(platform, "hide", second, "--reason", "An advert")
    done = json.loads(run(platform, "reply", first, "Thank you!", "--json"))
    assert done["reply"]["text"] == "Thank you!"
    assert shown(me, product)["reviews"][0]["reply"]["text"] == "Thank you!"
    hidden = json.loads(run(platform, "hide", first, "--reason", "A mistake", "--json"))
    assert (hidden["status"], hidden["reason"]) == ("hidden", "A mistake")
    run(platform, "hide", first, code=2)
    run(platform, "reply", first, " ", code=2)


def test_the_recount(
    platform: Platform, login: Any, make_product: MakeProduct, deliver: Any, post: Any
) -> None:
    me, product, other = login(), make_product(), make_product(name="Other")
    deliver(me, product)
    post(me, product, rating=3)
    assert "Every rating is right." in run(platform, "recount")
    wrong = {"rating": 4.9, "rating_sum": 49, "rating_count": 10}
    Product.raw().update_many({}, {"$set": wrong})
    found = json.loads(run(platform, "recount", "--json", code=1))
    assert {d["productId"] for d in found["differences"]} == {product, other}
    assert Product.raw().find_one({"_id": other})["rating"] == 4.9
    fixed = json.loads(run(platform, "recount", "--fix", "--json"))
    assert len(fixed["differences"]) == 2
    rows = {row["_id"]: row for row in Product.raw().find({})}
    fields = ("rating", "rating_sum", "rating_count")
    assert tuple(rows[product][field] for field in fields) == (3.0, 3, 1)
    assert tuple(rows[other][field] for field in fields) == (None, 0, 0)
    run(platform, "recount")
