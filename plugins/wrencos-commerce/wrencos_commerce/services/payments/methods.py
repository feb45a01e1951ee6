"""The ways to pay: what plugins bring through `commerce_payment_gateways`, by id."""

from __future__ import annotations

from wrencos_commerce.errors import UnknownPaymentMethod
from wrencos_commerce.services.gateways.exchange import NAMES
from wrencos_core.api import Platform
from wrencos_core.contracts.payments import PaymentGateway, PaymentKind

# From a few cents to millions: what takes none of them does not take the currency.
_SOME = [10**digits for digits in range(2, 10)]


class PaymentMethods:
    """Finds gateways. Of two with one id the first counts, in the order of the plugins' names; the
    ids `exchange` and `by_hand` are what commerce books credit by, and no gateway's."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def all(self) -> dict[str, PaymentGateway]:
        """Every configured gateway by its id."""
        answers = self._platform.hook.commerce_payment_gateways(platform=self._platform)
        found: dict[str, PaymentGateway] = {}
        for answer in answers:
            for gateway in answer:
                if gateway.id not in NAMES:
                    found.setdefault(gateway.id, gateway)
        return found

    def find(self, id: str) -> PaymentGateway | None:
        """The gateway with this id, or None when it is not configured (any more)."""
        return self.all().get(id)

    def name(self, id: str, locale: str) -> str:
        """What customers read; the id itself of a gateway that is not configured (any more)."""
        gateway = self.find(id)
        names = gateway.names if gateway else NAMES.get(id, {})
        return names.get(locale) or names.get("en") or id

    def offered(self, amount: int | None, currency: str) -> list[PaymentGateway]:
        """What customers may choose for so much, or for some amount when None."""
        amounts = _SOME if amount is None else [amount]
        return [
            gateway
            for gateway in self.all().values()
            if gateway.kind != PaymentKind.COUNTER
            and any(gateway.accepts(sum, currency) for sum in amounts)
        ]

    def chosen(
        self, id: str, amount: int, currency: str, *, by_staff: bool = False
    ) -> PaymentGateway:
        """The gateway that somebody chose for an order; raises UnknownPaymentMethod.

        Nothing has to be paid where the amount is 0, so every gateway takes that.
        """
        gateway = self.find(id)
        offered = by_staff or (gateway is not None and gateway.kind != PaymentKind.COUNTER)
        if gateway is not None and offered and (not amount or gateway.accepts(amount, currency)):
            return gateway
        names = sorted(gateway.id for gateway in self.offered(amount or None, currency))
        raise UnknownPaymentMethod(f"Offered are: {', '.join(names) or 'none'}.", offered=names)
