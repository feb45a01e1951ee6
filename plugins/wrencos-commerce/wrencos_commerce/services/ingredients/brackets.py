"""A piece of a list taken apart at its brackets."""

from __future__ import annotations

_EDGE = " .,:;-\u2013\u2014_/\\'\"\u2018\u2019\u201c\u201d`+…&=<>≤≥~#!?^"


def tidy(text: str) -> str:
    """`text` with single spaces, and without what stands around a name."""
    return " ".join(text.split()).strip(_EDGE)


class Brackets:
    """A piece taken apart: `outer` text, and the `inner` ones with whether nothing follows."""

    def __init__(self, piece: str) -> None:
        self.inner: list[tuple[str, bool]] = []
        outer: list[str] = []
        depth, groups, start, is_odd = 0, 0, 0, False
        for index, char in enumerate(piece):
            if char == "(":
                depth, groups = depth + 1, groups + 1
                is_odd = is_odd or depth > 1
                start = index + 1 if depth == 1 else start
            elif char == ")":
                is_odd = is_odd or not depth
                depth = max(depth - 1, 0)
                if not depth and index >= start and groups > len(self.inner):
                    is_last = not tidy(piece[index + 1 :])
                    self.inner.append((_bare(piece[start:index]), is_last))
                    groups = len(self.inner)
                    outer.append(" ")
            elif not depth:
                outer.append(char)
        self.is_closed = not depth
        if depth:
            self.inner.append((_bare(piece[start:]), True))
        self.outer = "".join(outer)
        has_one = len(self.inner) == 1 and bool(tidy(self.inner[0][0]))
        self.is_simple = not self.inner or (has_one and self.is_closed)
        self.is_simple = self.is_simple and not is_odd


def _bare(text: str) -> str:
    return text.replace("(", " ").replace(")", " ")
