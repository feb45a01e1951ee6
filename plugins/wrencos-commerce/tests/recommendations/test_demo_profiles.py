"""The demo's skin profiles: most customers', of the file, once."""

from __future__ import annotations

from wrencos_commerce.demo import skin_profiles
from wrencos_commerce.demo.catalogue import demo_rows
from wrencos_commerce.models.learned import Generation
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_core.api import DemoContext, Platform
from wrencos_core.contracts.auth import UserDirectory


def test_profiles_are_those_of_the_file_and_made_once(platform: Platform) -> None:
    context = DemoContext(platform, 20, lambda *_: None)
    skin_profiles.fill(context)
    rows = list(SkinProfile.raw().find())
    everybody = demo_rows("customers.csv")
    assert 0.75 * len(everybody) < len(rows) < len(everybody)
    assert 0.8 < sum(row["use_for_recommendations"] for row in rows) / len(rows) < 1
    people = platform.services.require(UserDirectory).find_many(row["user_id"] for row in rows)
    of_file = {row["email"]: row for row in everybody}
    for row in rows:
        told = of_file[people[row["user_id"]].email]
        assert row["skin_type"] == told["skinType"]
        assert (row["consented_at"] is not None) == row["use_for_recommendations"]
    skin_profiles.fill(context)
    assert SkinProfile.raw().count_documents({}) == len(rows)
    skin_profiles.count(context)
    skin_profiles.count(context)
    assert Generation.raw().count_documents({}) == 1
