"""What commerce adds to the demo, in the order in which it is filled."""

from __future__ import annotations

from wrencos_commerce.demo import (
    promotions,
    rates,
    reviews,
    search,
    skin_profiles,
    translations,
    wishlists,
)
from wrencos_commerce.demo.batches import fill_batches
from wrencos_commerce.demo.catalogue import fill_catalogue
from wrencos_commerce.demo.customers import fill_customers
from wrencos_commerce.demo.variants import fill_variants
from wrencos_commerce.demo.year import fill_year
from wrencos_core.api import DemoStep

STEPS = [
    DemoStep("commerce.customers", 10, fill_customers),
    DemoStep("commerce.skin_profiles", 15, skin_profiles.fill),
    DemoStep("commerce.catalogue", 20, fill_catalogue),
    DemoStep("commerce.variants", 22, fill_variants),
    DemoStep("commerce.translations", 25, translations.fill),
    DemoStep("commerce.rates", 27, rates.fill),
    DemoStep("commerce.promotions", 28, promotions.fill),
    DemoStep("commerce.year", 30, fill_year),
    DemoStep("commerce.reviews", 40, reviews.fill),
    DemoStep("commerce.wishlists", 50, wishlists.fill),
    DemoStep("commerce.batches", 60, fill_batches),
    DemoStep("commerce.recommendations", 90, skin_profiles.count),
    DemoStep("commerce.search", 95, search.fill),
]
