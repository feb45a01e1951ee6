"""The demo's customers; all log in with the password `wrencos-demo`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from wrencos_commerce.demo.catalogue import OPEN_SINCE, demo_rows
from wrencos_core.api import DemoContext, Identity, Role, now
from wrencos_core.contracts.accounts import CustomerMaker, NewCustomer
from wrencos_core.contracts.auth import PostalAddress
from wrencos_core.contracts.orders import ShippingAddress

PASSWORD = "wrencos-demo"  # noqa: S105 - it is meant to be known


@dataclass(frozen=True)
class DemoCustomer:
    """Someone who orders, from `since` on, and has it sent to `address`."""

    identity: Identity
    since: datetime
    address: ShippingAddress


def fill_customers(context: DemoContext) -> None:
    """The customers of the file; those who are there already stay as they are."""
    demo_customers(context)


def demo_customers(context: DemoContext) -> list[DemoCustomer]:
    """The demo's customers, made when they are not there yet; a third came with the opening."""
    random = Random(7)  # noqa: S311 - the same demo every time
    opening, rows = now() - OPEN_SINCE, demo_rows("customers.csv")
    since = [
        opening + timedelta(days=max(0, random.randint(-120, 330)), seconds=number)
        for number in range(len(rows))
    ]
    maker = context.platform.services.require(CustomerMaker)
    people = [
        NewCustomer(
            email=row["email"],
            first_name=row["firstName"],
            last_name=row["lastName"],
            phone=row["phone"],
            locale="vi" if row["country"] == "VN" else "en",
            registered_at=moment,
            address=PostalAddress(
                street=row["street"],
                city=row["city"],
                state=row["state"] or None,
                zip=row["zip"] or None,
                country=row["country"],
            ),
        )
        for row, moment in zip(rows, since, strict=True)
    ]
    ids = maker.create_customers(people, PASSWORD)
    context.progress("Customers", len(ids), len(ids))
    return [
        DemoCustomer(
            Identity(user_id=id, role=Role.CUSTOMER, channel="job"),
            person.registered_at,
            _shipping(person),
        )
        for id, person in zip(ids, people, strict=True)
    ]


def _shipping(person: NewCustomer) -> ShippingAddress:
    home = person.address
    assert home is not None
    return ShippingAddress(
        street=home.street,
        city=home.city,
        state=home.state,
        zip=home.zip,
        country=home.country,
        name=f"{person.first_name} {person.last_name}",
        phone=person.phone,
    )
