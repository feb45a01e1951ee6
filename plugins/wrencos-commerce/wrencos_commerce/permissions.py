"""What staff may be allowed to do here."""

from __future__ import annotations

from wrencos_core.api import Permission, Role

WRITE_CATEGORIES = "commerce.categories.write"
WRITE_BRANDS = "commerce.brands.write"
WRITE_PRODUCTS = "commerce.products.write"
READ_COST = "commerce.products.read_cost"
READ_BATCHES = "commerce.batches.read"
WRITE_BATCHES = "commerce.batches.write"
READ_STOCK = "commerce.stock.read"
WRITE_STOCK = "commerce.stock.write"
WRITE_TAX_RATES = "commerce.tax_rates.write"
WRITE_SHIPPING = "commerce.shipping_methods.write"
READ_PROMOTIONS = "commerce.promotions.read"
WRITE_PROMOTIONS = "commerce.promotions.write"
MODERATE_REVIEWS = "commerce.reviews.moderate"
WRITE_SYNONYMS = "commerce.synonyms.write"
READ_SEARCHES = "commerce.searches.read"
READ_DEMAND = "commerce.stock_requests.read"
READ_CARTS = "commerce.carts.read"
READ_ORDERS = "commerce.orders.read"
CREATE_ORDERS = "commerce.orders.create"
DISCOUNT_ORDERS = "commerce.orders.discount"
UPDATE_ORDER_STATUS = "commerce.orders.update_status"
ANNOTATE_ORDERS = "commerce.orders.annotate"
EXPORT_ORDERS = "commerce.orders.export"
READ_RETURNS = "commerce.returns.read"
MANAGE_RETURNS = "commerce.returns.manage"
READ_PAYMENTS = "commerce.payments.read"
COLLECT_PAYMENTS = "commerce.payments.collect"
REVIEW_PAYMENTS = "commerce.payments.review"
REQUEST_REFUNDS = "commerce.refunds.request"

_STAFF = frozenset({Role.STAFF})

PERMISSIONS = [
    Permission(WRITE_CATEGORIES, "Create, change and delete categories."),
    Permission(WRITE_BRANDS, "Create, change and delete brands."),
    Permission(WRITE_PRODUCTS, "Create, change and withdraw products."),
    Permission(READ_COST, "See what products cost the shop."),
    Permission(READ_BATCHES, "See batches and what expires soon.", _STAFF),
    Permission(WRITE_BATCHES, "Receive batches, write them off, return and recall them."),
    Permission(READ_STOCK, "See how much there is of everything, and what came and went.", _STAFF),
    Permission(WRITE_STOCK, "Count the stock and correct it."),
    Permission(WRITE_TAX_RATES, "Set the rates of taxes."),
    Permission(WRITE_SHIPPING, "Set shipping methods and what they cost."),
    Permission(
        READ_PROMOTIONS, "See promotions, their coupons and how often they were used.", _STAFF
    ),
    Permission(WRITE_PROMOTIONS, "Create, change and end promotions, and make coupons."),
    Permission(MODERATE_REVIEWS, "Publish, hide and answer reviews.", _STAFF),
    Permission(WRITE_SYNONYMS, "Keep the synonyms of the search."),
    Permission(READ_SEARCHES, "See what customers search for and do not find."),
    Permission(READ_DEMAND, "See how many customers wait for what is sold out.", _STAFF),
    Permission(READ_CARTS, "See the carts that customers left alone.", _STAFF),
    Permission(READ_ORDERS, "See every customer's orders.", _STAFF),
    Permission(CREATE_ORDERS, "Enter orders for customers, by phone or at the counter.", _STAFF),
    Permission(DISCOUNT_ORDERS, "Give discounts on orders that one enters."),
    Permission(UPDATE_ORDER_STATUS, "Move orders on, ship and cancel them.", _STAFF),
    Permission(ANNOTATE_ORDERS, "Write notes for the staff on orders.", _STAFF),
    Permission(EXPORT_ORDERS, "Download orders with their customers' names and addresses."),
    Permission(READ_RETURNS, "See every customer's returns, with their photos.", _STAFF),
    Permission(MANAGE_RETURNS, "Decide about returns, receive them, and pay them back."),
    Permission(READ_PAYMENTS, "See every customer's payments and refunds.", _STAFF),
    Permission(COLLECT_PAYMENTS, "Say that money is there: in cash, or by transfer."),
    Permission(REVIEW_PAYMENTS, "Decide about payments that need a human."),
    Permission(REQUEST_REFUNDS, "Pay customers back."),
]
