"""Reads a list of ingredients into what is in the product, in the order of the list."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from functools import lru_cache

import msgspec

from wrencos_commerce.services.ingredients.brackets import Brackets, tidy
from wrencos_commerce.services.ingredients.cutting import FOOTNOTE, NANO, pieces
from wrencos_commerce.services.ingredients.dictionary import Ingredient, dictionary
from wrencos_commerce.services.ingredients.names import slug
from wrencos_commerce.services.ingredients.remarks import is_remark, mentions, says_the_same

_LONGEST = 300
_AMOUNT = r"[0-9]{1,3}(?:[.,][0-9]{1,12})?"
_PERCENT = re.compile(
    rf"[(\[]? ?([<>≤≥~]?) ?(?<![0-9.,])({_AMOUNT})( ?[-\u2013] ?{_AMOUNT})? ?%"
    r"(?: ?w/w)? ?[)\]]?"
)
_PPM = re.compile(r"[(\[]? ?(?<![0-9.,])([0-9][0-9.,]{0,10}) ?ppm\b ?[)\]]?", re.IGNORECASE)
_THOUSANDS = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{3})+")
_NUMBER = re.compile(r"[0-9]+(?:[.,][0-9]+)?")
# A Colour Index number without its letters: `CI 77491, 77492`.
_INDEX_NUMBER = re.compile(r"[0-9]{5}")


class ListedIngredient(msgspec.Struct, frozen=True):
    """An ingredient as a list has it.

    `key` is the dictionary's for every way to write it, or the folded text of an unknown one,
    whose `inci_name` is None. `percent` is None where the list tells none or only a bound.
    """

    name: str
    key: str
    inci_name: str | None = None
    percent: Decimal | None = None
    may_contain: bool = False
    nano: bool = False


def parse(text: str | Sequence[str]) -> tuple[ListedIngredient, ...]:
    """Read an INCI line, or several as one list. Every text gives some list; none raises.

    `printed` of the result reads as the same result.
    """
    line = text if isinstance(text, str) else "; ".join(text)
    listed = tuple(_read(line))
    # What is left of a damaged text may read differently by itself; a clean one is done here.
    for _ in range(8):
        again = tuple(_read(printed(listed)))
        if again == listed:
            break
        listed = again
    return listed


def printed(listed: Iterable[ListedIngredient]) -> str:
    """The list as one line that `parse` reads."""
    parts: list[str] = []
    maybe = False
    for one in listed:
        shown = one.name + (" [nano]" if one.nano else "")
        shown += "" if one.percent is None else f" {one.percent:f}%"
        if maybe and not one.may_contain:
            parts[-1] += "]"
        parts.append(f"[+/- {shown}" if one.may_contain and not maybe else shown)
        maybe = one.may_contain
    return ", ".join(parts) + ("]" if maybe else "")


def _read(line: str) -> Iterator[ListedIngredient]:
    for piece, may_contain in pieces(line):
        for part in _parts(piece):
            for one in _entries(part):
                yield msgspec.structs.replace(one, may_contain=True) if may_contain else one


def _parts(piece: str) -> Iterator[str]:
    """A piece that is too long for a name in several, so that no word of it is lost."""
    while len(piece) > _LONGEST:
        place = piece.rfind(" ", 1, _LONGEST)
        place = place if place > 0 else _LONGEST
        yield piece[:place]
        piece = piece[place:]
    yield piece


@lru_cache(maxsize=8192)
def _entries(piece: str) -> tuple[ListedIngredient, ...]:
    is_footnote = FOOTNOTE in piece
    is_nano = NANO in piece
    percent, rest = _without_amounts(piece.replace(FOOTNOTE, " ").replace(NANO, " "))
    names = _names(rest.replace("[", "(").replace("]", ")"))
    if is_footnote:
        names = [found for name in names for found in _of_footnote(name)]
    return tuple(
        ListedIngredient(
            name=name,
            key=known.key if known else slug(name),
            inci_name=known.inci if known else None,
            percent=percent if index == 0 else None,
            nano=is_nano and index == 0,
        )
        for index, (name, known) in enumerate(names)
    )


Named = tuple[str, Ingredient | None]


def _of_footnote(name: Named) -> list[Named]:
    """A remark gives what it speaks of: `*Naturally occurring Limonene` is Limonene."""
    text, known = name
    if known or not is_remark(text):
        return [name]
    return [(words, _find(words)) for words in mentions(text)]


def _names(piece: str) -> list[Named]:
    """The names in a piece: mostly one; two in `Parfum (Limonene)` or `Polysorbate 20,Aqua`."""
    brackets = Brackets(tidy(piece))
    outer = tidy(brackets.outer)
    if not outer:
        return [name for text, _ in brackets.inner for name in _plain_names(tidy(text))]
    whole = tidy(piece) if brackets.is_simple else outer
    known = _find(whole) or _find(outer)
    # The words in the brackets of one unknown name are a part of it: `Mystery (Plant) Extract`.
    takes_unknown = bool(known) or not brackets.is_simple
    others = [
        (inner, found)
        for text, is_last in brackets.inner
        if (is_last or takes_unknown)
        and (inner := tidy(text))
        and ((found := _find(inner)) or (takes_unknown and slug(inner)))
        and not (known and says_the_same(inner, found, known, is_last=is_last))
    ]
    if known and not others:
        return [(whole, known)]
    first = [(outer, known)] if known or others else _plain_names(whole)
    return [*first, *others]


def _plain_names(text: str) -> list[Named]:
    if known := _find(text):
        return [(text, known)]
    for separator in (",", "/", "."):
        if parts := _all_known(text, separator):
            return parts
    return [(text, None)] if slug(text) else []


def _all_known(text: str, separator: str) -> list[Named]:
    """The parts of a text between separators that are all ingredients by themselves."""
    places = [index for index, char in enumerate(text) if char == separator][:6]
    for place in places:
        left, right = tidy(text[:place]), tidy(text[place + 1 :])
        if known := _find(left):
            rest = [(right, found)] if (found := _find(right)) else _all_known(right, separator)
            if rest:
                return [(left, known), *rest]
    return []


def _find(text: str) -> Ingredient | None:
    """The ingredient, also when one text gives several names of it: `Aqua/Water/Eau`."""
    words = dictionary()
    if known := words.find(text):
        return known
    if text.casefold().endswith(" nano") and (known := words.find(text[:-5])):
        return known
    if _INDEX_NUMBER.fullmatch(text):
        return words.find(f"CI {text}")
    parts = {words.find(part) for part in text.split("/")} if "/" in text else set()
    return parts.pop() if len(parts) == 1 else None


def _without_amounts(piece: str) -> tuple[Decimal | None, str]:
    """The first percentage in a piece, and the piece without any."""
    percent = None
    if found := _PERCENT.search(piece):
        bound, amount, upper = found.groups()
        value = Decimal(amount.replace(",", "."))
        percent = value if not bound and not upper and value <= 100 else None
    elif found := _PPM.search(piece):
        percent = _parts_per_million(found[1])
    return percent, _PPM.sub(" ", _PERCENT.sub(" ", piece)).replace("%", " ")


def _parts_per_million(amount: str) -> Decimal | None:
    if _THOUSANDS.fullmatch(amount):
        amount = amount.replace(",", "").replace(".", "")
    if not _NUMBER.fullmatch(amount):
        return None
    percent = Decimal(amount.replace(",", ".")) / 10_000
    return percent if percent <= 100 else None
