"""What somebody typed, as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from wrencos_commerce.services.search.words import code, words, written_words

# More words narrow a search no further.
MOST_WORDS = 8
# They carry no meaning of their own, so a product need not have them.
_STOP = frozenset(
    {"a", "an", "and", "at", "by", "de", "for", "from", "in", "is", "of", "on", "or", "the", "to"}
    | {"with", "cho", "cua", "va", "voi"}
)


@dataclass(frozen=True)
class Query:
    """The words in their order, as written (lower case) and folded; at least one."""

    written: Sequence[str]
    words: Sequence[str]

    @cached_property
    def has_marks(self) -> bool:
        """Whether somebody took the trouble to type diacritics."""
        return any(a != b for a, b in zip(self.written, self.words, strict=True))

    @cached_property
    def code(self) -> str:
        """The query as a SKU or barcode."""
        return code(" ".join(self.words))

    def replaced(self, place: int, written: str) -> Query:
        """With another word at this place."""
        forms = list(self.written)
        forms[place] = written
        return Query(forms, [words(form)[0] for form in forms])


def parse(typed: str) -> Query | None:
    """The query, without words that mean nothing; None when there is no word in `typed`."""
    pairs = [(form, folded[0]) for form in written_words(typed) if len(folded := words(form)) == 1]
    telling = [pair for pair in pairs if pair[1] not in _STOP] or pairs
    telling = telling[:MOST_WORDS]
    if not telling:
        return None
    return Query([form for form, _ in telling], [word for _, word in telling])
