"""A shop for the recommendations: products with ingredients, people with profiles, past orders."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest

from wrencos_commerce.models.order import Order
from wrencos_commerce.models.product import Product
from wrencos_commerce.models.review import Review
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import Platform, new_id, new_row, now

MakeProduct = Callable[..., str]
PLAIN = ("Aqua", "Glycerin")


class Past:
    """Orders, profiles and reviews that there are already, put straight into the database."""

    def __init__(self, platform: Platform, make_product: MakeProduct) -> None:
        self.platform = platform
        self._make_product = make_product
        self.profiles = platform.services.require(SkinProfiles)

    def product(self, name: str, **fields: Any) -> str:
        return self._make_product(**{"name": name, "ingredients": list(PLAIN), **fields})

    def products(self, count: int, **fields: Any) -> list[str]:
        return [self.product(f"Product {number}", **fields) for number in range(count)]

    def person(self, **profile: Any) -> str:
        """A user's id; with a profile when any of it is given, consenting unless told."""
        user_id = new_id("user")
        if profile:
            self.profiles.save(user_id, {"use_for_recommendations": True, **profile})
        return user_id

    def order(
        self,
        user_id: str,
        *products: str,
        days_ago: float = 30,
        quantity: int = 1,
        status: str = "delivered",
    ) -> str:
        at: datetime = now() - timedelta(days=days_ago)
        row = new_row(
            new_id(Order.id_prefix),
            user_id=user_id,
            status=status,
            lines=[self._line(product, quantity) for product in products],
            history=[{"status": status, "at": at, "actor": "system"}],
        )
        Order.raw().insert_one({**row, "created_at": at})
        return str(row["_id"])

    @staticmethod
    def _line(product_id: str, quantity: int) -> Mapping[str, Any]:
        product = Product.raw().find_one({"_id": product_id}, {"name": 1})
        name = product["name"] if product else "Gone"
        return {"product_id": product_id, "name": name, "quantity": quantity}

    @staticmethod
    def review(user_id: str, product: str, rating: int, state: str = "published") -> None:
        values = {"user_id": user_id, "product_id": product, "rating": rating, "state": state}
        Review.raw().insert_one(new_row(new_id(Review.id_prefix), **values))

    def rated_by(self, product: str, ratings: Sequence[int], **profile: Any) -> list[str]:
        """People with this profile, each with one of the ratings; they bought it too."""
        people = []
        for rating in ratings:
            person = self.person(**profile)
            self.order(person, product)
            self.review(person, product, rating)
            people.append(person)
        return people


@pytest.fixture
def past(platform: Platform, make_product: MakeProduct) -> Past:
    return Past(platform, make_product)
