"""Access tokens in requests: Flask-JWT-Extended verifies signatures, with our answers and clock."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from flask import Flask, Request, Response, current_app, g
from flask_jwt_extended import JWTManager, decode_token
from flask_jwt_extended.exceptions import JWTExtendedException
from jwt import PyJWTError

from wrencos_core.auth.errors import (
    AccessTokenExpired,
    InvalidAccessToken,
    SessionEnded,
)
from wrencos_core.auth.services.sessions import Sessions
from wrencos_core.auth.services.tokens import ALGORITHM
from wrencos_core.errors import DomainError, NotAuthenticated
from wrencos_core.http.access import PUBLIC, service
from wrencos_core.http.problems import from_domain
from wrencos_core.identity import Identity

BLUEPRINT = "auth"


def install(app: Flask) -> None:
    """Set Flask-JWT-Extended up on the app that the blueprint is registered on.

    `authenticate` does not go through its decorators, but a plugin may use `@jwt_required()`: it
    gets our problems as answers, and a token of an ended session is no good there either.
    """
    app.config.update(
        JWT_SECRET_KEY=app.extensions["wrencos"].secret_key,
        JWT_ALGORITHM=ALGORITHM,
        JWT_DECODE_ALGORITHMS=[ALGORITHM],
        JWT_TOKEN_LOCATION=["headers"],
    )
    manager = JWTManager(app)
    manager.unauthorized_loader(_answer(NotAuthenticated))
    manager.invalid_token_loader(_answer(InvalidAccessToken))
    manager.expired_token_loader(_answer(AccessTokenExpired))
    manager.needs_fresh_token_loader(_answer(InvalidAccessToken))
    manager.revoked_token_loader(_answer(SessionEnded))
    manager.user_lookup_error_loader(_answer(SessionEnded))
    manager.token_verification_failed_loader(_answer(InvalidAccessToken))
    manager.token_in_blocklist_loader(_is_ended)
    manager.user_lookup_loader(lambda _header, claims: service(Sessions).identify(claims))


def identify(request: Request) -> Identity | None:
    """Who bears the token of this request; None without an Authorization header.

    Raises InvalidAccessToken, AccessTokenExpired or SessionEnded.
    """
    header: str | None = request.environ.get("HTTP_AUTHORIZATION")
    if header is None or _takes_no_token(request):
        return None
    scheme, _, token = header.strip().partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise InvalidAccessToken("Send the header `Authorization: Bearer <token>`.")
    claims = _verified_claims(token.strip())
    identity = service(Sessions).identify(claims)
    g.auth_session_id = claims["sid"]
    return identity


def current_session_id() -> str | None:
    """The session whose token this request bears, if any."""
    found: str | None = g.get("auth_session_id")
    return found


def _verified_claims(token: str) -> dict[str, Any]:
    return _verified(token, current_app.config["JWT_SECRET_KEY"])


@lru_cache(maxsize=4096)
def _verified(token: str, _key: str) -> dict[str, Any]:
    """A client sends one token many times; its signature and claims stay what they are."""
    try:
        # Expiry is checked by the service, with the platform's clock.
        claims: dict[str, Any] = decode_token(token, allow_expired=True)
    # RecursionError: a payload nested too deep, which older versions of PyJWT let through.
    except (PyJWTError, JWTExtendedException, RecursionError) as error:
        raise InvalidAccessToken() from error
    return claims


def _takes_no_token(request: Request) -> bool:
    """Whether the route is one where a client gets tokens.

    Clients send the header with every request; one that holds an expired token must still be able
    to refresh it or to log in.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    return request.blueprint == BLUEPRINT and getattr(view, "_wrencos_access", None) == PUBLIC


def _is_ended(_header: dict[str, Any], claims: dict[str, Any]) -> bool:
    try:
        service(Sessions).identify(claims)
    except NotAuthenticated:
        return True
    return False


def _answer(error: type[DomainError]) -> Callable[..., Response]:
    def answer(*_reasons: Any) -> Response:
        return from_domain(error())

    return answer
