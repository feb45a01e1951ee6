"""Queries: what a route does not know is refused, not ignored."""

import pytest


def test_known_parameters_are_read(client):
    assert client.get("/api/probe/notes?text=a&limit=5").json == {"text": "a"}
    assert client.get("/api/probe/notes").json == {"text": "everything"}


@pytest.mark.parametrize("name", ["txt", "Text", "text[]", "utm_source", ""])
def test_a_misspelt_filter_does_not_list_everything(client, name):
    answer = client.get("/api/probe/notes", query_string={name: "a"})
    assert answer.status_code == 422
    assert answer.json["errors"] == {name: ["Unknown field."]}


def test_a_route_that_reads_no_query_takes_any(client):
    assert client.get("/api/probe/open?utm_source=mail").status_code == 200
