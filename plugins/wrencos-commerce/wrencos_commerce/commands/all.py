"""Every command of commerce."""

from __future__ import annotations

import click

from wrencos_commerce.commands import (
    batches,
    brands,
    ingredients,
    order_documents,
    order_moves,
    orders,
    payments,
    products,
    promotions,
    recommendations,
    returns,
    reviews,
    search,
    shelf,
    shipping,
    staff_orders,
    stock,
    taxes,
    translations,
)

orders.order.add_command(order_documents.invoice)
orders.order.add_command(order_moves.status)
orders.order.add_command(order_moves.ship)
orders.order.add_command(order_moves.cancel)
orders.order.add_command(returns.open_return)
orders.order.add_command(staff_orders.create)
products.product.add_command(shelf.shelf_cards)
products.product.add_command(shelf.low_stock)
products.product.add_command(translations.translations)

COMMANDS: list[click.Command] = [
    products.product,
    orders.order,
    payments.payment,
    returns.returns,
    batches.batch,
    stock.stock,
    brands.brand,
    ingredients.ingredient,
    recommendations.recommend,
    reviews.review,
    search.search,
    taxes.tax,
    shipping.shipping,
    promotions.promotion,
]
