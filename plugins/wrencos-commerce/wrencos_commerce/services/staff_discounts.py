"""The discount that staff give by hand, up to the shop's limit."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from wrencos_core.api import Invalid, money
from wrencos_core.contracts.commerce import Adjustment

STAFF_DISCOUNT = "commerce.staff_discount"
_LABELS = {"vi": "Giảm giá", "en": "Discount"}
# After all promotions.
_LAST = 10_000


@dataclass(frozen=True, kw_only=True)
class StaffDiscount:
    """An `amount` in major units or a `percent` of the goods; the `reason` is for the staff."""

    reason: str
    amount: Decimal | None = None
    percent: Decimal | None = None


def discount_of(
    wish: StaffDiscount, subtotal: int, currency: str, *, limit: int, locale: str
) -> Adjustment:
    """The adjustment of goods for `subtotal`; raises Invalid above `limit` per cent of them."""
    most = money.percent_of(subtotal, Decimal(limit))
    if wish.percent is not None:
        amount, field = money.percent_of(subtotal, wish.percent), "percent"
    else:
        amount, field = _minor(wish.amount or Decimal(0), currency), "amount"
    if not 0 < amount <= most:
        highest = money.to_major(most, currency)
        message = f"At most {limit} per cent: {highest} {currency}, and more than nothing."
        raise Invalid(errors={"discount": {field: [message]}})
    label = _LABELS.get(locale, _LABELS["en"])
    return Adjustment(code=STAFF_DISCOUNT, label=label, amount=-amount, order=_LAST)


def _minor(amount: Decimal, currency: str) -> int:
    try:
        return money.to_minor(amount, currency)
    except ValueError as error:
        raise Invalid(errors={"discount": {"amount": [str(error)]}}) from error
