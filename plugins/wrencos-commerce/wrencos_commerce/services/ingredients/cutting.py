"""Cuts a list of ingredients, as people type and print it, into its pieces."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

# Stand-ins that no input can hold: characters of private use are taken out of it first.
FOOTNOTE, NANO = "\ue000", "\ue001"
_MAYBE, _MAYBE_SQUARE, _MAYBE_ROUND = "\ue002", "\ue003", "\ue004"

# The forms of East Asian width, the ideographic comma, other asterisks and brackets.
_PLAIN = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)} | {
    0x3001: ",",
    0x2217: "*",
    0x204E: "*",
    ord("{"): "(",
    ord("}"): ")",
}
_MARKS = "*†‡§®™©°¹²³"
_SEPARATORS = frozenset(";•●▪‧|")
_FOOTNOTE_MARK = re.compile(rf"(?:^|(?<=[\s.;,(]))[{_MARKS}]+")
_MARK = re.compile(rf"[{_MARKS}]+")
_HEADER = re.compile(
    r"\b(?:full |active |inactive |other )?(?:ingredients?(?: list)?|inci(?: name)?|composition"
    r"|ingrédients|zutaten|ingredientes|ingredienti|thành phần(?: đầy đủ| chính)?)"
    r" ?(?:\([^()]{0,20}\))? ?:",
    re.IGNORECASE,
)
_MAYBE_HEADER = re.compile(
    r"([\[(]?) ?(?:\+ ?/ ?[-\u2013]|\+ ?-|±|\bmay (?:also )?contain|\bpeut contenir|\bcó thể chứa"
    r"|\bkann enthalten|\bpuede contener|\bpuò contenere) ?([\])]?) ?:?",
    re.IGNORECASE,
)
_NANO_MARK = re.compile(r"[\[(] ?nano ?[\])]", re.IGNORECASE)
_AND = re.compile(r"\( ?(?:and|và) ?\)", re.IGNORECASE)
# Everything at which a piece may end.
_STOP = re.compile(rf"[,.;•●▪‧|()\]{_MAYBE}{_MAYBE_SQUARE}{_MAYBE_ROUND}]")
# After these a full stop ends no ingredient.
_ABBREVIATIONS = frozenset(
    {"denat", "no", "nos", "spp", "sp", "ssp", "subsp", "var", "st", "approx"}
)


def pieces(text: str) -> Iterator[tuple[str, bool]]:
    """The pieces between separators in their order, and whether each only may be contained.

    A comma inside a name (`1,2-Hexanediol`, `0,5%`) separates nothing.
    """
    yield from _cut(_prepared(text))


def _prepared(text: str) -> str:
    """`text` in one line, with stand-ins for what is more than a name."""
    plain = text.translate(_PLAIN)
    if not (plain.isascii() and plain.isprintable()):
        plain = unicodedata.normalize("NFC", "".join(map(_visible, plain)))
    if "\n" in plain and not any(char in plain for char in ",;•"):
        plain = plain.replace("\n", ";")
    plain = " ".join(plain.split())
    plain = _FOOTNOTE_MARK.sub(f";{FOOTNOTE}", plain)
    plain = _MARK.sub("", plain)
    plain = _HEADER.sub(";", plain)
    plain = _NANO_MARK.sub(f" {NANO} ", plain)
    plain = _AND.sub(";", plain)
    return _MAYBE_HEADER.sub(_maybe_marker, plain)


def _visible(char: str) -> str:
    if char.isascii():
        return char if char >= " " and char != "\x7f" else "\n" if char in "\n\r" else " "
    if char in "\u2028\u2029":
        return "\n"
    return "" if unicodedata.category(char)[0] == "C" else char


def _maybe_marker(found: re.Match[str]) -> str:
    opening, closing = found.groups()
    if opening and not closing:
        return _MAYBE_SQUARE if opening == "[" else _MAYBE_ROUND
    return _MAYBE


class _Cutter:
    """Goes through the text once and keeps where it is."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.start = 0
        self.maybe = False
        self.closer = ""
        self.depth = 0

    def cut(self, index: int) -> tuple[str, bool]:
        piece = self.text[self.start : index], self.maybe
        self.start = index + 1
        return piece

    def opened(self, char: str) -> None:
        self.maybe = True
        if char != _MAYBE:
            self.closer, self.depth = ("]" if char == _MAYBE_SQUARE else ")"), 0

    def closes(self, char: str) -> bool:
        if not self.closer:
            return False
        if self.closer == ")" and char == "(":
            self.depth += 1
        if char != self.closer:
            return False
        if self.closer == ")" and self.depth:
            self.depth -= 1
            return False
        return True


def _cut(text: str) -> Iterator[tuple[str, bool]]:
    state = _Cutter(text)
    for found in _STOP.finditer(text):
        index, char = found.start(), found[0]
        if char in (_MAYBE, _MAYBE_SQUARE, _MAYBE_ROUND):
            yield state.cut(index)
            state.opened(char)
        elif state.closes(char):
            yield state.cut(index)
            state.maybe, state.closer = False, ""
        elif _separates(text, state.start, index):
            yield state.cut(index)
    yield state.cut(len(text))


def _separates(text: str, start: int, index: int) -> bool:
    char = text[index]
    if char == ",":
        return not _is_inside_name(text, index)
    return char in _SEPARATORS or (char == "." and _ends_ingredient(text, start, index))


def _is_inside_name(text: str, index: int) -> bool:
    before, after = text[max(index - 2, 0) : index], text[index + 1 : index + 7]
    if not before or not after:
        return False
    if _is_digit(before[-1]) and _is_digit(after[0]):
        # Five digits are a Colour Index number: `CI 77491,77492`.
        return not (len(after) >= 5 and after[:5].isdigit() and not after[5:].isdigit())
    # `N,N-Dimethyl…`
    return (
        before[-1] in "Nn"
        and not before[:-1].isalnum()
        and after[0] in "Nn"
        and not after[1:2].isalnum()
    )


def _is_digit(char: str) -> bool:
    return char.isascii() and char.isdigit()


def _ends_ingredient(text: str, start: int, index: int) -> bool:
    """Whether the full stop ends a sentence: `Glycerin. Aqua`, but not `Alcohol Denat. 40`."""
    if text[index + 1 : index + 2] not in (" ", ";"):
        return False
    words = text[max(start, index - 12) : index].split()
    last = words[-1].lower().lstrip("(") if words else ""
    return len(last) > 1 and last not in _ABBREVIATIONS
