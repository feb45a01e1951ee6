"""Recommendations: who asks, what is known of them, and which products are the best for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.recommendations.candidates import candidates, refused
from wrencos_commerce.services.recommendations.exclusions import Exclusion, Why, exclusion_of
from wrencos_commerce.services.recommendations.history import History, history_of
from wrencos_commerce.services.recommendations.learned import Took, counts_of, learned_about
from wrencos_commerce.services.recommendations.reasons import Grounds, reason
from wrencos_commerce.services.recommendations.scoring import (
    Evidence,
    Scored,
    Taste,
    score,
    varied,
)
from wrencos_commerce.services.skin_profiles import SkinProfileInfo, SkinProfiles

Row = Mapping[str, Any]
Links = Mapping[str, Mapping[str, Row]]


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """Who asks, and for what; what is asked for goes before what the profile says.

    `avoid` is added to the profile's own. `user_id` None is a guest.
    """

    user_id: str | None
    limit: int
    locale: str
    skin_type: str | None = None
    concerns: Sequence[str] = ()
    avoid: Sequence[str] = ()
    explain: bool = False


@dataclass(frozen=True)
class Suggested:
    """A product with its relevance (0 to 1), the parts of it, and the reason in words."""

    scored: Scored
    reason: str


@dataclass(frozen=True)
class Advice:
    """The suggestions, the best first. Only when explained: what was left out, and how many.

    `counts` has `candidates` and the kinds of exclusions. `taste` is what was gone by.
    `unknown_avoids` are texts of what is avoided that the dictionary does not know.
    """

    suggested: Sequence[Suggested]
    taste: Taste
    unknown_avoids: Sequence[str] = ()
    excluded: Sequence[Exclusion] = ()
    counts: Mapping[str, int] = field(default_factory=dict)


class Advisor:
    """Recommends products."""

    def __init__(self, profiles: SkinProfiles) -> None:
        self._profiles = profiles

    def advise(self, wanted: Wanted) -> Advice:
        """The best products for whoever asks, none that contains what they avoid.

        Five queries at most, and one more to explain. Without the customer's consent their skin
        and their purchases are not used; what they avoid always is.
        """
        profile = self._profiles.find(wanted.user_id) if wanted.user_id else None
        avoiding = Avoiding.of([*wanted.avoid, *(profile.avoid if profile else ())])
        consented = profile if profile and profile.use_for_recommendations else None
        history = history_of(consented.user_id) if consented else History()
        learned = learned_about(history.seeds)
        links = learned.links()
        taste = _taste(wanted, consented, history)
        nearest = _nearest(links, history)
        found = candidates(taste, nearest, avoiding)
        left_out = {row["_id"]: exclusion_of(row, avoiding, history) for row in found}
        rows = [row for row in found if left_out[row["_id"]] is None]
        counts = counts_of(learned.generation, [row["_id"] for row in rows])
        scored = [
            score(row, taste, _evidence(row["_id"], links, counts, learned.generation))
            for row in rows
        ]
        suggested = [
            Suggested(item, _reason(item.row, taste, links, counts, history, wanted.locale))
            for item in varied(scored, wanted.limit)
            if avoiding.allows(item.row)
        ]
        if not wanted.explain:
            return Advice(suggested, taste, avoiding.unknown)
        further = {row["_id"]: row for row in refused(taste, nearest, avoiding)}
        left_out |= {id: exclusion_of(row, avoiding, history) for id, row in further.items()}
        excluded = [item for item in left_out.values() if item is not None]
        tally = Counter(item.why for item in excluded)
        numbers = {"candidates": len(rows), **{why.value: tally[why] for why in Why}}
        return Advice(suggested, taste, avoiding.unknown, excluded, numbers)

    def avoiding(self, user_id: str | None) -> Avoiding:
        """What this user avoids; nothing for a guest. One query for a user."""
        return Avoiding.of(self._profiles.avoided(user_id) if user_id else ())


def _taste(wanted: Wanted, profile: SkinProfileInfo | None, history: History) -> Taste:
    return Taste(
        skin_type=wanted.skin_type or (profile.skin_type if profile else None),
        concerns=tuple(wanted.concerns or (profile.concerns if profile else ())),
        sensitivities=profile.sensitivities if profile else (),
        seeds=history.seeds,
    )


def _nearest(links: Links, history: History) -> list[str]:
    """The neighbours of the seeds, the strongest first."""
    strength = {
        id: sum(history.seeds[seed] * row["score"] for seed, row in of.items())
        for id, of in links.items()
    }
    return sorted(strength, key=lambda one: (-strength[one], one))


def _evidence(
    id: str, links: Links, counts: Mapping[str, Took], generation: Row | None
) -> Evidence:
    neighbours = {seed: row["score"] for seed, row in links.get(id, {}).items()}
    return Evidence(neighbours, counts.get(id, Took()).by_skin_type, generation)


def _reason(
    row: Row,
    taste: Taste,
    links: Links,
    counts: Mapping[str, Took],
    history: History,
    locale: str,
) -> str:
    bought = {id: last.name for id, last in history.bought.items()}
    took = counts.get(row["_id"], Took())
    near = links.get(row["_id"], {})
    return reason(row, Grounds(taste, took.by_skin_type, near, bought, took.buyers), locale)
