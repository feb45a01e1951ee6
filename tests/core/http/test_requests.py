"""Request ids and the access log."""

import re

import pytest
import structlog

ID = re.compile(r"req_[0-9a-f]{24}")


def test_every_answer_has_a_new_request_id(client):
    first = client.get("/api/probe/open").headers["X-Request-ID"]
    second = client.get("/api/probe/open").headers["X-Request-ID"]
    assert ID.fullmatch(first)
    assert ID.fullmatch(second)
    assert first != second


def test_a_request_id_of_trusted_form_is_kept(client):
    answer = client.get("/api/probe/open", headers={"X-Request-ID": "edge-1234.AB_c"})
    assert answer.headers["X-Request-ID"] == "edge-1234.AB_c"


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space in it", "a\tb\tc\td\te", "é" * 9])
def test_any_other_request_id_is_replaced(client, given):
    answer = client.get("/api/probe/open", headers={"X-Request-ID": given})
    assert ID.fullmatch(answer.headers["X-Request-ID"])


def test_one_id_is_in_the_problem_the_header_and_every_line(client, log_lines):
    answer = client.get("/api/probe/broken")
    id = answer.headers["X-Request-ID"]
    assert answer.status_code == 500
    assert answer.json["requestId"] == id
    lines = log_lines()
    assert {line["event"] for line in lines} >= {"request.failed", "request"}
    assert {line["request_id"] for line in lines} == {id}


def test_the_access_line_says_what_was_asked_and_answered(client, log_lines):
    answer = client.get("/api/probe/mine", headers={"Authorization": "Probe user_1"})
    (line,) = log_lines("request")
    assert line["logger"] == "wrencos.access"
    assert line["method"] == "GET"
    assert line["route"] == "/api/probe/mine"
    assert line["status"] == 200
    assert line["user_id"] == "user_1"
    assert line["bytes"] == len(answer.data)
    assert line["duration_ms"] >= 0


def test_no_user_no_user_id(client, log_lines):
    client.get("/api/probe/open")
    (line,) = log_lines("request")
    assert "user_id" not in line


def test_secrets_of_path_query_and_headers_are_in_no_line(client, log_lines):
    secret = "swordfish" * 6
    client.get(
        f"/api/probe/links/{secret}?token={secret}&{secret}=1",
        headers={"Authorization": f"Bearer {secret}", "Cookie": f"session={secret}"},
    )
    client.get(f"/api/no-such/{secret}?token={secret}")
    client.get("/api/probe/open")
    lines = log_lines()
    assert "swordfish" not in str(lines)
    assert "hunter2" not in str(lines)
    first, second, _ = log_lines("request")
    assert first["route"] == "/api/probe/links/<token>"
    assert second["route"] == "(unmatched)"
    assert second["path"] == "/api/no-such/…"


def test_no_context_is_left_behind(client, log_lines):
    client.get("/api/probe/open", headers={"Authorization": "Probe user_1"})
    client.get("/api/probe/broken")
    assert structlog.contextvars.get_contextvars() == {}


def test_a_request_starts_without_the_context_of_the_one_before(client, log_lines):
    structlog.contextvars.bind_contextvars(left_over="yes")
    client.get("/api/probe/open")
    assert all("left_over" not in line for line in log_lines())
