"""What customers type to avoid, and what it finds in products."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings, strategies as st

from wrencos_commerce.services.ingredients.avoiding import avoid_keys
from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.ingredients.facts import facts

WORDS = dictionary()


@pytest.mark.parametrize(
    ("typed", "listed", "hit"),
    [
        ("retinol", "Retinol", ["retinol"]),
        ("Retinol", "Retinal", []),
        ("Vitamin A", "Retinal, Aqua", ["retinal"]),
        ("retinoids", "Hydroxypinacolone Retinoate", ["hydroxypinacolone-retinoate"]),
        ("hương liệu", "Aqua, Parfum", ["parfum"]),
        ("huong lieu", "Aqua, Parfum, Linalool", ["parfum", "linalool"]),
        ("fragrance", "Perfume, Rose Water", ["parfum", "rosa-damascena-flower-water"]),
        ("sulfates", "Sodium Lauryl Sulphate, Magnesium Sulfate", ["sodium-lauryl-sulfate"]),
        ("parabens", "Methyl paraben", ["methylparaben"]),
        ("alcohol", "Alcohol Denat., Cetyl Alcohol", ["alcohol-denat"]),
        ("cồn", "Ethanol", ["alcohol"]),
        ("tinh dầu", "Tea tree oil", ["melaleuca-alternifolia-leaf-oil"]),
        ("BHA", "Salicylic Acid", ["salicylic-acid"]),
        ("BHA", "BHA", ["bha"]),
        ("axit salicylic", "Salicylic acid 2%", ["salicylic-acid"]),
        ("Aqua (Water)", "Water", ["aqua"]),
        ("parabens, silicones", "Dimethicone, Ethylparaben", ["dimethicone", "ethylparaben"]),
        ("lavender", "Lavandula Angustifolia Oil", ["lavandula-angustifolia-oil"]),
        ("coconut", "Cocos Nucifera Oil, Aqua", ["cocos-nucifera-oil"]),
        ("peanuts", "Arachis Hypogaea Oil", ["arachis-hypogaea-oil"]),
        ("foobarium", "Foobarium Vulgare Extract", ["foobarium-vulgare-extract"]),
        ("retinol", "Encapsulated Retinol Complex", ["encapsulated-retinol-complex"]),
        ("retinoids", "Foo (Retinol) Complex", ["foo-retinol-complex"]),
        ("hương liệu", "Foo Perfume Blend", ["foo-perfume-blend"]),
        ("Foo Extract", "Foo-Extract (Water)", ["foo-extract"]),
        ("mineral oil", "Paraffinum Liquidum, Petrolatum", ["paraffinum-liquidum", "petrolatum"]),
        ("allergens", "Citral, Aqua", ["citral"]),
    ],
)
def test_what_is_typed_finds(typed: str, listed: str, hit: list[str]) -> None:
    product = facts([listed])
    assert [one.key for one in avoid_keys([typed]).hits(product)] == hit
    assert [one.key for one in avoid_keys([typed]).hits(product.keys)] == hit


def test_a_list_tells_its_keys_groups_and_what_it_did_not_know() -> None:
    avoided = avoid_keys(["retinol", "Sulfates", "zzyzx powder", "retinol", "", "?!"])
    assert avoided.keys >= {"retinol", "zzyzx-powder"}
    assert avoided.groups == {"sulfate"}
    assert avoided.unknown == ("zzyzx powder",)
    assert [item.text for item in avoided.items] == ["retinol", "Sulfates", "zzyzx powder"]


def test_a_hit_tells_what_was_typed_and_which_ingredient_it_is() -> None:
    (hit,) = avoid_keys(["rau má"]).hits(facts(["Aqua, Gotu Kola Extract"]))
    assert (hit.text, hit.key, hit.name) == (
        "rau má",
        "centella-asiatica-extract",
        "Centella Asiatica Extract",
    )


def test_nothing_avoided_hits_nothing() -> None:
    assert avoid_keys([]).hits(facts(["Aqua, Parfum"])) == ()
    assert avoid_keys(["parfum"]).hits(facts([])) == ()


names = st.sampled_from(sorted(WORDS.ingredients)).flatmap(
    lambda key: st.tuples(
        st.just(key),
        st.sampled_from(WORDS.ingredients[key].names),
        st.sampled_from(WORDS.ingredients[key].names),
    )
)


@st.composite
def spelled(draw: st.DrawFn, name: str) -> str:
    """`name` in another case, with or without accents, with other marks between its words."""
    name = draw(st.sampled_from([name, name.upper(), name.lower(), name.title(), name.swapcase()]))
    form = draw(st.sampled_from(["NFC", "NFD", "plain"]))
    if form == "plain":
        name = name.replace("đ", "d").replace("Đ", "D")
        marks = unicodedata.normalize("NFD", name)
        name = "".join(char for char in marks if not unicodedata.combining(char))
    else:
        name = unicodedata.normalize("NFC" if form == "NFC" else "NFD", name)
    between = draw(st.sampled_from([" ", "-", "  ", " - ", "_"]))
    edge = draw(st.sampled_from(["", ".", " ", "*", "!"]))
    return name.replace(" ", between) + edge


@given(names.flatmap(lambda n: st.tuples(st.just(n[0]), spelled(n[1]), spelled(n[2]))))
@settings(max_examples=600, deadline=None)
def test_an_avoided_ingredient_is_found_by_any_of_its_names(case: tuple[str, str, str]) -> None:
    key, typed, listed = case
    product = facts([f"Aqua, {listed}, Glycerin"])
    assert key in product.keys
    assert key in [hit.key for hit in avoid_keys([typed]).hits(product)]


@given(st.sampled_from(sorted(WORDS.groups)), st.data())
@settings(max_examples=150, deadline=None)
def test_an_avoided_group_finds_all_its_members(group: str, data: st.DataObject) -> None:
    members = sorted(one.key for one in WORDS.ingredients.values() if group in one.groups)
    key = data.draw(st.sampled_from(members))
    alias = data.draw(st.sampled_from([group, *WORDS.groups[group].aliases]))
    alias = data.draw(spelled(alias))
    assert key in [hit.key for hit in avoid_keys([alias]).hits([key])]


@given(st.lists(st.text(max_size=40), max_size=5))
@settings(deadline=None)
def test_any_text_may_be_avoided(texts: list[str]) -> None:
    avoided = avoid_keys(texts)
    assert set(avoided.unknown) <= {item.text for item in avoided.items}
    avoided.hits(facts(texts))
