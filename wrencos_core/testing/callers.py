"""Callers of the API: the Flask test client with a user's access token."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from flask import Flask
    from werkzeug.test import TestResponse


class Caller:
    """Sends requests to `app` as one user; `get`, `post`, … take what Flask's test client takes."""

    def __init__(self, app: Flask, user_id: str, token: str) -> None:
        self.app = app
        self.user_id = user_id
        self.token = token
        self._client = app.test_client()

    def open(self, path: str, **options: Any) -> TestResponse:
        headers = dict(options.pop("headers", None) or {})
        headers.setdefault("Authorization", f"Bearer {self.token}")
        return self._client.open(path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="GET", **options)

    def post(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="POST", **options)

    def put(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="PUT", **options)

    def patch(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="PATCH", **options)

    def delete(self, path: str, **options: Any) -> TestResponse:
        return self.open(path, method="DELETE", **options)
