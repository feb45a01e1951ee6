"""What fits a query: each word in any order, as it is, as a beginning, as a synonym, or mistyped.

For each word there are four bitmaps: where it is in a name as it is, where a name has it (as a
beginning or a synonym too), where it is in what the product is for or its category, and where it is
at all. Words that are one phrase of the synonyms are one unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyroaring import BitMap

from wrencos_commerce.services.search import postings, vocabulary
from wrencos_commerce.services.search.facets import FacetBook
from wrencos_commerce.services.search.fits import Fit, disjoint, most, scored, together
from wrencos_commerce.services.search.query import Query
from wrencos_commerce.services.search.shelves import Shelves
from wrencos_commerce.services.search.spelling import SHORTEST, is_one_edit
from wrencos_commerce.services.search.synonyms import Phrase, Thesaurus
from wrencos_commerce.services.search.words import (
    BEGINNING,
    CODE,
    INGREDIENT,
    NAME,
    REST,
    TAG,
    WRITTEN,
    parts,
)

# A word of fewer letters begins too many others in long texts.
_SHORTEST_BEGINNING = 3
_CANDIDATES = 5

Ingredients = Callable[[Phrase], Sequence[str]]


@dataclass(frozen=True)
class Found:
    """The products that fit, best first: `ranks` have none in common."""

    ranks: Sequence[BitMap]
    corrected: str | None = None
    is_relaxed: bool = False

    @property
    def every(self) -> BitMap:
        return BitMap.union(*self.ranks) if self.ranks else BitMap()


class Matcher:
    """Answers queries from one generation of the index."""

    def __init__(
        self,
        generation: str,
        book: FacetBook,
        shelves: Shelves,
        thesaurus: Thesaurus,
        ingredients: Ingredients,
    ) -> None:
        self._generation = generation
        self._book = book
        self._shelves = shelves
        self._thesaurus = thesaurus
        self._ingredients = ingredients
        self._read: dict[str, BitMap] = {}
        self._begun: dict[str, list[str]] = {}

    def find(self, query: Query, relax: bool = True) -> Found:
        """What fits all words; with `relax`, when nothing does, what fits the most of them."""
        units = self._units(query)
        ranks = self._ranked(query, units)
        if ranks:
            return Found(ranks)
        corrected = self._corrected(query, units)
        if corrected is not None:
            query, units = corrected
            text = " ".join(query.written)
            if ranks := self._ranked(query, units):
                return Found(ranks, text)
        if relax and (ranks := most(units)):
            return Found(ranks, is_relaxed=True)
        return Found([])

    # Reading

    def _units(self, query: Query) -> list[Fit]:
        cut = self._cut(query)
        self._load(query, cut)
        fits = {word: self._word(word) for phrase in cut for word in phrase}
        missing = [word for word in fits if not fits[word].any and self._may_begin(word)]
        for word in {*missing, *self._last(query)}:
            fits[word].any = fits[word].any | self._beginnings(word)
        return [self._unit(phrase, fits) for phrase in cut]

    def _cut(self, query: Query) -> list[Phrase]:
        """The phrases and words to fit: a little word only as part of a phrase, or as a synonym."""
        known, at, cut = self._ingredients, 0, []
        for phrase in self._thesaurus.segments(query.words, lambda phrase: bool(known(phrase))):
            if at not in query.little or len(phrase) > 1 or self._thesaurus.meanings(phrase):
                cut.append(phrase)
            at += len(phrase)
        return cut

    def _load(self, query: Query, cut: Sequence[Phrase]) -> None:
        """Read what is surely needed, at once."""
        keys = [WRITTEN + query.written[place] for place in query.marked]
        keys += [CODE + query.code]
        for word in query.words:
            keys += [kind + word for kind in (NAME, BEGINNING, TAG, REST)]
        for phrase in {*cut, *((word,) for word in query.words)}:
            for other in self._others(phrase):
                keys += [kind + word for word in other for kind in (NAME, TAG, REST)]
            keys += [INGREDIENT + key for key in self._ingredients(phrase)]
        for word in self._last(query):
            keys += self._beginning_keys(word)
        self._fetch(keys)

    def _fetch(self, keys: Iterable[str]) -> None:
        missing = [key for key in keys if key not in self._read]
        if missing:
            found = postings.read(self._generation, missing)
            self._read.update({key: found.get(key, BitMap()) for key in missing})

    def _get(self, key: str) -> BitMap:
        return self._read.get(key) or BitMap()

    def _last(self, query: Query) -> list[str]:
        """The last word may not be typed to its end."""
        return [word for word in query.telling[-1:] if self._may_begin(word)]

    @staticmethod
    def _may_begin(word: str) -> bool:
        return len(word) >= _SHORTEST_BEGINNING

    def _beginning_keys(self, word: str) -> list[str]:
        if word not in self._begun:
            self._begun[word] = vocabulary.beginning_with(self._generation, word)
        return [kind + longer for longer in self._begun[word] for kind in (TAG, REST)]

    def _beginnings(self, word: str) -> BitMap:
        keys = self._beginning_keys(word)
        self._fetch(keys)
        return BitMap.union(*map(self._get, keys)) if keys else BitMap()

    # Words and phrases

    def _word(self, word: str) -> Fit:
        fit = self._plain(word)
        begun = self._get(BEGINNING + word)
        fit.add(Fit(name=begun, any=begun))
        fit.exact = self._get(NAME + word)
        for other in self._others((word,)):
            fit.add(self._phrase(other))
        for key in self._ingredients((word,)):
            fit.any = fit.any | self._get(INGREDIENT + key)
        return fit

    def _plain(self, word: str) -> Fit:
        """Where the word is, as it is."""
        name = self._get(NAME + word)
        tag = self._get(TAG + word) | self._book.category(self._shelves.named(word))
        return Fit(name=name, tag=tag, any=BitMap.union(name, tag, self._get(REST + word)))

    def _phrase(self, phrase: Phrase) -> Fit:
        """Where all words of a synonym are."""
        return together([self._plain(word) for word in phrase])

    def _unit(self, phrase: Phrase, fits: Mapping[str, Fit]) -> Fit:
        fit = together([fits[word] for word in phrase])
        if len(phrase) > 1:
            for other in self._others(phrase):
                fit.add(self._phrase(other))
            for key in self._ingredients(phrase):
                fit.any = fit.any | self._get(INGREDIENT + key)
        return fit

    def _others(self, phrase: Phrase) -> list[Phrase]:
        """What may stand for the phrase: its synonyms, and of a word its singular and its parts."""
        others = list(self._thesaurus.meanings(phrase))
        if len(phrase) == 1:
            word = phrase[0]
            for single in singulars(word):
                others += [(single,), *self._thesaurus.meanings((single,))]
            if split := parts(word):
                others.append(tuple(split))
        return others

    # Ranking

    def _ranked(self, query: Query, units: Sequence[Fit]) -> list[BitMap]:
        """All words in the name, those typed with marks so, the little ones too, or without; as
        beginnings; the rest.

        Each of these goes by how many units are in the name (counts two) and in what the product
        is for or its category (one): of the masks, those on the shelf of masks come first.
        """
        exact = BitMap.intersection(*(unit.exact for unit in units))
        begun = BitMap.intersection(*(self._get(BEGINNING + word) for word in query.telling))
        tiers: list[BitMap] = []
        if query.marked:
            written = (self._get(WRITTEN + query.written[place]) for place in query.marked)
            marks = BitMap.intersection(*written)
            tiers += [exact & marks, begun & marks]
        if query.little:
            every_word = (self._get(NAME + word) for word in query.words)
            tiers.append(BitMap.intersection(exact, *every_word))
        tiers += [exact, begun]
        levels = scored(units)
        every = BitMap.union(*levels) if levels else BitMap()
        split = (tier & level for tier in [*tiers, every] for level in levels)
        return disjoint([self._get(CODE + query.code), *split])

    def _corrected(self, query: Query, units: Sequence[Fit]) -> tuple[Query, list[Fit]] | None:
        """The query with each word that nothing fits replaced by one that differs in one letter."""
        changed = False
        for place, word in enumerate(query.words):
            if place in query.little or self._is_known(query, word):
                continue
            tried: tuple[Query, list[Fit]] | None = None
            for candidate in self._candidates(word):
                other = query.replaced(place, candidate)
                found = other, self._units(other)
                tried = tried or found
                if self._ranked(*found):
                    tried = found
                    break
            if tried is not None:
                query, units = tried
                changed = True
        return (query, list(units)) if changed else None

    def _is_known(self, query: Query, word: str) -> bool:
        if len(word) < SHORTEST or word.isdigit():
            return True
        in_phrase = any(len(phrase) > 1 and word in phrase for phrase in self._cut(query))
        return in_phrase or bool(self._word(word).any) or bool(self._beginnings(word))

    def _candidates(self, word: str) -> list[str]:
        known = vocabulary.meant_by(self._generation, word)
        others = sorted(w for w in self._thesaurus.words if is_one_edit(word, w))
        forms = vocabulary.written(self._generation, known)
        return [forms.get(w, w) for w in dict.fromkeys([*known, *others])][:_CANDIDATES]


def singulars(word: str) -> list[str]:
    """What an English word may be the plural of; words of Vietnamese do not end in s."""
    if len(word) < 4 or not word.endswith("s") or word.endswith("ss"):
        return []
    if word.endswith("ies"):
        return [word[:-3] + "y", word[:-1]]
    return [word[:-1], word[:-2]] if word.endswith("es") else [word[:-1]]
