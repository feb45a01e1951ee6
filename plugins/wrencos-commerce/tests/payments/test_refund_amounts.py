"""Whatever is paid back in whatever steps, it is never too much, and in the end it is all of it."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.payments.refund_amounts import (
    Allocation,
    less,
    of_amount,
    of_pieces,
    of_rest,
    parted,
    reserved,
)


def line(number: int, quantity: int, total: int, tax: int) -> dict[str, Any]:
    return {
        "variant_id": f"var_{number}",
        "name": f"Line {number}",
        "quantity": quantity,
        "total": total,
        "tax": tax,
        "refunded": 0,
        "refunded_pieces": 0,
    }


@st.composite
def orders(draw: Any) -> dict[str, Any]:
    def taxed(most: int) -> tuple[int, int]:
        total = draw(st.integers(0, most))
        return total, draw(st.integers(0, total))

    lines = [
        line(number, draw(st.integers(1, 7)), *taxed(10_000))
        for number in range(draw(st.integers(1, 3)))
    ]
    charges = []
    for code in draw(st.sampled_from([[], ["shipping"], ["shipping", "gift"]])):
        total, tax = taxed(500)
        charges.append({"code": code, "total": total, "tax": tax, "refunded": 0})
    return {"currency": "VND", "lines": lines, "charges": charges}


def left_of(order: dict[str, Any]) -> int:
    return sum(part["total"] - part["refunded"] for part in (*order["lines"], *order["charges"]))


def some(data: Any, order: dict[str, Any]) -> Allocation:
    """Some pieces, charges, or an amount that are still left; of the former something is kept."""
    if left_of(order) and data.draw(st.booleans()):
        return of_amount(order, data.draw(st.integers(1, left_of(order))))
    pieces = {
        one["variant_id"]: data.draw(st.integers(0, one["quantity"] - one["refunded_pieces"]))
        for one in order["lines"]
    }
    codes = [charge["code"] for charge in order["charges"] if data.draw(st.booleans())]
    found = of_pieces(order, {id: count for id, count in pieces.items() if count}, codes)
    return less(order, found, data.draw(st.integers(0, found.amount)))


def check(order: dict[str, Any]) -> None:
    for part in (*order["lines"], *order["charges"]):
        assert 0 <= part["refunded"] <= part["total"]
        assert 0 <= part.get("refunded_tax", 0) <= min(part["tax"], part["refunded"])
    for one in order["lines"]:
        assert 0 <= one["refunded_pieces"] <= one["quantity"]


@settings(max_examples=150, deadline=None)
@given(order=orders(), data=st.data())
def test_any_steps_never_exceed_and_the_rest_makes_them_whole(
    order: dict[str, Any], data: Any
) -> None:
    kept: list[Allocation] = []
    for _ in range(data.draw(st.integers(0, 6))):
        if kept and data.draw(st.integers(0, 3)) == 0:
            # The gateway refused one of those before: it is set free.
            order |= reserved(order, kept.pop(data.draw(st.integers(0, len(kept) - 1))), -1)
        else:
            allocation = some(data, order)
            # Two payments bear it, one of them perhaps nothing.
            for part in parted(allocation, data.draw(st.integers(0, allocation.amount))):
                order |= reserved(order, part)
                kept.append(part)
                check(order)
        check(order)
    rest = of_rest(order)
    order |= reserved(order, rest)
    kept.append(rest)
    check(order)
    for part in (*order["lines"], *order["charges"]):
        assert part["refunded"] == part["total"]
        if part["total"]:
            assert part["refunded_tax"] == part["tax"]
    assert [one["refunded_pieces"] for one in order["lines"]] == [
        one["quantity"] for one in order["lines"]
    ]
    whole = sum(part["total"] for part in (*order["lines"], *order["charges"]))
    assert sum(allocation.amount for allocation in kept) == whole
    assert left_of(order) == 0


def test_pieces_are_paid_back_along_a_line() -> None:
    order: dict[str, Any] = {"currency": "VND", "lines": [line(0, 3, 100, 10)], "charges": []}
    steps = []
    for _ in range(3):
        allocation = of_pieces(order, {"var_0": 1})
        steps.append((allocation.amount, allocation.lines[0]["tax"]))
        order |= reserved(order, allocation)
    assert steps == [(33, 3), (33, 4), (34, 3)]


@settings(max_examples=100, deadline=None)
@given(order=orders(), data=st.data())
def test_the_parts_of_a_refund_are_the_refund(order: dict[str, Any], data: Any) -> None:
    whole = of_rest(order)
    amount = data.draw(st.integers(0, whole.amount))
    first, rest = parted(whole, amount)
    assert (first.amount, rest.amount) == (amount, whole.amount - amount)
    for kind, names in (("lines", ("quantity", "amount", "tax")), ("charges", ("amount", "tax"))):
        for name in names:
            together = sum(part[name] for one in (first, rest) for part in getattr(one, kind))
            assert together == sum(part[name] for part in getattr(whole, kind))
    for part in (*first.lines, *first.charges, *rest.lines, *rest.charges):
        assert 0 <= part["tax"] <= part["amount"]
