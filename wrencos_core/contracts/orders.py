"""What commerce tells other plugins of orders, and what they may ask it. Amounts are in minor
units."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from wrencos_core.contracts.commerce import Adjustment
from wrencos_core.events import Event


class ShippingAddress(msgspec.Struct, frozen=True, kw_only=True):
    """Where an order goes; `country` is ISO 3166-1 alpha-2."""

    street: str
    city: str
    country: str
    state: str | None = None
    zip: str | None = None
    name: str | None = None
    phone: str | None = None


class OrderLine(msgspec.Struct, frozen=True, kw_only=True):
    """What was bought, as it was then. `cost_price` is None when the shop had recorded none.

    `variant_name` tells the variants of a product apart: "Rosewood, 30 ml"; an order has a variant
    in one line at most. `line_total` is price times quantity, `discount` (0 or more) the line's
    share of all discounts, `tax` the tax of the line at `tax_rate` per cent (a decimal text), and
    `total` what the customer pays for the line, tax included.
    """

    product_id: str
    variant_id: str
    sku: str
    name: str
    quantity: int
    price: int
    cost_price: int | None
    line_total: int
    discount: int
    tax_rate: str
    tax: int
    total: int
    category_id: str | None = None
    variant_name: str | None = None
    image_url: str | None = None


class OrderCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What is paid besides the goods: `shipping`, or a fee of a plugin by its code.

    `total` = `amount` less `discount`, with `tax` on top where prices come without it.
    """

    code: str
    label: str
    amount: int
    discount: int
    tax_rate: str
    tax: int
    total: int


class OrderInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An order: `total_price` is the sum of the totals of its lines and charges.

    `user_id` is None when somebody bought at the counter or by phone without an account.
    `channel` is `web`, `phone` or `counter`. `paid` and `refunded` are what came in and went back.
    """

    id: str
    user_id: str | None
    channel: str
    status: str
    payment_method: str
    payment_status: str
    lines: tuple[OrderLine, ...]
    charges: tuple[OrderCharge, ...]
    adjustments: tuple[Adjustment, ...]
    prices_include_tax: bool
    tax_total: int
    total_price: int
    paid: int
    refunded: int
    currency: str
    country: str | None
    placed_at: datetime


class OrderPlaced(Event, frozen=True, kw_only=True):
    """An order was placed, and its stock taken or held. Id: `<order id>:placed`.

    `status` is `pending` when it waits for its payment, else `confirmed`.
    """

    name: ClassVar[str] = "commerce.order_placed"
    order_id: str
    user_id: str | None
    channel: str
    status: str
    payment_method: str
    lines: tuple[OrderLine, ...]
    charges: tuple[OrderCharge, ...]
    adjustments: tuple[Adjustment, ...]
    prices_include_tax: bool
    tax_total: int
    total_price: int
    currency: str


class OrderStatusChanged(Event, frozen=True, kw_only=True):
    """An order went on to another status, with whatever more special event there is for it.

    An order has each status once at most. Id: `<order id>:status:<status>`.
    """

    name: ClassVar[str] = "commerce.order_status_changed"
    order_id: str
    user_id: str | None
    status: str
    previous: str


class OrderPaid(Event, frozen=True, kw_only=True):
    """The money for an order is there; in cash, at delivery. Id: `<order id>:paid`.

    `fee` is what the gateway keeps, None when it did not say. `credit` of the amount is no money:
    goods of another order that came back stand for it, an OrderRefunded by `exchange` told how much
    they are worth. It carries all that books need.
    """

    name: ClassVar[str] = "commerce.order_paid"
    order_id: str
    user_id: str | None
    channel: str
    payment_id: str
    payment_method: str
    amount: int
    credit: int = 0
    fee: int | None
    lines: tuple[OrderLine, ...]
    charges: tuple[OrderCharge, ...]
    adjustments: tuple[Adjustment, ...]
    prices_include_tax: bool
    tax_total: int
    currency: str


class ShippedLine(msgspec.Struct, frozen=True, kw_only=True):
    """So many pieces of a line of the order."""

    variant_id: str
    quantity: int


class OrderShipped(Event, frozen=True, kw_only=True):
    """A parcel left, with all that was still open (`is_complete`) or a part. Id: `<shipment id>`
    and `:shipped`."""

    name: ClassVar[str] = "commerce.order_shipped"
    order_id: str
    user_id: str | None
    shipment_id: str
    carrier: str | None
    tracking_number: str | None
    lines: tuple[ShippedLine, ...]
    is_complete: bool


class OrderDelivered(Event, frozen=True, kw_only=True):
    """All parcels of an order arrived. Id: `<order id>:delivered`."""

    name: ClassVar[str] = "commerce.order_delivered"
    order_id: str
    user_id: str | None


class OrderCancelled(Event, frozen=True, kw_only=True):
    """An order was called off, and its stock is back. Id: `<order id>:cancelled`.

    `reason`: `customer`, `staff`, `not_paid` or `parcel_refused`. `was_paid`: there is money that
    goes back; OrderRefunded tells when it has.
    """

    name: ClassVar[str] = "commerce.order_cancelled"
    order_id: str
    user_id: str | None
    reason: str
    was_paid: bool


class RefundedLine(msgspec.Struct, frozen=True, kw_only=True):
    """What of a refund falls on a line: of `amount`, `tax` is tax; `quantity` pieces, 0 when the
    price was lowered and none comes back."""

    variant_id: str
    quantity: int
    amount: int
    tax: int


class RefundedCharge(msgspec.Struct, frozen=True, kw_only=True):
    """What of a refund falls on shipping or a fee; of `amount`, `tax` is tax."""

    code: str
    amount: int
    tax: int


class OrderRefunded(Event, frozen=True, kw_only=True):
    """Money went back. Id: `<refund id>:refunded`.

    `amount` is the sum of the amounts of its lines and charges, so that books can mirror the sale.
    With the `payment_method` `exchange` no money moved: it is the credit for a new order. For money
    that was no part of the order's price (paid twice) lines and charges are empty, and no event
    told that it came; when they are empty and it goes back `by_hand`, it is the credit for an order
    that was cancelled before its rest was paid.
    """

    name: ClassVar[str] = "commerce.order_refunded"
    order_id: str
    user_id: str | None
    refund_id: str
    payment_id: str
    payment_method: str
    return_id: str | None
    amount: int
    currency: str
    lines: tuple[RefundedLine, ...]
    charges: tuple[RefundedCharge, ...]
    reason: str


class ReturnedLine(msgspec.Struct, frozen=True, kw_only=True):
    """Pieces that came back: `restocked` can be sold again, `written_off` can't."""

    variant_id: str
    restocked: int
    written_off: int
    cost_price: int | None


class OrderReturned(Event, frozen=True, kw_only=True):
    """Goods of an order came back and were looked at. Id: `<return id>:received`.

    `resolution` is `refund`, `exchange` or `none`; `exchange_order_id` is the order that replaces
    them.
    """

    name: ClassVar[str] = "commerce.order_returned"
    order_id: str
    user_id: str | None
    return_id: str
    resolution: str
    lines: tuple[ReturnedLine, ...]
    exchange_order_id: str | None = None


class OrderReader(Protocol):
    """Orders, for plugins that count or accompany them."""

    def order(self, id: str) -> OrderInfo | None:
        """The order, or None."""
        ...

    def placed_between(self, start: datetime, end: datetime) -> Iterator[OrderInfo]:
        """Every order placed from `start` up to but not including `end`, oldest first."""
        ...
