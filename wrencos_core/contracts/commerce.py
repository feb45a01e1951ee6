"""What commerce tells other plugins, and what they may ask it. Amounts are in minor units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import ClassVar, Literal, Protocol

import msgspec

from wrencos_core.events import Event


class CartLine(msgspec.Struct, frozen=True, kw_only=True):
    """One variant of a product in a cart at its present price. `weight`: grams of one piece."""

    product_id: str
    variant_id: str
    category_id: str | None
    name: str
    quantity: int
    price: int
    line_total: int
    weight: int = 0


class CartContents(msgspec.Struct, frozen=True, kw_only=True):
    """A cart before adjustments: `subtotal` is the sum of its lines.

    `coupons` are the codes that the customer typed, `country` and `region` where it goes as far as
    that is known, and `shipping` what the chosen shipping method costs, None until one is known.
    """

    lines: tuple[CartLine, ...]
    subtotal: int
    currency: str
    coupons: tuple[str, ...] = ()
    country: str | None = None
    region: str | None = None
    shipping: int | None = None


class Adjustment(msgspec.Struct, frozen=True, kw_only=True):
    """A discount (negative amount) or a fee. `code` names its source: `marketing.coupon_SPRING`.

    A discount is split over the lines of `variant_ids` (all when empty) by what they still cost,
    or taken off the shipping, never below zero. A fee is taxed as shipping is.
    """

    code: str
    label: str
    amount: int
    order: int = 100
    variant_ids: tuple[str, ...] = ()
    applies_to: Literal["goods", "shipping"] = "goods"


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

    `fee` is what the gateway keeps, None when it did not say. It carries all that books need.
    """

    name: ClassVar[str] = "commerce.order_paid"
    order_id: str
    user_id: str | None
    channel: str
    payment_id: str
    payment_method: str
    amount: int
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

    `reason`: `customer`, `staff`, `not_paid`, `payment_failed` or `parcel_refused`. What had been
    paid is told by OrderRefunded when it has been paid back.
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
    For money that was no part of the order's price (paid twice), both are empty.
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


class CartAbandoned(Event, frozen=True, kw_only=True):
    """A customer left a filled cart alone for some hours. Id: `<cart id>:<version>:abandoned`.

    Once for each state of a cart; whoever reacts looks at the cart's owner and the lines as they
    were then.
    """

    name: ClassVar[str] = "commerce.cart_abandoned"
    cart_id: str
    user_id: str
    lines: tuple[CartLine, ...]
    subtotal: int
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


class StockLevel(msgspec.Struct, frozen=True, kw_only=True):
    """How much there is of a variant: `on_hand` = `available` (for sale) + `held` (for orders that
    wait for their payment). `cost_price` None: the shop recorded none."""

    product_id: str
    variant_id: str
    sku: str
    available: int
    held: int
    on_hand: int
    cost_price: int | None


class StockMovementInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A line of the stock's ledger: `quantity` came (positive) or went. `reason` says why,
    `reference` which order, batch, return or import it was; `cost_price` is that of one piece."""

    id: str
    product_id: str
    variant_id: str
    quantity: int
    reason: str
    reference: str | None
    actor: str
    cost_price: int | None
    at: datetime


class StockReader(Protocol):
    """The stock, for plugins that value or plan it."""

    def levels(self, variant_ids: Sequence[str]) -> dict[str, StockLevel]:
        """Those of the variants that exist, by id."""
        ...

    def all_levels(self) -> Iterator[StockLevel]:
        """Every variant of every product, withdrawn ones included."""
        ...

    def movements_between(self, start: datetime, end: datetime) -> Iterator[StockMovementInfo]:
        """Every movement from `start` up to but not including `end`, oldest first."""
        ...
