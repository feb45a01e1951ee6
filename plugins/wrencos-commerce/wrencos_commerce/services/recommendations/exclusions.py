"""Why a product is not suggested: the ingredient by its name, the stock, what is in use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from wrencos_commerce.services.avoiding import Avoiding, Hit
from wrencos_commerce.services.recommendations.history import History

Row = Mapping[str, Any]


class Why(StrEnum):
    """The kinds of reasons; of several the first counts."""

    CONTAINS = "contains-avoided"
    UNKNOWN = "ingredients-unknown"
    SOLD_OUT = "out-of-stock"
    IN_USE = "still-in-use"


@dataclass(frozen=True)
class Exclusion:
    """A product that is left out. `hits` are what it contains, `until` when it is used up.

    `doubts` are its ingredients that nobody knows; none when it has no list of ingredients.
    """

    row: Row
    why: Why
    hits: Sequence[Hit] = ()
    until: datetime | None = None
    doubts: Sequence[str] = ()


_TEXTS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "contains": "contains {ingredient}, which you avoid as “{avoided}”",
        "contains_itself": "contains {ingredient}, which you avoid",
        "unknown": "its ingredients are not known, and you avoid some",
        "doubtful": "we do not know {ingredients}, which may be something that you avoid",
        "sold_out": "out of stock",
        "in_use": "you bought it lately and should have it until {until}",
    },
    "vi": {
        "contains": "có {ingredient}, thành phần bạn tránh với tên “{avoided}”",
        "contains_itself": "có {ingredient}, thành phần bạn tránh",
        "unknown": "chưa rõ thành phần, mà bạn có thành phần cần tránh",
        "doubtful": "chưa rõ {ingredients} là gì, có thể là thành phần bạn tránh",
        "sold_out": "đã hết hàng",
        "in_use": "bạn vừa mua và có thể còn dùng đến {until}",
    },
}


def exclusion_of(row: Row, avoiding: Avoiding, history: History) -> Exclusion | None:
    """Why this product is left out, or None when nothing is against it."""
    if hits := avoiding.hits(row):
        return Exclusion(row, Why.CONTAINS, hits=hits)
    if avoiding and not row["ingredient_keys"]:
        return Exclusion(row, Why.UNKNOWN)
    if doubts := avoiding.doubts(row):
        return Exclusion(row, Why.UNKNOWN, doubts=doubts)
    if row["inventory"] <= 0:
        return Exclusion(row, Why.SOLD_OUT)
    if until := history.in_use_until(row):
        return Exclusion(row, Why.IN_USE, until=until)
    return None


def explained(exclusion: Exclusion, locale: str) -> str:
    """It in words for the customer."""
    texts = _TEXTS[locale]
    if exclusion.why is Why.CONTAINS:
        return "; ".join(_contains(exclusion.hits, texts))
    if exclusion.doubts:
        return texts["doubtful"].format(ingredients=", ".join(exclusion.doubts))
    if exclusion.why is Why.UNKNOWN:
        return texts["unknown"]
    if exclusion.why is Why.SOLD_OUT:
        return texts["sold_out"]
    assert exclusion.until is not None
    return texts["in_use"].format(until=exclusion.until.date().isoformat())


def _contains(hits: Iterable[Hit], texts: Mapping[str, str]) -> Iterable[str]:
    for hit in hits:
        same = hit.ingredient.casefold() == hit.avoided.casefold()
        form = texts["contains_itself"] if same else texts["contains"]
        yield form.format(ingredient=hit.ingredient, avoided=hit.avoided)
