"""How names of ingredients are compared: without case, accents and punctuation."""

from __future__ import annotations

import re
from functools import lru_cache

from wrencos_core.api import text

# As in the names of isomers.
_GREEK = {0x3B1: "alpha", 0x3B2: "beta", 0x3B3: "gamma"}
# A Colour Index number that was typed with the letter l.
_MISTYPED_INDEX = re.compile(r"cl([0-9]{5})")


def slug(name: str) -> str:
    """`1,2-Hexanediol` as `1-2-hexanediol`; empty when there is no letter or digit in it."""
    return "-".join(text.words(name.casefold().translate(_GREEK).replace("_", " ")))


@lru_cache(maxsize=16_384)
def compact(name: str) -> str:
    """The letters and digits alone, folded: `Alpha-Arbutin` as `alphaarbutin`."""
    folded = text.fold(name.casefold().translate(_GREEK))
    joined = "".join(char for char in folded if char.isalnum())
    return _MISTYPED_INDEX.sub(r"ci\1", joined) if len(joined) == 7 else joined
