"""Making many customers at once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask.testing import FlaskClient

from wrencos_core.api import Platform
from wrencos_core.auth.models.user import User
from wrencos_core.contracts.accounts import CustomerMaker, NewCustomer
from wrencos_core.contracts.auth import PostalAddress

SINCE = datetime(2025, 5, 4, tzinfo=UTC)


def person(number: int) -> NewCustomer:
    return NewCustomer(
        email=f"Customer{number}@Example.test",
        first_name="Lan",
        last_name="Trần",
        registered_at=SINCE,
        locale="vi",
        address=PostalAddress(street="1 Example Road", city="Huế", country="VN"),
    )


def test_they_can_log_in_and_are_made_once(
    platform: Platform, client: FlaskClient, outbox_events: Any, sent_mail: Any, run_jobs: Any
) -> None:
    maker = platform.services.require(CustomerMaker)
    first = maker.create_customers([person(number) for number in range(130)], "wrencos-demo")
    again = maker.create_customers([person(129), person(130)], "another-password")
    assert len(set(first)) == 130
    assert again[0] == first[129]
    assert User.raw().count_documents({}) == 131
    row = User.raw().find_one({"_id": first[0]})
    assert (row["email"], row["role"], row["locale"]) == (
        "customer0@example.test",
        "customer",
        "vi",
    )
    assert row["created_at"] == row["email_verified_at"] == SINCE
    assert len(outbox_events("auth.user_registered")) == 131
    run_jobs()
    assert sent_mail() == []
    body = {"email": "customer129@example.test", "password": "wrencos-demo"}
    assert client.post("/api/auth/login", json=body).status_code == 200
