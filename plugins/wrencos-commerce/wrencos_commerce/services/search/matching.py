"""What fits a query: each word in any order, as it is, as a beginning, as a synonym, or mistyped.

For each word there are four bitmaps: where it is in a name as it is, where a name has it (as a
beginning or a synonym too), where it is in what the product is for or its category, and where it is
at all. Words that are one phrase of the synonyms are one unit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap

from wrencos_commerce.services.search import postings, vocabulary
from wrencos_commerce.services.search.facets import FacetBook
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


@dataclass
class Fit:
    """Where a word or a phrase fits; `exact` is empty for what is only a synonym of it."""

    exact: BitMap = field(default_factory=BitMap)
    name: BitMap = field(default_factory=BitMap)
    tag: BitMap = field(default_factory=BitMap)
    any: BitMap = field(default_factory=BitMap)

    def add(self, other: Fit) -> None:
        """Let what fits `other`, a synonym, fit too."""
        self.name = self.name | other.name
        self.tag = self.tag | other.tag
        self.any = self.any | other.any


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
        if relax and (ranks := _most(units)):
            return Found(ranks, is_relaxed=True)
        return Found([])

    # Reading

    def _units(self, query: Query) -> list[Fit]:
        cut = self._cut(query)
        self._load(query, cut)
        fits = {word: self._word(word) for word in query.words}
        missing = [word for word in query.words if not fits[word].any and self._may_begin(word)]
        for word in {*missing, *self._last(query)}:
            fits[word].any = fits[word].any | self._beginnings(word)
        return [self._unit(phrase, fits) for phrase in cut]

    def _cut(self, query: Query) -> list[Phrase]:
        known = self._ingredients
        return self._thesaurus.segments(query.words, lambda phrase: bool(known(phrase)))

    def _load(self, query: Query, cut: Sequence[Phrase]) -> None:
        """Read what is surely needed, at once."""
        keys = [WRITTEN + word for word in query.written] if query.has_marks else []
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
        return [word for word in query.words[-1:] if self._may_begin(word)]

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
        return _together([self._plain(word) for word in phrase])

    def _unit(self, phrase: Phrase, fits: Mapping[str, Fit]) -> Fit:
        fit = _together([fits[word] for word in phrase])
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
        """Marks as typed in the name; all words in the name as they are; as beginnings; the rest.

        Each of these goes by how many units are in the name (counts two) and in what the product
        is for or its category (one): of the masks, those on the shelf of masks come first.
        """
        exact = BitMap.intersection(*(unit.exact for unit in units))
        tiers = [self._get(CODE + query.code)]
        if query.has_marks:
            tiers.append(BitMap.intersection(*(self._get(WRITTEN + w) for w in query.written)))
        begun = [self._get(BEGINNING + word) for word in query.words]
        tiers += [exact, BitMap.intersection(*begun)]
        scored = _scored(units)
        every = BitMap.union(*scored) if scored else BitMap()
        return _disjoint([*(tier & level for tier in [*tiers, every] for level in scored), *tiers])

    def _corrected(self, query: Query, units: Sequence[Fit]) -> tuple[Query, list[Fit]] | None:
        """The query with each word that nothing fits replaced by one that differs in one letter."""
        changed = False
        for place, word in enumerate(query.words):
            if self._is_known(query, word):
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


def _together(fits: Sequence[Fit]) -> Fit:
    """Where all of them fit."""
    if len(fits) == 1:
        return Fit(fits[0].exact, fits[0].name, fits[0].tag, fits[0].any)
    return Fit(
        BitMap.intersection(*(fit.exact for fit in fits)),
        BitMap.intersection(*(fit.name for fit in fits)),
        BitMap.intersection(*(fit.tag for fit in fits)),
        BitMap.intersection(*(fit.any for fit in fits)),
    )


def _scored(units: Sequence[Fit]) -> list[BitMap]:
    """The products that fit all units, by their score, the best first."""
    levels = {0: BitMap.intersection(*(unit.any for unit in units))}
    for unit in units:
        raised: dict[int, BitMap] = {}
        for score, bitmap in levels.items():
            name, rest = bitmap & unit.name, bitmap - unit.name
            split = (name & unit.tag, name - unit.tag, rest & unit.tag, rest - unit.tag)
            for more, part in zip((3, 2, 1, 0), split, strict=True):
                if part:
                    there = raised.get(score + more)
                    raised[score + more] = part if there is None else there | part
        levels = raised
    return [levels[score] for score in sorted(levels, reverse=True)]


def _most(units: Sequence[Fit]) -> list[BitMap]:
    """The products that fit the most units, of several; by how many of those are in the name."""
    if len(units) < 2:
        return []
    fitting = [BitMap() for _ in range(len(units) + 1)]
    for unit in units:
        for count in range(len(units), 1, -1):
            fitting[count] |= fitting[count - 1] & unit.any
        fitting[1] |= unit.any
    best = next((bitmap for bitmap in reversed(fitting) if bitmap), None)
    if best is None:
        return []
    named = [BitMap() for _ in range(len(units) + 1)]
    for unit in units:
        for count in range(len(units), 1, -1):
            named[count] |= named[count - 1] & unit.name
        named[1] |= unit.name
    return _disjoint([*(best & bitmap for bitmap in reversed(named)), best])


def _disjoint(tiers: Iterable[BitMap]) -> list[BitMap]:
    """The tiers without what an earlier one has, and without empty ones."""
    seen, kept = BitMap(), []
    for tier in tiers:
        if fresh := tier - seen:
            kept.append(fresh)
            seen |= fresh
    return kept
