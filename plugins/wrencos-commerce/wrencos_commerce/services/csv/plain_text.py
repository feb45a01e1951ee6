"""HTML as the text that it shows."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

_HIDDEN = frozenset({"script", "style", "template", "head", "title", "iframe", "noscript", "svg"})
_PARAGRAPHS = frozenset(
    {"p", "div", "ul", "ol", "table", "section", "article", "blockquote", "pre"}
    | {f"h{n}" for n in range(1, 7)}
)
_LINES = frozenset({"br", "li", "tr", "dt", "dd", "hr"})
_MARKUP = re.compile(r"<[a-zA-Z/!]|&[#a-zA-Z]")


def plain_text(body: str) -> str:
    """The text of an HTML fragment, a line or an empty line where a block begins.

    What is no HTML is returned as it is. Scripts, styles and frames are dropped with their content.
    """
    if not _MARKUP.search(body):
        return body.strip()
    reader = _Reader()
    reader.feed(body)
    reader.close()
    lines = [" ".join(line.split()) for line in "".join(reader.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def as_html(text: str) -> str:
    """HTML whose `plain_text` is `text` again, as long as its lines are tidy."""
    paragraphs = [html.escape(part, quote=False) for part in text.split("\n\n")]
    return "".join(f"<p>{part.replace(chr(10), '<br>')}</p>" for part in paragraphs if part)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden: list[str] = []

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _HIDDEN:
            self._hidden.append(tag)
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")
        elif tag in _LINES:
            self.parts.append("\n")
        if tag == "li":
            self.parts.append("- ")

    def handle_startendtag(self, tag: str, attrs: object) -> None:
        if tag not in _HIDDEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._hidden:
            del self._hidden[self._hidden.index(tag) :]
        elif tag in _PARAGRAPHS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            # The source's own line ends are spaces to a browser.
            self.parts.append(re.sub(r"\s+", " ", data))
