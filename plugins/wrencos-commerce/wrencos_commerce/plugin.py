"""Commerce on the hooks of the core: the table of contents of this plugin."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import wrencos_commerce
from wrencos_commerce import hookspecs, jobs, subscribers
from wrencos_commerce.migrations.all import MIGRATIONS
from wrencos_commerce.models.all import MODELS
from wrencos_commerce.permissions import PERMISSIONS
from wrencos_commerce.services import figures, finding, privacy, wiring
from wrencos_commerce.services.gateways import configured
from wrencos_commerce.services.promotions import adjusting
from wrencos_commerce.settings import CommerceSettings
from wrencos_core.api import (
    DemoStep,
    Document,
    Migration,
    Permission,
    PluginInfo,
    Settings,
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
    return MODELS


@hookimpl
def register_migrations() -> Sequence[Migration]:
    return MIGRATIONS


@hookimpl
def register_permissions() -> Sequence[Permission]:
    return PERMISSIONS


@hookimpl
def register_blueprints() -> Sequence[Blueprint]:
    from wrencos_commerce.api.all import BLUEPRINTS

    return BLUEPRINTS


@hookimpl
def register_commands() -> Sequence[click.Command]:
    from wrencos_commerce.commands.all import COMMANDS

    return COMMANDS


@hookimpl
def register_demo() -> Sequence[DemoStep]:
    from wrencos_commerce.demo.steps import STEPS

    return STEPS


# Hooks that another module answers as it is.
register_services = hookimpl(wiring.provide)
register_subscribers = hookimpl(subscribers.subscribers)
register_jobs = hookimpl(jobs.jobs)
register_schedules = hookimpl(jobs.schedules)
search = hookimpl(finding.search)
collect_metrics = hookimpl(figures.metrics)
export_personal_data = hookimpl(privacy.stored_data)
erase_personal_data = hookimpl(privacy.erase)
commerce_adjust_cart = hookimpl(adjusting.adjust_cart)
commerce_payment_gateways = hookimpl(configured.configured)
