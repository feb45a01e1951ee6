"""What invoices and credit notes share: amounts in words of the locale, and the tax by rate."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from wrencos_commerce.services.documents.sheet import LEFT, Cell, Column, Sheet
from wrencos_commerce.services.documents.words import Say
from wrencos_commerce.services.priced import SHIPPING
from wrencos_core.api import localised, pdf

Row = Mapping[str, Any]
Shown = Callable[[int], str]
TaxedPart = tuple[str, int, int]


def amounts_in(currency: str, locale: str) -> Shown:
    """Returns `shown(amount)`: minor units of the currency for print, `390.000 ₫`."""
    return lambda amount: pdf.money_text(amount, currency, locale)


def item_cell(line: Row) -> Cell:
    """The name of a line, with the variant and the SKU below it."""
    below = "  ·  ".join(filter(None, (line.get("variant_name"), line["sku"])))
    return Cell(line["name"], below, bold=True)


def charge_label(charge: Row, say: Say) -> str:
    """What a charge is called; the shipping in the words of the document."""
    return say("shipping") if charge["code"] == SHIPPING else str(charge["label"])


def rate_text(rate: str, locale: str) -> str:
    """A tax rate for print: `8%`."""
    return localised.percent_text(Decimal(rate), locale)


def tax_by_rate(parts: Iterable[TaxedPart]) -> list[TaxedPart]:
    """(rate, tax, total) added up for each rate, the lowest first; nothing where there is none."""
    sums: dict[str, tuple[int, int]] = {}
    for rate, tax, total in parts:
        rate = f"{Decimal(rate).normalize():f}"
        before = sums.get(rate, (0, 0))
        sums[rate] = before[0] + tax, before[1] + total
    if not any(tax for tax, _ in sums.values()):
        return []
    return [(rate, *sums[rate]) for rate in sorted(sums, key=Decimal)]


def draw_taxes(
    sheet: Sheet, say: Say, locale: str, shown: Shown, taxes: Sequence[TaxedPart]
) -> None:
    """The summary of the tax by rate, at the left, from where the sheet is."""
    if not taxes:
        return
    columns = (
        Column(say("rate"), 16, "left"),
        Column(say("net"), 22),
        Column(say("tax"), 21),
        Column(say("gross"), 23),
    )
    sheet.text(LEFT, say("tax_summary"), bold=True)
    sheet.y += 2.5
    rows = [
        (
            Cell(rate_text(rate, locale)),
            Cell(shown(total - tax)),
            Cell(shown(tax)),
            Cell(shown(total)),
        )
        for rate, tax, total in taxes
    ]
    sheet.table(columns, rows)
