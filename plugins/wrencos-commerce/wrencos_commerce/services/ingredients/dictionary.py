"""The dictionary of ingredients: names, functions, groups and allergens, read from the data files.

The files and where they come from are described in `ingredient_data/SOURCES.md`.
"""

from __future__ import annotations

import csv
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from wrencos_commerce.services.ingredients.names import compact, slug

LOCALES = ("vi", "en")


class Source(msgspec.Struct, frozen=True):
    """Where a rule or a list comes from; `url` is None for what has no page of its own."""

    id: str
    title: str
    reference: str
    url: str | None = None


class Allergen(msgspec.Struct, frozen=True):
    """A fragrance allergen of EU law: its `label` on packs, its entry of Annex III, its source."""

    label: str
    entry: str
    source: str


class Ingredient(msgspec.Struct, frozen=True):
    """What the dictionary knows of an ingredient; `groups` includes the wider ones."""

    key: str
    inci: str
    functions: tuple[str, ...]
    groups: tuple[str, ...]
    synonyms: tuple[str, ...]
    allergen: Allergen | None = None

    @property
    def names(self) -> tuple[str, ...]:
        return (self.inci, *self.synonyms)


class Group(msgspec.Struct, frozen=True):
    """What ingredients have in common; `names` by language. See groups.toml for the others."""

    id: str
    names: Mapping[str, str]
    aliases: tuple[str, ...]
    implies: tuple[str, ...]
    words: frozenset[str]
    telling: tuple[str, ...]
    one_substance: bool


class Claim(msgspec.Struct, frozen=True):
    """What a list without ingredients of the groups `broken_by` may say."""

    id: str
    names: Mapping[str, str]
    broken_by: tuple[str, ...]


