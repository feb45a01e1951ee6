"""/api/skin-profile and /api/skin-quiz"""

from __future__ import annotations

from typing import Any

from wrencos_commerce.api.locale import wanted_locale
from wrencos_commerce.models.skin_profile import Source
from wrencos_commerce.schemas import skin_profiles as schemas
from wrencos_commerce.services.skin_consent import SkinConsent
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_commerce.services.skin_quiz import evaluate, quiz
from wrencos_commerce.views.skin_profiles import (
    QuizResultView,
    QuizView,
    SkinProfileAnswer,
    SkinProfileDeleted,
    quiz_result_view,
    quiz_view,
    skin_profile_view,
)
from wrencos_core.web import LOGGED_IN, PUBLIC, Blueprint, current_identity, service

blp = Blueprint(
    "skin-profiles", __name__, url_prefix="/skin-profile", description="What customers' skin needs."
)
quiz_blp = Blueprint(
    "skin-quiz", __name__, url_prefix="/skin-quiz", description="A quiz that tells the skin type."
)


@blp.get("", access=LOGGED_IN)
@blp.response(200, SkinProfileAnswer)
def get_profile() -> SkinProfileAnswer:
    """Get your skin profile.

    404 while you have none.
    """
    found = service(SkinProfiles).get(_me())
    return SkinProfileAnswer(profile=skin_profile_view(found))


@blp.put("", access=LOGGED_IN)
@blp.arguments(schemas.SkinProfileBody)
@blp.response(200, SkinProfileAnswer)
def put_profile(body: dict[str, Any]) -> SkinProfileAnswer:
    """Keep your skin profile, in place of the one before.

    `avoid` is what must not be in a suggested product, in your words (`retinol`, `hương liệu`);
    it always applies. Only with `useForRecommendations` are your skin and your purchases used for
    suggestions to you, and counted (without your name) for others; withdrawn, the next nightly
    count leaves you out. `showInReviews` lets your reviews show your skin type; withdrawn, those
    you have written show it no more.
    """
    saved = service(SkinConsent).save(_me(), body)
    return SkinProfileAnswer(profile=skin_profile_view(saved))


@blp.delete("", access=LOGGED_IN)
@blp.response(200, SkinProfileDeleted)
def delete_profile() -> SkinProfileDeleted:
    """Delete your skin profile and all consent in it; also when there is none."""
    service(SkinConsent).delete(_me())
    return SkinProfileDeleted(message="Skin profile deleted")


@quiz_blp.get("", access=PUBLIC)
@quiz_blp.arguments(schemas.LocaleQuery, location="query")
@quiz_blp.response(200, QuizView)
def get_quiz(_: dict[str, Any]) -> QuizView:
    """Get the questions of the skin quiz and the answers to choose from."""
    return quiz_view(quiz(), wanted_locale())


@quiz_blp.post("", access=PUBLIC, limit="30 per minute")
@quiz_blp.arguments(schemas.QuizBody)
@quiz_blp.response(200, QuizResultView)
def take_quiz(body: dict[str, Any]) -> QuizResultView:
    """Answer the skin quiz.

    The skin type is the one with the most points. Logged in, it becomes your skin profile: what you
    avoid stays, and so does your consent unless you send it anew. A guest's is not kept.
    """
    result = evaluate(body.pop("answers"))
    user_id = current_identity().user_id
    if user_id is None:
        return quiz_result_view(result, None)
    values = {
        "skin_type": result.skin_type,
        "concerns": result.concerns,
        "sensitivities": result.sensitivities,
        **({"tone": result.tone} if result.tone else {}),
        **body,
    }
    saved = service(SkinConsent).save(user_id, values, Source.QUIZ, whole=False)
    return quiz_result_view(result, saved)


def _me() -> str:
    return str(current_identity().user_id)
