"""What commerce tells other plugins, and what they may ask it. Amounts are in minor units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar, Protocol

import msgspec

from wrencos_core.events import Event


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One variant of a product in a cart at its present price."""

    product_id: str
    variant_id: str
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
    """What was bought, as it was then. `cost_price` is None when the shop had recorded none.

    `variant_name` tells the variants of a product apart: "Rosewood, 30 ml".
    """

    product_id: str
    variant_id: str
    sku: str
    name: str
    quantity: int
    price: int
    cost_price: int | None
    line_total: int
    variant_name: str | None = None
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


class VariantInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A variant of a product: its shade and size, None where it has none."""

    id: str
    sku: str
    name: str | None
    shade: str | None
    swatch: str | None
    size: str | None
    price: int
    inventory: int
    is_active: bool


class ProductInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A product as other plugins show it; `rating` is None until somebody rated it.

    `price` is the lowest of its variants' for sale, `inventory` the stock of them all.
    `ingredient_keys` are the dictionary's names of what it contains.
    """

    id: str
    slug: str | None
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
    ingredient_keys: tuple[str, ...]
    skin_types: tuple[str, ...]
    concerns: tuple[str, ...]
    rating: float | None
    rating_count: int
    variants: tuple[VariantInfo, ...]


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


class ProductsChanged(Event, frozen=True, kw_only=True):
    """Products were created, changed, published or withdrawn; at most 500 in one event.

    A change of the stock alone is none. Id: `<product id>:<version>:changed` for one product, and
    for many, part by part, `<run id>:<number>:changed`.
    """

    name: ClassVar[str] = "commerce.products_changed"
    product_ids: tuple[str, ...]


class StockLow(Event, frozen=True, kw_only=True):
    """The stock of a variant fell to the shop's threshold or below; `inventory` 0: it is sold out.

    Id: `<variant id>:<product version>:low`.
    """

    name: ClassVar[str] = "commerce.stock_low"
    product_id: str
    variant_id: str
    sku: str
    inventory: int


class StockBack(Event, frozen=True, kw_only=True):
    """A sold-out variant can be bought again. Id: `<variant id>:<product version>:back`."""

    name: ClassVar[str] = "commerce.stock_back"
    product_id: str
    variant_id: str
    sku: str
    inventory: int


class BatchExpiring(Event, frozen=True, kw_only=True):
    """A batch with pieces left expires in `days` days or fewer (90, 60 or 30). Id:
    `<batch id>:<days>:expiring`."""

    name: ClassVar[str] = "commerce.batch_expiring"
    batch_id: str
    product_id: str
    variant_id: str
    code: str
    expires_on: str
    quantity: int
    days: int


class ReviewPosted(Event, frozen=True, kw_only=True):
    """A review is to be seen by everybody: posted, or let through by a moderator.

    Id: `<review id>:posted`; hidden and shown again, it is the same fact.
    """

    name: ClassVar[str] = "commerce.review_posted"
    review_id: str
    product_id: str
    user_id: str
    rating: int
    is_verified: bool


class Recommendation(msgspec.Struct, frozen=True, kw_only=True):
    """A product for somebody: `relevance` is between 0 and 1, `reason` for the customer to read."""

    product: ProductInfo
    relevance: float
    reason: str


class Recommender(Protocol):
    """Products for a customer, for plugins that suggest some: a chat, an e-mail, a live stream."""

    def recommend(
        self, user_id: str | None, limit: int, locale: str = "vi", concerns: Sequence[str] = ()
    ) -> list[Recommendation]:
        """The best first; never one that contains what the customer avoids."""
        ...

    def similar(self, product_id: str, limit: int, user_id: str | None = None) -> list[ProductInfo]:
        """Products for sale like this one, the most alike first; none for an unknown one.

        Never one that contains what the user avoids.
        """
        ...


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
