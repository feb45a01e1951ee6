"""Skin profiles of most of the demo's customers, and the first count for recommendations."""

from __future__ import annotations

from random import Random
from typing import Any

from wrencos_commerce.demo.catalogue import demo_rows
from wrencos_commerce.demo.customers import demo_customers
from wrencos_commerce.models.learned import Generation
from wrencos_commerce.models.skin_profile import AGE_RANGES, UNDERTONES, SkinProfile, Source
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import DemoContext, clock, transaction

# Of the customers so many keep a profile, and of these so many agree to its use.
_HAVE_ONE, _AGREE, _SHOW, _AVOID = 0.85, 0.9, 0.6, 0.25
_AVOIDED = ("fragrance", "hương liệu", "retinol", "paraben", "cồn khô", "sulfate", "lanolin")
_TONES = ("II", "III", "III", "IV", "IV", "V", "light", "medium", "tan")
_BATCH = 100


def fill(context: DemoContext) -> None:
    """The profiles, each from the day of registration on; nothing when there are any."""
    if SkinProfile.raw().find_one({}, {"_id": 1}):
        return
    random = Random(31)  # noqa: S311 - the same demo every time
    profiles = context.platform.services.require(SkinProfiles)
    told = [
        (customer, _told(random, row))
        for customer, row in zip(demo_customers(context), demo_rows("customers.csv"), strict=True)
        if random.random() < _HAVE_ONE
    ]
    for first in range(0, len(told), _BATCH):
        batch = told[first : first + _BATCH]

        def work(batch: Any = batch) -> None:
            for customer, (values, source) in batch:
                with clock.use(clock.ManualClock(customer.since)):
                    profiles.save(str(customer.identity.user_id), values, source)

        transaction(work)
        context.progress("Skin profiles", first + len(batch), len(told))


def count(context: DemoContext) -> None:
    """What the nightly job would have counted by now; nothing when it has."""
    if Generation.raw().find_one({"finished_at": {"$exists": True}}, {"_id": 1}) is None:
        learn()
    context.progress("Recommendations", 1, 1)


def _told(random: Random, row: dict[str, str]) -> tuple[dict[str, Any], Source]:
    """What this customer of the file says of their skin, and how."""
    sensitive = row["skinType"] == "sensitive"
    values: dict[str, Any] = {
        "skin_type": row["skinType"],
        "concerns": row["concerns"].split("; ") if row["concerns"] else [],
        "sensitivities": ["fragrance"] if sensitive and random.random() < 0.7 else [],
        "avoid": random.sample(_AVOIDED, 1) if random.random() < _AVOID else [],
        "tone": random.choice((*_TONES, None)),
        "undertone": random.choice((*UNDERTONES, None)),
        "age_range": random.choice((*AGE_RANGES[1:], None)),
        "use_for_recommendations": random.random() < _AGREE,
        "show_in_reviews": random.random() < _SHOW,
    }
    return values, random.choice((Source.QUIZ, Source.MANUAL))
