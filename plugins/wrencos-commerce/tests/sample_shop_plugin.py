"""A whole plugin as a third party would write it: it imports only the facade and the contracts.

It takes ten per cent off from three pieces, sends nothing to Antarctica, brings a way to pay of its
own, and gives a point for each whole unit of money that is paid.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import Request, urlopen

from mongoengine import IntField, StringField
from pydantic import SecretStr

from wrencos_core.api import (
    Document,
    Identity,
    Platform,
    PluginInfo,
    Settings,
    Subscriber,
    hookimpl,
    money,
    new_id,
    new_row,
)
from wrencos_core.contracts.commerce import Adjustment, CartContents
from wrencos_core.contracts.orders import OrderPaid, ShippingAddress
from wrencos_core.contracts.payments import (
    BadSignature,
    GatewayEvent,
    GatewayRefused,
    GatewayReply,
    GatewayRequest,
    GatewayUnavailable,
    KnownPayment,
    PaymentKind,
    PaymentOutcome,
    PaymentStep,
    PaymentToMake,
    RefundEvent,
    RefundOutcome,
    RefundResult,
    RefundToMake,
    ReturnInfo,
    WebhookResult,
)

PLUGIN = PluginInfo(
    name="perks",
    title="Perks",
    description="A discount, a veto, a way to pay, and points.",
    version="1.0",
    core=">=0.1,<0.2",
)

_OUTCOMES = {"paid": PaymentOutcome.PAID, "declined": PaymentOutcome.FAILED}
_SECONDS = 10


class PerksSettings(Settings):
    """Where the coin gateway is; without a secret it is not offered."""

    section: ClassVar[str] = "perks"

    coin_url: str = ""
    coin_secret: SecretStr = SecretStr("")


class Points(Document):
    """The points of an order that was paid."""

    meta = {
        "collection": "perks_points",
        "indexes": [{"fields": ["order_id"], "unique": True, "name": "order"}],
    }
    id_prefix = "points"

    order_id = StringField(required=True)
    user_id = StringField()
    points = IntField(required=True, min_value=0)


class Coin:
    """Sends the customer to a page, and believes what is signed with the shared secret."""

    id = "coin"
    kind = PaymentKind.ONLINE
    names: Mapping[str, str] = {"vi": "Ví Coin", "en": "Coin wallet"}

    def __init__(self, url: str, secret: str) -> None:
        self._url = url
        self._secret = secret.encode()

    def accepts(self, amount: int, currency: str) -> bool:
        return amount > 0

    def create(self, payment: PaymentToMake) -> PaymentStep:
        asked = urlencode(
            {
                "reference": payment.reference,
                "amount": payment.amount,
                "currency": payment.currency,
                "return_url": payment.return_url,
            }
        )
        return PaymentStep(kind="redirect", url=f"{self._url}/pay?{asked}&sign={self._sign(asked)}")

    def parse_return(self, request: GatewayRequest) -> ReturnInfo:
        query = dict(request.query)
        said = f"{query.get('reference')}|{query.get('status')}"
        return ReturnInfo(
            reference=query.get("reference"),
            outcome=_OUTCOMES.get(query.get("status", ""), PaymentOutcome.PENDING),
            is_valid=hmac.compare_digest(self._sign(said), query.get("sign", "")),
        )

    def parse_webhook(self, request: GatewayRequest) -> Sequence[GatewayEvent | RefundEvent]:
        signature = request.headers.get("x-coin-sign", "")
        if not hmac.compare_digest(self._sign(request.body.decode("latin-1")), signature):
            raise BadSignature("x-coin-sign is not valid")
        said = json.loads(request.body)
        return [
            GatewayEvent(
                event_id=said["id"],
                outcome=_OUTCOMES.get(said["status"], PaymentOutcome.PENDING),
                reference=said["reference"],
                amount=said["amount"],
                currency=said["currency"],
                transaction_id=said["transaction"],
                fee=said["fee"],
            )
        ]

    def webhook_reply(self, result: WebhookResult) -> GatewayReply:
        again = {WebhookResult.REFUSED: 401, WebhookResult.FAILED: 503}
        return GatewayReply(status=again.get(result, 200), body={"result": result.value})

    def query(self, payment: KnownPayment) -> GatewayEvent | None:
        return None

    def refund(self, refund: RefundToMake) -> RefundResult:
        """Ask for it; the gateway knows the request by its id, so that twice is once."""
        body = json.dumps(
            {
                "request": refund.request_id,
                "transaction": refund.payment.transaction_id,
                "amount": refund.amount,
            }
        )
        answer = self._post("/refunds", body)
        return RefundResult(outcome=RefundOutcome.SUCCEEDED, gateway_refund_id=answer["id"])

    query_refund = refund

    def _post(self, path: str, body: str) -> Any:
        headers = {"X-Coin-Sign": self._sign(body), "Content-Type": "application/json"}
        request = Request(f"{self._url}{path}", body.encode(), headers)
        try:
            with urlopen(request, timeout=_SECONDS) as answer:
                return json.load(answer)
        except HTTPError as error:
            kind = GatewayUnavailable if error.code >= 500 else GatewayRefused
            raise kind(str(error)) from error
        except (URLError, OSError, ValueError) as error:
            raise GatewayUnavailable(str(error)) from error

    def _sign(self, text: str) -> str:
        return hmac.new(self._secret, text.encode("latin-1"), hashlib.sha256).hexdigest()


_gateways: dict[PerksSettings, Coin] = {}


@hookimpl
def register_settings() -> Sequence[type[Settings]]:
    return [PerksSettings]


@hookimpl
def register_models() -> Sequence[type[Document]]:
    return [Points]


@hookimpl
def register_subscribers(platform: Platform) -> Sequence[Subscriber]:
    return [Subscriber(OrderPaid, "perks.give_points", give_points)]


@hookimpl(optionalhook=True)
def commerce_adjust_cart(cart: CartContents, identity: Identity) -> Sequence[Adjustment]:
    if sum(line.quantity for line in cart.lines) < 3:
        return []
    return [Adjustment(code="perks.tenth", label="10 % off", amount=-cart.subtotal // 10)]


@hookimpl(optionalhook=True)
def commerce_validate_checkout(
    cart: CartContents, identity: Identity, address: ShippingAddress
) -> Sequence[str]:
    return ["We do not deliver to Antarctica."] if address.country == "AQ" else []


@hookimpl(optionalhook=True)
def commerce_payment_gateways(platform: Platform) -> Sequence[Coin]:
    settings = platform.settings_for(PerksSettings)
    secret = settings.coin_secret.get_secret_value()
    if not secret:
        return []
    return [_gateways.setdefault(settings, Coin(settings.coin_url, secret))]


def give_points(event: OrderPaid) -> None:
    """A point for each whole unit, once for an order however often the event comes."""
    if Points.raw().find_one({"order_id": event.order_id}, {"_id": 1}):
        return
    points = int(money.to_major(event.amount, event.currency))
    row = new_row(
        new_id(Points.id_prefix), order_id=event.order_id, user_id=event.user_id, points=points
    )
    Points.raw().insert_one(row)
