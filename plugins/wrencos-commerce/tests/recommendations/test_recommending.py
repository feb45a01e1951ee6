"""GET /api/recommendations: for whom, by what, and what is left out for which reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from wrencos_commerce.models.product import Product
from wrencos_commerce.models.wishlist import Wishlist
from wrencos_commerce.services.avoiding import Avoiding
from wrencos_commerce.services.recommendations.advice import Advisor, Wanted
from wrencos_commerce.services.recommendations.candidates import MOST, MOST_LOOKED_AT
from wrencos_commerce.services.recommendations.learning import learn
from wrencos_commerce.services.recommendations.likeness import similar
from wrencos_core.api import Platform, new_id, new_row
from wrencos_core.contracts.commerce import Recommender

URL = "/api/recommendations"
WHO: dict[str, Any] = {"skin_type": "dry", "concerns": ["acne", "dryness"]}


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_json()
    return [product["name"] for product in answer.get_json()["recommendations"]]


def test_it_works_on_the_first_day_by_content_alone(client: FlaskClient, past: Any) -> None:
    past.product("For oily skin", skin_types=["oily"])
    past.product("For all")
    best = past.product("Dry and spots", skin_types=["dry"], concerns=["dark-spots"])
    answer = client.get(f"{URL}?skinType=dry&concerns[]=dark-spots&locale=en")
    assert names(answer) == ["Dry and spots", "For all", "For oily skin"]
    first = answer.get_json()["recommendations"][0]
    assert first == {
        "productId": best,
        "slug": "dry-and-spots",
        "name": "Dry and spots",
        "price": 29.99,
        "currency": "USD",
        "imageUrl": None,
        "rating": None,
        "ratingCount": 0,
        "relevanceScore": first["relevanceScore"],
        "reason": "For dry skin; against dark spots",
    }
    scores = [row["relevanceScore"] for row in answer.get_json()["recommendations"]]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_the_profile_is_used_with_consent_only(login: Any, past: Any) -> None:
    past.product("A", skin_types=["oily"])
    past.product("B", skin_types=["dry"])
    me = login()
    past.profiles.save(me.user_id, {"skin_type": "dry", "use_for_recommendations": True})
    assert names(me.get(f"{URL}?locale=vi"))[0] == "B"
    assert me.get(f"{URL}?locale=vi").json["recommendations"][0]["reason"] == "Dành cho da khô"
    # What is asked for goes before the profile.
    assert names(me.get(f"{URL}?skinType=oily"))[0] == "A"
    past.profiles.save(me.user_id, {"skin_type": "dry"})
    shown = me.get(f"{URL}?explain=1&locale=en").json
    assert all(set(row["parts"]) == {"rating"} for row in shown["recommendations"])
    assert {row["reason"] for row in shown["recommendations"]} == {"For sale and in stock"}


def test_what_is_avoided_is_left_out_also_without_consent(login: Any, past: Any) -> None:
    past.product("Scented", ingredients=["Aqua", "Parfum"])
    past.product("Retinal", ingredients=["Aqua", "Retinol"])
    past.product("Nothing known", ingredients=[])
    past.product("Shades", ingredients=["Aqua", "May contain: CI 77491"])
    past.product("Plain")
    me = login()
    avoid = ["hương liệu", "Vitamin A", "CI 77491"]
    past.profiles.save(me.user_id, {"avoid": avoid})
    shown = me.get(f"{URL}?explain=1&locale=en").json
    assert [row["name"] for row in shown["recommendations"]] == ["Plain"]
    left_out = {row["name"]: row for row in shown["excluded"]}
    assert set(left_out) == {"Scented", "Retinal", "Nothing known", "Shades"}
    assert left_out["Nothing known"]["kind"] == "ingredients-unknown"
    assert left_out["Scented"]["why"] == "contains Parfum, which you avoid as “hương liệu”"
    (hit,) = left_out["Retinal"]["ingredients"]
    assert hit == {"ingredient": "Retinol", "avoided": "Vitamin A"}
    assert shown["counts"] == {
        "candidates": 1,
        "contains-avoided": 3,
        "ingredients-unknown": 1,
        "out-of-stock": 0,
        "still-in-use": 0,
    }


def test_a_guest_may_avoid_too(client: FlaskClient, past: Any) -> None:
    past.product("Scented", ingredients=["Aqua", "Parfum"])
    past.product("Plain")
    assert names(client.get(f"{URL}?avoid=fragrance")) == ["Plain"]
    assert sorted(names(client.get(URL))) == ["Plain", "Scented"]


def test_what_the_dictionary_does_not_know_is_told(
    client: FlaskClient, login: Any, past: Any
) -> None:
    past.product("Plain")
    typed = "avoid=Unobtainium&avoid=fragrance"
    assert client.get(f"{URL}?{typed}").get_json()["unknownAvoids"] == ["Unobtainium"]
    assert client.get(URL).get_json()["unknownAvoids"] == []
    me = login()
    past.profiles.save(me.user_id, {"avoid": ["Kryptonite", "Retinol"]})
    shown = me.get(f"{URL}?{typed}&explain=1").get_json()
    assert shown["unknownAvoids"] == ["Unobtainium", "Kryptonite"]


def test_an_ingredient_that_no_dictionary_knows_is_avoided_by_its_words(
    client: FlaskClient, past: Any
) -> None:
    past.product("Strange", ingredients=["Aqua", "Zyxoquinol Extract"])
    past.product("Plain")
    assert names(client.get(f"{URL}?avoid=zyxoquinol")) == ["Plain"]


def test_stale_stored_keys_do_not_let_anything_through(client: FlaskClient, past: Any) -> None:
    id = past.product("Scented", ingredients=["Aqua", "Parfum"])
    stale = {"ingredient_keys": ["aqua"], "ingredient_groups": [], "inci": []}
    Product.raw().update_one({"_id": id}, {"$set": stale})
    assert names(client.get(f"{URL}?avoid=fragrance")) == []
    assert names(client.get(URL)) == ["Scented"]


def test_what_is_sold_out_withdrawn_or_still_in_use_is_left_out(
    clock: Any, platform: Platform, past: Any
) -> None:
    me = past.person(skin_type="dry")
    past.product("Sold out", inventory=0)
    past.product("Withdrawn", is_active=False)
    half_a_year = past.product("Keeps 6 months", period_after_opening=6)
    unknown = past.product("Keeps who knows")
    past.order(me, half_a_year, unknown, days_ago=120)
    advisor = platform.services.require(Advisor)
    wanted = Wanted(user_id=me, limit=10, locale="en", explain=True)
    advice = advisor.advise(wanted)
    assert [item.scored.row["name"] for item in advice.suggested] == ["Keeps who knows"]
    kinds = {item.row["name"]: item.why.value for item in advice.excluded}
    assert kinds == {"Sold out": "out-of-stock", "Keeps 6 months": "still-in-use"}
    clock.advance(timedelta(days=70))
    again = advisor.advise(wanted).suggested
    assert {item.scored.row["name"] for item in again} == {"Keeps who knows", "Keeps 6 months"}


def test_a_cancelled_order_was_no_purchase(platform: Platform, past: Any) -> None:
    me = past.person(skin_type="dry")
    past.order(me, past.product("Toner"), status="cancelled", days_ago=3)
    advice = platform.services.require(Advisor).advise(Wanted(user_id=me, limit=5, locale="en"))
    assert [item.scored.row["name"] for item in advice.suggested] == ["Toner"]


def test_what_goes_with_the_purchases_and_wishes_comes_first(
    clock: Any, platform: Platform, past: Any
) -> None:
    bought, wished, with_bought, with_wished, other = past.products(5)
    for _ in range(4):
        past.order(past.person(), bought, with_bought)
        past.order(past.person(), wished, with_wished)
    for _ in range(6):
        past.order(past.person(), other)
    learn()
    me = past.person(concerns=["acne"])
    past.order(me, bought, days_ago=10)
    item = {"id": "i", "product_id": wished, "price": 1, "currency": "USD"}
    Wishlist.raw().insert_one(new_row(new_id("wlist"), user_id=me, items=[item]))
    advisor = platform.services.require(Advisor)
    advice = advisor.advise(Wanted(user_id=me, limit=5, locale="en"))
    order = [item.scored.row["_id"] for item in advice.suggested]
    assert order[:2] == [with_bought, with_wished]
    assert bought not in order
    reasons = {item.scored.row["_id"]: item.reason for item in advice.suggested}
    assert reasons[with_bought] == "4 customers who bought Product 0 bought it too"
    # Without consent neither counts, and the best seller is first.
    past.profiles.save(me, {"concerns": ["acne"]})
    advice = advisor.advise(Wanted(user_id=me, limit=5, locale="en"))
    assert advice.suggested[0].scored.row["_id"] == other
    assert bought in [item.scored.row["_id"] for item in advice.suggested]


def test_the_same_question_has_the_same_answer(client: FlaskClient, past: Any) -> None:
    past.products(12)
    answers = [client.get(f"{URL}?skinType=dry&limit=7").get_json() for _ in range(3)]
    assert answers[0] == answers[1] == answers[2]
    ids = [row["productId"] for row in answers[0]["recommendations"]]
    assert len(ids) == 7
    assert ids == sorted(ids)


def test_the_names_are_in_the_language_asked_for(client: FlaskClient, past: Any) -> None:
    past.product("Sữa rửa mặt", translations={"en": {"name": "Cleanser"}})
    assert names(client.get(f"{URL}?locale=en")) == ["Cleanser"]
    assert names(client.get(f"{URL}?locale=vi")) == ["Sữa rửa mặt"]


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=51", "skinType=a.b", "explain=maybe", "locale=fr", "avoid="],
)
def test_a_bad_question_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"{URL}?{query}").status_code == 422


def test_a_stale_token_is_told(client: FlaskClient) -> None:
    assert client.get(URL, headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_the_contract_for_other_plugins(platform: Platform, past: Any) -> None:
    spots = past.product("Spots", concerns=["dark-spots"])
    past.product("Other")
    recommender = platform.services.require(Recommender)
    first, second = recommender.recommend(None, 5, "en", ["Dark spots"])
    assert (first.product.id, first.reason) == (spots, "Against dark spots")
    assert first.relevance > second.relevance
    me = past.person(avoid=["glycerin"])
    assert recommender.recommend(me, 5) == []
    more = past.product("More for spots", concerns=["dark-spots"])
    assert [product.id for product in recommender.similar(spots, 5)] == [more]
    assert recommender.similar("prod_nothing", 5) == []


def copied(id: str, count: int) -> None:
    row = Product.raw().find_one({"_id": id})
    copies = []
    for number in range(count):
        id = new_id("prod")
        variant = {**row["variants"][0], "id": new_id("var"), "sku": id}
        copy = {**row, "_id": id, "slug": id, "sku": id, "variants": [variant], "sold": number}
        copies.append(copy)
    Product.raw().insert_many(copies)


def test_a_shop_where_nothing_fits_is_not_gone_through(
    platform: Platform, past: Any, commands_of: Any, plans_of: Any
) -> None:
    id = past.product("Cream", skin_types=["dry"], concerns=["acne", "dryness"])
    copied(id, MOST_LOOKED_AT // 2)
    avoid = ["glycerin"]
    wanted = Wanted(user_id=None, limit=10, locale="en", avoid=avoid, **WHO)
    advisor = platform.services.require(Advisor)
    assert advisor.advise(wanted).suggested == []
    row = Product.raw().find_one({"_id": id})
    sent = commands_of(lambda: advisor.advise(wanted))
    sent += commands_of(lambda: similar(row, Avoiding.of(avoid), 8))
    looked_at = [sum(plan["documents"] for plan in plans_of(command)) for command in sent]
    assert len(looked_at) >= 3
    assert max(looked_at) <= MOST_LOOKED_AT


def test_what_fits_is_found_behind_many_that_do_not(platform: Platform, past: Any) -> None:
    fit = past.product("Fits", ingredients=["Aqua"], skin_types=["dry"])
    cream = past.product("Cream", skin_types=["dry"])
    copied(cream, 500)
    wanted = Wanted(user_id=None, limit=10, locale="en", avoid=["glycerin"], **WHO)
    (found,) = platform.services.require(Advisor).advise(wanted).suggested
    assert found.scored.row["_id"] == fit


def test_the_hot_path_is_bounded_and_on_indexes(
    platform: Platform, past: Any, commands_of: Any, plans_of: Any
) -> None:
    me = past.person(skin_type="dry", concerns=["acne", "redness"], avoid=["retinol"])
    ids = past.products(6, skin_types=["dry"], concerns=["acne"])
    copied(ids[0], 700)
    past.order(me, ids[0], ids[1])
    past.order(past.person(skin_type="dry"), ids[0], ids[1])
    learn()
    advisor = platform.services.require(Advisor)
    advice = advisor.advise(Wanted(user_id=me, limit=10, locale="en", explain=True))
    assert advice.counts["candidates"] <= MOST
    sent = commands_of(lambda: advisor.advise(Wanted(user_id=me, limit=10, locale="en")))
    assert len(sent) == 5
    explaining = Wanted(user_id=me, limit=10, locale="en", explain=True)
    explained = commands_of(lambda: advisor.advise(explaining))
    assert len(explained) == 6
    for command in explained:
        for plan in plans_of(command):
            assert "COLLSCAN" not in plan["stages"], command
            assert plan["documents"] <= MOST, command
