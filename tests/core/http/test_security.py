"""Headers of every answer, CORS, body sizes and proxies."""

import pytest
from flask import request, request_started

from wrencos_core.errors import StartupError
from wrencos_core.settings import SettingsError

SHOP = "https://shop.example.com"
ADMIN = "https://admin.example.com:8443"


@pytest.mark.parametrize("path", ["/api/probe/open", "/api/no-such", "/health", "/openapi.json"])
def test_every_answer_has_the_security_headers(client, path):
    headers = client.get(path).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in headers
    assert "Server" not in headers


@pytest.mark.parametrize(
    ("environment", "base_url", "expected"),
    [
        ("production", "https://api.example.com", "max-age=31536000"),
        ("production", "http://api.example.com", None),
        ("development", "https://api.example.com", None),
    ],
)
def test_https_is_insisted_on_in_production_behind_https(
    make_client, environment, base_url, expected
):
    client = make_client(environment=environment, base_url=base_url)
    assert client.get("/health").headers.get("Strict-Transport-Security") == expected


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/probe/mine", {"Authorization": "Probe user_1"}),
        ("/api/probe/open", {}),
        ("/api/probe/open", {"X-Cart-Token": "cart_1"}),
        ("/api/probe/open", {"Cookie": "cart=1"}),
        ("/openapi.json", {"Authorization": "Probe user_1"}),
        ("/api/probe/mine", {}),
        ("/api/no-such", {}),
        ("/api/probe/broken", {}),
    ],
)
def test_answers_of_the_api_and_errors_are_not_stored(client, path, headers):
    assert client.get(path, headers=headers).headers["Cache-Control"] == "no-store"


def test_what_is_posted_without_a_token_is_not_stored(client):
    answer = client.post("/api/probe/notes", json={"text": "a guest's"})
    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"


def test_public_answers_outside_the_api_are_left_alone(client):
    assert "no-store" not in client.get("/openapi.json").headers.get("Cache-Control", "")


@pytest.mark.parametrize(
    ("path", "headers", "rule"),
    [
        ("/api/probe/tagged", {}, "no-cache"),
        ("/api/probe/tagged", {"Authorization": "Probe user_1"}, "private, no-cache"),
        ("/api/probe/tagged-mine", {"Authorization": "Probe user_1"}, "private, no-cache"),
    ],
)
def test_a_tagged_answer_is_kept_and_asked_about(client, path, headers, rule):
    answer = client.get(path, headers=headers)
    again = client.get(path, headers={**headers, "If-None-Match": answer.headers["ETag"]})
    assert (answer.status_code, again.status_code) == (200, 304)
    for kept in (answer, again):
        assert kept.headers["Cache-Control"] == rule
        assert "Authorization" in kept.headers["Vary"]


def preflight(client, origin, method="POST", headers="authorization,content-type,idempotency-key"):
    return client.options(
        "/api/probe/notes",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": headers,
        },
    )


@pytest.mark.parametrize("origins", [(SHOP,), (SHOP, ADMIN)])
def test_a_listed_origin_may_call_and_read_our_headers(make_client, origins):
    client = make_client(cors_origins=origins)
    headers = client.get("/api/probe/open", headers={"Origin": SHOP}).headers
    assert headers["Access-Control-Allow-Origin"] == SHOP
    assert "Origin" in headers["Vary"]
    exposed = {name.strip() for name in headers["Access-Control-Expose-Headers"].split(",")}
    assert exposed >= {"ETag", "X-Request-ID", "Retry-After", "X-Cart-Token", "X-RateLimit-Limit"}
    assert "Access-Control-Allow-Credentials" not in headers


def test_a_listed_origin_gets_its_preflight(make_client):
    answer = preflight(make_client(cors_origins=(SHOP,)), SHOP)
    assert answer.status_code == 200
    assert answer.headers["Access-Control-Allow-Origin"] == SHOP
    assert "POST" in answer.headers["Access-Control-Allow-Methods"]
    allowed = answer.headers["Access-Control-Allow-Headers"].lower()
    assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key"))


def test_an_unlisted_header_is_not_allowed(make_client):
    answer = preflight(make_client(cors_origins=(SHOP,)), SHOP, headers="x-evil,if-match")
    assert answer.headers["Access-Control-Allow-Headers"].lower() == "if-match"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example.com",
        "http://shop.example.com",
        "https://shop.example.com.evil.com",
        "https://shopxexample.com",
        "https://shop.example.com:444",
        "null",
    ],
)
def test_any_other_origin_is_refused(make_client, origin):
    client = make_client(cors_origins=(SHOP,))
    for answer in (
        client.get("/api/probe/open", headers={"Origin": origin}),
        client.get("/api/no-such", headers={"Origin": origin}),
        preflight(client, origin),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Access-Control-Allow-Methods" not in answer.headers
        assert "Origin" in answer.headers["Vary"]


def test_errors_reach_a_listed_origin_too(make_client):
    client = make_client(cors_origins=(SHOP,))
    for path in ("/api/probe/mine", "/api/no-such", "/api/probe/broken"):
        headers = client.get(path, headers={"Origin": SHOP}).headers
        assert headers["Access-Control-Allow-Origin"] == SHOP


def test_no_origin_is_allowed_unless_listed(client):
    answer = client.get("/api/probe/open", headers={"Origin": SHOP})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_pages_of_the_operators_are_shared_with_no_origin(make_client):
    client = make_client(cors_origins=(SHOP,))
    for path in ("/metrics", "/ready", "/docs"):
        headers = client.get(path, headers={"Origin": SHOP}).headers
        assert "Access-Control-Allow-Origin" not in headers


@pytest.mark.parametrize(
    "origin", ["*", "https://*.example.com", "shop.example.com", "https://shop.example.com/app"]
)
def test_an_origin_that_is_no_exact_origin_is_refused_at_start(make_client, origin):
    with pytest.raises((StartupError, SettingsError), match="CORS_ORIGINS"):
        make_client(cors_origins=(origin,))


def test_a_body_that_is_too_large_is_413(make_client):
    client = make_client(max_body_kb=16)
    answer = client.post("/api/probe/notes", json={"text": "x" * 17_000})
    assert answer.status_code == 413
    assert answer.content_type == "application/problem+json"
    assert answer.json["status"] == 413
    assert answer.json["requestId"]


def test_a_body_up_to_the_limit_is_read(make_client):
    client = make_client(max_body_kb=16)
    assert client.post("/api/probe/notes", json={"text": "x" * 16_000}).status_code == 201


@pytest.mark.parametrize(("proxies", "address"), [(0, "10.0.0.9"), (1, "203.0.113.7")])
def test_forwarded_headers_are_believed_of_configured_proxies_alone(
    make_platform, make_app, proxies, address
):
    app = make_app(make_platform(trusted_proxies=proxies))
    seen = {}

    def record(sender, **_):
        seen.update(ip=request.remote_addr, scheme=request.scheme, host=request.host)

    with request_started.connected_to(record, app):
        app.test_client().get(
            "/health",
            headers={
                "X-Forwarded-For": "198.51.100.1, 203.0.113.7",
                "X-Forwarded-Proto": "https",
                "X-Forwarded-Host": "evil.example.com",
            },
            environ_base={"REMOTE_ADDR": "10.0.0.9"},
        )
    assert seen["ip"] == address
    assert seen["scheme"] == ("https" if proxies else "http")
    assert seen["host"] == "localhost"
