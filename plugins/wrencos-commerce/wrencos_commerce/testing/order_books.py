"""Whether orders, payments, refunds and stock tell the same: for tests, over the whole database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from wrencos_commerce.models.order import Order, OrderStatus, OrderStock, PaymentStatus
from wrencos_commerce.models.payment import OPEN_STATES, Payment
from wrencos_commerce.models.payment_review import PaymentReview, ReviewReason
from wrencos_commerce.models.refund import Refund, RefundState
from wrencos_commerce.models.stock_movement import StockMovement
from wrencos_commerce.services.gateways.exchange import EXCHANGE
from wrencos_commerce.services.stock_audit import StockAudit
from wrencos_core.api import money

Row = Mapping[str, Any]
# What a gateway has in its books, by our reference: `{"paid": {…}, "refunded": {…}}`. Whole numbers
# are minor units, texts are major ones.
Books = Mapping[str, Mapping[str, int | str]]

_STOCKS = {
    OrderStatus.PENDING: {OrderStock.HELD, OrderStock.RELEASED},
    OrderStatus.CANCELLED: {OrderStock.RELEASED, OrderStock.RETURNED},
}
_OF_ORDERS = ["sale", "cancelled", "refused_parcel"]
_HOLDING = [ReviewReason.AMOUNT_MISMATCH, ReviewReason.SUSPICIOUS, ReviewReason.UNDERPAID]
_AT_GATEWAY = (RefundState.SUCCEEDED, RefundState.PROCESSING)
_IN_DOUBT = (RefundState.REQUESTED, RefundState.SUBMITTED, RefundState.UNKNOWN)


def differences(gateways: Mapping[str, Books]) -> list[str]:
    """Whatever does not add up; nothing, if all does.

    `gateways`: the books of gateways by their id. What they know and nobody has told us of yet is
    a difference too.
    """
    found = [str(one) for one in StockAudit().differences()]
    refunds: dict[str, list[Row]] = {}
    for refund in Refund.raw().find():
        refunds.setdefault(refund["payment_id"], []).append(refund)
    payments: dict[str, list[Row]] = {}
    for payment in Payment.raw().find():
        payments.setdefault(payment["order_id"], []).append(payment)
        of_payment = refunds.get(payment["_id"], [])
        found += _of_payment(payment, of_payment)
        if payment["method"] in gateways:
            found += _of_gateway(payment, of_payment, gateways[payment["method"]])
    for order in Order.raw().find():
        attempts = payments.pop(order["_id"], [])
        of_order = [refund for one in attempts for refund in refunds.get(one["_id"], [])]
        found += _of_stock(order)
        found += _of_order(order, attempts)
        found += _of_refunds(order, of_order)
    found += _of_credit()
    return found + [f"payments of an order that is not there: {id}" for id in payments]


def _unlike(what: str, expected: Any, got: Any) -> Iterator[str]:
    if expected != got:
        yield f"{what}: expected {expected}, found {got}"


def _of_payment(payment: Row, refunds: Sequence[Row]) -> Iterator[str]:
    id = payment["_id"]
    alive = [refund for refund in refunds if refund["state"] != RefundState.REJECTED]
    done = [refund for refund in refunds if refund["state"] == RefundState.SUCCEEDED]
    yield from _unlike(f"{id} reserved", _sum(alive, "amount"), payment["refund_reserved"])
    yield from _unlike(f"{id} refunded", _sum(done, "amount"), payment["refunded"])
    if not payment["refunded"] <= payment["refund_reserved"] <= payment["received"]:
        yield f"{id}: more goes back than came in"
    is_open = payment["state"] in OPEN_STATES
    yield from _unlike(f"{id} open for", is_open, payment.get("open_for") is not None)
    is_paid = payment["state"] in ("paid", "partially_refunded", "refunded")
    has_all = payment["received"] >= payment["amount"] and payment.get("paid_at") is not None
    if is_paid != has_all:
        yield f"{id}: is {payment['state']} with {payment['received']} received"


def _of_gateway(payment: Row, refunds: Sequence[Row], books: Books) -> Iterator[str]:
    id, reference = payment["_id"], payment["reference"]
    currency = payment.get("charged_currency") or payment["currency"]
    charged = payment.get("charged_amount") or payment["received"]
    received = charged if payment["received"] else 0
    paid = _minor(books["paid"].get(reference, 0), currency)
    yield from _unlike(f"{id} paid at the gateway", paid, received)
    if any(refund["state"] in _IN_DOUBT for refund in refunds):
        yield f"{id}: a refund is not settled"
        return
    back = sum(
        refund.get("charged_amount", refund["amount"])
        for refund in refunds
        if refund["state"] in _AT_GATEWAY and refund["method"] == payment["method"]
    )
    refunded = _minor(books["refunded"].get(reference, 0), currency)
    yield from _unlike(f"{id} refunded at the gateway", refunded, back)


def _minor(amount: int | str, currency: str) -> int:
    return amount if isinstance(amount, int) else money.to_minor(Decimal(amount), currency)


def _of_credit() -> Iterator[str]:
    """What was given as credit for the goods of a return is what was paid by it, once."""
    given: Counter[str] = Counter()
    for refund in Refund.raw().find({"method": EXCHANGE}):
        given[refund["return_id"]] += refund["amount"]
        if refund["state"] != RefundState.SUCCEEDED:
            yield f"{refund['_id']}: a credit is {refund['state']}"
    taken: Counter[str] = Counter()
    for payment in Payment.raw().find({"method": EXCHANGE}):
        order = Order.raw().find_one({"_id": payment["order_id"]}) or {}
        taken[str(order.get("exchange_for"))] += payment["received"]
    yield from _unlike("credit", dict(given), {id: sum for id, sum in taken.items() if sum})


def _of_stock(order: Row) -> Iterator[str]:
    id, status = order["_id"], OrderStatus(order["status"])
    allowed = _STOCKS.get(status, {OrderStock.TAKEN})
    if order["stock"] not in allowed:
        yield f"{id}: is {status} and its stock {order['stock']}"
    gone: Counter[str] = Counter()
    query = {"reference": id, "reason": {"$in": _OF_ORDERS}}
    for movement in StockMovement.raw().find(query):
        gone[movement["variant_id"]] -= movement["quantity"]
    is_taken = order["stock"] == OrderStock.TAKEN
    for line in order["lines"]:
        expected = line["quantity"] if is_taken else 0
        yield from _unlike(f"{id} in the ledger", expected, gone[line["variant_id"]])
    if order.get("hold_until") and order["stock"] != OrderStock.HELD:
        yield f"{id}: has an end of what is not held"
    if order.get("pay_until") and status is not OrderStatus.PENDING:
        yield f"{id}: waits for its payment and is {status}"


def _of_order(order: Row, payments: Sequence[Row]) -> Iterator[str]:
    id, status = order["_id"], order["payment_status"]
    counted = [payment for payment in payments if payment["is_counted"]]
    is_paid = status not in (PaymentStatus.PENDING, PaymentStatus.VOID)
    by_credit = [payment for payment in counted if payment["method"] == EXCHANGE]
    credit = _sum(by_credit, "amount")
    is_covered = bool(by_credit) and credit == order["total_price"]
    in_money = len(counted) - len(by_credit)
    yield from _unlike(f"{id} counted payments", int(is_paid and not is_covered), in_money)
    yield from _unlike(f"{id} paid", order["total_price"] if is_paid else credit, order["paid"])
    yield from _unlike(f"{id} counted", order["paid"], _sum(counted, "amount"))
    if len(by_credit) > 1 or (by_credit and not order.get("exchange_for")):
        yield f"{id}: is paid by credit, and replaces nothing"
    told = (
        Order.raw()
        .database["core_events"]
        .count_documents({"name": "commerce.order_paid", "payload.order_id": id})
    )
    yield from _unlike(f"{id} events of payment", int(is_paid), told)
    is_open = any(payment.get("open_for") for payment in payments)
    if is_open and (is_paid or order["status"] == OrderStatus.CANCELLED):
        yield f"{id}: is {order['status']} and {status}, and could be paid"
    if order["status"] == OrderStatus.PENDING and order.get("pay_until") is None:
        reasons = [ReviewReason.OUT_OF_STOCK.value] if is_paid else [it.value for it in _HOLDING]
        query = {"order_id": id, "state": "open", "reason": {"$in": reasons}}
        if PaymentReview.raw().find_one(query) is None:
            yield f"{id}: waits for a human whom nobody asked"


def _of_refunds(order: Row, refunds: Sequence[Row]) -> Iterator[str]:
    id = order["_id"]
    of_price = [refund for refund in refunds if refund["lines"] or refund["charges"]]
    alive = [refund for refund in of_price if refund["state"] != RefundState.REJECTED]
    done = [refund for refund in of_price if refund["state"] == RefundState.SUCCEEDED]
    yield from _unlike(f"{id} refunded", _sum(done, "amount"), order["refunded"])
    if order["paid"] and order["refunded"]:
        is_all = order["refunded"] >= order["paid"]
        status = PaymentStatus.REFUNDED if is_all else PaymentStatus.PARTIALLY_REFUNDED
        yield from _unlike(f"{id} payment", status, order["payment_status"])
    for kind, key in (("lines", "variant_id"), ("charges", "code")):
        for part in order[kind]:
            parts = [it for refund in alive for it in refund[kind] if it[key] == part[key]]
            what = f"{id} {part[key]}"
            yield from _unlike(f"{what} refunded", _sum(parts, "amount"), part["refunded"])
            tax = part.get("refunded_tax", 0)
            yield from _unlike(f"{what} refunded tax", _sum(parts, "tax"), tax)
            if part["refunded"] > part["total"] or tax > part["tax"]:
                yield f"{what}: more went back than was paid"
            if kind == "lines":
                pieces = _sum(parts, "quantity")
                yield from _unlike(f"{what} refunded pieces", pieces, part["refunded_pieces"])
                if pieces > part["quantity"]:
                    yield f"{what}: more pieces went back than were bought"


def _sum(rows: Sequence[Row], name: str) -> int:
    return sum(row[name] for row in rows)
