from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from wrencos_core.auth.models.one_time_token import OneTimeToken
from wrencos_core.auth.models.user import User
from wrencos_core.auth.services.links import Links
from wrencos_core.ids import new_id
from wrencos_core.testing.threads import run_in_threads

PASSWORD = "Jasmine-rice-42"
NEW = "Lotus-blossom-77"


@pytest.fixture
def ask(client: Any) -> Any:
    return lambda email="lan@example.test": client.post(
        "/api/auth/password-reset", json={"email": email}
    )


@pytest.fixture
def confirm(client: Any) -> Any:
    return lambda token, password=NEW: client.post(
        "/api/auth/password-reset/confirm", json={"token": token, "newPassword": password}
    )


@pytest.fixture
def verify(client: Any) -> Any:
    return lambda token: client.post("/api/auth/verify-email", json={"token": token})


def assert_invalid(answer: Any) -> None:
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:wrencos:problem:invalid-link"


def test_a_reset_sets_the_password_and_ends_every_login(
    register: Any, sign_in: Any, ask: Any, confirm: Any, mailed_token: Any, bearer: Any
) -> None:
    pair = register().json
    assert ask("LAN@example.test").status_code == 202
    assert confirm(mailed_token("reset-password")).status_code == 200
    assert bearer(pair["token"]) == 401
    assert sign_in(password=PASSWORD).status_code == 401
    assert sign_in(password=NEW).json["user"]["emailVerified"] is True


def test_unknown_addresses_get_the_same_answer_and_the_same_work(
    register: Any, ask: Any, platform: Any, run_jobs: Any, sent_mail: Any
) -> None:
    register()
    run_jobs()
    mails = len(sent_mail())
    known = ask()
    assert len(platform.jobs.queue("high").job_ids) == 1
    unknown = ask("nobody@example.test")
    assert len(platform.jobs.queue("high").job_ids) == 2
    assert known.status_code == unknown.status_code == 202
    assert known.get_data() == unknown.get_data()
    run_jobs()
    assert len(sent_mail()) == mails + 1


def test_when_no_job_can_be_queued_known_and_unknown_addresses_are_told_so(
    register: Any, ask: Any, platform: Any, monkeypatch: Any
) -> None:
    register()

    def gone(*_: Any, **__: Any) -> None:
        raise RedisConnectionError("gone")

    with monkeypatch.context() as outage:
        outage.setattr(platform.redis.connection_pool, "get_connection", gone)
        known, unknown = ask(), ask("nobody@example.test")
    assert known.status_code == unknown.status_code == 503
    assert known.headers["Retry-After"] == unknown.headers["Retry-After"] == "5"
    assert known.json["type"] == "urn:wrencos:problem:try-again"
    same = ("type", "title", "status", "detail")
    assert [known.json[name] for name in same] == [unknown.json[name] for name in same]
    assert ask().status_code == 202


def test_a_reset_link_works_once(register: Any, ask: Any, confirm: Any, mailed_token: Any) -> None:
    register()
    ask()
    token = mailed_token("reset-password")
    assert confirm(token).status_code == 200
    assert_invalid(confirm(token, "Third-password-9"))


def test_a_reset_link_used_at_once_by_many_works_once(
    register: Any, ask: Any, mailed_token: Any, platform: Any
) -> None:
    register()
    ask()
    token = mailed_token("reset-password")
    links = platform.services.require(Links)
    outcomes = run_in_threads(6, lambda n: links.reset_password(token, f"{NEW}-{n}"))
    assert sum(outcome is None for outcome in outcomes) == 1
    assert {type(o).__name__ for o in outcomes if o is not None} == {"InvalidLink"}


def test_a_reset_link_expires(
    register: Any, ask: Any, confirm: Any, mailed_token: Any, clock: Any
) -> None:
    register()
    ask()
    token = mailed_token("reset-password")
    clock.advance(timedelta(minutes=60))
    assert_invalid(confirm(token))


def test_a_newer_link_replaces_the_older(
    register: Any, ask: Any, confirm: Any, mailed_token: Any
) -> None:
    register()
    ask()
    older = mailed_token("reset-password")
    ask()
    newer = mailed_token("reset-password")
    assert newer != older
    assert_invalid(confirm(older))
    assert confirm(newer).status_code == 200


def test_a_password_change_makes_reset_links_worthless(
    register: Any, ask: Any, confirm: Any, mailed_token: Any, client: Any
) -> None:
    pair = register().json
    ask()
    token = mailed_token("reset-password")
    client.put(
        "/api/auth/password",
        json={"oldPassword": PASSWORD, "newPassword": NEW},
        headers={"Authorization": f"Bearer {pair['token']}"},
    )
    assert_invalid(confirm(token, "Third-password-9"))


