"""The warnings: those of the rules, each once, in a fixed order."""

from __future__ import annotations

from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.ingredients.avoiding import avoid_keys
from wrencos_commerce.services.ingredients.checking import (
    CheckedProduct,
    IngredientChecker,
    IngredientWarning,
    Origin,
)
from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.ingredients.facts import facts
from wrencos_commerce.services.ingredients.rules import RuleKind, Severity, rules


def product(name: str, *listed: str, origin: Origin = "asked") -> CheckedProduct:
    return CheckedProduct(f"prod_{name}", name, facts(listed), origin)


def check(
    *products: CheckedProduct, avoid: str = "", locale: str = "en"
) -> list[IngredientWarning]:
    return IngredientChecker().check(products, avoid_keys([avoid]), locale)


def found(*products: CheckedProduct, avoid: str = "") -> list[str]:
    return [warning.rule for warning in check(*products, avoid=avoid)]


RETINOL = product("serum", "Aqua", "Retinol")
ACID = product("toner", "Aqua", "Glycolic Acid")
PEROXIDE = product("gel", "Benzoyl Peroxide")


def test_harmless_products_give_no_warning() -> None:
    assert check(product("a", "Aqua", "Glycerin"), product("b", "Niacinamide")) == []
    assert check() == []
    assert check(product("brush")) == []


def test_a_pair_in_two_products() -> None:
    (warning,) = [one for one in check(RETINOL, PEROXIDE) if "benzoyl" in one.rule]
    assert warning.rule == "retinoid-benzoyl-peroxide"
    assert warning.severity == Severity.CAUTION
    assert warning.ingredients == ("Retinol", "Benzoyl Peroxide")
    assert [one.name for one in warning.products] == ["serum", "gel"]
    assert "Retinol and Benzoyl Peroxide" in warning.message
    assert warning.source.title.startswith("Zaenglein")


def test_the_warning_speaks_vietnamese() -> None:
    (warning,) = [one for one in check(RETINOL, ACID, locale="vi") if "exfoliant" in one.rule]
    assert "Retinol và Glycolic Acid dùng chung" in warning.message


def test_a_pair_within_one_product_is_its_makers_choice() -> None:
    both = product("epi", "Adapalene", "Benzoyl Peroxide")
    assert "retinoid-benzoyl-peroxide" not in found(both)
    assert "retinoid-benzoyl-peroxide" in found(both, RETINOL)


def test_many_pairs_give_one_warning() -> None:
    others = [product(f"toner{n}", "Lactic Acid", "Mandelic Acid") for n in range(3)]
    warnings = [one for one in check(RETINOL, ACID, *others) if one.rule == "retinoid-exfoliant"]
    (warning,) = warnings
    assert warning.ingredients == ("Retinol", "Glycolic Acid", "Lactic Acid", "Mandelic Acid")
    assert len(warning.products) == 5


def test_the_most_serious_comes_first() -> None:
    warnings = check(
        RETINOL, ACID, PEROXIDE, product("cream", "Parfum", "Linalool"), avoid="parfum"
    )
    severities = [warning.severity for warning in warnings]
    assert severities == sorted(severities, key=list(Severity).index)
    assert [one.rule for one in warnings][:2] == ["avoided", "retinoid-pregnancy"]
    assert check(RETINOL, ACID, PEROXIDE) == check(RETINOL, ACID, PEROXIDE)


def test_pregnancy_asks_to_ask() -> None:
    (warning,) = [one for one in check(RETINOL) if one.rule == "retinoid-pregnancy"]
    assert warning.severity == Severity.HIGH
    assert "ask your doctor or pharmacist" in warning.message


def test_what_is_avoided_is_told_by_product() -> None:
    first, second = product("a", "Parfum", "Aqua"), product("b", "Perfume")
    warnings = [one for one in check(first, second, avoid="hương liệu") if one.rule == "avoided"]
    assert [[one.name for one in warning.products] for warning in warnings] == [["a"], ["b"]]
    assert warnings[0].message == "Contains what you avoid: Parfum."
    assert {warning.severity for warning in warnings} == {Severity.HIGH}