class Dictionary:
    """Looks ingredients and groups up by any of their names."""

    def __init__(self) -> None:
        self.sources = {
            id: Source(id, row["title"], row["reference"], row.get("url"))
            for id, row in load_toml("sources").items()
        }
        self.functions: Mapping[str, Mapping[str, str]] = {
            row["id"]: {locale: row[locale] for locale in LOCALES} for row in _csv("functions")
        }
        self.groups = {id: _group(id, row) for id, row in load_toml("groups").items()}
        self.claims = {id: _claim(id, row) for id, row in load_toml("claims").items()}
        self.ingredients = {one.key: one for one in self._ingredients()}
        self._by_name = {
            compact(name): one for one in self.ingredients.values() for name in one.names
        }
        self.slugs = {
            key: tuple(slug(name) for name in one.names) for key, one in self.ingredients.items()
        }
        self.group_words = frozenset(word for group in self.groups.values() for word in group.words)
        self._kinds: dict[str, frozenset[str]] = {}
        self._groups_by_name: dict[str, list[str]] = {}
        for group in self.groups.values():
            for alias in {compact(name) for name in (group.id, *group.aliases)}:
                self._groups_by_name.setdefault(alias, []).append(group.id)

    def find(self, name: str) -> Ingredient | None:
        """The ingredient with this INCI name or synonym, however it is written."""
        return self._by_name.get(compact(name))

    def groups_named(self, name: str) -> tuple[str, ...]:
        """The groups that customers call so; `vitamin A` names two."""
        return tuple(self._groups_by_name.get(compact(name), ()))

    def groups_of(self, keys: Iterable[str]) -> tuple[str, ...]:
        """The groups of the ingredients with these keys, sorted; unknown keys have none."""
        known = (self.ingredients[key] for key in keys if key in self.ingredients)
        return tuple(sorted({group for one in known for group in one.groups}))

    def with_words(self, words: str) -> set[str]:
        """The keys of the ingredients with these words (a slug) together in one of their names."""
        return {
            key
            for key, names in self.slugs.items()
            if any(f"-{words}-" in f"-{name}-" for name in names)
        }

    def words_of_kind(self, ingredient: Ingredient) -> frozenset[str]:
        """The words of all names of it, and of what has the same first two words: of its plant."""
        kind = "-".join(ingredient.key.split("-")[:2])
        if kind not in self._kinds:
            names = (
                name
                for key, slugs in self.slugs.items()
                if f"{key}-".startswith(f"{kind}-")
                for name in slugs
            )
            self._kinds[kind] = frozenset(word for name in names for word in name.split("-"))
        return self._kinds[kind]

    def same_as(self, key: str) -> frozenset[str]:
        """The keys of what EU law names by the same label, itself included: Citral and Neral."""
        known = self.ingredients.get(key)
        if known is None or known.allergen is None:
            return frozenset((key,))
        label = known.allergen.label
        return frozenset(
            one.key
            for one in self.ingredients.values()
            if one.allergen and one.allergen.label == label
        )

    def may_be_of(self, groups: Iterable[str], unknown: str) -> bool:
        """Whether an ingredient of this unknown key can be of one of the groups.

        By the syllables that names of such ingredients always have; of a group that any name can
        hide, every unknown ingredient can be.
        """
        name = f" {unknown.replace('-', ' ')} "
        return any(
            not (telling := self.groups[id].telling) or any(part in name for part in telling)
            for id in groups
        )

    def name_of(self, key: str) -> str:
        """The INCI name of this key, or for an unknown one its words."""
        known = self.ingredients.get(key)
        return known.inci if known else key.replace("-", " ")

    def search(self, wanted: str) -> list[Ingredient]:
        """The ingredients that have `wanted` in a name, those that begin with it first, by name.

        All of them for an empty text.
        """
        part = compact(wanted)
        if wanted and not part:
            return []
        found = [
            (not any(compact(name).startswith(part) for name in one.names), one.key, one)
            for one in self.ingredients.values()
            if any(part in compact(name) for name in one.names)
        ]
        return [one for _, _, one in sorted(found, key=lambda row: row[:2])]

    def _ingredients(self) -> Iterable[Ingredient]:
        allergens = {slug(row["inci"]): row for row in _csv("allergens")}
        for row in _csv("ingredients"):
            yield self._ingredient(row, allergens.pop(slug(row["inci"]), None))
        for key, row in allergens.items():
            oil = "essential-oil" if "oil" in key.split("-") else "fragrance"
            fragrance = {"inci": row["inci"], "functions": "perfuming", "groups": oil}
            yield self._ingredient({**fragrance, "synonyms": ""}, row)

    def _ingredient(self, row: Mapping[str, str], allergen: Mapping[str, str] | None) -> Ingredient:
        own = [*_list(row["groups"]), *(["eu-allergen"] if allergen else [])]
        return Ingredient(
            key=slug(row["inci"]),
            inci=row["inci"],
            functions=tuple(_list(row["functions"])),
            groups=self._widened(own),
            synonyms=(*_list(row["synonyms"]), *_list(allergen["synonyms"] if allergen else "")),
            allergen=Allergen(allergen["label"], allergen["entry"], allergen["source"])
            if allergen
            else None,
        )

    def _widened(self, groups: Sequence[str]) -> tuple[str, ...]:
        widened = set(groups)
        for group in groups:
            widened.update(self.groups[group].implies)
        return tuple(sorted(widened))


@cache
def dictionary() -> Dictionary:
    """The one dictionary of this process; it takes a few milliseconds to read."""
    return Dictionary()


def load_toml(name: str) -> dict[str, Any]:
    """A file of the ingredient data."""
    return tomllib.loads((_folder() / f"{name}.toml").read_text(encoding="utf-8"))


def _csv(name: str) -> list[dict[str, str]]:
    lines = (_folder() / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(lines, strict=True))


def _folder() -> Any:
    return files("wrencos_commerce") / "ingredient_data"


def _list(cell: str) -> list[str]:
    return [part for piece in cell.split(";") if (part := piece.strip())]


def _group(id: str, row: Mapping[str, Any]) -> Group:
    names = {locale: row[locale] for locale in LOCALES}
    return Group(
        id=id,
        names=names,
        aliases=tuple(row["aliases"]),
        implies=tuple(row.get("implies", ())),
        words=frozenset(slug(word) for word in row.get("words", ())),
        telling=tuple(row.get("telling", ())),
        one_substance=row.get("one_substance", False),
    )


def _claim(id: str, row: Mapping[str, Any]) -> Claim:
    names = {locale: row[locale] for locale in LOCALES}
    return Claim(id, names, tuple(row["broken_by"]))
