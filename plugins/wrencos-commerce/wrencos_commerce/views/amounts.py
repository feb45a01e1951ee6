"""Parts of a total that carts and orders show alike."""

from __future__ import annotations

from decimal import Decimal

from wrencos_commerce.services.priced import PricedCharge
from wrencos_commerce.views.base import Row, View
from wrencos_core.api import money


class AdjustmentView(View, kw_only=True):
    """A discount (negative) or a fee."""

    code: str
    label: str
    amount: Decimal


class ChargeView(View, kw_only=True):
    """What is paid besides the goods: `shipping`, or a fee. `taxRate` is a per cent.

    `total` is `amount` less `discount`, with `tax` on top where prices come without it.
    """

    code: str
    label: str
    amount: Decimal
    discount: Decimal
    tax_rate: str
    tax: Decimal
    total: Decimal


def charge_view(charge: PricedCharge | Row, currency: str) -> ChargeView:
    """A charge of a cart, or of the row of an order."""
    row = vars(charge) if isinstance(charge, PricedCharge) else charge
    amounts = {
        name: money.to_major(row[name], currency) for name in ("amount", "discount", "tax", "total")
    }
    return ChargeView(code=row["code"], label=row["label"], tax_rate=row["tax_rate"], **amounts)
