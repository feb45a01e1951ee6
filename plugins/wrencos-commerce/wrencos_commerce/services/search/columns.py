"""Numbers of products as bitmaps, one for each binary place, so that bounds are exact and cheap.

After O'Neil and Quass, "Improved query performance with variant indexes" (SIGMOD 1997): a
bit-sliced index.
"""

from __future__ import annotations

from collections.abc import Mapping

from pyroaring import BitMap


class Column:
    """A whole number, not negative, of each product in `every`; `slices` are by binary place."""

    def __init__(self, every: BitMap, slices: Mapping[int, BitMap]) -> None:
        self._every = every
        self._slices = slices
        self._places = range(max(slices, default=-1), -1, -1)

    def at_most(self, bound: int) -> BitMap:
        """The products whose number is `bound` or less."""
        if bound < 0:
            return BitMap()
        if bound.bit_length() > len(self._places):
            return self._every.copy()
        less, equal = BitMap(), self._every.copy()
        for place in self._places:
            ones = self._slices.get(place, BitMap())
            if bound >> place & 1:
                less |= equal - ones
                equal &= ones
            else:
                equal -= ones
        return less | equal

    def between(self, least: int | None, most: int | None) -> BitMap:
        """The products whose number is within the bounds, both included; None is no bound."""
        fitting = self._every.copy() if most is None else self.at_most(most)
        if least is not None and least > 0:
            fitting -= self.at_most(least - 1)
        return fitting

    def largest(self) -> int:
        """The largest number; 0 when there is none."""
        left, found = self._every.copy(), 0
        for place in self._places:
            ones = left & self._slices.get(place, BitMap())
            if ones:
                left, found = ones, found | 1 << place
        return found
