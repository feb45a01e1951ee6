"""The rules of the checker, as rules.toml has them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from typing import Any

import msgspec

from wrencos_commerce.services.ingredients.dictionary import (
    LOCALES,
    Ingredient,
    Source,
    dictionary,
    load_toml,
)


class Severity(StrEnum):
    """How much a warning matters, from the most serious down."""

    HIGH = "high"
    CAUTION = "caution"
    INFO = "info"


class RuleKind(StrEnum):
    AVOIDED = "avoided"
    UNLISTED = "unlisted"
    DOUBTFUL = "doubtful"
    PAIR = "pair"
    PRESENCE = "presence"


class Rule(msgspec.Struct, frozen=True, kw_only=True):
    """One rule: which ingredients it is about, and what it says in each language."""

    id: str
    kind: RuleKind
    severity: Severity
    source: Source
    texts: Mapping[str, str]
    first: frozenset[str] = frozenset()
    second: frozenset[str] = frozenset()
    ingredients: frozenset[str] = frozenset()
    within_product: bool = False

    def message(self, locale: str, first: Iterable[str] = (), second: Iterable[str] = ()) -> str:
        """What the customer reads, with the names of the ingredients."""
        text = self.texts[locale]
        return text.format(first=", ".join(first), second=", ".join(second))

    def is_first(self, ingredient: Ingredient) -> bool:
        """Whether the ingredient is of the first side, or the only one, of this rule."""
        return ingredient.key in self.ingredients or not self.first.isdisjoint(ingredient.groups)

    def is_second(self, ingredient: Ingredient) -> bool:
        return not self.second.isdisjoint(ingredient.groups)


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule, in the order of the file."""
    return tuple(_rule(row) for row in load_toml("rules")["rule"])


def _rule(row: Mapping[str, Any]) -> Rule:
    words = dictionary()
    named = [words.find(name) for name in row.get("ingredients", ())]
    return Rule(
        id=row["id"],
        kind=RuleKind(row["kind"]),
        severity=Severity(row["severity"]),
        source=words.sources[row["source"]],
        texts={locale: row[locale] for locale in LOCALES},
        first=frozenset(row.get("first", ())),
        second=frozenset(row.get("second", ())),
        ingredients=frozenset(one.key for one in named if one),
        within_product=row.get("within_product", False),
    )
