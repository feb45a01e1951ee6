"""How the parts of a total add up, for every number."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

from wrencos_commerce.services.priced import PricedCart, PricedCharge, PricedLine
from wrencos_commerce.services.taxes import Rates, checked_percent, tax_upon, tax_within
from wrencos_commerce.services.totals import Terms, add_up
from wrencos_core.api import Invalid
from wrencos_core.contracts.commerce import Adjustment

VARIANTS = [f"var_{number}" for number in range(5)]
CATEGORIES = [None, "cat_face", "cat_serum"]

percents = st.integers(0, 30 * 10**4).map(lambda n: checked_percent(f"{n // 10**4}.{n % 10**4:04}"))


def line(number: int, price: int, quantity: int, category: str | None = None) -> PricedLine:
    return PricedLine(
        item_id=f"item_{number}",
        product={"_id": "prod_1", "name": "Serum", "category_id": category},
        variant={"id": VARIANTS[number], "sku": "S", "price": price},
        quantity=quantity,
        is_available=True,
    )


@st.composite
def carts(draw: Any) -> list[PricedLine]:
    # From a few units, as cents or whole đồng are, to the dearest there is.
    most = draw(st.sampled_from([10, 5000, 10**11]))
    return [
        line(
            number,
            draw(st.integers(0, most)),
            draw(st.integers(1, 99)),
            draw(st.sampled_from(CATEGORIES)),
        )
        for number in range(draw(st.integers(1, len(VARIANTS))))
    ]


adjustments = st.lists(
    st.builds(
        Adjustment,
        code=st.sampled_from(["a", "b", "c"]),
        label=st.just("x"),
        amount=st.one_of(st.integers(-(10**13), 10**6), st.integers(-30, 30)),
        order=st.integers(0, 3),
        variant_ids=st.lists(st.sampled_from([*VARIANTS, "var_other"]), max_size=3).map(tuple),
        applies_to=st.sampled_from(["goods", "shipping"]),
    ),
    max_size=6,
)
rates = st.builds(
    Rates,
    st.dictionaries(st.sampled_from([None, "cat_face", "cat_serum"]), percents),
    st.none() | percents,
    st.just({"cat_serum": ["cat_serum", "cat_face"], "cat_face": ["cat_face"]}),
)
prices = st.integers(0, 10**6)
shipping_rates = st.fixed_dictionaries(
    {
        "country": st.sampled_from(["VN", None]),
        "region_keys": st.just([]),
        "priced_by": st.sampled_from(["flat", "weight", "total"]),
        "price": prices,
        "steps": st.lists(
            st.fixed_dictionaries({"up_to": st.none() | prices, "price": prices}), max_size=3
        ),
        "free_from": st.none() | prices,
        "min_days": st.just(1),
        "max_days": st.just(3),
    }
)
methods = st.lists(
    st.fixed_dictionaries(
        {
            "_id": st.sampled_from(["ship_1", "ship_2"]),
            "name": st.just("Post"),
            "rates": st.lists(shipping_rates, max_size=2),
        }
    ),
    max_size=2,
)
terms = st.builds(
    Terms,
    currency=st.sampled_from(["VND", "USD", "KWD"]),
    rates=rates,
    prices_include_tax=st.booleans(),
    methods=methods,
    country=st.sampled_from([None, "VN", "US"]),
    method_id=st.sampled_from([None, None, "ship_1"]),
)


def check(cart: PricedCart) -> None:
    parts: list[PricedLine | PricedCharge] = [*cart.lines, *cart.charges]
    assert cart.total == sum(part.total for part in parts)
    assert cart.tax_total == sum(part.tax for part in parts)
    discounts = sum(-a.amount for a in cart.adjustments if a.amount < 0)
    assert discounts == sum(part.discount for part in parts)
    fees = sum(a.amount for a in cart.adjustments if a.amount > 0)
    assert fees == sum(charge.amount for charge in cart.charges if charge.code != "shipping")
    for part in parts:
        assert min(part.discount, part.tax, part.total) >= 0
        before_tax = part.total - (0 if cart.prices_include_tax else part.tax)
        cost = part.line_total if isinstance(part, PricedLine) else part.amount
        assert before_tax == cost - part.discount
        assert part.tax <= part.total
    shipping = [charge for charge in cart.charges if charge.code == "shipping"]
    assert sum(charge.amount for charge in shipping) == (
        cart.shipping.amount if cart.shipping else 0
    )
    assert cart.shipping is None or cart.shipping in cart.shipping_quotes
    assert cart.goods_total == cart.subtotal - sum(line.discount for line in cart.lines)


@given(carts(), adjustments, terms)
def test_every_part_adds_up(lines: list[PricedLine], asked: list[Adjustment], terms: Terms) -> None:
    check(add_up(lines, asked, terms))


@given(carts(), adjustments, terms)
def test_no_discount_is_more_than_its_lines_cost(
    lines: list[PricedLine], asked: list[Adjustment], terms: Terms
) -> None:
    cart = add_up(lines, asked, terms)
    for adjustment in cart.adjustments:
        if adjustment.amount < 0 and adjustment.applies_to == "goods":
            targets = adjustment.variant_ids or VARIANTS
            cost = sum(line.line_total for line in lines if line.variant["id"] in targets)
            assert -adjustment.amount <= cost
    named = {id for a in asked if a.amount < 0 for id in (a.variant_ids or VARIANTS)}
    assert all(line.discount == 0 for line in cart.lines if line.variant["id"] not in named)


def test_tax_on_top_of_the_whole_line() -> None:
    """Ten of 10.10 at 23 %: 23.23 of tax, where ten times the rounded tax of one were 23.20."""
    terms = Terms(currency="USD", rates=Rates({None: "23"}), prices_include_tax=False)
    cart = add_up([line(0, 1010, 10)], [], terms)
    assert (cart.tax_total, cart.total) == (2323, 12423)


@pytest.mark.parametrize(
    ("amount", "percent", "within", "upon"),
    [
        (110_000, "10", 10_000, 11_000),
        (108_000, "8", 8_000, 8_640),
        (1, "30", 0, 0),
        (5, "10", 0, 1),  # 0.4545 within, 0.5 on top
        (11, "10", 1, 1),
        (10**13, "8.8875", 816209390426, 888750000000),
        (100, "0", 0, 0),
        (200, "100", 100, 200),
        (3, "100", 2, 3),  # 1.5 is rounded up
    ],
)
def test_the_tax_of_an_amount(amount: int, percent: str, within: int, upon: int) -> None:
    assert (tax_within(amount, percent), tax_upon(amount, percent)) == (within, upon)


@pytest.mark.parametrize(
    ("told", "stored"), [("8.2500", "8.25"), ("0", "0"), ("100", "100"), ("0.0001", "0.0001")]
)
def test_a_percent_as_it_is_stored(told: str, stored: str) -> None:
    assert checked_percent(told) == stored


@pytest.mark.parametrize("told", ["-1", "100.01", "8.25001", "NaN", "Infinity", "ten", ""])
def test_what_is_no_percent(told: str) -> None:
    with pytest.raises(Invalid):
        checked_percent(told)


def test_fees_of_one_code_are_one_charge() -> None:
    fees = [Adjustment(code="shop.wrap", label="Wrapping", amount=amount) for amount in (100, 50)]
    terms = Terms(currency="USD", rates=Rates({None: "20"}, "10"), prices_include_tax=True)
    cart = add_up([line(0, 1000, 1)], fees, terms)
    (charge,) = cart.charges
    assert (charge.amount, charge.tax_rate, charge.tax, charge.total) == (150, "10", 14, 150)


def test_a_discount_on_shipping_takes_nothing_off_goods() -> None:
    off = Adjustment(code="a", label="x", amount=-500, applies_to="shipping")
    terms = Terms(currency="USD", rates=Rates(), prices_include_tax=True)
    cart = add_up([line(0, 1000, 1)], [off], terms)
    assert (cart.total, list(cart.adjustments)) == (1000, [])
