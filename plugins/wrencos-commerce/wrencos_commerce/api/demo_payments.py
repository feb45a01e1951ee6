"""/api/payments/demo: the page of the payment method that takes no money, in demos alone"""

from __future__ import annotations

from flask import Response, redirect, request
from markupsafe import Markup
from werkzeug.wrappers import Response as WerkzeugResponse

from wrencos_commerce.api.plain_pages import plain_page
from wrencos_commerce.services.gateways.demo_page import DemoMessage, DemoPage
from wrencos_commerce.services.payments.methods import PaymentMethods
from wrencos_commerce.services.payments.queries import PaymentQueries
from wrencos_commerce.services.payments.webhooks import Webhooks
from wrencos_commerce.views.base import Row
from wrencos_core.api import Money, NotFound, money
from wrencos_core.contracts.payments import PaymentOutcome
from wrencos_core.web import PUBLIC, Blueprint, current_platform, service

blp = Blueprint(
    "demo_payments", __name__, url_prefix="/payments/demo", description="Payments in a demo."
)

_BUTTONS = {
    PaymentOutcome.PAID: "Pay",
    PaymentOutcome.FAILED: "Let it fail",
    PaymentOutcome.CANCELLED: "Give up",
}


@blp.get("/<reference>", access=PUBLIC)
@blp.response(200, {"type": "string"}, content_type="text/html")
def show_demo_page(reference: str) -> Response:
    """Show the page where a demo's customer pays without money; 404 in a real shop."""
    _, payment = _found(reference)
    amount = money.format_money(Money(payment["amount"], payment["currency"]), "en")
    buttons = Markup("").join(
        Markup('<p><button name="outcome" value="{}">{}</button></p>').format(outcome.value, label)
        for outcome, label in _BUTTONS.items()
    )
    text = Markup('<p>{} for {}. No money is taken.</p><form method="post">{}</form>')
    return plain_page("Demo payment", text.format(amount, payment["order_id"], buttons), "en")


@blp.post("/<reference>", access=PUBLIC)
@blp.response(303, description="Back to the shop.")
def press_button(reference: str) -> WerkzeugResponse:
    """Press a button of the demo's page: its signed message reaches the shop, as any gateway's."""
    gateway, payment = _found(reference)
    pressed = request.form.get("outcome", "")
    outcome = next((o for o in _BUTTONS if o.value == pressed), PaymentOutcome.CANCELLED)
    message = DemoMessage(reference, outcome, payment["amount"], payment["currency"])
    service(Webhooks).receive(gateway.id, gateway.message(message))
    base = current_platform().settings.base_url.rstrip("/")
    return redirect(f"{base}/api/payments/return/{gateway.id}/{reference}", 303)


def _found(reference: str) -> tuple[DemoPage, Row]:
    gateway = service(PaymentMethods).find(DemoPage.id)
    if not isinstance(gateway, DemoPage):
        raise NotFound("This is no demo.")
    payment = service(PaymentQueries).by_reference(DemoPage.id, reference)
    return gateway, payment
