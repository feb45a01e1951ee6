"""How an order can be paid."""

from __future__ import annotations

from dataclasses import dataclass

from wrencos_commerce.errors import UnknownPaymentMethod


@dataclass(frozen=True)
class PaymentMethod:
    """A way to pay. `paid_on_delivery`: the carrier brings the money."""

    id: str
    name: str
    paid_on_delivery: bool


CASH_ON_DELIVERY = PaymentMethod("cod", "Cash on delivery", paid_on_delivery=True)
_OFFERED = {method.id: method for method in (CASH_ON_DELIVERY,)}


def offered() -> list[PaymentMethod]:
    """The payment methods that a checkout accepts."""
    return list(_OFFERED.values())


def payment_method(id: str) -> PaymentMethod:
    """The offered method with this id; raises UnknownPaymentMethod."""
    try:
        return _OFFERED[id]
    except KeyError:
        names = sorted(_OFFERED)
        raise UnknownPaymentMethod(f"Offered are: {', '.join(names)}.", offered=names) from None
