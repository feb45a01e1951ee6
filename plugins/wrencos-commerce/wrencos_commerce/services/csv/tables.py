"""A file of rows: its encoding and delimiter found out, read row by row."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from wrencos_core.api import Invalid

CsvRow = Mapping[str, str]

# Of a file that begins without a mark: UTF-16 has a zero byte in every other place there.
_BYTE_ORDER_MARKS = {
    b"\xef\xbb\xbf": "utf-8-sig",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
_DELIMITERS = ",;\t"
_HEAD = 64 * 1024


@dataclass(frozen=True)
class Numbered:
    """A row of the file and its number; the first below the header is 2.

    `cells` is None when the row has more or fewer cells than there are columns.
    """

    number: int
    cells: CsvRow | None


class Table:
    """Rows under a header; `rows()` begins anew each time."""

    def __init__(self, header: tuple[str, ...], source: Callable[[], Iterator[Numbered]]) -> None:
        self.header = header
        self.rows = source


def table_of_rows(source: Callable[[], Iterable[CsvRow]]) -> Table:
    """The rows that a program makes; the first one's names are the header."""
    first = next(iter(source()), {})

    def rows() -> Iterator[Numbered]:
        for number, row in enumerate(source(), start=2):
            yield Numbered(number, row)

    return Table(tuple(first), rows)


def table_of_file(file: Path) -> Table:
    """The rows of a file. Raises Invalid for what is no CSV; so does reading on."""
    return table_of(lambda: file.open("rb"))


def table_of_bytes(content: bytes) -> Table:
    """As `table_of_file`, of a file in memory."""
    return table_of(lambda: io.BytesIO(content))


def table_of(opened: Callable[[], IO[bytes]]) -> Table:
    """As `table_of_file`; `opened` opens the file anew."""
    with opened() as file:
        head = file.read(_HEAD)
    encoding = _encoding(head)
    delimiter = _delimiter(head, encoding)
    with _Reported(), _text(opened(), encoding) as text:
        header = tuple(name.strip() for name in next(_reader(text, delimiter), []))
    _check(header)

    def rows() -> Iterator[Numbered]:
        with _Reported(), _text(opened(), encoding) as text:
            reader = _reader(text, delimiter)
            next(reader)
            for number, found in enumerate(reader, start=2):
                if any(found):
                    fits = len(found) == len(header)
                    yield Numbered(number, dict(zip(header, found, strict=True)) if fits else None)

    return Table(header, rows)


class _Reported:
    """Turns what the reader raises into words for the person whose file it is."""

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, UnicodeError):
            raise Invalid(
                f"The file is no CSV in UTF-8 or UTF-16: {error}. Save it as “CSV UTF-8”."
            ) from error
        if isinstance(error, csv.Error):
            raise Invalid(f"The file is no CSV: {error}.") from error


def _text(file: IO[bytes], encoding: str) -> IO[str]:
    return io.TextIOWrapper(file, encoding=encoding, newline="")


def _reader(text: IO[str], delimiter: str) -> Iterator[list[str]]:
    return csv.reader(text, delimiter=delimiter, strict=True)


def _encoding(head: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS.items():
        if head.startswith(mark):
            return encoding
    if head[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" else "utf-8"


def _delimiter(head: bytes, encoding: str) -> str:
    """The one of `,`, `;` and tab that there is most of in the header, outside of quotes.

    csv.Sniffer guesses by the rows too, where a description may have more commas than columns.
    """
    text = head.decode(encoding, errors="ignore")
    counts = dict.fromkeys(_DELIMITERS, 0)
    quoted = False
    for char in text:
        if char == '"':
            quoted = not quoted
        elif not quoted and char in "\r\n":
            break
        elif not quoted and char in counts:
            counts[char] += 1
    return max(counts, key=lambda char: counts[char])


def _check(header: tuple[str, ...]) -> None:
    if not any(header):
        raise Invalid("The file is empty: its first row must name the columns.")
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise Invalid(
            "The columns of the file are not right.",
            errors={name: ["There are two columns of this name."] for name in twice},
        )
