"""The skin quiz: data that is complete, and a rule that anyone can check."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.skin_profile import TONES, SkinProfile
from wrencos_commerce.services.recommendations.reasons import _words
from wrencos_commerce.services.skin_quiz import evaluate, quiz

URL = "/api/skin-quiz"
DRY = {"after-washing": ["tight"], "midday": ["nowhere"], "reactions": ["never"]}


def test_the_data_is_complete_in_both_languages() -> None:
    assert len({question.id for question in quiz().questions}) == len(quiz().questions)
    for question in quiz().questions:
        assert set(question.text) == {"vi", "en"}
        assert all(question.text.values())
        assert len({answer.id for answer in question.answers}) == len(question.answers) > 1
        for answer in question.answers:
            assert set(answer.text) == {"vi", "en"}
            assert all(answer.text.values())
            assert set(answer.skin_types) <= set(quiz().tie_break)
            assert set(answer.concerns) <= set(_words()["concerns"])
            assert set(answer.sensitivities) <= set(_words()["claims"])
            assert answer.tone is None or answer.tone in TONES


def test_there_are_words_for_every_skin_type_in_both_languages() -> None:
    assert set(quiz().tie_break) == set(_words()["skin_types"])
    for words in _words().values():
        assert all(set(texts) == {"vi", "en"} for texts in words.values())


def test_the_questions_are_shown_in_the_language_asked_for(client: FlaskClient) -> None:
    english = client.get(f"{URL}?locale=en").get_json()
    vietnamese = client.get(f"{URL}?locale=vi").get_json()
    assert english["questions"][0]["text"].startswith("An hour")
    assert vietnamese["questions"][0]["text"].startswith("Một giờ")
    assert "skinTypes" not in str(english)
    assert [q["id"] for q in english["questions"]] == [q["id"] for q in vietnamese["questions"]]
    assert client.get(f"{URL}?locale=fr").status_code == 422


@pytest.mark.parametrize(
    ("answers", "skin_type"),
    [
        (DRY, "dry"),
        ({**DRY, "reactions": ["often"]}, "sensitive"),
        ({**DRY, "midday": ["everywhere"]}, "dry"),
        ({**DRY, "after-washing": ["shiny"], "midday": ["everywhere"]}, "oily"),
        ({**DRY, "after-washing": ["shiny-t-zone"], "midday": ["t-zone"]}, "combination"),
        ({**DRY, "after-washing": ["comfortable"]}, "normal"),
        # dry 2, sensitive 2, combination 3
        (
            {
                "after-washing": ["shiny-t-zone"],
                "midday": ["nowhere"],
                "reactions": ["sometimes"],
            },
            "combination",
        ),
    ],
)
def test_the_skin_type_has_the_most_points(answers: dict[str, list[str]], skin_type: str) -> None:
    result = evaluate(answers)
    assert result.skin_type == skin_type
    recount: dict[str, int] = {}
    for question in quiz().questions:
        for answer in question.answers:
            if answer.id in answers.get(question.id, ()):
                for name, points in answer.skin_types.items():
                    recount[name] = recount.get(name, 0) + points
    assert {name: points for name, points in result.points.items() if points} == recount
    assert result.points[skin_type] == max(recount.values())


def test_equal_points_are_decided_by_the_order_of_the_data() -> None:
    # oily 3; combination 2 and normal 1: one more answer would be needed, so: sensitive 2 = oily 2
    answers = {"after-washing": ["comfortable"], "midday": ["t-zone"], "reactions": ["never"]}
    assert evaluate(answers).points["normal"] == 4
    tie = {"after-washing": ["tight"], "midday": ["everywhere"], "reactions": ["sometimes"]}
    points = evaluate(tie).points
    assert (points["dry"], points["oily"], points["sensitive"]) == (3, 2, 2)
    assert list(points).index("sensitive") < list(points).index("oily")


def test_a_guest_gets_a_result_that_is_not_kept(client: FlaskClient) -> None:
    body = {"answers": {**DRY, "concerns": ["acne", "ageing"], "sun-reaction": "burns-easily"}}
    answer = client.post(URL, json=body)
    assert answer.status_code == 200, answer.get_json()
    shown = answer.get_json()
    assert (shown["skinType"], shown["stored"], shown["profile"]) == ("dry", False, None)
    assert shown["concerns"] == ["acne", "ageing", "wrinkles"]
    assert shown["tone"] == "II"
    assert SkinProfile.raw().count_documents({}) == 0


def test_a_customers_result_becomes_the_profile(login: Any) -> None:
    me = login()
    before = {"avoid": ["retinol"], "useForRecommendations": True, "skinType": "oily"}
    me.put("/api/skin-profile", json={**before, "tone": "V"})
    shown = me.post(URL, json={"answers": {**DRY, "without": ["fragrance"]}}).json
    profile = me.get("/api/skin-profile").json["profile"]
    assert shown["stored"] is True
    assert shown["profile"] == profile
    assert (profile["skinType"], profile["source"], profile["tone"]) == ("dry", "quiz", "V")
    assert (profile["avoid"], profile["sensitivities"]) == (["retinol"], ["fragrance"])
    assert profile["useForRecommendations"] is True
    me.post(URL, json={"answers": DRY, "useForRecommendations": False})
    assert me.get("/api/skin-profile").json["profile"]["consentedAt"] is None


@pytest.mark.parametrize(
    ("answers", "wrong"),
    [
        ({}, "after-washing"),
        ({**DRY, "nonsense": ["x"]}, "nonsense"),
        ({**DRY, "midday": ["never"]}, "midday"),
        ({**DRY, "midday": ["nowhere", "t-zone"]}, "midday"),
        ({**DRY, "midday": []}, "midday"),
    ],
)
def test_wrong_answers_are_named(client: FlaskClient, answers: Any, wrong: str) -> None:
    answer = client.post(URL, json={"answers": answers})
    assert answer.status_code == 422
    assert wrong in answer.get_json()["errors"]["answers"]


@pytest.mark.parametrize("body", [{}, {"answers": []}, {"answers": {"midday": [1]}}])
def test_what_is_no_answers_is_refused(client: FlaskClient, body: Any) -> None:
    assert client.post(URL, json=body).status_code == 422
