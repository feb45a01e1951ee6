"""The words of a product, and the keys that it is found under.

Keys begin with the kind: `n/` a word of the name or the brand, `p/` the beginning of one, `w/` such
a word with its diacritics, `t/` a word of what it is for (category excepted), its shades and SKUs,
`r/` a word of the rest, `i/` an ingredient (`i/@` a group of them), `s/` a whole SKU or
barcode, `f/` what the facets count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from wrencos_core.api import is_id, text

Row = Mapping[str, Any]

NAME, BEGINNING, WRITTEN, TAG, REST = "n/", "p/", "w/", "t/", "r/"
INGREDIENT, INGREDIENT_GROUP = "i/", "i/@"
CODE, FACET = "s/", "f/"
ALL, IN_STOCK, RATED = f"{FACET}all", f"{FACET}stock", f"{FACET}rated"
CATEGORY = f"{FACET}category:"
PRICE, RATING = f"{FACET}price/", f"{FACET}rating/"
# Mean ratings are compared in hundredths.
RATING_STEPS = 100
LONGEST_WORD = 40

_WORD = re.compile(r"\w+")
_PARTS = re.compile(r"[^\W\d]+|\d+")


def words(value: str) -> list[str]:
    """The words of `value` without case and diacritics, in their order."""
    return [word[:LONGEST_WORD] for word in text.words(value)]


def written_words(value: str) -> list[str]:
    """The words in lower case with their diacritics, composed, so that equal ones are equal."""
    composed = unicodedata.normalize("NFC", value.casefold())
    return [word[:LONGEST_WORD] for word in _WORD.findall(composed)]


def parts(word: str) -> list[str]:
    """`spf50` as `spf` and `50`; nothing for a word of one kind."""
    found = _PARTS.findall(word)
    return found if len(found) > 1 else []


def code(value: str) -> str:
    """A SKU or barcode as it is compared: `LS-CLE-001` and `ls cle 001` are one."""
    return "".join(words(value))


def bits(number: int) -> list[int]:
    """The places of the ones in `number`, which is not negative."""
    return [place for place in range(number.bit_length()) if number >> place & 1]


def keys(row: Row) -> set[str]:
    """Every key that this product is under, the beginnings of words excepted."""
    names = [row["name"], row.get("brand") or "", *_translated(row, "name")]
    variants = row.get("variants", ())
    codes = [variant["sku"] for variant in variants]
    codes += [variant["barcode"] for variant in variants if variant.get("barcode")]
    return {
        *_text_keys(NAME, names),
        *(WRITTEN + word for name in names for word in written_words(name)),
        *_text_keys(TAG, [*_tags(row), *filter(_is_telling, codes)]),
        *_text_keys(REST, [row.get("description") or "", *_translated(row, "description")]),
        *_text_keys(REST, row.get("ingredients", ())),
        *(INGREDIENT + key for key in row.get("ingredient_keys", ())),
        *(INGREDIENT_GROUP + group for group in row.get("ingredient_groups", ())),
        *(CODE + code(value) for value in codes),
        *_facet_keys(row),
    }


def _is_telling(code: str) -> bool:
    """Whether somebody chose the code: one that we made up has `v` and `la` in it by chance."""
    return not is_id(f"sku_{code}", "sku")


def with_beginnings(keys: Iterable[str]) -> set[str]:
    """`keys`, and those of the beginnings of the names' words."""
    every = set(keys)
    for key in list(every):
        if key.startswith(NAME):
            word = key.removeprefix(NAME)
            every.update(BEGINNING + word[:length] for length in range(1, len(word) + 1))
    return every


def _text_keys(kind: str, texts: Iterable[str]) -> Iterator[str]:
    for value in texts:
        for word in words(value):
            yield kind + word
            for part in parts(word):
                yield kind + part


def _translated(row: Row, field: str) -> Iterator[str]:
    for texts in row.get("translations", {}).values():
        if texts.get(field):
            yield texts[field]


def _tags(row: Row) -> Iterator[str]:
    yield from row.get("concerns", ())
    for skin_type in row.get("skin_types", ()):
        yield f"{skin_type} skin"
    for variant in row.get("variants", ()):
        yield variant.get("shade") or ""
        yield variant.get("size") or ""


def _facet_keys(row: Row) -> Iterator[str]:
    yield ALL
    for facet in row.get("facets", ()):
        # A category's place in the tree may change: only its own is kept here.
        if facet != "*" and not facet.startswith("category:"):
            yield FACET + facet
    if row.get("category_id"):
        yield CATEGORY + row["category_id"]
    if row["inventory"] > 0:
        yield IN_STOCK
    if row.get("rating") is not None:
        yield RATED
    yield from number_keys(PRICE, row["price"])
    yield from number_keys(RATING, rating_number(row.get("rating")))


def rating_number(rating: float | None) -> int:
    """A mean rating in hundredths; 0 without one."""
    return round((rating or 0) * RATING_STEPS)


def number_keys(kind: str, number: int) -> Iterator[str]:
    """A key for each one in the number: columns.py compares by them."""
    return (f"{kind}{place}" for place in bits(number))


def distinct(values: Sequence[str]) -> list[str]:
    """`values` without repetitions, in their order."""
    return list(dict.fromkeys(values))
