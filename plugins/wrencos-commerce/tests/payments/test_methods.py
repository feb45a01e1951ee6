"""Which ways to pay a shop offers."""

from __future__ import annotations

from types import ModuleType
from typing import Any

from wrencos_commerce import plugin
from wrencos_commerce.services.gateways.by_hand import PaidByHand
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.settings import CommerceSettings
from wrencos_commerce.testing.fake_vnpay import FakeVNPay
from wrencos_core.api import Platform, PluginInfo, hookimpl
from wrencos_core.contracts.payments import PaymentKind

BANK = {"bank_bin": "970416", "bank_account": "257678859", "bank_account_name": "DEMO"}


def offered(platform: Platform, amount: int | None) -> set[str]:
    methods = platform.services.require(PaymentMethods)
    return {gateway.id for gateway in methods.offered(amount, platform.settings.currency)}


def test_what_is_not_configured_is_not_offered(make_platform: Any) -> None:
    assert offered(make_platform(currency="VND"), None) == {"cod"}
    off = {CommerceSettings: {"cod_enabled": False}}
    assert offered(make_platform(settings=off, currency="VND"), None) == set()


def test_what_takes_another_currency_is_not_offered(make_platform: Any, vnpay: FakeVNPay) -> None:
    keys = {"vnpay_tmn_code": vnpay.tmn_code, "vnpay_secret": vnpay.secret}
    settings = {CommerceSettings: {**BANK, **keys}}
    in_dong = make_platform(settings=settings, currency="VND")
    assert offered(in_dong, None) == {"cod", "bank_transfer", "vnpay"}
    assert offered(in_dong, 4_999) == {"cod", "bank_transfer"}
    assert offered(make_platform(settings=settings, currency="USD"), None) == {"cod"}


def test_money_at_the_counter_is_for_the_staff(shopper: Any, serum: str) -> None:
    item = {"productId": serum}
    assert shopper.caller.post("/api/cart/items", json=item).status_code == 201
    body = {**shopper.purchase, "paymentMethodId": "cash"}
    refused = shopper.caller.post("/api/cart/checkout", json=body)
    assert refused.status_code == 422
    known = ["bank_transfer", "cod", "paypal", "stripe", "vnpay"]
    assert refused.get_json()["offered"] == known


class Swap(PaidByHand):
    """A gateway of a plugin that takes a name which is taken."""

    id = "exchange"
    kind = PaymentKind.ON_DELIVERY
    names = {"en": "Swap"}


def test_no_gateway_has_the_name_of_credit(make_platform: Any) -> None:
    other = ModuleType("swaps")
    other.PLUGIN = PluginInfo(  # type: ignore[attr-defined]
        name="swaps", title="Swaps", description="", version="1.0", core=">=0.1,<0.2"
    )

    @hookimpl(optionalhook=True)
    def commerce_payment_gateways(platform: Platform) -> list[Swap]:
        return [Swap()]

    other.commerce_payment_gateways = commerce_payment_gateways  # type: ignore[attr-defined]
    platform = make_platform({"commerce": plugin, "swaps": other}, currency="VND")
    methods = platform.services.require(PaymentMethods)
    assert methods.find("exchange") is None
    assert methods.name("exchange", "en") == "Exchange"
    assert offered(platform, 1000) == {"cod"}
