"""The two kinds of token: what is in them, how they are made and how they are read.

Access tokens are made here with PyJWT, since logins also start in the CLI and in tests where no
Flask app is; requests are decoded by Flask-JWT-Extended (api/jwt.py), which reads the same key.
Their expiry is compared with the platform's clock here, not by the libraries with the machine's.

A refresh token is `<session>.<256 random bits>.<tag>`. Only the hash of the newest one is stored.
The tag is a MAC under the platform's key, so a token that we issued but that is not the newest is
known for a used one without storing every token of thirty days, and nobody who merely learns a
session's id can have that session ended by making tokens up.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Any, NamedTuple

import jwt

from wrencos_core.auth.errors import AccessTokenExpired, InvalidAccessToken, InvalidRefreshToken
from wrencos_core.clock import now
from wrencos_core.ids import is_id

ALGORITHM = "HS256"
_TAG_BYTES = 16


class AccessClaims(NamedTuple):
    """Whose token it is, and of which session."""

    user_id: str
    session_id: str


class RefreshToken(NamedTuple):
    """A refresh token as text, for the client alone, and as the hash that is stored."""

    session_id: str
    text: str
    hash: str


class Tokens:
    """Makes and reads tokens under one key."""

    def __init__(self, key: str, access_lifetime: timedelta) -> None:
        self._key = key
        self._tag_key = hmac.digest(key.encode(), b"wrencos refresh tokens", "sha256")
        self._access_lifetime = access_lifetime

    def access(self, user_id: str, session_id: str) -> str:
        """A signed JWT for this user and session.

        Role and permissions are not in it: they are read at each request, so that a change counts
        at once.
        """
        expires = now() + self._access_lifetime
        claims = {
            "sub": user_id,
            "sid": session_id,
            "type": "access",
            "exp": int(expires.timestamp()),
        }
        return jwt.encode(claims, self._key, algorithm=ALGORITHM)

    def read_access(self, claims: dict[str, Any]) -> AccessClaims:
        """The meaning of claims whose signature has been verified.

        Raises InvalidAccessToken for claims that are not ours, or AccessTokenExpired.
        """
        user_id, session_id, expires = claims.get("sub"), claims.get("sid"), claims.get("exp")
        if not isinstance(user_id, str) or not isinstance(session_id, str):
            raise InvalidAccessToken()
        if claims.get("type") != "access" or not isinstance(expires, int):
            raise InvalidAccessToken()
        if expires <= now().timestamp():
            raise AccessTokenExpired()
        return AccessClaims(user_id, session_id)

    def new_refresh(self, session_id: str) -> RefreshToken:
        """A new refresh token of a session."""
        body = f"{session_id.removeprefix('session_')}.{secrets.token_urlsafe(32)}"
        text = f"{body}.{self._tag(body)}"
        return RefreshToken(session_id, text, digest(text))

    def read_refresh(self, text: str) -> RefreshToken:
        """A presented refresh token; raises InvalidRefreshToken unless we issued it."""
        body, _, tag = text.rpartition(".")
        session_id = f"session_{body.partition('.')[0]}"
        genuine = text.isascii() and hmac.compare_digest(self._tag(body), tag)
        if not genuine or not is_id(session_id, "session"):
            raise InvalidRefreshToken()
        return RefreshToken(session_id, text, digest(text))

    def _tag(self, body: str) -> str:
        mac = hmac.digest(self._tag_key, body.encode(), "sha256")[:_TAG_BYTES]
        return base64.urlsafe_b64encode(mac).rstrip(b"=").decode()


def digest(secret: str) -> str:
    """How a random secret is stored: SHA-256 is enough for 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
