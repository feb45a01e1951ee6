"""Numbers of invoices and credit notes: each once, in order, without a gap."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from wrencos_commerce.errors import NoInvoice
from wrencos_commerce.models.document_counter import DocumentCounter
from wrencos_commerce.models.order import Order
from wrencos_commerce.services.documents.numbers import DocumentNumbers
from wrencos_core.api import SYSTEM, NotFound, Platform, database, transaction
from wrencos_core.testing.threads import run_in_threads

from .samples import refund_of

Numbers = Callable[[str], str]


@pytest.fixture
def orders(login: Any, place_order: Callable[..., str], make_product: Any) -> list[str]:
    me, serum = login(), make_product(inventory=100)
    return [place_order(me, serum) for _ in range(4)]


@pytest.fixture
def number(platform: Platform) -> Numbers:
    """Returns `number(order_id)`: the order's invoice number, given now if it had none."""
    numbers = DocumentNumbers(platform)
    return lambda order: str(numbers.invoiced(order, SYSTEM)["invoice_number"])


def test_numbers_count_up_and_stay(clock: Any, orders: list[str], number: Numbers) -> None:
    assert clock().year == 2026
    assert number(orders[2]) == "INV-2026-000001"
    assert number(orders[0]) == "INV-2026-000002"
    assert number(orders[2]) == "INV-2026-000001"
    row = Order.raw().find_one({"_id": orders[2]})
    assert row["invoiced_at"] == clock()
    entries: Any = database()["core_audit_entries"]
    (entry,) = entries.find({"target": orders[2]})
    assert entry["changes"] == {"invoice_number": "INV-2026-000001"}


def test_each_year_of_the_shop_begins_anew(clock: Any, orders: list[str], number: Numbers) -> None:
    number(orders[0])
    # In the shop's time zone it is 2027 already.
    clock.move_to(datetime(2026, 12, 31, 17, 0, tzinfo=UTC))
    assert number(orders[1]) == "INV-2027-000001"
    assert number(orders[2]) == "INV-2027-000002"


def test_what_fails_leaves_no_gap(orders: list[str], number: Numbers) -> None:
    first = number(orders[0])

    def fails() -> None:
        number(orders[1])
        raise RuntimeError("after the number was taken")

    with pytest.raises(RuntimeError):
        transaction(fails)
    assert "invoice_number" not in Order.raw().find_one({"_id": orders[1]})
    assert number(orders[3])[-6:] == f"{int(first[-6:]) + 1:06d}"
    assert DocumentCounter.raw().count_documents({}) == 1


def test_many_at_once_get_numbers_of_their_own(orders: list[str], number: Numbers) -> None:
    got = run_in_threads(12, lambda n: number(orders[n % 4]))
    assert all(isinstance(one, str) for one in got), got
    assert {one[-6:] for one in map(str, got)} == {f"{n:06d}" for n in range(1, 5)}
    for n in range(4):
        assert len({got[i] for i in range(n, 12, 4)}) == 1


@pytest.mark.parametrize("status", ["pending", "cancelled"])
def test_an_order_that_was_never_confirmed_has_none(
    orders: list[str], number: Numbers, status: str
) -> None:
    Order.raw().update_one({"_id": orders[0]}, {"$set": {"status": status}})
    with pytest.raises(NoInvoice):
        number(orders[0])
    assert DocumentCounter.raw().count_documents({}) == 0
    with pytest.raises(NotFound):
        number("order_nothing")


def test_an_invoice_outlives_the_order(orders: list[str], number: Numbers) -> None:
    given = number(orders[0])
    Order.raw().update_one({"_id": orders[0]}, {"$set": {"status": "cancelled"}})
    assert number(orders[0]) == given


def test_credit_notes_count_by_themselves(
    platform: Platform, clock: Any, orders: list[str], number: Numbers
) -> None:
    assert clock().year == 2026
    numbers = DocumentNumbers(platform)
    number(orders[1])
    first, second = refund_of(orders[0]), refund_of(orders[0])
    order, refund = numbers.credited(orders[0], second, SYSTEM)
    assert (order["invoice_number"], refund["credit_note_number"]) == (
        "INV-2026-000002",
        "CN-2026-000001",
    )
    _, refund = numbers.credited(orders[0], first, SYSTEM)
    assert refund["credit_note_number"] == "CN-2026-000002"
    _, again = numbers.credited(orders[0], second, SYSTEM)
    assert again["credit_note_number"] == "CN-2026-000001"


def test_a_refund_without_a_credit_note(
    platform: Platform, orders: list[str], number: Numbers
) -> None:
    numbers = DocumentNumbers(platform)
    for changes in ({"state": "processing"}, {"lines": [], "reason": "not_owed"}):
        with pytest.raises(NoInvoice):
            numbers.credited(orders[0], refund_of(orders[0], **changes), SYSTEM)
    # Nor did the refused ones leave an invoice behind.
    assert DocumentCounter.raw().count_documents({}) == 0
    with pytest.raises(NotFound):
        numbers.credited(orders[1], refund_of(orders[0]), SYSTEM)
    assert number(orders[3]).endswith("000001")
