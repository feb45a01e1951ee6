"""Answers that are remembered for a key, and forgotten with the person they were given to."""

from wrencos_core.http.idempotency import IdempotencyKey
from wrencos_core.testing.accounts import PASSWORD
from wrencos_core.testing.queries import assert_uses_index


def keep(caller, key, text="mine"):
    headers = {"Idempotency-Key": key}
    return caller.post("/api/probe/keepsakes", json={"text": text}, headers=headers)


def test_a_key_gives_its_answer_again(login):
    caller = login()
    first, again = keep(caller, "key-1"), keep(caller, "key-1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.data == again.data
    assert again.headers["Idempotent-Replayed"] == "true"
    assert keep(caller, "key-1", "another").status_code == 422


def test_an_answer_is_not_stored_by_the_client_either_time(login):
    caller = login()
    for answer in (keep(caller, "key-1"), keep(caller, "key-1")):
        assert answer.headers["Cache-Control"] == "no-store"


def test_the_answers_are_exported_to_whom_they_were_given(login):
    caller, other = login(), login()
    keep(caller, "key-1", "lan@example.test")
    keep(other, "key-1", "another's")
    exported = caller.get("/api/auth/me/export").json["plugins"]["core"]
    (row,) = exported["remembered_answers"]
    assert row["status"] == 201
    assert "lan@example.test" in row["body"]


def test_the_answers_are_erased_with_the_account(login):
    caller, other = login(), login()
    keep(caller, "key-1", "lan@example.test")
    keep(caller, "key-2", "lan@example.test")
    keep(other, "key-1", "another's")
    answer = caller.delete("/api/auth/me", json={"password": PASSWORD})
    assert answer.status_code == 200
    (core,) = (row for row in answer.json["plugins"] if row["plugin"] == "core")
    assert core["erased"]["remembered_answers"] == 2
    assert [row["user_id"] for row in IdempotencyKey.raw().find()] == [other.user_id]


def test_the_answers_of_a_user_are_found_by_an_index(login):
    caller = login()
    keep(caller, "key-1")
    assert_uses_index(IdempotencyKey.raw().find({"user_id": caller.user_id}))
