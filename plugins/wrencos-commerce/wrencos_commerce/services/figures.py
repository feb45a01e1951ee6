"""Figures for /metrics: counts that an index answers without reading documents."""

from __future__ import annotations

from collections.abc import Sequence

from wrencos_commerce.models.order import TRANSITIONS, Order
from wrencos_commerce.models.payment_review import PaymentReview
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.refund import FINAL_REFUNDS, Refund, RefundState
from wrencos_core.api import Metric


def metrics() -> Sequence[Metric]:
    """Products for sale and sold out, and what somebody must still work on."""
    count = Product.raw().count_documents
    figures = [
        Metric(
            "wrencos_commerce_products_active", "Products for sale.", count({"is_active": True})
        ),
        Metric(
            "wrencos_commerce_products_sold_out",
            "Products for sale of which none is in stock.",
            count({"is_active": True, "inventory": 0}),
        ),
    ]
    figures += [
        Metric(
            "wrencos_commerce_payment_reviews_open",
            "Payments that a human must decide about.",
            PaymentReview.raw().count_documents({"state": "open"}),
        ),
        *(
            Metric(
                "wrencos_commerce_refunds_open",
                "Refunds that have not gone through yet.",
                Refund.raw().count_documents({"state": state.value}),
                {"state": state.value},
            )
            for state in RefundState
            if state not in FINAL_REFUNDS
        ),
    ]
    open_statuses = [status.value for status, following in TRANSITIONS.items() if following]
    return figures + [
        Metric(
            "wrencos_commerce_orders_open",
            "Orders that are not delivered or cancelled.",
            Order.raw().count_documents({"status": status}),
            {"status": status},
        )
        for status in open_statuses
    ]
