"""Commerce on the hooks of the core: the table of contents of this plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import wrencos_commerce
from wrencos_commerce import hookspecs, subscribers
from wrencos_commerce.models.cart import Cart
from wrencos_commerce.models.category import Category
from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.permissions import PERMISSIONS
from wrencos_commerce.services import figures, finding, privacy, wiring
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    DemoStep,
    Document,
    Permission,
    Platform,
    PluginInfo,
    ServiceRegistry,
    Settings,
    Subscriber,
    hookimpl,
)

if TYPE_CHECKING:
    import click

    from wrencos_core.web import Blueprint

PLUGIN = PluginInfo(
    name="commerce",
    title="Commerce",
    description="Catalogue, cart, checkout and orders.",
    version=wrencos_commerce.__version__,
    core=">=0.1,<0.2",
)


@hookimpl
def add_hookspecs(add: Callable[[Any], None]) -> None:
    add(hookspecs)


@hookimpl
def register_settings() -> Sequence[type[Settings]]:
    return [CommerceSettings]


@hookimpl
def register_models() -> Sequence[type[Document]]:
    return [Category, Product, Cart, Order]


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def register_services(platform: Platform, services: ServiceRegistry) -> None:
    wiring.provide(platform, services)


@hookimpl
def register_subscribers(platform: Platform) -> Sequence[Subscriber]:
    return subscribers.subscribers(platform)


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from wrencos_commerce.api import cart, categories, orders, products

    return [categories.blp, products.blp, cart.blp, cart.payment_methods, orders.blp]


@hookimpl
def register_commands() -> Sequence[click.Command]:
    from wrencos_commerce.commands import product

    return [product]


@hookimpl
def register_demo() -> Sequence[DemoStep]:
    from wrencos_commerce.demo.steps import STEPS

    return STEPS


# Run-time hooks that a service answers as it is.
search = hookimpl(finding.search)
collect_metrics = hookimpl(figures.metrics)
export_personal_data = hookimpl(privacy.stored_data)
erase_personal_data = hookimpl(privacy.erase)
