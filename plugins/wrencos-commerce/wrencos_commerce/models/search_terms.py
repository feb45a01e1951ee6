"""How words are compared: without case and without the accents that people leave out."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

_WORD = re.compile(r"\w+")
# More words than this narrow a search no further; each costs a look at every candidate.
_MOST_WORDS = 8


def fold(text: str) -> str:
    """`text` in lower case without diacritics: "Kem Chống Nắng" as "kem chong nang"."""
    plain = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(char for char in plain if not unicodedata.combining(char))


def words(text: str) -> list[str]:
    """The folded words of `text`, in their order."""
    return _WORD.findall(fold(text))


def terms(texts: Iterable[str]) -> list[str]:
    """The distinct folded words of several texts, for the array that an index is built on."""
    return sorted({word for text in texts for word in words(text)})


def matching(text: str) -> dict[str, Any]:
    """The condition on `terms`: for each word of `text`, a term that begins with it."""
    wanted = list(dict.fromkeys(words(text)))[:_MOST_WORDS]
    return {"$all": [re.compile(f"^{re.escape(word)}") for word in wanted]}
