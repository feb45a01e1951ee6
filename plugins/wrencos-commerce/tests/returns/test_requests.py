"""Asking for returns, and deciding about them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.order_return import OrderReturn
from wrencos_core.api import Platform, database
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.testing.callers import Caller
from wrencos_core.testing.threads import run_in_threads


def test_a_customer_asks_and_sees_what_becomes_of_it(
    clock: Any, me: Caller, clerk: Caller, bought: str, ask: Any, act: Any, shop: Any
) -> None:
    asked = ask(me, bought, 2, note="The pump is broken.", item={"reason": "damaged"})
    assert (asked["state"], asked["resolution"]) == ("requested", "refund")
    assert asked["items"] == [
        {
            "variantId": shop.line(bought)["variant_id"],
            "sku": "SERUM",
            "name": "Hydrating Essence Serum",
            "variantName": None,
            "quantity": 2,
            "reason": "damaged",
            "wanted": None,
            "restocked": None,
            "writtenOff": None,
        }
    ]
    assert shop.counts(bought) == (2, 0)
    approved = act(clerk, asked["returnId"], "approve", note="Looks genuine")
    assert approved["history"][-1]["note"] == "Looks genuine"
    mine = me.get(f"/api/returns/{asked['returnId']}").get_json()["orderReturn"]
    assert [(e["state"], e["actor"], e["note"]) for e in mine["history"]] == [
        ("requested", "customer", None),
        ("approved", "staff", None),
    ]
    (listed,) = me.get("/api/returns").get_json()["returns"]
    assert listed == mine
    (shown,) = me.get(f"/api/orders/{bought}").get_json()["order"]["returns"]
    assert shown == mine


def test_a_rejected_or_cancelled_return_frees_its_pieces(
    me: Caller, clerk: Caller, bought: str, ask: Any, act: Any, shop: Any
) -> None:
    first = ask(me, bought, 3)["returnId"]
    assert ask(me, bought, 1, status=409)["reason"] == "nothing_to_return"
    rejected = act(clerk, first, "reject", reason="The seal is broken.")
    assert (rejected["state"], rejected["rejection"]) == ("rejected", "The seal is broken.")
    mine = me.get(f"/api/returns/{first}").get_json()["orderReturn"]
    assert mine["history"][-1]["note"] == "The seal is broken."
    assert shop.counts(bought) == (0, 0)
    second = ask(me, bought, 3)["returnId"]
    assert act(me, second, "cancel")["state"] == "cancelled"
    assert shop.counts(bought) == (0, 0)
    refused = act(me, second, "cancel", 409)
    assert refused["type"] == "urn:wrencos:problem:return-transition-refused"
    assert refused["allowed"] == []
    assert shop.counts(bought) == (0, 0)
    third = ask(me, bought, 1)["returnId"]
    act(clerk, third, "approve")
    assert act(clerk, third, "cancel", note="Never sent")["state"] == "cancelled"


def test_only_what_arrived_can_be_returned(
    me: Caller, clerk: Caller, serum: str, place_order: Any, ask: Any, shop: Any
) -> None:
    order = place_order(me, serum, 3)
    assert ask(me, order, status=409)["reason"] == "nothing_to_return"
    variant = shop.line(order)["variant_id"]
    parcel = {"items": [{"variantId": variant, "quantity": 2}]}
    sent = clerk.post(f"/api/orders/{order}/shipments", json=parcel)
    assert sent.status_code == 201
    assert ask(me, order, status=409)["reason"] == "nothing_to_return"
    shipment = shop.order(order)["shipments"][0]["id"]
    arrived = clerk.post(f"/api/orders/{order}/shipments/{shipment}/delivered")
    assert arrived.status_code == 200
    assert "items" in ask(me, order, 3, status=422)["errors"]
    ask(me, order, 2)
    assert shop.counts(order) == (2, 0)


def test_too_late_for_the_customer_but_not_for_the_staff(
    platform: Platform, clock: Any, me: Caller, login: Any, bought: str, ask: Any
) -> None:
    clock.advance(timedelta(days=30, minutes=1))
    late = Caller(me.app, me.user_id, platform.services.require(Sessions).open(me.user_id).token)
    refused = ask(late, bought, status=409)
    assert (refused["reason"], refused["type"]) == (
        "too_late",
        "urn:wrencos:problem:return-refused",
    )
    clerk = login("staff", ("commerce.returns.manage",))
    assert ask(clerk, bought)["state"] == "approved"


def test_who_may_do_what(
    client: FlaskClient, me: Caller, login: Any, clerk: Caller, bought: str, ask: Any, act: Any
) -> None:
    path = f"/api/orders/{bought}/returns"
    other, staff = login(), login("staff")
    ask(other, bought, status=404)
    ask(staff, bought, status=404)
    assert client.post(path, json={}).status_code == 401
    assert ask(me, bought, resolution="none", status=403)["status"] == 403
    id = ask(me, bought)["returnId"]
    assert other.get(f"/api/returns/{id}").status_code == 404
    assert staff.get(f"/api/returns/{id}").status_code == 200
    act(other, id, "cancel", 404)
    for step, body in (("approve", {}), ("reject", {"reason": "No"}), ("receive", {})):
        act(me, id, step, 403, **body)
        act(staff, id, step, 403, **body)
        act(clerk, "ret_nothing", step, 404, **body)
    assert me.get("/api/returns/all").status_code == 403
    assert client.get("/api/returns").status_code == 401
    assert other.get("/api/returns").get_json()["totalCount"] == 0


@pytest.mark.parametrize(
    "change",
    [
        {"quantity": 0},
        {"quantity": 4},
        {"reason": "bored"},
        {"variantId": "var_other"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_bad_items_are_refused(me: Caller, bought: str, ask: Any, shop: Any, change: Any) -> None:
    assert "items" in ask(me, bought, status=422, item=change)["errors"]
    assert shop.counts(bought) == (0, 0)


def test_each_variant_is_named_once(me: Caller, bought: str, shop: Any) -> None:
    item = {"variantId": shop.line(bought)["variant_id"], "quantity": 1, "reason": "expired"}
    answer = me.post(f"/api/orders/{bought}/returns", json={"items": [item, item]})
    assert answer.status_code == 422
    assert shop.counts(bought) == (0, 0)


def test_the_staff_list_returns_by_state(
    clock: Any, me: Caller, login: Any, clerk: Caller, bought: str, ask: Any, act: Any
) -> None:
    first = ask(me, bought)["returnId"]
    clock.advance(timedelta(minutes=1))
    second = ask(me, bought)["returnId"]
    act(clerk, first, "approve")

    def found(**query: str) -> list[str]:
        answer = clerk.get("/api/returns/all", query_string=query)
        assert answer.status_code == 200
        return [row["returnId"] for row in answer.get_json()["returns"]]

    assert found() == [second, first]
    assert found(state="approved") == [first]
    assert found(orderId=bought) == [second, first]
    assert found(userId=login().user_id) == []
    assert clerk.get("/api/returns/all?state=lost").status_code == 422


def test_the_lists_are_answered_by_indexes(
    commands_of: Any, plans_of: Any, me: Caller, clerk: Caller, bought: str, ask: Any
) -> None:
    ask(me, bought)
    for caller, path in (
        (me, "/api/returns"),
        (clerk, "/api/returns/all?state=requested"),
        (clerk, f"/api/returns/all?orderId={bought}"),
        (clerk, f"/api/orders/{bought}"),
    ):
        sent = commands_of(lambda caller=caller, path=path: caller.get(path))
        (asked,) = (
            command
            for command in sent
            if "commerce_returns" in (command.get("aggregate"), command.get("find"))
        )
        for plan in plans_of(asked):
            assert not {"COLLSCAN", "SORT"} & set(plan["stages"]), path


def test_two_requests_at_once_get_no_more_than_there_is(me: Caller, bought: str, shop: Any) -> None:
    variant = shop.line(bought)["variant_id"]
    body = {"items": [{"variantId": variant, "quantity": 2, "reason": "expired"}]}

    def ask(_: int) -> int:
        caller = Caller(me.app, me.user_id, me.token)
        return caller.post(f"/api/orders/{bought}/returns", json=body).status_code

    assert sorted(map(int, run_in_threads(4, ask))) == [201, 422, 422, 422]
    assert shop.counts(bought) == (2, 0)


def test_what_was_paid_back_can_not_be_returned_for_money(
    me: Caller, login: Any, clerk: Caller, bought: str, ask: Any, shop: Any
) -> None:
    admin, variant = login("admin"), shop.line(bought)["variant_id"]
    wish = {"items": [{"variantId": variant, "quantity": 2}], "reason": "damaged"}
    assert admin.post(f"/api/orders/{bought}/refunds", json=wish).status_code == 201
    ask(me, bought, 2, status=422)
    ask(me, bought, 1)
    # The goods may come back all the same, for nothing.
    assert ask(clerk, bought, 2, resolution="none")["resolution"] == "none"
    assert shop.counts(bought) == (3, 0)


def test_photos_belong_to_the_return(
    me: Caller, login: Any, bought: str, ask: Any, upload: Any, run_jobs: Any
) -> None:
    image = upload(me)
    (photo,) = ask(me, bought, imageIds=[image])["photos"]
    assert (photo["imageId"], photo["width"], photo["thumbnails"]) == (image, 400, {})
    assert database()["core_images"].find_one({"_id": image})["claimed_by"].startswith("ret_")
    run_jobs()
    row = OrderReturn.raw().find_one({"photos.id": image})
    assert row["photos"][0]["thumbnails"]
    ask(me, bought, imageIds=[upload(login())], status=404)
    ask(me, bought, imageIds=[image], status=409)
    ask(me, bought, imageIds=[f"img_{n}" for n in range(6)], status=422)


def test_the_same_key_asks_once(me: Caller, bought: str, shop: Any) -> None:
    variant = shop.line(bought)["variant_id"]
    body = {"items": [{"variantId": variant, "quantity": 1, "reason": "expired"}]}
    path, headers = f"/api/orders/{bought}/returns", {"Idempotency-Key": "one-return"}
    answers = [me.post(path, json=body, headers=headers) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].get_json() == answers[1].get_json()
    assert shop.counts(bought) == (1, 0)


def test_decisions_are_in_the_audit_log(
    login: Any, me: Caller, clerk: Caller, bought: str, ask: Any, act: Any
) -> None:
    id = ask(me, bought)["returnId"]
    act(clerk, id, "approve")
    act(clerk, id, "reject", reason="It was opened.")
    entries = login("admin").get(f"/api/audit?target={id}").get_json()["entries"]
    assert [(e["action"], e["actor"]) for e in entries] == [
        ("commerce.returns.reject", clerk.user_id),
        ("commerce.returns.approve", clerk.user_id),
    ]
