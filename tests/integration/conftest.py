"""The core and commerce together, over HTTP against the production server."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType

import pytest

import wrencos_commerce.plugin
from wrencos_core.database import database
from wrencos_core.platform import Platform, mongodb_uri, redis_url
from wrencos_core.testing.accounts import Logins

ADDRESS = {
    "street": "12 Demo Street",
    "city": "Da Nang",
    "state": "Da Nang",
    "zip": "550000",
    "country": "VN",
}
ORDER = {"paymentMethodId": "cod", "shippingAddress": ADDRESS}


@pytest.fixture(scope="session")
def wrencos_plugins() -> Mapping[str, ModuleType]:
    return {"commerce": wrencos_commerce.plugin}


@pytest.fixture
def make_product(login: Logins) -> Callable[..., str]:
    """Returns `make(inventory, price=100000) -> product id`, created over the API."""
    admin = login("admin")

    def make(inventory: int, price: int = 100_000) -> str:
        body = {
            "name": "Rice Water Toner",
            "description": "A light toner.",
            "price": price,
            "inventory": inventory,
            "ingredients": ["Aqua", "Glycerin"],
            "skinTypes": ["dry"],
            "concerns": ["dehydration"],
        }
        answer = admin.post("/api/products", json=body)
        assert answer.status_code == 201, answer.text
        product_id: str = answer.json["productId"]
        return product_id

    return make


@pytest.fixture
def wrencos_environment(platform: Platform) -> dict[str, str]:
    """The environment of an installed Wrencos on this test's servers, ignorant of the checkout."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("WRENCOS_", "PYTHON"))}
    return inherited | {
        "WRENCOS_MONGODB_URI": mongodb_uri(platform.settings),
        "WRENCOS_MONGODB_DATABASE": platform.settings.mongodb_database,
        "WRENCOS_REDIS_URL": redis_url(platform.settings),
        "WRENCOS_DATA_DIR": str(platform.settings.data_dir),
        "WRENCOS_SECRET_KEY": platform.secret_key,
    }


@pytest.fixture
def quickly_dropped(platform: Platform) -> Iterator[None]:
    """What a killed process leaves open is dropped after three seconds instead of ten."""
    admin = database().client.admin
    admin.command("setParameter", 1, transactionLifetimeLimitSeconds=3)
    yield
    admin.command("setParameter", 1, transactionLifetimeLimitSeconds=10)
