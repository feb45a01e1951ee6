"""What Stripe's events may do to an order, in whatever order they come."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from wrencos_commerce.testing.fake_stripe import FakeStripe, Message

pytestmark = pytest.mark.usefixtures("clock")


@pytest.fixture
def order(shopper: Any, serum: str) -> str:
    """An order that waits for its payment, its session's page open."""
    order = str(shopper.order(serum, method="stripe"))
    shopper.start(order)
    return order


@pytest.fixture
def session(shop: Any, order: str, stripe: FakeStripe) -> str:
    """The id of that session."""
    (payment,) = shop.payments(order)
    return str(stripe.session_of(payment["reference"])["id"])


def test_a_paid_session_pays_the_order_once(
    shop: Any, shopper: Any, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    message = stripe.pay(session)
    assert [tell("stripe", message) for _ in range(3)] == [
        (200, "applied"),
        (200, "already"),
        (200, "already"),
    ]
    # The same fact, told in an event of another id.
    again = stripe.event("checkout.session.completed", stripe.sessions[session])
    assert tell("stripe", again) == (200, "already")
    assert shopper.shown(order) == ("confirmed", "paid")
    assert shop.messages() == 1
    shop.add_up()


def altered(message: Message, stripe: FakeStripe) -> Message:
    return Message(
        message.body.replace(b'"amount_total": 300000', b'"amount_total": 1'), message[1]
    )


def signed_by_another(message: Message, stripe: FakeStripe) -> Message:
    return stripe.sign(message.body, secret="whsec_of_somebody_else")


def unsigned(message: Message, stripe: FakeStripe) -> Message:
    return Message(message.body, {})


@pytest.mark.parametrize("forge", [altered, signed_by_another, unsigned])
def test_what_stripe_did_not_sign_is_refused(
    shop: Any, order: str, session: str, stripe: FakeStripe, tell: Any, forge: Any
) -> None:
    message = stripe.pay(session)
    assert tell("stripe", forge(message, stripe)) == (400, "refused")
    assert (shop.states(order), shop.messages()) == (["pending"], 0)


def test_an_old_event_is_refused_and_a_new_one_about_it_is_not(
    shop: Any, order: str, session: str, stripe: FakeStripe, tell: Any, clock: Any
) -> None:
    message = stripe.pay(session)
    clock.advance(timedelta(seconds=301))
    assert tell("stripe", message) == (400, "refused")
    assert shop.states(order) == ["pending"]
    assert tell("stripe", stripe.sign(message.body)) == (200, "applied")
    assert shop.states(order) == ["paid"]


def test_a_payment_that_takes_days_is_pending_until_it_is_there(
    shop: Any, shopper: Any, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    promised = stripe.pay(session, "later")
    assert tell("stripe", promised) == (200, "already")
    assert shopper.shown(order) == ("pending", "pending")
    assert tell("stripe", stripe.settle(session, "succeeded")) == (200, "applied")
    # The first one again, after the last one.
    assert tell("stripe", promised) == (200, "already")
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_a_promise_that_is_not_kept_fails(
    shop: Any, shopper: Any, serum: str, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    tell("stripe", stripe.pay(session, "later"))
    assert tell("stripe", stripe.settle(session, "failed")) == (200, "applied")
    assert shop.states(order) == ["failed"]
    assert shopper.shown(order) == ("pending", "pending")
    assert shop.stock(serum) == (10, 0)
    shop.add_up()


def test_events_in_the_wrong_order_end_as_in_the_right_one(
    shop: Any, shopper: Any, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    opened = dict(stripe.sessions[session])
    expired = stripe.event("checkout.session.expired", {**opened, "status": "expired"})
    assert tell("stripe", stripe.pay(session)) == (200, "applied")
    assert tell("stripe", expired) == (200, "already")
    failed = stripe.event("checkout.session.async_payment_failed", opened)
    assert tell("stripe", failed) == (200, "already")
    assert shopper.shown(order) == ("confirmed", "paid")
    shop.add_up()


def test_an_expired_session_that_was_paid_after_all_is_late(
    shop: Any, shopper: Any, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    paid = stripe.pay(session)
    gone = stripe.event(
        "checkout.session.expired", {**stripe.sessions[session], "payment_status": "unpaid"}
    )
    assert tell("stripe", gone) == (200, "applied")
    assert shop.states(order) == ["expired"]
    assert tell("stripe", paid) == (200, "applied")
    assert shopper.shown(order) == ("confirmed", "paid")
    assert shop.reviews() == ["late"]
    shop.add_up()


def test_another_amount_or_currency_waits_for_a_human(
    shop: Any, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    stripe.pay(session)
    told = stripe.sessions[session]
    for changes in ({"amount_total": 1}, {"currency": "jpy"}):
        message = stripe.event("checkout.session.completed", {**told, **changes})
        assert tell("stripe", message) == (200, "mismatch")
    assert shop.states(order) == ["pending"]
    assert shop.reviews() == ["amount_mismatch", "amount_mismatch"]


@pytest.mark.parametrize(
    "told",
    [
        {"client_reference_id": None},
        {"client_reference_id": "NOBODYKNOWSTHIS", "id": "cs_test_foreign"},
    ],
    ids=["names none", "names another"],
)
def test_sessions_that_are_none_of_ours_are_of_no_concern(
    shop: Any, order: str, session: str, stripe: FakeStripe, tell: Any, told: Any
) -> None:
    stripe.pay(session)
    message = stripe.event("checkout.session.completed", {**stripe.sessions[session], **told})
    assert tell("stripe", message)[0] == 200
    assert (shop.states(order), shop.reviews(), shop.messages()) == (["pending"], [], 0)


def test_who_comes_back_is_not_made_to_wait_for_the_event(
    shop: Any, shopper: Any, client: Any, order: str, session: str, stripe: FakeStripe, tell: Any
) -> None:
    message = stripe.pay(session)
    back = urlsplit(stripe.sessions[session]["success_url"])
    answer = client.get(f"{back.path}?{back.query}")
    assert answer.headers["Location"].endswith("outcome=paid")
    assert shopper.shown(order) == ("confirmed", "paid")
    assert tell("stripe", message) == (200, "already")
    (payment,) = shop.payments(order)
    assert payment["fee"] == 300_000 * 29 // 1000
    shop.add_up()


def test_a_session_of_another_on_the_way_back_shows_nothing(
    shop: Any, client: Any, order: str, session: str, stripe: FakeStripe
) -> None:
    back = urlsplit(stripe.sessions[session]["success_url"]).path
    answer = client.get(f"{back}?session_id=cs_test_another&next=https://evil.example")
    assert answer.headers["Location"].endswith("outcome=pending")
    assert shop.states(order) == ["pending"]


def test_a_refund_that_takes_days_is_told_of(
    shop: Any,
    shopper: Any,
    desk: Any,
    order: str,
    session: str,
    stripe: FakeStripe,
    tell: Any,
    run_jobs: Any,
) -> None:
    tell("stripe", stripe.pay(session))
    stripe.refund_status = "pending"
    desk.refund(order, amount=100_000)
    run_jobs()
    (refund,) = shop.refunds(order)
    assert refund["state"] == "processing"
    assert shopper.shown(order) == ("confirmed", "paid")
    done = stripe.settle_refund(refund["gateway_refund_id"])
    assert [tell("stripe", done), tell("stripe", done)] == [(200, "applied"), (200, "already")]
    assert shopper.shown(order) == ("confirmed", "partially_refunded")
    shop.add_up()


def test_a_refund_that_fails_is_set_free_and_told(
    shop: Any,
    desk: Any,
    order: str,
    session: str,
    stripe: FakeStripe,
    tell: Any,
    run_jobs: Any,
) -> None:
    tell("stripe", stripe.pay(session))
    stripe.refund_status = "pending"
    desk.refund(order)
    desk.refund(order, 409)
    run_jobs()
    (refund,) = shop.refunds(order)
    tell("stripe", stripe.settle_refund(refund["gateway_refund_id"], "failed"))
    assert shop.reviews() == ["refund_stuck"]
    stripe.refund_status = "succeeded"
    desk.refund(order)
    run_jobs()
    assert [one["state"] for one in shop.refunds(order)] == ["rejected", "succeeded"]
    shop.add_up()


def test_a_refund_that_fails_after_it_had_succeeded_is_told(
    shop: Any, desk: Any, order: str, session: str, stripe: FakeStripe, tell: Any, run_jobs: Any
) -> None:
    tell("stripe", stripe.pay(session))
    desk.refund(order)
    run_jobs()
    (refund,) = shop.refunds(order)
    failed = stripe.settle_refund(refund["gateway_refund_id"], "failed")
    assert [tell("stripe", failed), tell("stripe", failed)] == [(200, "applied"), (200, "already")]
    assert shop.reviews() == ["refund_stuck"]
    assert shop.refunds(order)[0]["state"] == "succeeded"


def test_a_refund_that_went_back_after_it_was_rejected_is_told(
    shop: Any, desk: Any, order: str, session: str, stripe: FakeStripe, tell: Any, run_jobs: Any
) -> None:
    tell("stripe", stripe.pay(session))
    stripe.refund_status = "pending"
    desk.refund(order)
    run_jobs()
    (refund,) = shop.refunds(order)
    id = refund["gateway_refund_id"]
    tell("stripe", stripe.settle_refund(id, "failed"))
    desk.resolve("refund_stuck", "close")
    went = stripe.settle_refund(id, "succeeded")
    assert [tell("stripe", went), tell("stripe", went)] == [(200, "applied"), (200, "already")]
    assert shop.reviews() == ["foreign_refund"]
    assert shop.refunds(order)[0]["state"] == "rejected"


def test_a_refund_from_stripe_s_own_desk_waits_for_a_human(
    shop: Any,
    desk: Any,
    order: str,
    session: str,
    stripe: FakeStripe,
    tell: Any,
    commands_of: Any,
    plans_of: Any,
) -> None:
    tell("stripe", stripe.pay(session))
    foreign = {
        "id": "re_test_foreign",
        "object": "refund",
        "amount": 5_000,
        "currency": "vnd",
        "payment_intent": stripe.sessions[session]["payment_intent"],
        "metadata": {},
        "status": "succeeded",
        "failure_reason": None,
    }
    message = stripe.event("refund.created", foreign)
    assert tell("stripe", message) == (200, "applied")
    for sent in commands_of(lambda: tell("stripe", message)):
        for plan in plans_of(sent) if "find" in sent else ():
            assert "COLLSCAN" not in plan["stages"], sent
    assert tell("stripe", message) == (200, "already")
    assert shop.reviews() == ["foreign_refund"]
    assert shop.review("foreign_refund")["amount"] == 5_000
    desk.resolve("foreign_refund", "close")
    assert shop.refunds(order) == []
