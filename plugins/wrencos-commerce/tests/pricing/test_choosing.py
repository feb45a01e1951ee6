"""Which promotions count, and what each takes off."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, strategies as st

from wrencos_commerce.services.promotions.choosing import Choice, Refusal, choose
from wrencos_commerce.services.promotions.offers import Offer, Offers
from wrencos_commerce.services.promotions.rules import DEFAULTS
from wrencos_core.contracts.commerce import CartContents, CartLine

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def cart(*lines: tuple[int, int], **fields: Any) -> CartContents:
    """A cart of `(price, quantity)` lines."""
    made = tuple(
        CartLine(
            product_id=f"prod_{n}",
            variant_id=f"var_{n}",
            category_id="cat_serum" if n % 2 else "cat_lips",
            name="Serum",
            quantity=quantity,
            price=price,
            line_total=price * quantity,
        )
        for n, (price, quantity) in enumerate(lines)
    )
    subtotal = sum(line.line_total for line in made)
    return CartContents(lines=made, subtotal=subtotal, currency="USD", **fields)


def promotion(id: str = "promo_a", **fields: Any) -> dict[str, Any]:
    kind = fields.get("kind", "percent")
    needed: dict[str, Any] = {"percent": "10"} if kind in ("percent", "buy_get") else {}
    row = {**DEFAULTS, "kind": "percent", "currency": "USD", "uses": 0, **needed, **fields}
    return {"_id": id, **row}


def offers(*rows: dict[str, Any], **fields: Any) -> Offers:
    known: dict[str, Any] = {"user_id": "user_1", **fields}
    paths = {"cat_serum": {"cat_serum", "cat_face"}, "cat_lips": {"cat_lips"}}
    return Offers(NOON, automatic=[Offer(row) for row in rows], paths=paths, **known)


def amounts(choice: Choice) -> dict[str, int]:
    return {taken.offer.promotion["_id"]: taken.amount for taken in choice.taken}


def chosen(contents: CartContents, *rows: dict[str, Any], **fields: Any) -> dict[str, int]:
    return amounts(choose(contents, offers(*rows, **fields), "USD"))


def test_they_are_taken_off_one_after_the_other() -> None:
    half = promotion("promo_b", percent="50", priority=1)
    fixed = promotion("promo_a", kind="amount", amount=300, priority=2)
    assert chosen(cart((1000, 1)), fixed, half) == {"promo_b": 500, "promo_a": 300}
    fixed["priority"] = 0
    assert chosen(cart((1000, 1)), half, fixed) == {"promo_a": 300, "promo_b": 350}
    fixed["priority"] = 1  # then by id
    assert chosen(cart((1000, 1)), half, fixed) == {"promo_a": 300, "promo_b": 350}


def test_nothing_is_taken_that_is_not_there() -> None:
    fixed = promotion("promo_a", kind="amount", amount=5000)
    more = promotion("promo_b", kind="amount", amount=5000)
    assert chosen(cart((1000, 2)), fixed, more) == {"promo_a": 2000, "promo_b": 0}


@pytest.mark.parametrize(
    ("exclusive", "taken"),
    [
        ("40", {"promo_x": 400}),
        ("19", {"promo_a": 100, "promo_b": 90}),  # equal to 190: both together
        ("10", {"promo_a": 100, "promo_b": 90}),
    ],
)
def test_an_exclusive_one_stands_alone_when_it_is_worth_more(
    exclusive: str, taken: dict[str, int]
) -> None:
    rows = [promotion("promo_a"), promotion("promo_b")]
    alone = promotion("promo_x", percent=exclusive, is_exclusive=True)
    assert chosen(cart((1000, 1)), *rows, alone) == taken


def test_of_two_exclusive_ones_the_better_counts() -> None:
    rows = [promotion(f"promo_{p}", percent=p, is_exclusive=True) for p in ("20", "30")]
    assert chosen(cart((1000, 1)), *rows) == {"promo_30": 300}
    equal = [promotion(id, is_exclusive=True) for id in ("promo_b", "promo_a")]
    assert chosen(cart((1000, 1)), *equal) == {"promo_a": 100}


@pytest.mark.parametrize(
    ("fields", "amount"),
    [
        ({"percent": "33.3333"}, 667),
        ({"max_discount": 150}, 150),
        ({"category_ids": ["cat_serum"]}, 100),
        ({"category_ids": ["cat_face"]}, 100),
        ({"category_ids": ["cat_lips"]}, 100),
        ({"product_ids": ["prod_0"], "category_ids": ["cat_face"]}, 200),
        ({"min_total": 2000}, 200),
    ],
)
def test_what_one_takes_off(fields: dict[str, Any], amount: int) -> None:
    assert chosen(cart((1000, 1), (1000, 1)), promotion(**fields)) == {"promo_a": amount}


BUY_TWO: dict[str, Any] = {
    "kind": "buy_get",
    "buy_quantity": 2,
    "get_quantity": 1,
    "percent": "100",
}


@pytest.mark.parametrize(
    ("lines", "fields", "amount"),
    [
        ([(1000, 3)], {}, 1000),
        ([(1000, 5)], {}, 1000),
        ([(1000, 6)], {}, 2000),
        ([(1000, 2), (300, 1)], {}, 300),
        ([(1000, 4), (300, 1), (200, 1)], {}, 500),
        ([(1000, 3)], {"percent": "50"}, 500),
        ([(999, 3)], {"percent": "50"}, 500),
        ([(1000, 6)], {"max_discount": 1500}, 1500),
        ([(1000, 3), (100, 3)], {"product_ids": ["prod_0"]}, 1000),
    ],
)
def test_the_cheapest_of_a_set_costs_less(
    lines: list[tuple[int, int]], fields: dict[str, Any], amount: int
) -> None:
    assert chosen(cart(*lines), promotion(**{**BUY_TWO, **fields})) == {"promo_a": amount}


def test_a_set_names_the_lines_that_cost_less() -> None:
    choice = choose(cart((1000, 2), (300, 1)), offers(promotion(**BUY_TWO)), "USD")
    assert choice.taken[0].variant_ids == ("var_1",)


def test_free_shipping_is_worth_what_shipping_costs() -> None:
    free = promotion("promo_f", kind="free_shipping", is_exclusive=True)
    rows = [promotion("promo_a"), free]
    assert chosen(cart((1000, 1), shipping=150), *rows) == {"promo_f": 150}
    assert chosen(cart((1000, 1), shipping=99), *rows) == {"promo_a": 100}
    assert chosen(cart((1000, 1)), *rows) == {"promo_a": 100}


REFUSED: list[tuple[dict[str, Any], dict[str, Any], Refusal]] = [
    ({"is_active": False}, {}, Refusal.OFF),
    ({"currency": "VND"}, {}, Refusal.OFF),
    ({"starts_at": NOON + HOUR}, {}, Refusal.NOT_BEGUN),
    ({"ends_at": NOON}, {}, Refusal.EXPIRED),
    ({"max_uses": 2, "uses": 2}, {}, Refusal.USED_UP),
    ({"max_uses_per_user": 1}, {"user_id": None}, Refusal.LOG_IN),
    ({"first_order_only": True}, {"user_id": None}, Refusal.LOG_IN),
    ({"max_uses_per_user": 1}, {"used": {"promo_a": 1}}, Refusal.USED_BEFORE),
    ({"first_order_only": True}, {"used": {"promo_a": 1}}, Refusal.USED_BEFORE),
    ({"first_order_only": True}, {"has_ordered": True}, Refusal.NOT_FIRST_ORDER),
    ({"min_total": 1001}, {}, Refusal.MINIMUM),
    ({"category_ids": ["cat_hair"]}, {}, Refusal.NOTHING_FITS),
    ({**BUY_TWO}, {}, Refusal.NOTHING_FITS),
]


@pytest.mark.parametrize(("fields", "known", "reason"), REFUSED)
def test_why_a_code_does_not_count(
    fields: dict[str, Any], known: dict[str, Any], reason: Refusal
) -> None:
    row = promotion(**fields)
    by_code = {"SPRING": Offer(row, {"code": "SPRING", "uses": 0})}
    typed = cart((1000, 1), coupons=("SPRING",))
    choice = choose(typed, offers(by_code=by_code, **known), "USD")
    assert (choice.refused, choice.taken) == ({"SPRING": reason}, [])
    # Nor does it count when it is automatic.
    assert chosen(cart((1000, 1)), row, **known) == {}


def test_codes_that_are_unknown_used_up_or_not_the_best() -> None:
    spring = promotion("promo_a")
    best = promotion("promo_b", percent="50", is_exclusive=True)
    by_code = {
        "ONE": Offer(spring, {"code": "ONE", "uses": 0}),
        "TWO": Offer(spring, {"code": "TWO", "uses": 0}),
        "ONCE": Offer(spring, {"code": "ONCE", "uses": 1, "max_uses": 1}),
        "BEST": Offer(best, {"code": "BEST", "uses": 0}),
    }

    def refused(*codes: str) -> dict[str, Refusal]:
        return choose(cart((1000, 1), coupons=codes), offers(by_code=by_code), "USD").refused

    assert refused("ONE", "NONE") == {"NONE": Refusal.UNKNOWN}
    assert refused("TWO", "ONE") == {"ONE": Refusal.SAME_PROMOTION}
    assert refused("ONCE") == {"ONCE": Refusal.USED_UP}
    assert refused("ONE", "BEST") == {"ONE": Refusal.BETTER_OFFER}


kinds: st.SearchStrategy[dict[str, Any]] = st.one_of(
    st.builds(dict, kind=st.just("percent"), percent=st.sampled_from(["5", "33.3333", "100"])),
    st.builds(dict, kind=st.just("amount"), amount=st.integers(1, 10**6)),
    st.builds(
        dict,
        kind=st.just("buy_get"),
        buy_quantity=st.integers(1, 3),
        get_quantity=st.integers(1, 3),
        percent=st.sampled_from(["50", "100"]),
    ),
    st.just({"kind": "free_shipping"}),
)
conditions: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {},
    optional={
        "is_exclusive": st.booleans(),
        "priority": st.integers(0, 2),
        "max_discount": st.integers(0, 5000),
        "category_ids": st.lists(st.sampled_from(["cat_face", "cat_lips"]), max_size=1),
    },
)
promotions = st.lists(st.tuples(kinds, conditions).map(lambda p: {**p[0], **p[1]}), max_size=6)
lines = st.lists(st.tuples(st.integers(0, 10**5), st.integers(1, 9)), min_size=1, max_size=5)


@given(lines, promotions, st.none() | st.integers(0, 10**4))
def test_the_choice_is_the_same_in_every_order_and_never_too_much(
    given_lines: list[tuple[int, int]], given: list[dict[str, Any]], shipping: int | None
) -> None:
    contents = cart(*given_lines, shipping=shipping)
    rows = [promotion(f"promo_{n}", **fields) for n, fields in enumerate(given)]
    taken = chosen(contents, *rows)
    assert chosen(contents, *reversed(rows)) == taken
    assert all(amount >= 0 for amount in taken.values())
    free = {row["_id"] for row in rows if row["kind"] == "free_shipping"}
    assert sum(a for id, a in taken.items() if id not in free) <= contents.subtotal
    assert sum(a for id, a in taken.items() if id in free) <= (shipping or 0)
    for row in rows:
        if row["is_exclusive"] and row["_id"] not in taken:
            assert sum(taken.values()) >= sum(chosen(contents, row).values())
