"""Rate limits: whose they are, what the answers say, and what happens without Redis."""

import logging

import pytest

from wrencos_core.errors import StartupError
from wrencos_core.http import limits

ON = {"rate_limits": "on"}


@pytest.fixture
def limited(make_client):
    return make_client(**ON, rate_limit_default="5 per hour")


def user(id):
    return {"Authorization": f"Probe {id}"}


def statuses(client, path, times, **options):
    return [client.get(path, **options).status_code for _ in range(times)]


def test_answers_say_what_is_left(limited):
    for left in ("4", "3"):
        headers = limited.get("/api/probe/open").headers
        assert headers["X-RateLimit-Limit"] == "5"
        assert headers["X-RateLimit-Remaining"] == left
        assert int(headers["X-RateLimit-Reset"]) > 1_700_000_000
        assert "Retry-After" not in headers


def test_above_the_limit_is_a_429_problem_with_retry_after(limited):
    assert statuses(limited, "/api/probe/open", 5) == [200] * 5
    answer = limited.get("/api/probe/open")
    assert answer.status_code == 429
    assert answer.content_type == "application/problem+json"
    assert answer.json["type"].startswith("urn:wrencos:problem:too-many-requests")
    assert answer.json["requestId"] == answer.headers["X-Request-ID"]
    assert 1 <= int(answer.headers["Retry-After"]) <= 3600
    assert answer.headers["X-RateLimit-Remaining"] == "0"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_default_limit_counts_all_routes_together(limited):
    assert statuses(limited, "/api/probe/open", 3) == [200] * 3
    assert statuses(limited, "/api/probe/tagged", 3) == [200, 200, 429]


def test_users_and_addresses_have_budgets_of_their_own(limited):
    assert statuses(limited, "/api/probe/open", 6)[-1] == 429
    assert statuses(limited, "/api/probe/open", 5, headers=user("user_1")) == [200] * 5
    assert limited.get("/api/probe/open", headers=user("user_1")).status_code == 429
    assert limited.get("/api/probe/open", headers=user("user_2")).status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    assert limited.get("/api/probe/open", environ_base=elsewhere).status_code == 200


def test_refused_credentials_are_counted_by_address(limited):
    assert statuses(limited, "/api/probe/mine", 5, headers=user("bad")) == [401] * 5
    assert limited.get("/api/probe/mine", headers=user("bad")).status_code == 429
    assert limited.get("/api/probe/open").status_code == 429


def test_a_fault_while_asking_who_it_is_does_not_lift_the_limit(limited):
    assert statuses(limited, "/api/probe/mine", 5, headers=user("crash")) == [500] * 5
    assert limited.get("/api/probe/mine", headers=user("crash")).status_code == 429


def test_one_ipv6_line_is_one_caller(limited):
    for last in range(5):
        address = {"REMOTE_ADDR": f"2001:db8:1:2::{last + 1:x}"}
        assert limited.get("/api/probe/open", environ_base=address).status_code == 200
    same = {"REMOTE_ADDR": "2001:db8:1:2:ffff::1"}
    other = {"REMOTE_ADDR": "2001:db8:1:3::1"}
    assert limited.get("/api/probe/open", environ_base=same).status_code == 429
    assert limited.get("/api/probe/open", environ_base=other).status_code == 200


def test_a_route_may_have_a_limit_of_its_own(make_client):
    client = make_client(**ON)
    answer = client.get("/api/probe/scarce")
    assert answer.headers["X-RateLimit-Limit"] == "2"
    assert answer.headers["X-RateLimit-Remaining"] == "1"
    assert statuses(client, "/api/probe/scarce", 2) == [200, 429]
    assert client.get("/api/probe/scarce").headers["Retry-After"]
    assert client.get("/api/probe/scarce", headers=user("user_1")).status_code == 200


def test_views_of_one_name_keep_their_own_limits(make_client):
    client = make_client(**ON)
    assert statuses(client, "/api/probe/ample", 4) == [200] * 4
    answer = client.get("/api/probe/ample")
    assert answer.headers["X-RateLimit-Limit"] == "50"
    assert answer.headers["X-RateLimit-Remaining"] == "45"


def test_a_route_limit_stands_beside_the_default(limited):
    assert statuses(limited, "/api/probe/ample", 6) == [200] * 5 + [429]


def test_a_route_limit_may_stand_in_place_of_the_default(limited):
    assert statuses(limited, "/api/probe/burst", 9) == [200] * 8 + [429]
    assert limited.get("/api/probe/open").headers["X-RateLimit-Remaining"] == "4"


def test_probes_and_files_are_never_limited(limited):
    for path in ("/health", "/ready", "/metrics", "/docs", "/media/none/none.png"):
        answers = [limited.get(path) for _ in range(7)]
        assert 429 not in {answer.status_code for answer in answers}
        assert "X-RateLimit-Limit" not in answers[0].headers
    assert limited.get("/api/probe/open").headers["X-RateLimit-Remaining"] == "4"


def test_preflights_cost_nothing(limited):
    for _ in range(7):
        assert limited.options("/api/probe/open").status_code == 200
    assert limited.get("/api/probe/open").headers["X-RateLimit-Remaining"] == "4"


def test_counts_are_kept_in_redis_for_all_processes(make_client, platform):
    core = {**ON, "rate_limit_default": "3 per hour"}
    assert statuses(make_client(**core), "/api/probe/open", 2) == [200] * 2
    assert list(platform.redis.scan_iter("LIMITS*"))


def test_off_means_off(make_client):
    client = make_client(rate_limits="off", rate_limit_default="1 per hour")
    answers = [client.get("/api/probe/scarce") for _ in range(4)]
    assert {answer.status_code for answer in answers} == {200}
    assert "X-RateLimit-Limit" not in answers[0].headers


def test_without_redis_each_process_limits_by_itself_and_says_so_once(
    make_client, no_redis, caplog
):
    client = make_client(**ON, rate_limit_default="4 per hour", redis_url=no_redis)
    with caplog.at_level(logging.WARNING, logger="flask-limiter"):
        assert statuses(client, "/api/probe/scarce", 3) == [200, 200, 429]
        assert statuses(client, "/api/probe/open", 2) == [200, 429]
    said = [record for record in caplog.records if record.name == "flask-limiter"]
    assert len(said) == 1
    assert "falling back" in said[0].getMessage()


@pytest.mark.parametrize("default", ["plenty", "10 per blink"])
def test_a_default_that_is_no_limit_is_refused_at_start(make_client, default):
    with pytest.raises(StartupError, match="RATE_LIMIT_DEFAULT"):
        make_client(**ON, rate_limit_default=default)


@pytest.mark.parametrize("switch", ["on", "off"])
def test_a_route_limit_that_is_none_is_refused_at_start(make_platform, switch):
    from flask import Flask

    app = Flask("probe_app", static_folder=None)

    def view():
        return {}

    view._wrencos_limit = "often"
    app.add_url_rule("/odd", "odd", view)
    limits.init_app(app, make_platform(rate_limits=switch))
    with pytest.raises(StartupError, match="odd"):
        limits.apply_route_limits(app)
