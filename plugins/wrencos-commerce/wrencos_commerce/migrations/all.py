"""Every migration of commerce."""

from __future__ import annotations

from wrencos_commerce.migrations.brands import GIVE_BRANDS_ROWS
from wrencos_commerce.migrations.ingredients import READ_INGREDIENTS
from wrencos_commerce.migrations.review_concerns import DROP_REVIEW_CONCERNS
from wrencos_commerce.migrations.search_words import DROP_SEARCH_WORDS
from wrencos_commerce.migrations.selling import GIVE_ORDERS_PAYMENTS
from wrencos_commerce.migrations.stock_ledger import OPEN_STOCK_LEDGER
from wrencos_commerce.migrations.variants import GIVE_PRODUCTS_VARIANTS
from wrencos_core.api import Migration

MIGRATIONS: list[Migration] = [
    GIVE_PRODUCTS_VARIANTS,
    GIVE_BRANDS_ROWS,
    READ_INGREDIENTS,
    DROP_SEARCH_WORDS,
    DROP_REVIEW_CONCERNS,
    OPEN_STOCK_LEDGER,
    GIVE_ORDERS_PAYMENTS,
]
