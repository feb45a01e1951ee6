"""Money at the counter: the staff takes it."""

from __future__ import annotations

from collections.abc import Mapping

from wrencos_commerce.services.gateways.by_hand import PaidByHand
from wrencos_core.contracts.payments import PaymentKind


class Counter(PaidByHand):
    """The gateway `cash`."""

    id = "cash"
    kind = PaymentKind.COUNTER
    names: Mapping[str, str] = {"vi": "Tại quầy", "en": "At the counter"}
