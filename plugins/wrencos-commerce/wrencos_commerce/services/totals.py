"""The parts of a total, from what was read: pure, so that it can be tried with every number."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from wrencos_commerce.services.discounts import (
    Discounts,
    in_order,
    take_off_goods,
    take_off_shipping,
)
from wrencos_commerce.services.priced import (
    SHIPPING,
    PricedCart,
    PricedCharge,
    PricedLine,
    ShippingQuote,
)
from wrencos_commerce.services.shipping.quotes import Parcel, chosen, quotes_for
from wrencos_commerce.services.taxes import Rates, tax_upon, tax_within
from wrencos_core.contracts.commerce import Adjustment

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a total depends on besides the goods. `country` None: it is not known where they go."""

    currency: str
    rates: Rates
    prices_include_tax: bool
    methods: Sequence[Row] = ()
    country: str | None = None
    regions: Sequence[str] = ()
    method_id: str | None = None


def add_up(lines: Sequence[PricedLine], asked: Iterable[Adjustment], terms: Terms) -> PricedCart:
    """The lines with the discounts and fees that were `asked` for, with shipping and taxes.

    Discounts come first, then shipping, whose price may go by what the goods cost now, then the
    tax of each line and charge on what is left of it.
    """
    goods = Discounts([line.line_total for line in lines], [line.variant["id"] for line in lines])
    cut = take_off_goods(goods, in_order(asked))
    quotes = quotes_of(lines, goods.left_of(), terms)
    shipping = chosen(quotes, terms.method_id)
    cut, off_shipping = take_off_shipping(shipping.amount if shipping else 0, cut)
    priced = [
        _taxed_line(line, discount, terms)
        for line, discount in zip(lines, goods.taken, strict=True)
    ]
    due = [*_shipping_charge(shipping, off_shipping), *_fees(cut)]
    charges = [_taxed_charge(charge, terms) for charge in due]
    parts: list[PricedLine | PricedCharge] = [*priced, *charges]
    return PricedCart(
        lines=priced,
        charges=charges,
        adjustments=[adjustment for adjustment in cut if adjustment.amount],
        subtotal=sum(line.line_total for line in lines),
        prices_include_tax=terms.prices_include_tax,
        tax_total=sum(part.tax for part in parts),
        total=sum(part.total for part in parts),
        currency=terms.currency,
        shipping=shipping,
        shipping_quotes=quotes,
        is_deliverable=shipping is not None or not (terms.methods and terms.country),
    )


def quotes_of(
    lines: Sequence[PricedLine], goods_total: int, terms: Terms
) -> Sequence[ShippingQuote]:
    """What each method would cost; none until it is known where the goods go."""
    if not terms.country or not lines:
        return ()
    parcel = Parcel(
        country=terms.country,
        regions=terms.regions,
        weight=sum((line.variant.get("weight") or 0) * line.quantity for line in lines),
        goods_total=goods_total,
    )
    return quotes_for(terms.methods, parcel)


def _shipping_charge(quote: ShippingQuote | None, discount: int) -> list[PricedCharge]:
    if quote is None or not quote.amount:
        return []
    return [PricedCharge(code=SHIPPING, label=quote.name, amount=quote.amount, discount=discount)]


def _taxed_line(line: PricedLine, discount: int, terms: Terms) -> PricedLine:
    percent = terms.rates.of_category(line.product.get("category_id"))
    tax, total = _taxed(line.line_total - discount, percent, terms)
    return replace(line, discount=discount, tax_rate=percent, tax=tax, total=total)


def _taxed_charge(charge: PricedCharge, terms: Terms) -> PricedCharge:
    percent = terms.rates.of_charges
    tax, total = _taxed(charge.amount - charge.discount, percent, terms)
    return replace(charge, tax_rate=percent, tax=tax, total=total)


def _taxed(amount: int, percent: str, terms: Terms) -> tuple[int, int]:
    """The tax of what a line or charge costs, and what is paid for it, tax included."""
    if terms.prices_include_tax:
        return tax_within(amount, percent), amount
    tax = tax_upon(amount, percent)
    return tax, amount + tax


def _fees(adjustments: Iterable[Adjustment]) -> list[PricedCharge]:
    """The charges for the fees among the adjustments; those of one code are one charge."""
    fees: dict[str, PricedCharge] = {}
    for fee in adjustments:
        if fee.amount > 0:
            known = fees.setdefault(
                fee.code, PricedCharge(code=fee.code, label=fee.label, amount=0)
            )
            fees[fee.code] = replace(known, amount=known.amount + fee.amount)
    return list(fees.values())
