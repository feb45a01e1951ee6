"""What commerce tells of products, carts, stock and reviews, and what it may be asked.

Amounts are in minor units; orders are in orders.py.
"""

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
    or taken off the shipping, never below zero. A fee is taxed as shipping is. `coupon` is the code
    that the customer typed for it: a code that no adjustment names does not count.
    """

    code: str
    label: str
    amount: int
    order: int = 100
    variant_ids: tuple[str, ...] = ()
    applies_to: Literal["goods", "shipping"] = "goods"
    coupon: str | None = None


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
