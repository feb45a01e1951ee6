"""What somebody typed, as words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from wrencos_commerce.services.search.words import code, words, written_words

# More words narrow a search no further; little ones are not counted, up to as many again.
MOST_WORDS = 8
# They carry no meaning of their own, so a product need not have them. Compared as written: `the`
# is one, `thể` is not.
_LITTLE = frozenset(
    {"a", "an", "and", "at", "by", "de", "for", "from", "in", "is", "of", "on", "or", "the", "to"}
    | {"with", "cho", "cua", "của", "va", "và", "voi", "với"}
)


@dataclass(frozen=True)
class Query:
    """The words in their order, as written (lower case) and folded; at least one."""

    written: Sequence[str]
    words: Sequence[str]

    @cached_property
    def marked(self) -> Sequence[int]:
        """The places of the words that somebody took the trouble to type diacritics in."""
        pairs = zip(self.written, self.words, strict=True)
        return [place for place, (written, word) in enumerate(pairs) if written != word]

    @cached_property
    def little(self) -> frozenset[int]:
        """The places of words that mean nothing by themselves; none when all are such."""
        places = frozenset(n for n, written in enumerate(self.written) if written in _LITTLE)
        return places if len(places) < len(self.written) else frozenset()

    @cached_property
    def telling(self) -> Sequence[str]:
        """The words, folded, without the little ones."""
        return [word for place, word in enumerate(self.words) if place not in self.little]

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
    """The query, up to its eighth word that means something; None when there is no word in it."""
    pairs = [(form, folded[0]) for form in written_words(typed) if len(folded := words(form)) == 1]
    kept: list[tuple[str, str]] = []
    telling = 0
    for written, word in pairs[: 2 * MOST_WORDS]:
        telling += written not in _LITTLE
        if telling > MOST_WORDS:
            break
        kept.append((written, word))
    if not kept:
        return None
    return Query([written for written, _ in kept], [word for _, word in kept])
