"""What staff may be allowed to do here."""

from __future__ import annotations

from wrencos_core.api import Permission, Role

WRITE_CATEGORIES = "commerce.categories.write"
WRITE_PRODUCTS = "commerce.products.write"
READ_COST = "commerce.products.read_cost"
READ_ORDERS = "commerce.orders.read"
UPDATE_ORDER_STATUS = "commerce.orders.update_status"

_STAFF = frozenset({Role.STAFF})

PERMISSIONS = [
    Permission(WRITE_CATEGORIES, "Create, change and delete categories."),
    Permission(WRITE_PRODUCTS, "Create, change and withdraw products."),
    Permission(READ_COST, "See what products cost the shop."),
    Permission(READ_ORDERS, "See every customer's orders.", _STAFF),
    Permission(UPDATE_ORDER_STATUS, "Move orders on, ship and cancel them.", _STAFF),
]
