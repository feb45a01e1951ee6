"""Mistyped words, after the idea of SymSpell: two words with one edit between them have a common
form with at most one letter left out of each, so an index on these forms finds all candidates."""

from __future__ import annotations

# Shorter words have too many neighbours: "kem" is one letter from "gem", "kim" and "em".
SHORTEST = 4
# Longer ones are codes and web addresses.
LONGEST = 24


def deletes(word: str) -> list[str]:
    """The word itself and what it becomes without one of its letters; nothing for extreme ones."""
    if not SHORTEST - 1 <= len(word) <= LONGEST:
        return []
    return sorted({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})


def is_one_edit(typed: str, word: str) -> bool:
    """Whether one letter more, less or other, or two exchanged neighbours, make one the other."""
    if typed == word or abs(len(typed) - len(word)) > 1:
        return False
    at = 0
    while at < min(len(typed), len(word)) and typed[at] == word[at]:
        at += 1
    if len(typed) < len(word):
        return typed[at:] == word[at + 1 :]
    if len(typed) > len(word):
        return typed[at + 1 :] == word[at:]
    exchanged = typed[at : at + 2][::-1] == word[at : at + 2]
    return typed[at + 1 :] == word[at + 1 :] or (exchanged and typed[at + 2 :] == word[at + 2 :])
