"""Skin profiles and the quiz as the API shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from wrencos_commerce.services.skin_profiles import SkinProfileInfo
from wrencos_commerce.services.skin_quiz import Quiz, QuizResult
from wrencos_commerce.views.base import View


class SkinProfileView(View, kw_only=True):
    """A customer's profile. `unknownAvoids` are those of `avoid` that the dictionary of ingredients
    does not know: they are looked for in the lists of products word for word.
    """

    skin_type: str | None
    concerns: list[str]
    sensitivities: list[str]
    avoid: list[str]
    unknown_avoids: list[str]
    tone: str | None
    undertone: str | None
    age_range: str | None
    source: str
    use_for_recommendations: bool
    consented_at: datetime | None
    show_in_reviews: bool
    updated_at: datetime


class SkinProfileAnswer(View, kw_only=True):
    profile: SkinProfileView


class SkinProfileDeleted(View, kw_only=True):
    message: str


class QuizAnswerView(View, kw_only=True):
    id: str
    text: str


class QuizQuestionView(View, kw_only=True):
    """`multiple`: several answers may be chosen; `optional`: none as well."""

    id: str
    text: str
    multiple: bool
    optional: bool
    answers: list[QuizAnswerView]


class QuizView(View, kw_only=True):
    """The quiz in one language, whole: it has few questions."""

    version: int
    locale: str
    questions: list[QuizQuestionView]


class QuizResultView(View, kw_only=True):
    """What the answers come to; `points` by skin type. `stored` says whether it was kept."""

    skin_type: str
    concerns: list[str]
    sensitivities: list[str]
    tone: str | None
    points: Mapping[str, int]
    stored: bool
    profile: SkinProfileView | None


def skin_profile_view(info: SkinProfileInfo) -> SkinProfileView:
    return SkinProfileView(
        skin_type=info.skin_type,
        concerns=list(info.concerns),
        sensitivities=list(info.sensitivities),
        avoid=list(info.avoid),
        unknown_avoids=list(info.unknown_avoids),
        tone=info.tone,
        undertone=info.undertone,
        age_range=info.age_range,
        source=info.source,
        use_for_recommendations=info.use_for_recommendations,
        consented_at=info.consented_at,
        show_in_reviews=info.show_in_reviews,
        updated_at=info.updated_at,
    )


def quiz_view(quiz: Quiz, locale: str) -> QuizView:
    """The questions without their points."""
    questions = [
        QuizQuestionView(
            id=question.id,
            text=question.text[locale],
            multiple=question.multiple,
            optional=question.optional,
            answers=[QuizAnswerView(id=a.id, text=a.text[locale]) for a in question.answers],
        )
        for question in quiz.questions
    ]
    return QuizView(version=quiz.version, locale=locale, questions=questions)


def quiz_result_view(result: QuizResult, profile: SkinProfileInfo | None) -> QuizResultView:
    return QuizResultView(
        skin_type=result.skin_type,
        concerns=list(result.concerns),
        sensitivities=list(result.sensitivities),
        tone=result.tone,
        points=result.points,
        stored=profile is not None,
        profile=None if profile is None else skin_profile_view(profile),
    )
