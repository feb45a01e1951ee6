"""Warns of what in several products does not go together, or is not for this customer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from wrencos_commerce.services.ingredients.avoiding import AvoidList
from wrencos_commerce.services.ingredients.dictionary import Ingredient, Source, dictionary
from wrencos_commerce.services.ingredients.facts import IngredientFacts
from wrencos_commerce.services.ingredients.rules import Rule, RuleKind, Severity, rules

# "asked" is what the caller names, "owned" what was bought before.
Origin = Literal["asked", "cart", "owned"]
_ORDER = list(Severity)


class CheckedProduct(msgspec.Struct, frozen=True):
    """A product to check; `id` is None for a list that belongs to no product."""

    id: str | None
    name: str
    facts: IngredientFacts
    origin: Origin = "asked"


class WarnedProduct(msgspec.Struct, frozen=True):
    """A product that a warning is about."""

    id: str | None
    name: str


class IngredientWarning(msgspec.Struct, frozen=True):
    """A warning in plain words; `ingredients` are INCI names, `rule` an id of rules.toml."""

    rule: str
    severity: Severity
    message: str
    ingredients: tuple[str, ...]
    products: tuple[WarnedProduct, ...]
    source: Source


class IngredientChecker:
    """Applies the rules of rules.toml, and no others."""

    def check(
        self, products: Sequence[CheckedProduct], avoid: AvoidList | None, locale: str
    ) -> list[IngredientWarning]:
        """The warnings about these products together, the most serious first.

        What is only owned is not warned of again by itself: with products of another origin,
        each warning is about at least one of those. A product that comes twice counts once.
        `locale` is `vi` or `en`.
        """
        distinct = _distinct(products)
        is_news = any(product.origin != "owned" for product in distinct)
        fresh = [product for product in distinct if product.origin != "owned" or not is_news]
        found: list[IngredientWarning] = []
        for rule in rules():
            if rule.kind is RuleKind.PAIR:
                found.extend(_pairs(rule, distinct, fresh, locale))
            elif rule.kind is RuleKind.PRESENCE:
                found.extend(_presence(rule, fresh, locale))
            elif avoid is not None and avoid.items:
                found.extend(_for_customer(rule, fresh, avoid, locale))
        return sorted(found, key=lambda warning: _ORDER.index(warning.severity))


def _distinct(products: Sequence[CheckedProduct]) -> list[CheckedProduct]:
    """Each product once, as the first that is not owned has it."""
    kept: dict[object, CheckedProduct] = {}
    for place, product in enumerate(products):
        key = product.id or place
        if key not in kept or (kept[key].origin == "owned" and product.origin != "owned"):
            kept[key] = product
    return list(kept.values())


def _for_customer(
    rule: Rule, products: Sequence[CheckedProduct], avoid: AvoidList, locale: str
) -> Iterator[IngredientWarning]:
    for product in products:
        names = _of_customer(rule, product.facts, avoid)
        is_met = not product.facts.listed if rule.kind is RuleKind.UNLISTED else bool(names)
        if is_met:
            yield _warning(rule, locale, names, (), [product])


def _of_customer(rule: Rule, product: IngredientFacts, avoid: AvoidList) -> tuple[str, ...]:
    """The names of what is avoided in the product, or with the rule for that, of what may be."""
    hits = avoid.hits(product)
    if rule.kind is RuleKind.DOUBTFUL:
        told = {hit.key for hit in hits}
        names = {one.key: one.name for one in reversed(product.listed)}
        return tuple(names[key] for key in avoid.doubts(product) if key not in told)
    return tuple(dict.fromkeys(hit.name for hit in hits))


def _presence(
    rule: Rule, products: Sequence[CheckedProduct], locale: str
) -> Iterator[IngredientWarning]:
    met = [product for product in products if _names(product, rule.is_first)]
    if met:
        yield _warning(rule, locale, _all_names(met, rule.is_first), (), met)


def _pairs(
    rule: Rule,
    products: Sequence[CheckedProduct],
    fresh: Sequence[CheckedProduct],
    locale: str,
) -> Iterator[IngredientWarning]:
    """One warning for all products that meet: three retinoids and three acids are no nine."""
    firsts = [product for product in products if _names(product, rule.is_first)]
    seconds = [product for product in products if _names(product, rule.is_second)]
    pairs = [
        (first, second)
        for first in firsts
        for second in seconds
        if (first is not second or rule.within_product)
        and any(product is one for one in fresh for product in (first, second))
    ]
    if not pairs:
        return
    met_first = [product for product in firsts if any(product is pair[0] for pair in pairs)]
    met_second = [product for product in seconds if any(product is pair[1] for pair in pairs)]
    met = [one for one in products if any(one is other for other in (*met_first, *met_second))]
    yield _warning(
        rule,
        locale,
        _all_names(met_first, rule.is_first),
        _all_names(met_second, rule.is_second),
        met,
    )


def _warning(
    rule: Rule,
    locale: str,
    first: tuple[str, ...],
    second: tuple[str, ...],
    products: Iterable[CheckedProduct],
) -> IngredientWarning:
    return IngredientWarning(
        rule=rule.id,
        severity=rule.severity,
        message=rule.message(locale, first, second),
        ingredients=tuple(dict.fromkeys((*first, *second))),
        products=tuple(WarnedProduct(product.id, product.name) for product in products),
        source=rule.source,
    )


def _names(product: CheckedProduct, is_meant: Callable[[Ingredient], bool]) -> list[str]:
    known = dictionary().ingredients
    return [known[key].inci for key in product.facts.keys if key in known and is_meant(known[key])]


def _all_names(
    products: Iterable[CheckedProduct], is_meant: Callable[[Ingredient], bool]
) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for one in products for name in _names(one, is_meant)))
