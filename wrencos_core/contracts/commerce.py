"""What commerce tells other plugins, and what they may ask it. Amounts are in minor units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from wrencos_core.events import Event


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One product in a cart at its present price."""

    product_id: str
    category_id: str | None
    name: str
    quantity: int
    price: int
    line_total: int


class CartContents(msgspec.Struct, frozen=True, kw_only=True):
    """A cart before adjustments: `subtotal` is the sum of its lines."""

    lines: tuple[CartLine, ...]
    subtotal: int
    currency: str


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A discount (negative amount) or a fee. `code` names its source: `marketing.coupon_SPRING`."""

    code: str
    label: str
    amount: int
    order: int = 100


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
    """What was bought, as it was then. `cost_price` is None when the shop had recorded none."""

    product_id: str
    sku: str
    name: str
    quantity: int
    price: int
    cost_price: int | None
    line_total: int
    image_url: str | None = None


class OrderInfo(msgspec.Struct, frozen=True, kw_only=True):
    """An order: total_price = the sum of the lines and the adjustments."""

    id: str
    user_id: str
    status: str
    payment_method: str
    payment_status: str
    lines: tuple[OrderLine, ...]
    adjustments: tuple[Adjustment, ...]
    total_price: int
    currency: str
    placed_at: datetime


class ProductInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A product as other plugins show it; `rating` is None until somebody rated it."""

    id: str
    sku: str
    name: str
    description: str
    brand: str | None
    category_id: str | None
    price: int
    currency: str
    inventory: int
    is_active: bool
    image_url: str | None
    ingredients: tuple[str, ...]
    skin_types: tuple[str, ...]
    concerns: tuple[str, ...]
    rating: float | None


class OrderPlaced(Event, frozen=True, kw_only=True):
    """A customer ordered, and the stock was taken. Id: `<order id>:placed`."""

    name: ClassVar[str] = "commerce.order_placed"
    order_id: str
    user_id: str
    payment_method: str
    lines: tuple[OrderLine, ...]
    adjustments: tuple[Adjustment, ...]
    total_price: int
    currency: str


class OrderStatusChanged(Event, frozen=True, kw_only=True):
    """An order went on, to `processing`, `shipped`, `delivered` or `cancelled` (restocked).

    An order has each status once at most. Id: `<order id>:<status>`.
    """

    name: ClassVar[str] = "commerce.order_status_changed"
    order_id: str
    user_id: str
    status: str
    previous: str


class OrderPaid(Event, frozen=True, kw_only=True):
    """The money for an order came in; in cash, at delivery. Id: `<order id>:paid`."""

    name: ClassVar[str] = "commerce.order_paid"
    order_id: str
    user_id: str
    payment_method: str
    amount: int
    currency: str


class ProductCatalog(Protocol):
    """Products, for plugins that show or recommend them."""

    def products(self, ids: Sequence[str]) -> dict[str, ProductInfo]:
        """Those of the products that exist, by id, withdrawn ones included."""
        ...

    def matching(self, text: str, limit: int) -> list[ProductInfo]:
        """Products for sale that fit all words of `text`, accents optional."""
        ...


class OrderReader(Protocol):
    """Orders, for plugins that count or accompany them."""

    def order(self, id: str) -> OrderInfo | None:
        """The order, or None."""
        ...

    def placed_between(self, start: datetime, end: datetime) -> Iterator[OrderInfo]:
        """Every order placed from `start` up to but not including `end`, oldest first."""
        ...
