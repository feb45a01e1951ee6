"""Text: what is one line, and how words are compared and found without case and accents."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import Any

from bson.regex import Regex

# Control characters (tab, newlines, U+0085 too), and the separators of lines and paragraphs.
_BREAKS = frozenset({"Cc", "Zl", "Zp"})
# They turn the direction of whatever is shown after them.
_OVERRIDES = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORD = re.compile(r"\w+")
# More words than this narrow a search no further; each costs a look at every candidate.
_MOST_WORDS = 8


def is_one_line(text: str) -> bool:
    """Whether nothing in `text` ends or turns a line; emoji and no-break spaces are fine."""
    return not any(unicodedata.category(char) in _BREAKS or char in _OVERRIDES for char in text)


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


def beginnings(wanted: Iterable[str]) -> dict[str, Any]:
    """The MongoDB condition on an indexed array: for each word, a member that begins with it.

    BSON's own regular expression, because pymongo sends Python's with the option `u`, for which
    the server does not use the index's bounds.
    """
    distinct = list(dict.fromkeys(wanted))[:_MOST_WORDS]
    return {"$all": [Regex(f"^{re.escape(word)}") for word in distinct]}
