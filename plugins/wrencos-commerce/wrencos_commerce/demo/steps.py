"""What commerce adds to the demo, in the order in which it is filled."""

from __future__ import annotations

from wrencos_commerce.demo.catalogue import fill_catalogue
from wrencos_commerce.demo.customers import fill_customers
from wrencos_commerce.demo.year import fill_year
from wrencos_core.api import DemoStep

STEPS = [
    DemoStep("commerce.customers", 10, fill_customers),
    DemoStep("commerce.catalogue", 20, fill_catalogue),
    DemoStep("commerce.year", 30, fill_year),
]