def test_a_product_without_a_list_could_not_be_checked() -> None:
    assert found(product("brush"), avoid="parfum") == ["unlisted"]
    assert found(product("brush")) == []


def test_what_is_owned_is_warned_of_only_with_something_new() -> None:
    owned = product("serum", "Retinol", origin="owned")
    other = product("toner", "Glycolic Acid", origin="owned")
    cart = product("cleanser", "Salicylic Acid", origin="cart")
    assert found(owned, other, product("cream", "Aqua", origin="cart"), avoid="retinol") == []
    assert found(cart, owned, other) == ["retinoid-bha", "salicylic-acid-children"]
    assert "retinoid-exfoliant" in found(owned, other)


def test_a_product_in_the_cart_that_is_owned_too_counts_once() -> None:
    both = "Adapalene", "Benzoyl Peroxide"
    cart, owned = product("epi", *both, origin="cart"), product("epi", *both, origin="owned")
    assert "retinoid-benzoyl-peroxide" not in found(owned, cart)
    assert "retinoid-pregnancy" in found(owned, cart)


def test_two_lists_without_a_product_are_two() -> None:
    lists = [CheckedProduct(None, "typed", facts([text])) for text in ("Retinol", "Lactic Acid")]
    assert "retinoid-exfoliant" in [
        one.rule for one in IngredientChecker().check(lists, None, "en")
    ]


def test_every_rule_about_ingredients_can_be_met() -> None:
    met = set()
    for rule in rules():
        words = dictionary().ingredients.values()
        first = next((one.inci for one in words if rule.is_first(one)), "Aqua")
        second = next((one.inci for one in words if rule.is_second(one)), "Aqua")
        met |= set(found(product("a", first), product("b", second), product("c"), avoid="aqua"))
    met |= set(found(product("d", "Mystery Oil"), avoid="nuts"))
    kinds = {rule.id for rule in rules() if rule.kind in RuleKind}
    assert met | {"avoided"} == kinds


def test_what_is_not_known_may_be_what_is_avoided() -> None:
    (doubtful,) = check(product("a", "Aqua", "Mystery Oil"), avoid="nuts", locale="en")
    assert (doubtful.rule, doubtful.severity) == ("doubtful", Severity.CAUTION)
    assert doubtful.ingredients == ("Mystery Oil",)
    (certain,) = check(product("a", "Aqua", "Cashew Oil"), avoid="nuts", locale="en")
    assert (certain.rule, certain.ingredients) == ("avoided", ("Cashew Oil",))
    assert check(product("a", "Aqua", "Mystery Oil"), avoid="parabens", locale="en") == []


lists = st.lists(
    st.lists(st.sampled_from(sorted(one.inci for one in dictionary().ingredients.values()))),
    max_size=5,
)


@given(lists, st.sampled_from(["vi", "en"]))
@settings(max_examples=100, deadline=None)
def test_warnings_are_of_the_data_and_of_the_products(named: list[list[str]], locale: str) -> None:
    products = [product(str(place), *names) for place, names in enumerate(named)]
    warnings = check(*products, avoid="aqua", locale=locale)
    by_id = {rule.id: rule for rule in rules()}
    for warning in warnings:
        rule = by_id[warning.rule]
        assert (warning.severity, warning.source) == (rule.severity, rule.source)
        assert warning.message == rule.message(locale) or warning.ingredients
        concerned = {one.id for one in warning.products}
        listed = {key for one in products if one.id in concerned for key in one.facts.keys}
        assert {dictionary().find(name).key for name in warning.ingredients} <= listed  # type: ignore[union-attr]
    once = [(one.rule, one.products) for one in warnings]
    assert len(once) == len(set(once))
