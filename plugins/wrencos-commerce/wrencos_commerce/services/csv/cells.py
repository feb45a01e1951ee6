"""How the text of one cell is read and written.

A reader raises ValueError with words for the person whose file it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from wrencos_commerce.models.brand import is_brand_name
from wrencos_commerce.models.product import fold_tag
from wrencos_core.api import clock, money, text

MOST_IN_STOCK = 2**31 - 1
MOST_GRAMS = 10**6
_AMOUNT = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_ADDRESS = re.compile(r"(https?://|/)\S+")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# A spreadsheet takes a cell that begins so for a formula (OWASP, CSV injection).
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_QUOTED = re.compile(r"'+[=+\-@\t\r]")
# An item of a list: with a backslash before a semicolon or a backslash of its own.
_ITEM = re.compile(r"(?:\\.|[^;\\]|\\$)+")
_MOST_ITEMS = 200


def harmless(cell: str) -> str:
    """`cell` with an apostrophe before what a spreadsheet would run."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unquoted(cell: str) -> str:
    """`cell` without the apostrophe that `harmless` put there."""
    return cell[1:] if _QUOTED.match(cell) else cell


def long_text(longest: int) -> Callable[[str], str]:
    """A reader of a text of any number of lines."""

    def read(cell: str) -> str:
        if any(ord(char) < 32 and char not in "\n\t\r" for char in cell):
            raise ValueError("Control characters are not allowed.")
        if len(cell) > longest:
            raise ValueError(f"Has more than {longest} characters.")
        return cell

    return read


def line(longest: int, *, required: bool = False) -> Callable[[str], str | None]:
    """A reader of one line; an empty one is None."""

    def read(cell: str) -> str | None:
        if required and not cell:
            raise ValueError("Must not be empty.")
        if not text.is_one_line(cell):
            raise ValueError("Must be one line, without control characters.")
        if len(cell) > longest:
            raise ValueError(f"Has more than {longest} characters.")
        return cell or None

    return read


def brand(cell: str) -> str | None:
    """A name that a slug can be made from."""
    found = line(100)(cell)
    if found and not is_brand_name(found):
        raise ValueError("Must have a letter or a digit.")
    return found


def slug(cell: str) -> str | None:
    # Or one that was made from a name in other letters.
    is_slug = _SLUG.fullmatch(cell) or ("_" not in cell and "-".join(text.words(cell)) == cell)
    if cell and (len(cell) > 100 or not is_slug):
        raise ValueError(f"Must look like `kem-chong-nang`, not {cell!r}.")
    return cell or None


def handle(cell: str) -> str | None:
    """A slug, or the id of a product that has none."""
    return cell if cell.startswith("prod_") else slug(cell)


def required_amount(cell: str) -> Decimal:
    # Decimal itself reads `1_000`, `1e3` and the digits of every script.
    try:
        if _AMOUNT.fullmatch(cell):
            return Decimal(cell)
    except InvalidOperation:
        pass
    raise ValueError(f"Is no amount: {cell[:40]!r}.")


def amount(cell: str) -> Decimal | None:
    return required_amount(cell) if cell else None


def count(cell: str) -> int:
    is_number = cell.isascii() and cell.isdigit() and len(cell) < 12
    if not is_number or int(cell) > MOST_IN_STOCK:
        raise ValueError(f"Is no count: {cell[:40]!r}.")
    return int(cell)


def months(cell: str) -> int | None:
    if not cell:
        return None
    if not 1 <= (found := count(cell)) <= 120:
        raise ValueError("Must be 1 to 120 months.")
    return found


def grams(cell: str) -> int | None:
    """Whole grams; a part of one, as Shopify writes them, is rounded."""
    if not cell:
        return None
    if not 0 <= (found := required_amount(cell)) <= MOST_GRAMS:
        raise ValueError(f"Must be 0 to {MOST_GRAMS} grams.")
    return money.round_half_up(found)


def items(cell: str) -> list[str]:
    """What semicolons separate; one that belongs to an item has a backslash before it."""
    parts = (re.sub(r"\\(.)", r"\1", part).strip() for part in _ITEM.findall(cell))
    found = [part for part in parts if part]
    if len(found) > _MOST_ITEMS:
        raise ValueError(f"Has more than {_MOST_ITEMS} items.")
    read = line(200)
    return [part for part in map(read, found) if part]


def joined(values: Sequence[str]) -> str:
    """The cell that `items` reads as `values`."""
    return "; ".join(re.sub(r"([;\\])", r"\\\1", value) for value in values)


def tags(cell: str) -> list[str]:
    """Folded words, each once, as skin types and concerns are stored."""
    found = list(dict.fromkeys(tag for part in items(cell) if (tag := fold_tag(part))))
    if len(found) > 30 or any(len(tag) > 60 for tag in found):
        raise ValueError("At most 30, of up to 60 characters each.")
    return found


def flag(cell: str) -> bool:
    if cell.lower() not in ("true", "false"):
        raise ValueError(f"Must be true or false, not {cell[:40]!r}.")
    return cell.lower() == "true"


def moment(cell: str) -> datetime | None:
    """ISO 8601; without a zone it means UTC."""
    if not cell:
        return None
    try:
        found = datetime.fromisoformat(cell)
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        return clock.to_milliseconds(found)
    except (ValueError, OverflowError):
        raise ValueError(f"Is no date and time such as 2026-05-01T08:00Z: {cell[:40]!r}.") from None


def address(cell: str) -> str | None:
    """A web address, or a path on this server such as `/media/…`."""
    found = line(500)(cell)
    if found and not _ADDRESS.fullmatch(found):
        raise ValueError("Must be a web address or a path.")
    return found
