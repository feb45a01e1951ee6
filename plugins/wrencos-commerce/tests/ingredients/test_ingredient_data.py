"""The data files agree with each other and with what they promise."""

from __future__ import annotations

import csv
import re
from collections import Counter
from importlib.resources import files
from string import Formatter

from wrencos_commerce.services.ingredients.dictionary import (
    LOCALES,
    dictionary,
    load_toml,
)
from wrencos_commerce.services.ingredients.names import compact, slug
from wrencos_commerce.services.ingredients.parsing import parse
from wrencos_commerce.services.ingredients.rules import RuleKind, rules

WORDS = dictionary()
# Directive 2003/15/EC put these into the law on cosmetics.
ORIGINAL_26 = """
    Amyl Cinnamal; Benzyl Alcohol; Cinnamyl Alcohol; Citral; Eugenol; Hydroxycitronellal;
    Isoeugenol; Amylcinnamyl Alcohol; Benzyl Salicylate; Cinnamal; Coumarin; Geraniol;
    Hydroxyisohexyl 3-Cyclohexene Carboxaldehyde; Anise Alcohol; Benzyl Cinnamate; Farnesol;
    Butylphenyl Methylpropional; Linalool; Benzyl Benzoate; Citronellol; Hexyl Cinnamal; Limonene;
    Methyl 2-Octynoate; Alpha-Isomethyl Ionone; Evernia Prunastri Extract;
    Evernia Furfuracea Extract
"""


def rows(name: str) -> list[dict[str, str]]:
    text = (files("wrencos_commerce") / "ingredient_data" / name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def test_there_are_enough_ingredients() -> None:
    assert len(WORDS.ingredients) >= 800
    assert len(rows("ingredients.csv")) >= 650


def test_every_name_belongs_to_one_ingredient() -> None:
    names = Counter(compact(name) for one in WORDS.ingredients.values() for name in one.names)
    assert [name for name, count in names.items() if count > 1] == []
    assert len(rows("ingredients.csv")) == len({row["inci"] for row in rows("ingredients.csv")})


def test_every_ingredient_is_whole_and_read_by_each_of_its_names() -> None:
    for one in WORDS.ingredients.values():
        assert one.functions, one.key
        assert set(one.functions) <= set(WORDS.functions), one.key
        assert set(one.groups) <= set(WORDS.groups), one.key
        for name in one.names:
            assert [listed.key for listed in parse(name)] == [one.key], name


def test_groups_claims_and_functions_have_both_languages() -> None:
    groups = [one.names for one in WORDS.groups.values()]
    claims = [one.names for one in WORDS.claims.values()]
    for names in [*groups, *claims, *WORDS.functions.values()]:
        assert all(names[locale].strip() for locale in LOCALES)


def test_every_group_is_used() -> None:
    used = {group for one in WORDS.ingredients.values() for group in one.groups}
    assert used == set(WORDS.groups)
    assert {group for one in WORDS.groups.values() for group in one.implies} <= used
    assert {group for one in WORDS.claims.values() for group in one.broken_by} <= used


def test_the_words_of_a_group_are_in_names_of_its_ingredients_only() -> None:
    wrong = [
        (name, group.id, word)
        for one in WORDS.ingredients.values()
        for name in one.names
        for group in WORDS.groups.values()
        for word in group.words
        if f"-{word}-" in f"-{slug(name)}-" and group.id not in one.groups
    ]
    assert wrong == []


def test_what_tells_a_group_is_in_the_inci_name_of_each_of_its_ingredients() -> None:
    wrong = [
        (one.inci, group)
        for one in WORDS.ingredients.values()
        for group in one.groups
        if not WORDS.may_be_of([group], one.key)
    ]
    assert wrong == []


def test_fatty_chains_are_not_told_to_be_from_plants() -> None:
    chain = re.compile(r"stear|(?<!a)cetyl|cetear|cetri|palmit|myrist|oleyl|(?<!in)oleate|tallow")
    wrong = [
        one.inci
        for one in WORDS.ingredients.values()
        if chain.search(one.inci.lower().replace("isostear", ""))
        and not {"animal-derived", "animal-or-plant-origin"} & set(one.groups)
    ]
    assert wrong == []


def test_every_function_is_used() -> None:
    assert {f for one in WORDS.ingredients.values() for f in one.functions} == set(WORDS.functions)


def test_every_rule_has_its_source_groups_and_texts() -> None:
    raw = load_toml("rules")["rule"]
    assert len({row["id"] for row in raw}) == len(raw) == len(rules())
    for row, rule in zip(raw, rules(), strict=True):
        assert row["source"] in WORDS.sources
        assert rule.first | rule.second <= set(WORDS.groups)
        assert len(rule.ingredients) == len(row.get("ingredients", ()))
        fields = {"first", "second"} if rule.kind is RuleKind.PAIR else {"first"}
        fields = set() if rule.kind is RuleKind.UNLISTED else fields
        for locale in LOCALES:
            used = {name for _, name, _, _ in Formatter().parse(rule.texts[locale]) if name}
            assert used == fields, (rule.id, locale)
        assert bool(rule.first or rule.ingredients) == (
            rule.kind in (RuleKind.PAIR, RuleKind.PRESENCE)
        )
        assert bool(rule.second) == (rule.kind is RuleKind.PAIR)


def test_every_source_is_used_and_told_of() -> None:
    text = (files("wrencos_commerce") / "ingredient_data" / "SOURCES.md").read_text()
    for heading in ("Not verified",):
        assert heading in text
    used = {rule.source.id for rule in rules()}
    used |= {row["source"] for row in rows("allergens.csv")} | {"eu-2022-677", "cosing"}
    assert used | {"sccs-1459-11"} == set(WORDS.sources)
    for id, row in load_toml("sources").items():
        assert row["read"] in ("text", "reference"), id
        assert row["title"]
        assert row["reference"]
        assert row.get("url", "https://").startswith("https://")


def test_the_26_original_allergens_are_all_there() -> None:
    original = [name.strip() for name in " ".join(ORIGINAL_26.split()).split(";")]
    assert len(original) == 26
    for name in original:
        one = WORDS.find(name)
        assert one is not None, name
        assert one.inci == name
        assert one.allergen is not None, name
        assert "eu-allergen" in one.groups
    entries = {WORDS.ingredients[key].allergen.entry for key in map(_key, original)}  # type: ignore[union-attr]
    assert entries == {"45", *(str(entry) for entry in range(67, 93) if entry != 68)}


def _key(name: str) -> str:
    found = WORDS.find(name)
    assert found is not None
    return found.key


def test_the_extension_has_every_entry_that_it_added() -> None:
    entries = {one.allergen.entry for one in WORDS.ingredients.values() if one.allergen}
    assert {str(entry) for entry in range(327, 372)} <= entries
    assert {"46", "109", "114", "122", "124", "131", "133", "154", "157"} <= entries
    assert {"175", "196", "324"} <= entries


def test_the_label_of_an_allergen_is_an_allergen_too() -> None:
    for row in rows("allergens.csv"):
        label = WORDS.find(row["label"])
        assert label is not None, row
        assert label.allergen is not None
        assert label.allergen.entry == row["entry"]
        assert row["source"] in WORDS.sources
