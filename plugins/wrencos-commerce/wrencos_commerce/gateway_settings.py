"""How the shop is paid: the settings of the payment gateways, a part of those of commerce.

A gateway is offered when all of its settings are there. Half of them is a mistake that is told at
start, as a shop that meant to offer a gateway must not find out from its customers.
"""

from __future__ import annotations

from decimal import Decimal
from importlib.util import find_spec
from typing import Annotated, Any, ClassVar

from pydantic import Field, SecretStr, StringConstraints, ValidationInfo, field_validator

from wrencos_core.api import Settings

# Header and body values that must hold no line break nor anything outside of ASCII.
_Plain = Annotated[str, StringConstraints(pattern=r"^[!-~]*$", max_length=255)]
_Base = Annotated[str, StringConstraints(pattern=r"^https?://[!-~]+$", max_length=255)]

# https://developer.paypal.com/api/rest/reference/currency-codes/
PAYPAL_CURRENCIES = frozenset(
    {
        *("AUD", "BRL", "CAD", "CHF", "CNY", "CZK", "DKK", "EUR", "GBP", "HKD", "HUF", "ILS"),
        *("JPY", "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "SEK", "SGD", "THB", "TWD", "USD"),
    }
)

# What is needed together; each is checked with the last of its fields.
_TOGETHER = {
    "vnpay_secret": ("vnpay_tmn_code",),
    "stripe_webhook_secret": ("stripe_api_key",),
    "paypal_webhook_id": ("paypal_client_id", "paypal_secret"),
    "paypal_exchange_rate": ("paypal_currency",),
    "bank_account_name": ("bank_bin", "bank_account"),
}


class GatewaySettings(Settings):
    """The fields of the gateways; CommerceSettings has them."""

    section: ClassVar[str] = "commerce"

    gateway_timeout_seconds: float = Field(
        15, ge=0.1, le=45, description="Longest wait for an answer of a payment gateway."
    )
    cod_enabled: bool = Field(default=True, description="Offer cash on delivery.")
    cash_enabled: bool = Field(default=True, description="Let staff take money at the counter.")

    vnpay_tmn_code: str = Field(
        "", pattern=r"^([A-Za-z0-9_]{1,32})?$", description="VNPay: the terminal code."
    )
    vnpay_secret: SecretStr | None = Field(
        None, validate_default=True, description="VNPay: the secret that signs."
    )
    vnpay_pay_url: _Base = Field(
        "https://sandbox.vnpayment.vn/paymentv2/vpcpay.html",
        description="VNPay: the page where customers pay. The default is the sandbox.",
    )
    vnpay_api_url: _Base = Field(
        "https://sandbox.vnpayment.vn/merchant_webapi/api/transaction",
        description="VNPay: where queries and refunds go. The default is the sandbox.",
    )

    stripe_api_key: SecretStr | None = Field(
        None, description="Stripe: the secret key. Needs the extra `wrencos-commerce[stripe]`."
    )
    stripe_webhook_secret: SecretStr | None = Field(
        None, validate_default=True, description="Stripe: the signing secret of the webhook."
    )
    stripe_api_base: _Base = Field("https://api.stripe.com", description="Stripe: its API.")

    paypal_client_id: _Plain = Field("", description="PayPal: the client id of the app.")
    paypal_secret: SecretStr | None = Field(None, description="PayPal: the secret of the app.")
    paypal_webhook_id: _Plain = Field(
        "", validate_default=True, description="PayPal: the id of the webhook."
    )
    paypal_api_base: _Base = Field(
        "https://api-m.sandbox.paypal.com", description="PayPal: its API. The default: the sandbox."
    )
    paypal_currency: str = Field(
        "", description="PayPal: what to charge in, where PayPal lacks the shop's currency."
    )
    paypal_exchange_rate: Decimal | None = Field(
        None,
        gt=0,
        max_digits=18,
        decimal_places=6,
        validate_default=True,
        description="PayPal: units of the shop's currency for one of `paypal_currency`.",
    )

    bank_bin: str = Field(
        "", pattern=r"^([0-9]{6})?$", description="Bank transfer: BIN of the shop's bank (NAPAS)."
    )
    bank_account: str = Field(
        "", pattern=r"^([A-Za-z0-9]{1,19})?$", description="Bank transfer: number of the account."
    )
    bank_account_name: str = Field(
        "", max_length=80, validate_default=True, description="Bank transfer: its holder."
    )
    bank_name: str = Field("", max_length=80, description="Bank transfer: the bank, to be shown.")
    bank_webhook_secret: SecretStr | None = Field(
        None,
        description="Bank transfer: signs the messages of incoming transfers. Without one staff "
        "confirm them by hand.",
    )

    @field_validator("vnpay_secret", "stripe_api_key", "stripe_webhook_secret", "paypal_secret")
    @classmethod
    def _plain_secret(cls, value: SecretStr | None) -> SecretStr | None:
        text = value.get_secret_value() if value else ""
        if not all("!" <= char <= "~" for char in text):
            raise ValueError("must hold no blanks and nothing outside of ASCII")
        return value if text else None

    @field_validator("stripe_api_key")
    @classmethod
    def _has_package(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and find_spec("stripe") is None:
            raise ValueError("needs a package: pip install 'wrencos-commerce[stripe]'")
        return value

    @field_validator("stripe_api_base", "paypal_api_base")
    @classmethod
    def _no_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("bank_webhook_secret")
    @classmethod
    def _unguessable(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value().encode()) < 16:
            raise ValueError("needs at least 16 bytes")
        return value

    @field_validator("paypal_currency")
    @classmethod
    def _offered_currency(cls, value: str) -> str:
        if value and value not in PAYPAL_CURRENCIES:
            raise ValueError(f"PayPal offers {', '.join(sorted(PAYPAL_CURRENCIES))}")
        return value

    @field_validator(*_TOGETHER)
    @classmethod
    def _whole(cls, value: Any, info: ValidationInfo) -> Any:
        """Refuse a gateway of which a part is set and another is missing."""
        name = str(info.field_name)
        others = [other for other in _TOGETHER[name] if other in info.data]
        given = {name: value, **{other: info.data[other] for other in others}}
        missing = [cls.environment_name(key) for key, it in given.items() if not it]
        if missing and len(missing) < len(given):
            raise ValueError(f"what belongs to it is not complete: set {', '.join(missing)} too")
        return value
