"""Ingredients, and the warnings about them, as the API shows them."""

from __future__ import annotations

from decimal import Decimal

from wrencos_commerce.services.ingredients.checking import IngredientWarning
from wrencos_commerce.services.ingredients.dictionary import Ingredient, Source, dictionary
from wrencos_commerce.services.ingredients.facts import IngredientFacts
from wrencos_commerce.services.ingredients.gathering import CheckResult
from wrencos_commerce.services.ingredients.parsing import ListedIngredient
from wrencos_commerce.views.base import View

# Of the names and the functions of every ingredient.
_GENERAL_SOURCES = ("eu-2022-677", "cosing")


class IngredientSource(View, kw_only=True):
    """Where a rule or a fact comes from."""

    title: str
    reference: str
    url: str | None


class NamedTerm(View, kw_only=True):
    """A function or group: its id, and its name in the language asked for."""

    id: str
    name: str


class AllergenView(View, kw_only=True):
    """A fragrance allergen: its name on labels in the EU, and the entry of Annex III."""

    label: str
    entry: str


class DictionaryEntry(View, kw_only=True):
    """What the dictionary knows of an ingredient."""

    key: str
    inci_name: str
    functions: list[NamedTerm]
    groups: list[NamedTerm]
    synonyms: list[str]
    allergen: AllergenView | None
    sources: list[IngredientSource]


class IngredientDetail(View, kw_only=True):
    ingredient: DictionaryEntry


class IngredientPage(View, kw_only=True):
    ingredients: list[DictionaryEntry]
    total_count: int
    page: int
    total_pages: int


class ListedIngredientView(View, kw_only=True):
    """An ingredient as a list has it; `inciName` is null for one that is not known."""

    name: str
    key: str
    inci_name: str | None
    percent: Decimal | None
    may_contain: bool
    nano: bool


class WarnedProductView(View, kw_only=True):
    """A product of a warning; `productId` is null for the ingredients that were sent."""

    product_id: str | None
    name: str


class IngredientWarningView(View, kw_only=True):
    """A warning; `severity` is `high`, `caution` or `info`."""

    severity: str
    rule: str
    message: str
    ingredients: list[str]
    products: list[WarnedProductView]
    source: IngredientSource


class IngredientCheckView(View, kw_only=True):
    """The answer of a check; `unknown` is what was sent and not understood."""

    warnings: list[IngredientWarningView]
    ingredients: list[ListedIngredientView]
    free_from: list[NamedTerm]
    allergens: list[str]
    unknown: list[str]


def dictionary_entry(one: Ingredient, locale: str) -> DictionaryEntry:
    words = dictionary()
    sources = [*_GENERAL_SOURCES, *([one.allergen.source] if one.allergen else [])]
    return DictionaryEntry(
        key=one.key,
        inci_name=one.inci,
        functions=[
            NamedTerm(id=function, name=words.functions[function][locale])
            for function in one.functions
        ],
        groups=[
            NamedTerm(id=group, name=words.groups[group].names[locale]) for group in one.groups
        ],
        synonyms=list(one.synonyms),
        allergen=AllergenView(label=one.allergen.label, entry=one.allergen.entry)
        if one.allergen
        else None,
        sources=[source_view(words.sources[id]) for id in sources],
    )


def source_view(source: Source) -> IngredientSource:
    return IngredientSource(title=source.title, reference=source.reference, url=source.url)


def listed_view(one: ListedIngredient) -> ListedIngredientView:
    return ListedIngredientView(
        name=one.name,
        key=one.key,
        inci_name=one.inci_name,
        percent=one.percent,
        may_contain=one.may_contain,
        nano=one.nano,
    )


def warning_view(warning: IngredientWarning) -> IngredientWarningView:
    return IngredientWarningView(
        severity=warning.severity.value,
        rule=warning.rule,
        message=warning.message,
        ingredients=list(warning.ingredients),
        products=[WarnedProductView(product_id=one.id, name=one.name) for one in warning.products],
        source=source_view(warning.source),
    )


def check_view(result: CheckResult, locale: str) -> IngredientCheckView:
    typed = result.typed or IngredientFacts()
    claims = dictionary().claims
    return IngredientCheckView(
        warnings=[warning_view(warning) for warning in result.warnings],
        ingredients=[listed_view(one) for one in typed.listed],
        free_from=[
            NamedTerm(id=claim, name=claims[claim].names[locale]) for claim in typed.free_from
        ],
        allergens=list(typed.allergens),
        unknown=result.unknown,
    )
