"""Cash on delivery: the carrier brings the money."""

from __future__ import annotations

from collections.abc import Mapping

from wrencos_commerce.services.gateways.by_hand import PaidByHand
from wrencos_core.contracts.payments import PaymentKind


class CashOnDelivery(PaidByHand):
    """The gateway `cod`."""

    id = "cod"
    kind = PaymentKind.ON_DELIVERY
    names: Mapping[str, str] = {"vi": "Thanh toán khi nhận hàng", "en": "Cash on delivery"}
