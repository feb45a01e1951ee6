"""Credit for goods that came back: no money moves, and nobody can choose it."""

from __future__ import annotations

from collections.abc import Mapping

from wrencos_commerce.services.gateways.by_hand import PaidByHand
from wrencos_core.contracts.payments import PaymentKind

# The method of a payment by credit, and of the refund that gave the credit.
EXCHANGE = "exchange"
# The method of a refund of such a payment: no gateway has the money, so the staff pay it.
BY_HAND = "by_hand"
NAMES: Mapping[str, Mapping[str, str]] = {
    EXCHANGE: {"vi": "Đổi hàng", "en": "Exchange"},
    BY_HAND: {"vi": "Cửa hàng hoàn tiền", "en": "By the shop"},
}


class ExchangeCredit(PaidByHand):
    """Stands for the credit where an order is placed; its payments are paid when they are made."""

    id = EXCHANGE
    kind = PaymentKind.COUNTER
    names: Mapping[str, str] = NAMES[EXCHANGE]
