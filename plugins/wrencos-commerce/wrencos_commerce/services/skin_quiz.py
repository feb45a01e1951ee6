"""The skin quiz: questions, answers and their points are data; this is the rule that reads them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import msgspec

from wrencos_core.api import Invalid

Texts = Mapping[str, str]


class QuizAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An answer and what it tells of the skin; `skin_types` are points."""

    id: str
    text: Texts
    skin_types: Mapping[str, int] = {}
    concerns: tuple[str, ...] = ()
    sensitivities: tuple[str, ...] = ()
    tone: str | None = None


class QuizQuestion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question; `multiple` takes several answers, `optional` also none."""

    id: str
    text: Texts
    answers: tuple[QuizAnswer, ...]
    multiple: bool = False
    optional: bool = False


class Quiz(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The quiz; of skin types with as many points the first of `tie_break` is taken."""

    version: int
    tie_break: tuple[str, ...]
    questions: tuple[QuizQuestion, ...]


class QuizResult(msgspec.Struct, frozen=True, kw_only=True):
    """What the answers come to; `points` by skin type, the most first."""

    skin_type: str
    concerns: tuple[str, ...]
    sensitivities: tuple[str, ...]
    tone: str | None
    points: Mapping[str, int]


@cache
def quiz() -> Quiz:
    """The quiz of the data file."""
    source = files("wrencos_commerce") / "skin_data" / "quiz.json"
    return msgspec.convert(json.loads(source.read_text(encoding="utf-8")), Quiz)


def evaluate(answers: Mapping[str, Sequence[str]]) -> QuizResult:
    """The result of `answers`: question id to answer ids. Raises Invalid, per question.

    The skin type is the one with the most points, the sum over the chosen answers. Concerns and
    sensitivities are those of the chosen answers, in the order of the quiz.
    """
    chosen = _chosen(answers)
    points: Counter[str] = Counter()
    for answer in chosen:
        points.update(answer.skin_types)
    order = {name: number for number, name in enumerate(quiz().tie_break)}
    ranked = sorted(order, key=lambda name: (-points[name], order[name]))
    return QuizResult(
        skin_type=ranked[0],
        concerns=_together(answer.concerns for answer in chosen),
        sensitivities=_together(answer.sensitivities for answer in chosen),
        tone=next((answer.tone for answer in chosen if answer.tone), None),
        points={name: points[name] for name in ranked},
    )


def _chosen(answers: Mapping[str, Sequence[str]]) -> list[QuizAnswer]:
    errors = {id: ["There is no such question."] for id in answers if id not in _ids()}
    chosen: list[QuizAnswer] = []
    for question in quiz().questions:
        wanted = set(answers.get(question.id, ()))
        found = [answer for answer in question.answers if answer.id in wanted]
        if unknown := wanted - {answer.id for answer in found}:
            errors[question.id] = [f"There is no answer {min(unknown)}."]
        elif len(found) > 1 and not question.multiple:
            errors[question.id] = ["Choose one answer."]
        elif not found and not question.optional:
            errors[question.id] = ["Choose an answer."]
        chosen += found
    if errors:
        raise Invalid("These are no answers to the quiz.", errors={"answers": errors})
    return chosen


def _ids() -> set[str]:
    return {question.id for question in quiz().questions}


def _together(lists: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for items in lists for item in items))
