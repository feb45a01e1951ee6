"""What a list tells about a product, and which claims it bears."""

from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.ingredients.facts import IngredientFacts, facts, facts_of_product

PLAIN = ["Aqua", "Propanediol", "Niacinamide", "Xanthan Gum", "Phenoxyethanol"]


def test_a_plain_product_bears_every_claim() -> None:
    found = facts(PLAIN)
    assert found.keys == ("aqua", "propanediol", "niacinamide", "xanthan-gum", "phenoxyethanol")
    assert found.groups == ("niacinamide",)
    assert found.allergens == ()
    assert found.unknown == ()
    assert "preservative" in found.functions
    assert set(found.free_from) == set(dictionary().claims)


def test_a_product_without_a_list_is_free_from_nothing() -> None:
    assert facts([]) == IngredientFacts()
    assert facts(["", " , "]).free_from == ()


@pytest.mark.parametrize(
    ("ingredient", "ended"),
    [
        ("Parfum", {"fragrance", "eu-allergen"}),
        ("Hương liệu", {"fragrance", "eu-allergen"}),
        ("Linalool", {"fragrance", "eu-allergen"}),
        ("Tea Tree Oil", {"fragrance", "essential-oil", "eu-allergen"}),
        ("Lavender oil", {"fragrance", "essential-oil", "eu-allergen"}),
        ("Alcohol Denat.", {"alcohol"}),
        ("Cetyl Alcohol", {"animal-derived"}),
        ("Benzyl Alcohol", {"fragrance", "eu-allergen"}),
        ("Methylparaben", {"paraben"}),
        ("SLES", {"sulfate"}),
        ("Magnesium Sulfate", set()),
        ("Stearyl Alcohol", {"animal-derived"}),
        ("C13-14 Isoparaffin", {"mineral-oil"}),
        ("Sodium Cocoyl Isethionate", set()),
        ("Dimethicone", {"silicone"}),
        ("Silica", set()),
        ("Vaseline", {"mineral-oil"}),
        ("DMDM Hydantoin", {"formaldehyde-releaser"}),
        ("Honey", {"animal-derived"}),
        ("Glycerin", {"animal-derived"}),
        ("CI 75470", {"animal-derived"}),
        ("Sweet Almond Oil", {"nut"}),
        ("Hydrolyzed Wheat Protein", {"gluten"}),
    ],
)
def test_what_ends_a_claim(ingredient: str, ended: set[str]) -> None:
    assert set(facts(PLAIN).free_from) - set(facts([*PLAIN, ingredient]).free_from) == ended


@pytest.mark.parametrize(
    ("unknown", "kept", "withheld"),
    [
        ("Foobarium Extract", {"paraben", "sulfate", "silicone"}, {"fragrance", "animal-derived"}),
        ("Foobarylparaben", {"sulfate"}, {"paraben", "fragrance", "gluten", "nut"}),
        ("Sodium Foobareth Sulfate", {"paraben"}, {"sulfate"}),
        ("Foobaryl Dimethicone", {"paraben"}, {"silicone"}),
        ("Foobaryl Trisiloxane", {"paraben"}, {"silicone"}),
        ("Foobar Alcohol", {"paraben"}, {"alcohol"}),
        ("Cồn foobar", {"paraben"}, {"alcohol"}),
        ("Hydrogenated Foo Mineral Oil", {"paraben"}, {"mineral-oil"}),
        ("Foo Urea", {"paraben"}, {"formaldehyde-releaser"}),
    ],
)
def test_an_unknown_ingredient_withholds_what_it_could_be(
    unknown: str, kept: set[str], withheld: set[str]
) -> None:
    found = facts([*PLAIN, unknown])
    assert found.unknown == (unknown,)
    assert kept <= set(found.free_from)
    assert withheld.isdisjoint(found.free_from)
    assert {"fragrance", "essential-oil", "eu-allergen", "animal-derived"}.isdisjoint(
        found.free_from
    )


def test_what_may_be_contained_counts() -> None:
    assert "animal-derived" not in facts(["Talc", "[+/- CI 75470]"]).free_from


def test_allergens_go_by_their_name_on_labels() -> None:
    found = facts(["Limonene, D-Limonene, Alpha-Damascone, Beta-Damascone, Lavender Oil, Aqua"])
    assert found.allergens == ("Limonene", "Rose Ketones", "Lavandula Oil/Extract")


def test_wider_groups_come_along() -> None:
    assert facts(["Glycolic Acid", "Copper Tripeptide-1"]).groups == (
        "aha",
        "copper-peptide",
        "exfoliant",
        "peptide",
    )


@given(
    st.lists(st.sampled_from([*sorted(dictionary().ingredients), "foo", "bar extract"])),
    st.sampled_from(sorted(dictionary().ingredients)),
)
@settings(max_examples=100, deadline=None)
def test_one_more_ingredient_never_adds_a_claim(keys: list[str], more: str) -> None:
    words = dictionary()
    names = [words.name_of(key) for key in keys]
    before, after = facts(names), facts([*names, words.name_of(more)])
    assert not names or set(after.free_from) <= set(before.free_from)
    assert set(before.groups) <= set(after.groups)
    assert facts_of_product(tuple(names)) == before
