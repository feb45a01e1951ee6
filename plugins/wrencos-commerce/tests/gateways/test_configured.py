"""Which gateways a shop offers, and what half a configuration is told."""

from __future__ import annotations

from typing import Any

import pytest

from wrencos_commerce.services.gateways.configured import configured
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import Platform
from wrencos_core.settings import SettingsError, Sources, load

VNPAY = {"vnpay_tmn_code": "TESTTMN1", "vnpay_secret": "secret-of-vnpay"}

BANK = {"bank_bin": "970416", "bank_account": "257678859", "bank_account_name": "WRENCOS"}
STRIPE = {"stripe_api_key": "sk_test_1", "stripe_webhook_secret": "whsec_1"}
PAYPAL = {"paypal_client_id": "A", "paypal_secret": "B", "paypal_webhook_id": "C"}


def offered(make_platform: Any, **settings: Any) -> list[str]:
    platform: Platform = make_platform(settings={CommerceSettings: settings})
    return [gateway.id for gateway in configured(platform)]


def problems(**settings: str) -> list[str]:
    environ = {CommerceSettings.environment_name(name): text for name, text in settings.items()}
    with pytest.raises(SettingsError) as caught:
        load([CommerceSettings], Sources(environ, {}))
    return caught.value.problems


def test_without_settings_people_take_the_money(make_platform: Any) -> None:
    assert offered(make_platform) == ["cod", "cash"]


def test_both_can_be_switched_off(make_platform: Any) -> None:
    assert offered(make_platform, cod_enabled=False, cash_enabled=False) == []


@pytest.mark.parametrize(
    ("settings", "id"),
    [(VNPAY, "vnpay"), (BANK, "bank_transfer"), (STRIPE, "stripe"), (PAYPAL, "paypal")],
)
def test_what_is_set_is_offered(make_platform: Any, settings: Any, id: str) -> None:
    assert offered(make_platform, **settings) == ["cod", "cash", id]


def test_they_are_the_same_objects_each_time_and_reach_the_hook(make_platform: Any) -> None:
    platform: Platform = make_platform(settings={CommerceSettings: VNPAY})
    first, second = configured(platform), configured(platform)
    assert [id(gateway) for gateway in first] == [id(gateway) for gateway in second]
    [answered] = platform.hook.commerce_payment_gateways(platform=platform)
    assert list(answered) == list(first)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"vnpay_tmn_code": "TESTTMN1"}, ["VNPAY_SECRET"]),
        ({"vnpay_secret": "x"}, ["VNPAY_TMN_CODE"]),
        ({"stripe_api_key": "sk_test_1"}, ["STRIPE_WEBHOOK_SECRET"]),
        ({"stripe_webhook_secret": "whsec_1"}, ["STRIPE_API_KEY"]),
        ({"paypal_client_id": "A"}, ["PAYPAL_SECRET", "PAYPAL_WEBHOOK_ID"]),
        ({"paypal_currency": "USD"}, ["PAYPAL_EXCHANGE_RATE"]),
        ({"bank_bin": "970416"}, ["BANK_ACCOUNT", "BANK_ACCOUNT_NAME"]),
        ({"bank_account_name": "LAN"}, ["BANK_BIN", "BANK_ACCOUNT"]),
    ],
)
def test_half_a_configuration_is_a_mistake_that_names_the_rest(
    settings: dict[str, str], named: list[str]
) -> None:
    [problem] = problems(**settings)
    told = problem.partition("set ")[2].removesuffix(" too").split(", ")
    assert sorted(told) == sorted(f"WRENCOS_COMMERCE_{name}" for name in named)


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({**VNPAY, "vnpay_secret": "hush\nhush"}, "VNPAY_SECRET"),
        ({**VNPAY, "vnpay_tmn_code": "A|B"}, "VNPAY_TMN_CODE"),
        ({"vnpay_pay_url": "ftp://x"}, "VNPAY_PAY_URL"),
        ({"paypal_currency": "GOLD", "paypal_exchange_rate": "2"}, "PAYPAL_CURRENCY"),
        ({"paypal_currency": "USD", "paypal_exchange_rate": "0"}, "PAYPAL_EXCHANGE_RATE"),
        ({"bank_webhook_secret": "hush"}, "BANK_WEBHOOK_SECRET"),
    ],
)
def test_a_mistake_is_told_without_the_secret(settings: dict[str, str], named: str) -> None:
    told = problems(**settings)
    assert [line.split(":")[0] for line in told] == [f"WRENCOS_COMMERCE_{named}"]
    assert "hush" not in str(told)


def test_secrets_are_not_shown() -> None:
    settings = CommerceSettings(**VNPAY)
    assert "secret-of-vnpay" not in f"{settings!r} {settings.shown()}"


def test_stripe_without_its_package_is_told_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wrencos_commerce.gateway_settings.find_spec", lambda name: None)
    [problem] = problems(**STRIPE)
    assert "wrencos-commerce[stripe]" in problem
