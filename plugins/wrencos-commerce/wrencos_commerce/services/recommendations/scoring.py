"""The formula of relevance: pure, deterministic, every part of it from 0 to 1.

    relevance = variety * sum(weight * part) / sum(weight)

over the parts that can be known for this customer. A part counts for all candidates or for none,
so that no product gains by having no data. docs/recommendations.md explains each.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log1p
from typing import Any

Row = Mapping[str, Any]

# Round figures that did well in made-up shops (docs/benchmarks.md); no real shop was there to ask.
WEIGHTS: Mapping[str, float] = {
    "content": 0.30,
    "together": 0.30,
    "alike": 0.10,
    "popularity": 0.22,
    "rating": 0.08,
}
# The n-th product of one category counts VARIETY ** (n - 1) as much.
VARIETY = 0.93
# Of the content: the skin type, the concerns, and what the skin does not like.
_SKIN, _CONCERN, _GENTLE = 0.4, 0.45, 0.15
# A product that names no skin type is for all; better than one for others, less than one for mine.
_FOR_ALL = 0.5
# Each further concern weighs a bit less: customers name the worst first.
_NEXT_CONCERN = 0.8
# So many ratings of the shop's usual kind are added to those that there are.
_PRIOR_RATINGS, _PRIOR_MEAN = 5, 3.5
_HIGH = 5
# So many customers who buy as all do are added to those of a skin type.
_LIKE_ALL = 10
# The strength of neighbours at which `together` is a half.
_HALF = 0.15


@dataclass(frozen=True)
class Taste:
    """What is known of a customer and may be used.

    `seeds` are products that they bought, wished for or viewed, and how much each counts (0 to 1).
    """

    skin_type: str | None = None
    concerns: Sequence[str] = ()
    sensitivities: Sequence[str] = ()
    seeds: Mapping[str, float] = field(default_factory=dict)

    @property
    def has_content(self) -> bool:
        return bool(self.skin_type or self.concerns or self.sensitivities)


@dataclass(frozen=True)
class Evidence:
    """What the nightly job has learned about one candidate.

    `neighbours` are its links with the seeds: seed id to score. `counts` are those of a profile
    count by skin type. The rest is of the whole generation.
    """

    neighbours: Mapping[str, float]
    counts: Mapping[str, Mapping[str, int]]
    generation: Row | None


@dataclass(frozen=True)
class Scored:
    """A candidate with its relevance; `parts` are before weighting, `variety` the last factor."""

    row: Row
    relevance: float
    parts: Mapping[str, float]
    variety: float = 1.0


def score(row: Row, taste: Taste, evidence: Evidence) -> Scored:
    """The relevance of a product's row, before its place in the list is known."""
    parts = {"rating": rating_part(row), **_learned_parts(row, taste, evidence)}
    if taste.has_content:
        parts["content"] = content_part(row, taste)
    total = sum(WEIGHTS[name] for name in parts)
    relevance = sum(WEIGHTS[name] * part for name, part in parts.items()) / total
    return Scored(row, relevance, {name: parts[name] for name in WEIGHTS if name in parts})


def _learned_parts(row: Row, taste: Taste, evidence: Evidence) -> dict[str, float]:
    generation = evidence.generation
    if generation is None:
        return {}
    parts = {"popularity": popularity_part(row["sold"], generation["most_sold"])}
    if taste.seeds:
        parts["together"] = together_part(taste.seeds, evidence.neighbours)
    if taste.skin_type and generation["by_skin_type"].get(taste.skin_type):
        parts["alike"] = alike_part(taste.skin_type, evidence.counts, generation)
    return parts


def content_part(row: Row, taste: Taste) -> float:
    """How well the product's own claims fit: its skin types, concerns and what it is free from."""
    shares = []
    if taste.skin_type:
        types = row["skin_types"]
        shares.append((_SKIN, 1.0 if taste.skin_type in types else 0.0 if types else _FOR_ALL))
    if taste.concerns:
        weights = [_NEXT_CONCERN**number for number in range(len(taste.concerns))]
        met = sum(
            weight
            for weight, concern in zip(weights, taste.concerns, strict=True)
            if concern in row["concerns"]
        )
        # Half for the most urgent one that it is for, half for how many.
        best = max(
            (w for w, c in zip(weights, taste.concerns, strict=True) if c in row["concerns"]),
            default=0.0,
        )
        shares.append((_CONCERN, (best + met / sum(weights)) / 2))
    if taste.sensitivities:
        free = sum(claim in row["free_from"] for claim in taste.sensitivities)
        shares.append((_GENTLE, free / len(taste.sensitivities)))
    return sum(weight * share for weight, share in shares) / sum(weight for weight, _ in shares)


def alike_part(skin_type: str, counts: Mapping[str, Mapping[str, int]], generation: Row) -> float:
    """What people of this skin type made of it: half whether they bought it, half their ratings.

    Bought: their share against everybody's, 0.5 when it is the same. Rated: the share of 4 and 5,
    smoothed towards the shop's own share.
    """
    mine = counts.get(skin_type, {})
    bought_by_all = sum(count.get("bought", 0) for count in counts.values())
    usual = bought_by_all / generation["customers"] if generation["customers"] else 0.0
    people = generation["by_skin_type"][skin_type]
    share = (mine.get("bought", 0) + _LIKE_ALL * usual) / (people + _LIKE_ALL)
    preference = share / (share + usual) if usual else 0.5
    usual_high = generation["rated_high"] / generation["rated"] if generation["rated"] else 0.5
    approval = (mine.get("high", 0) + _HIGH * usual_high) / (mine.get("rated", 0) + _HIGH)
    return (preference + approval) / 2


def together_part(seeds: Mapping[str, float], neighbours: Mapping[str, float]) -> float:
    """How strongly it goes with the seeds: 0 for no link, towards 1 for many strong ones."""
    strength = sum(seeds[seed] * link for seed, link in sorted(neighbours.items()))
    return strength / (strength + _HALF)


def popularity_part(sold: int, most_sold: int) -> float:
    """The pieces sold against the best seller's, on a logarithmic scale."""
    return min(1.0, log1p(sold) / log1p(most_sold)) if most_sold else 0.0


def rating_part(row: Row) -> float:
    """The mean rating, 1 to 5 as 0 to 1, smoothed: few ratings stay near the prior."""
    total = row["rating_sum"] + _PRIOR_RATINGS * _PRIOR_MEAN
    mean: float = total / (row["rating_count"] + _PRIOR_RATINGS)
    return (mean - 1) / 4


def varied(scored: Sequence[Scored], limit: int) -> list[Scored]:
    """The best `limit`, one after the other, each category a bit less at each further time.

    Ties go to the lower id.
    """
    waiting = sorted(scored, key=lambda item: (-item.relevance, item.row["_id"]))
    # Within a category the order stays, so only the first of each has to be looked at.
    queues: dict[str | None, list[Scored]] = {}
    for item in reversed(waiting):
        queues.setdefault(item.row.get("category_id"), []).append(item)
    taken: dict[str | None, int] = dict.fromkeys(queues, 0)
    chosen: list[Scored] = []
    while queues and len(chosen) < limit:

        def rank(category: str | None) -> tuple[float, str]:
            best = queues[category][-1]
            factor = 1.0 if category is None else VARIETY ** taken[category]
            return -best.relevance * factor, best.row["_id"]

        category = min(queues, key=rank)
        best = queues[category].pop()
        factor = 1.0 if category is None else VARIETY ** taken[category]
        chosen.append(Scored(best.row, best.relevance * factor, best.parts, factor))
        taken[category] += 1
        if not queues[category]:
            del queues[category]
    return chosen
