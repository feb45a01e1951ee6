"""Why a product is suggested, in words: only what the counts and the product's own data say."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from wrencos_commerce.services.recommendations.learned import Counts
from wrencos_commerce.services.recommendations.scoring import Taste
from wrencos_commerce.services.translations import translated

Row = Mapping[str, Any]

# Fewer people than this are no evidence, and might be recognised; the reader is none of them.
MIN_PEOPLE = 3
# Of those who rated it so many must have liked it to be quoted.
_MOSTLY = 0.7
_GOOD = 4.0
_MOST_CONCERNS = 2

_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "skin_type": "for {name}",
        "concerns": "against {names}",
        "free_from": "without {names}",
        "and": " and ",
        "rated_alike": "{high} of {rated} customers with {name} rated it 4 or more",
        "bought_with": "{count} customers who bought {name} bought it too",
        "rated": "rated {mean} by {count} customers",
        "sold": "{count} pieces sold in the past year",
        "in_stock": "for sale and in stock",
    },
    "vi": {
        "skin_type": "dành cho {name}",
        "concerns": "chăm sóc {names}",
        "free_from": "không có {names}",
        "and": " và ",
        "rated_alike": "{high} trên {rated} khách hàng có {name} chấm từ 4 sao",
        "bought_with": "{count} khách hàng mua {name} cũng đã mua",
        "rated": "{count} khách hàng chấm trung bình {mean} sao",
        "sold": "đã bán {count} sản phẩm trong năm qua",
        "in_stock": "đang bán và còn hàng",
    },
}


@dataclass(frozen=True)
class Grounds:
    """What a reason may be drawn from.

    `links` are the neighbours' rows by the product that they go with; `bought` names what the
    customer bought; `buyers` is how many people bought the product in the past year.
    """

    taste: Taste
    counts: Counts
    links: Mapping[str, Row]
    bought: Mapping[str, str]
    buyers: int = 0

    def may_quote(self, product: Row, people: int) -> bool:
        """Whether so many people are enough, without the reader: who bought it may be counted."""
        return people - (product["_id"] in self.bought) >= MIN_PEOPLE


def reason(product: Row, grounds: Grounds, locale: str) -> str:
    """One line for the customer: what fits them, then what others did, with its numbers."""
    clauses = [*_content(product, grounds.taste, locale)]
    evidence = (
        _rated_alike(product, grounds, locale)
        or _bought_with(product, grounds, locale)
        or _rated(product, grounds, locale)
        or _sold(product, grounds, locale)
    )
    if evidence:
        clauses.append(evidence)
    text = "; ".join(clauses or [_TEXTS[locale]["in_stock"]])
    return text[:1].upper() + text[1:]


def _content(product: Row, taste: Taste, locale: str) -> list[str]:
    texts = _TEXTS[locale]
    clauses = []
    if taste.skin_type and taste.skin_type in product["skin_types"]:
        clauses.append(texts["skin_type"].format(name=word("skin_types", taste.skin_type, locale)))
    fitting = [concern for concern in taste.concerns if concern in product["concerns"]]
    if fitting:
        names = [word("concerns", concern, locale) for concern in fitting[:_MOST_CONCERNS]]
        clauses.append(texts["concerns"].format(names=_listed(names, locale)))
    free = [claim for claim in taste.sensitivities if claim in product["free_from"]]
    if free:
        names = [word("claims", claim, locale) for claim in free]
        clauses.append(texts["free_from"].format(names=_listed(names, locale)))
    return clauses


def _rated_alike(product: Row, grounds: Grounds, locale: str) -> str | None:
    skin_type = grounds.taste.skin_type
    counts = grounds.counts.get(skin_type or "", {})
    rated, high = counts.get("rated", 0), counts.get("high", 0)
    if not skin_type or not grounds.may_quote(product, rated) or high / rated < _MOSTLY:
        return None
    name = word("skin_types", skin_type, locale)
    return _TEXTS[locale]["rated_alike"].format(high=high, rated=rated, name=name)


def _bought_with(product: Row, grounds: Grounds, locale: str) -> str | None:
    found = [
        (link["customers"], grounds.bought[id])
        for id, link in sorted(grounds.links.items())
        if id in grounds.bought and grounds.may_quote(product, link["customers"])
    ]
    if not found:
        return None
    count, name = max(found, key=lambda pair: pair[0])
    return _TEXTS[locale]["bought_with"].format(count=count, name=name)


def _rated(product: Row, grounds: Grounds, locale: str) -> str | None:
    count = product["rating_count"]
    if not grounds.may_quote(product, count) or product["rating_sum"] / count < _GOOD:
        return None
    mean = f"{product['rating_sum'] / count:.1f}"
    shown = mean.replace(".", ",") if locale == "vi" else mean
    return _TEXTS[locale]["rated"].format(mean=shown, count=count)


def _sold(product: Row, grounds: Grounds, locale: str) -> str | None:
    if not product["sold"] or not grounds.may_quote(product, grounds.buyers):
        return None
    return _TEXTS[locale]["sold"].format(count=product["sold"])


def _listed(names: Sequence[str], locale: str) -> str:
    *first, last = names
    return _TEXTS[locale]["and"].join([", ".join(first), last]) if first else last


def shown_name(product: Row, locale: str) -> str:
    """The product's name in the language, as far as it was translated."""
    return translated({"description": "", **product}, locale)[0]


def word(kind: str, tag: str, locale: str) -> str:
    """The word for a tag of this kind, a tag that has none as it is."""
    known = _words()[kind].get(tag)
    return known[locale] if known else tag.replace("-", " ")


@cache
def _words() -> dict[str, dict[str, dict[str, str]]]:
    source = files("wrencos_commerce") / "skin_data" / "words.json"
    words: dict[str, dict[str, dict[str, str]]] = json.loads(source.read_text(encoding="utf-8"))
    return words