def test_a_poor_password_leaves_the_link_good(
    register: Any, ask: Any, confirm: Any, mailed_token: Any
) -> None:
    register()
    ask()
    token = mailed_token("reset-password")
    poor = confirm(token, "short")
    assert poor.status_code == 422
    assert list(poor.json["errors"]) == ["newPassword"]
    assert confirm(token).status_code == 200


def test_a_link_serves_its_own_purpose_only(
    register: Any, ask: Any, confirm: Any, verify: Any, mailed_token: Any
) -> None:
    register()
    verification = mailed_token("verify-email")
    ask()
    reset = mailed_token("reset-password")
    assert_invalid(confirm(verification))
    assert_invalid(verify(reset))
    assert_invalid(verify("made-up"))


def test_a_disabled_user_gets_no_link(
    register: Any, ask: Any, login: Any, run_jobs: Any, sent_mail: Any
) -> None:
    user_id = register().json["userId"]
    run_jobs()
    login("admin").put(f"/api/users/{user_id}/status", json={"disabled": True})
    mails = len(sent_mail())
    assert ask().status_code == 202
    run_jobs()
    assert len(sent_mail()) == mails


def test_reset_mails_are_limited_without_telling(
    register: Any, ask: Any, run_jobs: Any, sent_mail: Any
) -> None:
    register()
    run_jobs()
    mails = len(sent_mail())
    assert [ask().status_code for _ in range(5)] == [202] * 5
    run_jobs()
    assert len(sent_mail()) == mails + 3


def test_a_job_that_runs_twice_mails_once(
    register: Any, platform: Any, run_jobs: Any, sent_mail: Any
) -> None:
    user_id = register().json["userId"]
    run_jobs()
    mails = len(sent_mail())
    link_id, links = new_id("link"), platform.services.require(Links)
    links.send_reset(user_id, link_id)
    links.send_reset(user_id, link_id)
    run_jobs()
    assert len(sent_mail()) == mails + 1


@pytest.mark.parametrize("locale", ["vi", "en"])
def test_an_address_is_verified_once(
    register: Any, verify: Any, mailed_token: Any, sent_mail: Any, locale: str
) -> None:
    user_id = register(locale=locale).json["userId"]
    token = mailed_token("verify-email")
    (mail,) = sent_mail()
    assert mail["to"] == "lan@example.test"
    assert ("Xác nhận" in mail["subject"]) == (locale == "vi")
    assert token not in str(list(OneTimeToken.raw().find()))
    assert verify(token).status_code == 200
    assert User.get(user_id).email_verified_at is not None
    assert_invalid(verify(token))


def test_a_verification_link_expires_after_two_days(
    register: Any, verify: Any, mailed_token: Any, clock: Any
) -> None:
    register()
    token = mailed_token("verify-email")
    clock.advance(timedelta(hours=48))
    assert_invalid(verify(token))


def test_verification_is_mailed_again_within_limits(
    register: Any, verify: Any, mailed_token: Any, client: Any
) -> None:
    pair = register().json
    headers = {"Authorization": f"Bearer {pair['token']}"}
    first = mailed_token("verify-email")
    statuses = [
        client.post("/api/auth/verify-email/resend", headers=headers).status_code for _ in range(4)
    ]
    assert statuses == [202, 202, 202, 429]
    newest = mailed_token("verify-email")
    assert_invalid(verify(first))
    assert verify(newest).status_code == 200
    again = client.post("/api/auth/verify-email/resend", headers=headers)
    assert again.json["message"] == "The address is verified already."


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("password-reset", {}, "email"),
        ("password-reset", {"email": "lan"}, "email"),
        ("password-reset/confirm", {"newPassword": NEW}, "token"),
        ("password-reset/confirm", {"token": "x"}, "newPassword"),
        ("verify-email", {}, "token"),
        ("verify-email", {"token": 5}, "token"),
    ],
)
def test_bad_input_is_named(client: Any, path: str, body: Any, field: str) -> None:
    answer = client.post(f"/api/auth/{path}", json=body)
    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [field]


@pytest.mark.parametrize("locale", ["vi", "en"])
@pytest.mark.parametrize("name", ["verify_email", "reset_password", "password_changed"])
def test_every_mail_exists_in_both_languages(platform: Any, name: str, locale: str) -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC)
    values = {
        "first_name": "<b>Lan</b>",
        "link": "https://shop.test/page?token=s3cret",
        "code": "s3cret",
        "expires_at": moment,
        "changed_at": moment,
    }
    mail = platform.mailer.templates.render(f"auth/{name}", locale, values)
    assert mail.locale == locale
    assert "<b>Lan</b>" in mail.text
    assert "&lt;b&gt;Lan&lt;/b&gt;" in mail.html
    assert ("s3cret" in mail.text) == ("s3cret" in mail.html) == (name != "password_changed")
