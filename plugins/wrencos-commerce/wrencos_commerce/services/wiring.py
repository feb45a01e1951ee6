"""Builds the services on each other and offers them to the platform."""

from __future__ import annotations

from wrencos_commerce.services.carts import Carts
from wrencos_commerce.services.categories import Categories
from wrencos_commerce.services.checkout import Checkout
from wrencos_commerce.services.order_queries import OrderQueries
from wrencos_commerce.services.orders import Orders
from wrencos_commerce.services.pricing import Pricing
from wrencos_commerce.services.product_csv import ProductCsv
from wrencos_commerce.services.product_queries import ProductQueries
from wrencos_commerce.services.products import Products
from wrencos_core.api import Platform, ServiceRegistry
from wrencos_core.contracts.commerce import OrderReader, ProductCatalog


def provide(platform: Platform, services: ServiceRegistry) -> None:
    """Provide every service of commerce."""
    categories = Categories()
    products = Products(platform, categories)
    product_queries = ProductQueries(platform)
    pricing = Pricing(platform)
    carts = Carts(platform, product_queries, pricing)
    order_queries = OrderQueries(platform)
    services.provide(Categories, categories)
    services.provide(Products, products)
    services.provide(ProductQueries, product_queries)
    services.provide(ProductCsv, ProductCsv(products, categories))
    services.provide(Carts, carts)
    services.provide(Checkout, Checkout(platform, carts, pricing))
    services.provide(Orders, Orders(platform))
    services.provide(OrderQueries, order_queries)
    services.provide(ProductCatalog, product_queries)
    services.provide(OrderReader, order_queries)
