"""Bodies made to break a reader: the answer names the mistake, and no error is logged."""

import pytest


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 20_000 + b"1" + b"}" * 20_000,
        b'{"text":' + b"9" * 5000 + b"}",
        b'{"text":"\xff"}',
        b"{",
    ],
    ids=["open lists", "deep lists", "deep objects", "digits", "bytes", "torn"],
)
def test_what_no_json_reader_takes_is_a_400(client, body):
    answer = client.post("/api/probe/notes", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["type"] == "urn:wrencos:problem:bad-request"
    assert answer.json["detail"] == "The body is not valid JSON."


def test_half_of_a_surrogate_pair_can_be_answered(client):
    body = rb'{"text":"x","\ud800":1,"\ud83d\ude00":1}'
    answer = client.post("/api/probe/notes", data=body, content_type="application/json")
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"?", "😀"}
