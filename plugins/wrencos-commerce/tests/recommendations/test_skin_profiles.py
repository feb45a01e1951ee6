"""/api/skin-profile: one's own, kept whole, with consent and its time; exported and erased."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce import plugin
from wrencos_commerce.models.skin_profile import SkinProfile
from wrencos_commerce.services.skin_profiles import SkinProfiles
from wrencos_core.api import Platform
from wrencos_core.platform import current_platform as shop
from wrencos_core.testing.threads import run_in_threads

URL = "/api/skin-profile"
FULL: dict[str, Any] = {
    "skinType": "Dry",
    "concerns": ["Dark spots", "redness"],
    "sensitivities": ["fragrance"],
    "avoid": ["Vitamin A", "hương liệu", "Unobtainium"],
    "tone": "III",
    "undertone": "warm",
    "ageRange": "25-34",
    "useForRecommendations": True,
    "showInReviews": True,
}


def test_a_profile_is_kept_and_shown(clock: Any, login: Any, platform: Platform) -> None:
    me = login()
    assert me.get(URL).status_code == 404
    answer = me.put(URL, json=FULL)
    assert answer.status_code == 200, answer.json
    profile = answer.json["profile"]
    assert me.get(URL).json["profile"] == profile
    assert profile["skinType"] == "dry"
    assert profile["concerns"] == ["dark-spots", "redness"]
    assert profile["avoid"] == FULL["avoid"]
    assert profile["unknownAvoids"] == ["Unobtainium"]
    assert (profile["source"], profile["tone"], profile["undertone"]) == ("manual", "III", "warm")
    assert profile["consentedAt"] == "2026-03-02T03:04:05Z"
    assert profile["showInReviews"] is True
    row = SkinProfile.raw().find_one({"user_id": me.user_id})
    assert "fragrance" in row["avoid_groups"]
    profiles = platform.services.require(SkinProfiles)
    assert list(profiles.avoided(me.user_id)) == FULL["avoid"]
    assert list(profiles.avoided("user_nobody")) == []


def test_each_sees_and_changes_only_their_own(login: Any, client: FlaskClient) -> None:
    me, other = login(), login()
    me.put(URL, json=FULL)
    assert other.get(URL).status_code == 404
    other.put(URL, json={"skinType": "oily"})
    other.delete(URL)
    assert me.get(URL).json["profile"]["skinType"] == "dry"
    for method in ("get", "put", "delete"):
        assert getattr(client, method)(URL, json={}).status_code == 401


def test_a_new_profile_replaces_the_one_before(login: Any) -> None:
    me = login()
    me.put(URL, json=FULL)
    profile = me.put(URL, json={"skinType": "oily"}).json["profile"]
    assert (profile["skinType"], profile["concerns"], profile["avoid"]) == ("oily", [], [])
    assert (profile["useForRecommendations"], profile["consentedAt"]) == (False, None)
    assert SkinProfile.raw().count_documents({"user_id": me.user_id}) == 1


def test_consent_has_the_time_at_which_it_was_given(clock: Any, login: Any) -> None:
    me = login()

    def consented(*, agreed: bool) -> Any:
        body = {"useForRecommendations": agreed}
        return me.put(URL, json=body).json["profile"]["consentedAt"]

    assert consented(agreed=False) is None
    first = consented(agreed=True)
    clock.advance(timedelta(minutes=4))
    assert consented(agreed=True) == first
    assert consented(agreed=False) is None
    clock.advance(timedelta(minutes=4))
    assert consented(agreed=True) == "2026-03-02T03:12:05Z"


@pytest.mark.parametrize(
    "body",
    [
        {"skinType": "a.b"},
        {"skinType": ""},
        {"tone": "VII"},
        {"undertone": "blue"},
        {"ageRange": "4"},
        {"concerns": "acne"},
        {"avoid": ["x" * 101]},
        {"avoid": ["x"] * 51},
        {"useForRecommendations": "yes"},
        {"userId": "user_other"},
    ],
    ids=str,
)
def test_a_bad_profile_is_refused(login: Any, body: dict[str, Any]) -> None:
    me = login()
    assert me.put(URL, json=body).status_code == 422
    assert me.get(URL).status_code == 404


def test_a_deleted_profile_is_gone(login: Any) -> None:
    me = login()
    me.put(URL, json=FULL)
    for _ in range(2):
        assert me.delete(URL).status_code == 200
    assert me.get(URL).status_code == 404


def test_two_first_profiles_at_once_are_one(platform: Platform, login: Any) -> None:
    me, profiles = login(), platform.services.require(SkinProfiles)
    types = ["dry", "oily", "normal", "sensitive"]
    outcomes = run_in_threads(
        4, lambda number: profiles.save(me.user_id, {"skin_type": types[number]})
    )
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]
    assert SkinProfile.raw().count_documents({"user_id": me.user_id}) == 1


def test_it_is_exported_and_erased(login: Any) -> None:
    me, other = login(), login()
    me.put(URL, json=FULL)
    other.put(URL, json=FULL)
    sections = plugin.export_personal_data(shop(), user_id=me.user_id).sections
    (exported,) = sections["skinProfile"]
    assert exported["avoid"] == FULL["avoid"]
    json.dumps(sections, default=str)
    assert plugin.erase_personal_data(shop(), user_id=me.user_id).erased["skinProfiles"] == 1
    assert me.get(URL).status_code == 404
    assert other.get(URL).status_code == 200
    assert "skinProfiles" not in plugin.erase_personal_data(shop(), user_id=me.user_id).erased


def test_it_is_found_by_an_index(
    platform: Platform, login: Any, commands_of: Any, plans_of: Any
) -> None:
    me, profiles = login(), platform.services.require(SkinProfiles)
    me.put(URL, json=FULL)
    for read in (profiles.find, profiles.avoided):
        (sent,) = commands_of(lambda read=read: read(me.user_id))
        (plan,) = plans_of(sent)
        assert "COLLSCAN" not in plan["stages"]
        assert plan["keys"] == 1
