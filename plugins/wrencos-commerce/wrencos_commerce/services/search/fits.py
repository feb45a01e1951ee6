"""Where each part of a query fits, and what fits all parts, the best first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from pyroaring import BitMap


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


def together(fits: Sequence[Fit]) -> Fit:
    """Where all of them fit."""
    if len(fits) == 1:
        return Fit(fits[0].exact, fits[0].name, fits[0].tag, fits[0].any)
    return Fit(
        BitMap.intersection(*(fit.exact for fit in fits)),
        BitMap.intersection(*(fit.name for fit in fits)),
        BitMap.intersection(*(fit.tag for fit in fits)),
        BitMap.intersection(*(fit.any for fit in fits)),
    )


def scored(units: Sequence[Fit]) -> list[BitMap]:
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


def most(units: Sequence[Fit]) -> list[BitMap]:
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
    return disjoint([*(best & bitmap for bitmap in reversed(named)), best])


def disjoint(tiers: Iterable[BitMap]) -> list[BitMap]:
    """The tiers without what an earlier one has, and without empty ones."""
    seen, kept = BitMap(), []
    for tier in tiers:
        if fresh := tier - seen:
            kept.append(fresh)
            seen |= fresh
    return kept
