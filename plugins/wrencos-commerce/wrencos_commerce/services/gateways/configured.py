"""Which of the built-in gateways this shop offers: those whose settings are there."""

from __future__ import annotations

from collections.abc import Sequence
from weakref import WeakKeyDictionary

from pydantic import SecretStr

from wrencos_commerce.services.gateways.bank_transfer import BankTransfer
from wrencos_commerce.services.gateways.counter import Counter
from wrencos_commerce.services.gateways.demo_page import DemoPage
from wrencos_commerce.services.gateways.on_delivery import CashOnDelivery
from wrencos_commerce.services.gateways.paypal import PayPal
from wrencos_commerce.services.gateways.stripe_checkout import StripeCheckout
from wrencos_commerce.services.gateways.vnpay import VNPay
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform
from wrencos_core.contracts.payments import PaymentGateway

# Kept, as a gateway may remember a token.
_made: WeakKeyDictionary[Platform, Sequence[PaymentGateway]] = WeakKeyDictionary()


def configured(platform: Platform) -> Sequence[PaymentGateway]:
    """The gateways, the same objects each time; the settings made sure that none is half there.

    A demo has one more that takes no money, and a bank account that is none.
    """
    if platform not in _made:
        gateways = _gateways(platform.settings_for(CommerceSettings))
        if platform.settings.environment == "demo":
            gateways += _of_demo(platform.settings.base_url, platform.secret_key)
        _made[platform] = gateways
    return _made[platform]


def _gateways(settings: CommerceSettings) -> tuple[PaymentGateway, ...]:
    gateways: list[PaymentGateway | None] = [
        CashOnDelivery() if settings.cod_enabled else None,
        Counter() if settings.cash_enabled else None,
        _bank_transfer(settings),
        _vnpay(settings),
        _stripe(settings),
        _paypal(settings),
    ]
    return tuple(gateway for gateway in gateways if gateway is not None)


def _of_demo(base_url: str, secret: str) -> tuple[PaymentGateway, ...]:
    """No bank has this BIN, so that nobody can pay by mistake."""
    bank = BankTransfer(
        bank_bin="999999",
        account="0000000000",
        account_name="DEMO KHONG CHUYEN TIEN",
        bank_name="Demo Bank",
        webhook_secret=secret,
    )
    return (DemoPage(base_url, secret), bank)


def _bank_transfer(settings: CommerceSettings) -> PaymentGateway | None:
    if not settings.bank_account:
        return None
    return BankTransfer(
        bank_bin=settings.bank_bin,
        account=settings.bank_account,
        account_name=settings.bank_account_name,
        bank_name=settings.bank_name,
        webhook_secret=_text(settings.bank_webhook_secret) or None,
    )


def _vnpay(settings: CommerceSettings) -> PaymentGateway | None:
    if not settings.vnpay_tmn_code:
        return None
    return VNPay(
        tmn_code=settings.vnpay_tmn_code,
        secret=_text(settings.vnpay_secret),
        pay_url=settings.vnpay_pay_url,
        api_url=settings.vnpay_api_url,
        timeout_seconds=settings.gateway_timeout_seconds,
    )


def _stripe(settings: CommerceSettings) -> PaymentGateway | None:
    if settings.stripe_api_key is None:
        return None
    return StripeCheckout(
        api_key=_text(settings.stripe_api_key),
        webhook_secret=_text(settings.stripe_webhook_secret),
        api_base=settings.stripe_api_base,
        timeout_seconds=settings.gateway_timeout_seconds,
    )


def _paypal(settings: CommerceSettings) -> PaymentGateway | None:
    if not settings.paypal_client_id:
        return None
    return PayPal(
        client_id=settings.paypal_client_id,
        secret=_text(settings.paypal_secret),
        webhook_id=settings.paypal_webhook_id,
        api_base=settings.paypal_api_base,
        currency=settings.paypal_currency,
        rate=settings.paypal_exchange_rate,
        timeout_seconds=settings.gateway_timeout_seconds,
    )


def _text(secret: SecretStr | None) -> str:
    return secret.get_secret_value() if secret else ""
