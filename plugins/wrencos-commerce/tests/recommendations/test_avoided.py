"""Whatever is sold and whatever is avoided, by any name: no suggestion ever contains it."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings, strategies as st

from wrencos_commerce.models.learned import CoPurchase, Generation
from wrencos_commerce.models.product import Product, derived
from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.ingredient_fields import ingredient_fields
from wrencos_commerce.services.ingredients.dictionary import dictionary
from wrencos_commerce.services.ingredients.facts import facts
from wrencos_commerce.services.recommendations.advice import Advisor, Wanted
from wrencos_commerce.services.recommendations.likeness import bought_together, similar
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import Platform, new_id, new_row, now

NAMES = sorted({name for one in dictionary().ingredients.values() for name in one.names})
GROUPS = sorted({group for one in dictionary().ingredients.values() for group in one.groups})
# What is typed, and what is that on a pack: by hand, and not by what the dictionary makes of it.
TABLE: dict[str, list[str]] = {
    "nuts": ["Cashew Oil", "Sweet Almond Oil", "Pistacia Vera Seed Oil", "Mystery Oil", "Peanut"],
    "nut allergy": ["Walnut Shell Powder", "Dầu hạnh nhân", "Anacardium Occidentale Seed Oil"],
    "peanut": ["Peanut", "Arachis Hypogaea Oil", "Arachis Hypogaea Flour", "Dầu lạc"],
    "đậu nành": ["Soybean Extract", "Soy Lecithin", "Glycine Soja Oil"],
    "gluten": ["Wheat Germ", "Wheat Amino Acids", "Triticum Aestivum Seed Extract", "Oat Milk"],
    "milk": ["Goat Milk", "Lac Powder", "Whey Protein"],
    "fragrance": [
        "Perfume",
        "Linalool",
        "Fragrance Blend",
        "Essential Oil Blend",
        "Hương nhân tạo",
    ],
    "tinh dầu": ["Lavender Oil", "Essential Oil Blend", "Citrus Reticulata Peel Oil"],
    "limonene": ["Limonene", "D-Limonene"],
    "citral": ["Geranial", "Neral", "Citral"],
    "clove oil": ["Eugenia Caryophyllus Bud Oil", "Clove Leaf Oil"],
    "cedarwood oil": ["Cedrus Atlantica Wood Oil", "Juniperus Virginiana Oil"],
    "carmine": ["CI 75470", "Cochineal", "Carmine"],
    "iron oxides": ["CI 77491", "CI 77492", "Oxit sắt"],
    "retinol": ["Retinol", "Encapsulated Retinol", "All-trans-Retinol"],
    "shellfish": ["Chitosan", "Shrimp Extract"],
    "bee": ["Mật ong", "Beeswax", "Honey Powder"],
    "vitamin e": ["Tocopheryl Acetate", "Tocopherol", "Tocopheryl Linoleate"],
    "MIT": ["Methylisothiazolinone"],
    "aspirin": ["Salicylic Acid", "Betaine Salicylate"],
}
# These are told by a syllable in any list; a footnote does not name them.
FAMILIES: dict[str, list[str]] = {
    "parabens": ["Benzylparaben", "Calcium Paraben", "Methylparaben"],
    "silicones": ["Trisiloxane", "Methyl Trimethicone", "Polysilicone-99"],
    "sulfates": ["Sodium Trideceth Sulfate", "MIPA-Laureth Sulfate"],
    "retinoids": ["Retinyl Sunflowerate", "Retinal"],
    "pegs": ["PEG-150 Distearate", "Ceteareth-20"],
    "mineral oil": ["C13-14 Isoparaffin", "C13-16 Isoparaffin"],
    "formaldehyde": ["Bronopol", "Polyoxymethylene Urea"],
    "cồn": ["SD Alcohol 3-A", "Cồn thực phẩm"],
}
IN_A_LIST = ["{}", "Glycerin ({})", "Squalane [{}]", "Aqua (with {})", "May contain: {}"]
IN_A_FOOTNOTE = ["Glycerin*, *Naturally occurring {}", "Aqua. *contains natural {}"]
STRANGE = ["Zyxoquinol", "Zyxoquinol Extract", "Bark of Nowhere", "Quux"]

spelled = st.sampled_from([str, str.upper, str.lower, lambda name: f" {name} "])
names = st.builds(
    lambda spell, name: spell(name),
    spelled,
    st.sampled_from([*NAMES[:400], *STRANGE]) | st.sampled_from(NAMES),
)
may_contain = names.map(lambda name: f"May contain: {name}")
lists = st.lists(names | may_contain, max_size=6)
avoided = st.lists(names | st.sampled_from([*GROUPS, *STRANGE]), min_size=1, max_size=4)
catalogues = st.lists(st.tuples(lists, st.booleans()), min_size=1, max_size=8)


class Catalogue:
    """Products with these lists of ingredients; of a stale one the derived fields are empty."""

    def __init__(self, platform: Platform, lists: list[tuple[list[str], bool]]) -> None:
        self.lists: dict[str, list[str]] = {}
        Product.raw().delete_many({})
        for number, (ingredients, is_stale) in enumerate(lists):
            self._store(number, ingredients, is_stale)
        self._learn()

    def _store(self, number: int, ingredients: list[str], is_stale: bool) -> None:
        id = new_id(Product.id_prefix)
        variant = {"id": new_id("var"), "sku": id, "price": 100, "inventory": 5}
        fields: dict[str, Any] = {
            "name": f"Product {number}",
            "slug": id,
            "description": "",
            "currency": "USD",
            "variants": [variant],
            "skin_types": ["dry"],
            "concerns": ["acne"],
            "rating_count": 0,
            "rating_sum": 0,
            "sold": 0,
            "is_active": True,
            "inci": [],
            "ingredients": ingredients,
            "free_from": [],
            **ingredient_fields(ingredients),
        }
        if is_stale:
            fields |= {"ingredient_keys": ["aqua"], "ingredient_groups": []}
        fields.setdefault("ingredient_keys", [])
        fields.setdefault("ingredient_groups", [])
        Product.raw().insert_one(new_row(id, **fields, **derived(fields, ["serums"])))
        self.lists[id] = ingredients

    def _learn(self) -> None:
        """Everything was bought with everything, as often as may be."""
        Generation.raw().delete_many({})
        CoPurchase.raw().delete_many({})
        generation = new_row(
            new_id("learned"), since=now(), finished_at=now(), most_sold=9, by_skin_type={}
        )
        Generation.raw().insert_one(generation)
        for id in self.lists:
            others = [
                {"product_id": other, "customers": 9, "orders": 9, "score": 0.9, "together": 0.9}
                for other in self.lists
                if other != id
            ]
            values = {"generation": generation["_id"], "product_id": id, "neighbours": others}
            CoPurchase.raw().insert_one(new_row(new_id("copurchase"), **values))


@given(catalogues, avoided)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_suggested_contains_what_is_avoided(
    platform: Platform, lists: list[tuple[list[str], bool]], texts: list[str]
) -> None:
    catalogue = Catalogue(platform, lists)
    me = new_id("user")
    platform.services.require(SkinProfiles).save(me, {"avoid": texts})
    advisor = platform.services.require(Advisor)
    avoiding = Avoiding.of(texts)
    if not avoiding:
        return
    advice = advisor.advise(Wanted(user_id=me, limit=20, locale="en", explain=True))
    suggested = [item.scored.row["_id"] for item in advice.suggested]
    for id in catalogue.lists:
        product = Product.raw().find_one({"_id": id})
        suggested += [item.row["_id"] for item in similar(product, advisor.avoiding(me), 20)]
        together = bought_together(id, advisor.avoiding(me), 20)
        suggested += [item.row["_id"] for item in together]
    for id in suggested:
        known = facts(catalogue.lists[id])
        assert known.keys
        assert not avoiding.items.hits(known), (texts, catalogue.lists[id])
        # As the dictionary has it, apart from how the list of avoided things was read.
        for text in texts:
            one = dictionary().find(text)
            assert one is None or one.key not in known.keys
            assert set(dictionary().groups_named(text)).isdisjoint(known.groups)
    # Nothing is left out without a reason that can be told.
    told = {item.row["_id"] for item in advice.excluded}
    untold = set(catalogue.lists) - told - {item.scored.row["_id"] for item in advice.suggested}
    stale = {id for id, (_, is_stale) in zip(catalogue.lists, lists, strict=True) if is_stale}
    assert untold <= stale


@st.composite
def disguised(draw: st.DrawFn) -> tuple[str, str]:
    """Something typed, and a line of a pack that has it in one of the ways that packs have."""
    table = draw(st.sampled_from([TABLE, FAMILIES]))
    typed = draw(st.sampled_from(sorted(table)))
    member = draw(st.sampled_from(table[typed]))
    is_named = table is TABLE and member != "Mystery Oil" and "Citrus Ret" not in member
    is_named = is_named and "Hương" not in member
    forms = [*IN_A_LIST, *(IN_A_FOOTNOTE if is_named else [])]
    written = draw(st.sampled_from([member, member.upper(), member.lower()]))
    return typed, draw(st.sampled_from(forms)).format(written)


@given(st.lists(disguised(), min_size=1, max_size=6), lists)
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_disguise_gets_through(
    platform: Platform, cases: list[tuple[str, str]], more: list[str]
) -> None:
    catalogue = Catalogue(platform, [([*more, line], False) for _, line in cases])
    advisor = platform.services.require(Advisor)
    me = new_id("user")
    for (typed, line), id in zip(cases, catalogue.lists, strict=True):
        platform.services.require(SkinProfiles).save(me, {"avoid": [typed]})
        wanted = Wanted(user_id=me, limit=20, locale="en", explain=True)
        advice = advisor.advise(wanted)
        assert id not in [item.scored.row["_id"] for item in advice.suggested], (typed, line)
        assert id in [item.row["_id"] for item in advice.excluded], (typed, line)
        avoiding = advisor.avoiding(me)
        for other in catalogue.lists:
            product = Product.raw().find_one({"_id": other})
            assert id not in [item.row["_id"] for item in similar(product, avoiding, 20)]
            assert id not in [item.row["_id"] for item in bought_together(other, avoiding, 20)]
