"""Which of the built-in gateways this shop offers: those whose settings are there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from wrencos_commerce.services.gateways.counter import Counter
from wrencos_commerce.services.gateways.on_delivery import CashOnDelivery
from wrencos_commerce.services.gateways.vnpay import VNPay
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform
from wrencos_core.contracts.payments import PaymentGateway


def configured(platform: Platform) -> Sequence[PaymentGateway]:
    """The gateways, the same objects each time; the settings made sure that none is half there."""
    return _gateways(platform.settings_for(CommerceSettings))


# Kept, as a gateway may remember a token.
@lru_cache(maxsize=16)
def _gateways(settings: CommerceSettings) -> tuple[PaymentGateway, ...]:
    gateways: list[PaymentGateway] = []
    if settings.cod_enabled:
        gateways.append(CashOnDelivery())
    if settings.cash_enabled:
        gateways.append(Counter())
    if settings.vnpay_tmn_code and settings.vnpay_secret:
        gateways.append(
            VNPay(
                tmn_code=settings.vnpay_tmn_code,
                secret=settings.vnpay_secret.get_secret_value(),
                pay_url=settings.vnpay_pay_url,
                api_url=settings.vnpay_api_url,
                timeout_seconds=settings.gateway_timeout_seconds,
            )
        )
    return tuple(gateways)
