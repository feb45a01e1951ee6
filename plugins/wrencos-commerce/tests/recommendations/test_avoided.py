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
